"""Keys of what the protocol keeps in the artefacts bucket, and of the files it writes to the lake."""

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject


def contract_key(dataset: DatasetId, contract: str, digest: str) -> str:
    """A compiled contract; `digest` is of its bytes, so that one key never holds two meanings."""
    return f"contracts/{dataset}/{file_name(contract)}-{digest[:16]}.json"


def batch_prefix(dataset: DatasetId, batch: int) -> str:
    return f"batches/{dataset}/{batch:09d}/"


def manifest_key(dataset: DatasetId, batch: int) -> str:
    return batch_prefix(dataset, batch) + "manifest.json"


def report_key(dataset: DatasetId, batch: int, unit: int, rejected: bool) -> str:
    """A work unit's report; a rejected batch has a second one, in which every row is quarantined."""
    return batch_prefix(dataset, batch) + f"units/{unit:05d}{'.rejected' if rejected else ''}.json"


def verdict_key(dataset: DatasetId, batch: int) -> str:
    return batch_prefix(dataset, batch) + "verdict.json"


def commits_key(dataset: DatasetId, batch: int) -> str:
    return batch_prefix(dataset, batch) + "commits.json"


def audit_key(dataset: DatasetId, batch: int) -> str:
    return batch_prefix(dataset, batch) + "audit.json"


def refusal_key(landed: LandedObject) -> str:
    """The audit record of an object that no dataset takes."""
    return f"unrouted/{landed.fingerprint}.json"


def data_key(zone: str, dataset: DatasetId, batch: int, unit: int, contract: str, rejected: bool) -> str:
    """A data file: the same work under the same contract always goes to the same key."""
    suffix = "-rejected" if rejected else ""
    return f"{zone}/{dataset}/data/{batch:09d}-{unit:05d}-{file_name(contract)}{suffix}.parquet"


def file_name(contract: str) -> str:
    """A contract id (`1.0.0+1a2b3c4d`) as part of a key: `+` means a space to some clients."""
    return contract.replace("+", "-")
