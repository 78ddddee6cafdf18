"""Keys of what the protocol keeps in the artefacts bucket, and of the files it writes to the lake."""

from typing import Literal

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject

Variant = Literal["", "again", "rejected"]
"""Which refining of a unit a report or a file is of: the first, the one with late knowledge, or the one of
a rejected batch, in which every row is quarantined."""


def contract_key(dataset: DatasetId, contract: str, digest: str) -> str:
    """A compiled contract; `digest` is of its bytes, so that one key never holds two meanings."""
    return f"contracts/{dataset}/{file_name(contract)}-{digest[:16]}.json"


def source_key(contract_key: str) -> str:
    """What the author wrote, beside the compiled contract that it became."""
    return contract_key.removesuffix(".json") + ".odcs.yaml"


def batch_prefix(dataset: DatasetId, batch: int) -> str:
    return f"batches/{dataset}/{batch:09d}/"


def manifest_key(dataset: DatasetId, batch: int) -> str:
    return batch_prefix(dataset, batch) + "manifest.json"


def report_key(dataset: DatasetId, batch: int, unit: int, variant: Variant = "") -> str:
    """A work unit's report; each variant has one of its own."""
    return batch_prefix(dataset, batch) + f"units/{unit:05d}{variant and '.' + variant}.json"


def late_key(dataset: DatasetId, batch: int) -> str:
    return batch_prefix(dataset, batch) + "late.json"


def repeats_key(dataset: DatasetId, batch: int, unit: int) -> str:
    """The rows of a unit whose key stands elsewhere."""
    return batch_prefix(dataset, batch) + f"late/{unit:05d}.parquet"


def verdict_key(dataset: DatasetId, batch: int) -> str:
    return batch_prefix(dataset, batch) + "verdict.json"


def commits_key(dataset: DatasetId, batch: int) -> str:
    return batch_prefix(dataset, batch) + "commits.json"


def audit_key(dataset: DatasetId, batch: int) -> str:
    return batch_prefix(dataset, batch) + "audit.json"


def profile_key(dataset: DatasetId, batch: int) -> str:
    return batch_prefix(dataset, batch) + "profile.json"


def suspicion_key(dataset: DatasetId, version: str, digest: str) -> str:
    """That people were told of a column that looks personal; `digest` is of its name."""
    return f"suspicions/{dataset}/{file_name(version)}/{digest[:16]}.json"


def refusal_key(landed: LandedObject) -> str:
    """The audit record of an object that no dataset takes."""
    return f"unrouted/{landed.fingerprint}.json"


def data_key(
    zone: str,
    dataset: DatasetId,
    batch: int,
    unit: int,
    contract: str,
    variant: Variant = "",
    part: int | None = None,
) -> str:
    """A data file: the same work under the same contract always goes to the same key. `part` tells the
    files of one unit apart, where there are several."""
    suffix = (variant and f"-{variant}") + ("" if part is None else f"-{part:04d}")
    return f"{zone}/{dataset}/data/{batch:09d}-{unit:05d}-{file_name(contract)}{suffix}.parquet"


def file_name(contract: str) -> str:
    """A contract id (`1.0.0+1a2b3c4d`) as part of a key: `+` means a space to some clients."""
    return contract.replace("+", "-")
