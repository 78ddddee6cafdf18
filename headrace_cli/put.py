"""Uploads files to landing, and waits for what becomes of them."""

import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from headrace.ports import LedgerObject
from headrace_cli import scene
from headrace_cli.deployment import Deployment
from headrace_cli.failures import ExitCode, Failure

_LARGEST = 5 * 2**30
"""Bytes of the largest object that one PUT takes (Amazon S3 User Guide, "Uploading objects")."""

_POLL_S = 0.5


def landing_names(files: Sequence[Path], name: str | None) -> dict[str, Path]:
    """The file of each name under the dataset's prefix. Raises Failure for what cannot be put."""
    if name is not None and len(files) > 1:
        raise Failure(ExitCode.USAGE, "--as names one file; put the others without it")
    names: dict[str, Path] = {}
    for file in files:
        if not file.is_file():
            what = "is a folder; name the files in it" if file.is_dir() else "is not there"
            raise Failure(ExitCode.USAGE, f"{file} {what}. Nothing was put.")
        if file.stat().st_size > _LARGEST:
            raise Failure(
                ExitCode.USAGE,
                f"{file} is larger than 5 GiB; split it, or use `aws s3 cp`. Nothing was put.",
            )
        chosen = file.name if name is None else name
        if not chosen or PurePosixPath(chosen).is_absolute() or chosen.endswith("/"):
            raise Failure(ExitCode.USAGE, f"--as {chosen!r} is not a file's name, like 2026/runways.csv")
        if chosen in names:
            raise Failure(
                ExitCode.USAGE,
                f"{names[chosen]} and {file} would both be {chosen}; put one of them with --as NAME",
            )
        names[chosen] = file
    return names


def full_key(dataset: DatasetId, name: str) -> str:
    """The landing key of a dataset's object that is named with or without the dataset's prefix; an identity
    stays as it is."""
    if name.startswith("s3://") or DatasetId.of_key(name) == dataset:
        return name
    return f"{dataset}/{name}"


def put(deployment: Deployment, dataset: DatasetId, files: dict[str, Path]) -> list[LandedObject]:
    """Upload files under their names; returns the object versions that they became."""
    return [_upload(deployment, f"{dataset}/{name}", file) for name, file in files.items()]


def _upload(deployment: Deployment, key: str, file: Path) -> LandedObject:
    """One PUT and no multipart upload: only its answer says which version it made."""
    bucket = deployment.outputs.landing_bucket
    with file.open("rb") as body:
        answer = deployment.clients.s3.put_object(Bucket=bucket, Key=key, Body=body)
    return LandedObject(
        bucket, key, answer.get("VersionId", ""), answer["ETag"].strip('"'), file.stat().st_size
    )


def wait(
    deployment: Deployment,
    dataset: DatasetId,
    landed: Sequence[LandedObject],
    *,
    from_batch: int,
    timeout: float,
    begun: float | None = None,
    safe: str = "objects wait, safe in landing",
) -> list[LedgerObject]:
    """The ends of these object versions, once each has one. `timeout` in seconds from `begun` (monotonic), or
    from now.

    `from_batch` is the dataset's next batch before they were put: no earlier one can hold them. Raises
    Failure when time is up, or when nothing but a person will move the dataset; `safe` says how they wait.
    """
    deadline = (time.monotonic() if begun is None else begun) + timeout
    missing = {one.identity for one in landed}
    ends: dict[str, LedgerObject] = {}
    while True:
        lane = scene.lane(deployment, dataset)
        for batch in range(from_batch, lane.state.next_batch):
            closed = deployment.ledger.objects(str(dataset), batch)
            ends.update({one.object.identity: one for one in closed if one.object.identity in missing})
        from_batch = lane.state.next_batch
        missing -= ends.keys()
        if not missing:
            return [ends[one.identity] for one in landed]
        if lane.stopped or time.monotonic() > deadline:
            why = "the dataset is stuck" if lane.stopped else f"not all at their end within {timeout:g} s"
            raise Failure(
                ExitCode.TROUBLE,
                f"{why}: {len(missing)} of {len(landed)} {safe}.\n`headrace status {dataset}` says more.",
            )
        time.sleep(_POLL_S)
