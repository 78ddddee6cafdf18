"""Reads the inventory that S3 itself makes of the landing bucket, instead of listing it.

S3 writes it into the artefacts bucket once a day or a week, as CSV or Parquet (Amazon S3 user guide,
"Locating your inventory list"). Keys in CSV are URL-encoded, in Parquet they are not.
"""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import unquote_plus

from msgspec import Struct

from headrace.domain.errors import InvalidRequest
from headrace.domain.landed import LandedObject
from headrace.ports import ObjectStore, Version
from headrace.steps import records
from headrace.steps.listing import Part, Position

_AT_ONCE = 1000


class _File(Struct):
    key: str


class _Inventory(Struct, rename="camel"):
    source_bucket: str
    file_format: str
    file_schema: str
    files: tuple[_File, ...]


def newest_inventory(artefacts: ObjectStore, prefix: str) -> Position:
    """The start of the newest inventory under a prefix. Raises InvalidRequest where there is none."""
    manifests = [one.key for one in artefacts.list(prefix) if one.key.endswith("/manifest.json")]
    if not manifests:
        raise InvalidRequest(
            f"there is no inventory under s3://{artefacts.bucket}/{prefix}: S3 makes the first one within 48 "
            "hours of its configuration; until then reconcile without `inventory`, which lists the bucket"
        )
    return Position(inventory=max(manifests, key=lambda key: key.split("/")[-2]))


def inventoried(artefacts: ObjectStore, bucket: str, position: Position) -> Iterator[Part]:
    """The versions of a bucket that an inventory has, in its own order, from a position on.

    Raises InvalidRequest where the inventory is of another bucket, or lacks what is needed.
    """
    inventory = records.read(artefacts, position.inventory, _Inventory)
    columns = _checked(inventory, bucket, position.inventory)
    for number in range(position.file, len(inventory.files)):
        rows = _rows(artefacts, inventory.files[number].key, inventory.file_format, columns)
        start = position.row if number == position.file else 0
        left = islice(rows, start, None)
        requests = 1
        while taken := list(islice(left, _AT_ONCE)):
            start += len(taken)
            versions = tuple(_version(row, bucket) for row in taken if not _true(row["IsDeleteMarker"]))
            yield Part(versions, Position("", position.inventory, number, start), requests)
            requests = 0
    yield Part((), None, 0)


_NEEDED = {
    "Key": "key",
    "VersionId": "version_id",
    "IsLatest": "is_latest",
    "IsDeleteMarker": "is_delete_marker",
    "Size": "size",
    "LastModifiedDate": "last_modified_date",
    "ETag": "e_tag",
}
"""What a version is made of: names in CSV, and in Parquet."""


def _checked(inventory: _Inventory, bucket: str, key: str) -> list[str]:
    """The columns of a CSV inventory in their order."""
    if inventory.source_bucket != bucket:
        raise InvalidRequest(f"{key} is an inventory of {inventory.source_bucket}, not of {bucket}")
    if inventory.file_format not in ("CSV", "Parquet"):
        raise InvalidRequest(f"{key} is of format {inventory.file_format}; configure CSV or Parquet")
    columns = [name.strip() for name in inventory.file_schema.split(",")]
    names = _NEEDED if inventory.file_format == "CSV" else _NEEDED.values()
    if missing := [name for name in names if name not in inventory.file_schema]:
        raise InvalidRequest(
            f"{key} lacks {', '.join(missing)}: configure the inventory with all versions, and with the "
            "optional fields Size, LastModifiedDate and ETag"
        )
    return columns


def _rows(
    artefacts: ObjectStore, key: str, file_format: str, columns: list[str]
) -> Iterator[Mapping[str, Any]]:
    """Rows by the names of CSV."""
    with artefacts.open(key) as body:
        if file_format == "CSV":
            with gzip.open(body) as plain:
                for row in csv.DictReader(io.TextIOWrapper(plain, "utf-8", newline=""), columns):
                    yield {**row, "Key": unquote_plus(row["Key"])}
            return
        import pyarrow.parquet as pq  # noqa: PLC0415 - a second of start for those who have no inventory

        with pq.ParquetFile(io.BytesIO(body.read())) as file:
            for batch in file.iter_batches(_AT_ONCE, columns=list(_NEEDED.values())):
                for row in batch.to_pylist():
                    yield {name: row[column] for name, column in _NEEDED.items()}


def _version(row: Mapping[str, Any], bucket: str) -> Version:
    version = row["VersionId"] or ""
    landed = LandedObject(
        bucket=bucket,
        key=row["Key"],
        version_id="" if version == "null" else version,
        etag=(row["ETag"] or "").strip('"'),
        size=int(row["Size"] or 0),
    )
    return Version(landed, _moment(row["LastModifiedDate"]), _true(row["IsLatest"]))


def _true(value: bool | str | None) -> bool:
    return value is True or value == "true"


def _moment(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
