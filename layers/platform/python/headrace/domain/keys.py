"""Keys of what the protocol keeps in the artefacts bucket, and of the files it writes to the lake."""

import re
from typing import Literal, cast

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


REFUSALS = "unrouted/"
"""Audit records of objects that no dataset takes."""

SEARCHES = "searches/"
"""Reconcile's searches for objects that no event announced."""


def search_key(number: int) -> str:
    """Where the search of this number goes on; they are counted from 1."""
    return f"{SEARCHES}{number:09d}.json"


def search_of(key: str) -> int:
    """The number of the search that keeps its place at this key."""
    return int(key.removeprefix(SEARCHES).removesuffix(".json"))


def refusal_key(landed: LandedObject) -> str:
    """The audit record of an object that no dataset takes."""
    return f"{REFUSALS}{landed.fingerprint}.json"


def replay_prefix(dataset: DatasetId, replay: str) -> str:
    """What the replay of this id is made of."""
    return f"replays/{dataset}/{replay}/"


def selection_key(dataset: DatasetId, replay: str) -> str:
    """What is to be replayed, as it was asked for and understood first."""
    return replay_prefix(dataset, replay) + "selection.json"


def selected_rows_key(dataset: DatasetId, replay: str) -> str:
    """The rows that a replay of single rows found in quarantine."""
    return replay_prefix(dataset, replay) + "selection.parquet"


def request_key(dataset: DatasetId, replay: str, part: int) -> str:
    """One replay request; a large replay has several."""
    return replay_prefix(dataset, replay) + f"{part:05d}.json"


def request_rows_key(request: str) -> str:
    """The rows that a request replays, where it does not replay whole objects."""
    return request.removesuffix(".json") + ".parquet"


def rehearsal_key(request: str, unit: int) -> str:
    """The report of a work unit of a request that is only tried."""
    return request.removesuffix(".json") + f"/units/{unit:05d}.json"


def comparison_key(request: str) -> str:
    """What the replay that a request is part of would change."""
    return request.rpartition("/")[0] + "/comparison.json"


def rebuild_prefix(dataset: DatasetId) -> str:
    """The records of a dataset's rebuilds."""
    return f"rebuilds/{dataset}/"


def rebuild_key(dataset: DatasetId, number: int) -> str:
    return rebuild_prefix(dataset) + f"{number:05d}/begun.json"


def rebuild_end_key(dataset: DatasetId, number: int) -> str:
    return rebuild_prefix(dataset) + f"{number:05d}/ended.json"


def data_key(
    zone: str,
    dataset: DatasetId,
    batch: int,
    unit: int,
    contract: str,
    variant: Variant = "",
    part: int | None = None,
    without: str = "",
) -> str:
    """A data file: the same work under the same contract always goes to the same key. `part` tells the
    files of one unit apart, where there are several; `without` is a digest of objects kept from it."""
    suffix = (variant and f"-{variant}") + (without and f"-without-{without}")
    suffix += "" if part is None else f"-{part:04d}"
    return f"{zone}/{dataset}/data/{batch:09d}-{unit:05d}-{file_name(contract)}{suffix}.parquet"


_DATA_FILE = re.compile(
    r"/(\d{9})-(\d{5})-[^/]*?(?:-(again|rejected))?(?:-without-[0-9a-f]{16})?(?:-\d{4})?\.parquet$"
)


def report_of(dataset: DatasetId, data_key: str) -> str:
    """The key of the report that names a data file of the dataset; empty where its name is no `data_key`."""
    part = _DATA_FILE.search(data_key)
    if part is None:
        return ""
    batch, unit, variant = part.groups(default="")
    return report_key(dataset, int(batch), int(unit), cast("Variant", variant))


def file_name(contract: str) -> str:
    """A contract id (`1.0.0+1a2b3c4d`) as part of a key: `+` means a space to some clients."""
    return contract.replace("+", "-")
