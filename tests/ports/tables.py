"""Tables that the suites of the table catalog share, and their rows."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal as Number
from typing import Any

from headrace.domain.plan import Array, Column, Date, Decimal, Integer, Object, Text, Timestamp
from headrace.domain.zones import TableRef
from headrace.ports import TableSpec
from tests.ports.worlds import Catalog, World

ALBUMS = (
    Column("title", "Title", Text(), required=True, description="As on the sleeve"),
    Column("year", "Year", Integer(32)),
    Column("tracks", "Tracks", Array(Object((Column("name", "name", Text()),)))),
)
DUKE = {"title": "Ellington at Newport", "year": 1956, "tracks": [{"name": "Jeep's Blues"}]}
ELLA = {"title": "Ella and Louis", "year": 1956, "tracks": []}


CONCERTS = (
    Column("hall", "Hall", Text()),
    Column("opened", "Opened", Date()),
    Column("began", "Began", Timestamp()),
    Column("fee", "Fee", Decimal(9, 2)),
    Column("seats", "Seats", Integer(32)),
    Column("_batch", "", Integer()),
)
GEWANDHAUS = {
    "hall": "Gewandhaus",
    "opened": date(1981, 10, 8),
    "began": datetime(2026, 3, 1, 19, 30, tzinfo=UTC),
    "fee": Number("120.50"),
    "seats": 1905,
    "_batch": 1,
}
UNKNOWN_HALL = {**dict.fromkeys(GEWANDHAUS), "_batch": 1}
ELPHI = {**GEWANDHAUS, "hall": "Elbphilharmonie", "seats": 2100, "_batch": 2}


def spec(
    world: World,
    columns: tuple[Column, ...] = ALBUMS,
    name: str = "music_albums",
    properties: Mapping[str, str] | None = None,
) -> TableSpec:
    return TableSpec(TableRef(world.database, name), columns, f"{world.location}/{name}", properties or {})


def read(catalog: Catalog, *args: Any, **named: Any) -> list[tuple[Any, ...]]:
    batches = list(catalog.read(*args, **named))
    assert len({batch.schema for batch in batches}) <= 1
    return sorted((tuple(row.values()) for batch in batches for row in batch.to_pylist()), key=repr)
