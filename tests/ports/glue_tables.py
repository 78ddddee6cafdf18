"""Tables that only the suites of the Glue catalog need, and their rows."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal as Number
from typing import Any

from headrace.domain.plan import (
    Array,
    Boolean,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Json,
    Object,
    Text,
    Timestamp,
)
from headrace.domain.zones import TableRef
from headrace.ports import TableSpec
from tests.ports.worlds import EmulatedWorld

EVERY_TYPE = (
    Column("text", "", Text(), required=True, description="Any text"),
    Column("small", "", Integer(32)),
    Column("large", "", Integer(64)),
    Column("ratio", "", Double()),
    Column("price", "", Decimal(9, 2)),
    Column("fine", "", Decimal(18, 4)),
    Column("huge", "", Decimal(38, 10)),
    Column("flag", "", Boolean()),
    Column("day", "", Date()),
    Column("moment", "", Timestamp()),
    Column("payload", "", Json()),
    Column("born", "", Date(), mask="hash"),
    Column("tags", "", Array(Text())),
    Column("user", "", Object((Column("name", "", Text()), Column("age", "", Integer(32))))),
    Column("stays", "", Array(Object((Column("nights", "", Integer(32)), Column("city", "", Text()))))),
)
ROW = {
    "text": "Orgelmühle",
    "small": 7,
    "large": 2**40,
    "ratio": 0.5,
    "price": Number("12.34"),
    "fine": Number("1.2345"),
    "huge": Number("12345678901234567890.0123456789"),
    "flag": True,
    "day": date(2026, 3, 1),
    "moment": datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC),
    "payload": '{"a": [1]}',
    "born": "5f4dcc3b5aa765d6",
    "tags": ["a", "b"],
    "user": {"name": "Ada", "age": 36},
    "stays": [{"nights": 2, "city": "Ulm"}],
}
ALBUMS = (Column("title", "Title", Text()), Column("year", "Year", Integer(32)))
DUKE = {"title": "Ellington at Newport", "year": 1956}
ELLA = {"title": "Ella and Louis", "year": 1957}
# PyIceberg, which reads the table back, takes a list of records that is NULL for an empty one.
EMPTY_ROW: dict[str, Any] = {**dict.fromkeys(ROW), "small": -1, "stays": []}


def made(
    world: EmulatedWorld, columns: tuple[Column, ...] = ALBUMS, properties: Mapping[str, str] | None = None
) -> TableRef:
    ref = TableRef(world.database, "music_albums")
    world.catalog().ensure(TableSpec(ref, columns, f"{world.location}/music_albums", properties or {}))
    return ref


def duckdb_field_ids(ids: Any) -> dict[str, Any]:
    """Field ids by path as DuckDB nests them: a column's own id is `__duckdb_field_id`."""
    nested: dict[str, Any] = {}
    for path, number in sorted(ids.items()):
        level = nested
        for part in path.split("."):
            level = level.setdefault(part, {})
        level["__duckdb_field_id"] = number
    return nested
