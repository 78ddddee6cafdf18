"""S3's own inventory of the landing bucket is read in the place of a listing."""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.domain.errors import InvalidRequest
from headrace.ports import Version
from headrace.steps.inventory import inventoried, newest_inventory
from headrace.steps.listing import every_version
from headrace.steps.reconcile import Reconcile, reconcile
from headrace_cli.verify import verify
from tests.world import World

COLUMNS = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size", "LastModifiedDate", "ETag")
PARQUET = pa.schema(
    [
        ("bucket", pa.string()),
        ("key", pa.string()),
        ("version_id", pa.string()),
        ("is_latest", pa.bool_()),
        ("is_delete_marker", pa.bool_()),
        ("size", pa.int64()),
        ("last_modified_date", pa.timestamp("ms")),
        ("e_tag", pa.string()),
    ]
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = 'river/mills/a+b %2B\n"quoted", smörgåsbord.csv'


def row(version: Version) -> tuple[Any, ...]:
    one = version.object
    return (one.bucket, one.key, one.version_id, version.newest, False, one.size, version.written, one.etag)


def as_csv(rows: Sequence[tuple[Any, ...]]) -> bytes:
    """As S3 writes it: no header, all quoted, keys encoded, moments in UTC."""
    text = io.StringIO()
    lines = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for bucket, key, version, newest, marker, size, written, etag in rows:
        moment = f"{written:%Y-%m-%dT%H:%M:%S}.000Z" if written else ""
        flags = [str(newest).lower(), str(marker).lower()]
        lines.writerow([bucket, quote_plus(key, safe="/"), version, *flags, size, moment, etag])
    return gzip.compress(text.getvalue().encode())


def as_parquet(rows: Sequence[tuple[Any, ...]]) -> bytes:
    body = io.BytesIO()
    columns = [
        pa.array(
            [one.replace(tzinfo=None) for one in values] if name == "last_modified_date" else values, kind
        )
        for name, kind, values in zip(PARQUET.names, PARQUET.types, zip(*rows, strict=True), strict=True)
    ]
    pq.write_table(pa.table(columns, PARQUET), body)
    return body.getvalue()


def deliver(
    world: World,
    *parts: Sequence[tuple[Any, ...]],
    day: str = "2026-03-01",
    kind: str = "CSV",
    **changed: Any,
) -> str:
    """An inventory as S3 delivers it; returns the key of its manifest."""
    home = f"inventory/{world.landing.bucket}/everything"
    write, end = (as_csv, "csv.gz") if kind == "CSV" else (as_parquet, "parquet")
    files = []
    for number, rows in enumerate(parts):
        data = f"{home}/data/{day}-{number}.{end}"
        files.append({"key": data, "size": 1, "MD5checksum": "0"})
        world.artefacts.land(data, write(rows))
    schema = (
        f"message s3.inventory {{ {'; '.join(PARQUET.names)} }}" if kind == "Parquet" else ", ".join(COLUMNS)
    )
    manifest = {
        "sourceBucket": world.landing.bucket,
        "destinationBucket": "arn:aws:s3:::artefacts",
        "version": "2016-11-30",
        "creationTimestamp": "1772323200000",
        "fileFormat": kind,
        "fileSchema": schema,
        "files": files,
        **changed,
    }
    key = f"{home}/{day}T01-00Z/manifest.json"
    world.artefacts.land(key, json.dumps(manifest).encode())
    return key


def landed(world: World) -> list[Version]:
    for key in ("river/mills/b.csv", HOSTILE):
        for body in (b"name,wheels\nOld Mill,2\n", b"name,wheels\nNew Mill,3\n"):
            world.landing.land(key, body)
    return list(every_version(world.landing, ""))


@pytest.mark.parametrize("kind", ["CSV", "Parquet"])
def test_an_inventory_says_what_a_listing_says(world: World, kind: str) -> None:
    versions = landed(world)
    marker = (world.landing.bucket, "river/mills/gone.csv", "m1", True, True, 0, versions[0].written, "")
    deliver(world, [row(one) for one in versions[:3]], [marker, row(versions[3])], kind=kind)
    start = newest_inventory(world.artefacts, "inventory/")
    parts = list(inventoried(world.artefacts, world.landing.bucket, start))
    assert [one for part in parts for one in part.versions] == versions
    assert [part.requests for part in parts] == [1, 1, 0]
    assert parts[-1].next is None


def test_an_inventory_is_gone_on_with_where_it_was_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.steps.inventory._AT_ONCE", 1)
    versions = landed(world)
    deliver(world, [row(one) for one in versions[:2]], [row(one) for one in versions[2:]])
    start = newest_inventory(world.artefacts, "inventory/")
    parts = list(inventoried(world.artefacts, world.landing.bucket, start))
    for number, part in enumerate(parts[:-1]):
        assert part.next
        left = inventoried(world.artefacts, world.landing.bucket, part.next)
        assert [one for rest in left for one in rest.versions] == versions[number + 1 :]


def test_the_newest_inventory_is_taken(world: World) -> None:
    deliver(world, [], day="2026-02-28")
    newest = deliver(world, [], day="2026-03-01")
    assert newest_inventory(world.artefacts, "inventory/").inventory == newest


def test_reconcile_reads_it_within_its_budget(world: World) -> None:
    versions = landed(world)
    deliver(world, [row(one) for one in versions[:2]], [row(one) for one in versions[2:]])
    first = world.call(reconcile, Reconcile(list_landing=True, requests=1, inventory="inventory/"))
    assert (first.admitted, first.requests, first.unfinished) == (2, 1, True)
    second = world.call(reconcile, Reconcile())
    assert (second.admitted, second.requests, second.unfinished) == (2, 1, False)
    world.rest()
    assert verify(world).violations == ()


def test_what_cannot_be_used_says_what_to_configure(world: World) -> None:
    with pytest.raises(InvalidRequest, match="within 48 hours"):
        newest_inventory(world.artefacts, "inventory/")
    cases = {
        "format ORC": {"fileFormat": "ORC"},
        "not of landing": {"sourceBucket": "another"},
        "lacks VersionId, IsLatest, IsDeleteMarker": {
            "fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag"
        },
    }
    for message, changed in cases.items():
        deliver(world, [], **changed)
        with pytest.raises(InvalidRequest, match=message):
            list(inventoried(world.artefacts, "landing", newest_inventory(world.artefacts, "inventory/")))


def test_moments_are_utc(world: World) -> None:
    rows = [(world.landing.bucket, "river/mills/a.csv", "v1", True, False, 1, NOON, "e")]
    for kind in ("CSV", "Parquet"):
        deliver(world, rows, kind=kind)
        (version,) = next(
            inventoried(world.artefacts, "landing", newest_inventory(world.artefacts, ""))
        ).versions
        assert version.written == NOON
