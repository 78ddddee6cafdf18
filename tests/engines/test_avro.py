"""Avro files: every type that a column can have, and frames that lie."""

import io
import json
import zlib
from decimal import Decimal
from typing import Any
from uuid import UUID

import fastavro
import pyarrow as pa
import pytest
import zstandard

from headrace.domain.formats import Avro
from headrace.domain.plan import Array, Boolean, Column, Date, Double, Integer, Json, Object, Text, Timestamp
from headrace.domain.plan import Decimal as DecimalType
from headrace.engines.convert import avro as convert_avro
from tests.engines.formats import avro, number, record, repacked
from tests.engines.unit import Unit, plan, refine_files

V = Column("v", "v", Text())


def read(body: bytes, *columns: Column, nulls: tuple[str, ...] = ()) -> Unit:
    return refine_files(plan(*(columns or (V,)), formats=(Avro(nulls),)), {"f.avro": body})


def snappy(block: bytes) -> bytes:
    return bytes(pa.compress(block, codec="snappy", asbytes=True)) + zlib.crc32(block).to_bytes(4, "big")


PACKS = {"zstandard": zstandard.ZstdCompressor().compress, "snappy": snappy}


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz", *PACKS])
def test_blocks_of_every_codec_are_read_in_order(codec: str) -> None:
    rows = [{"v": f"text {at}"} for at in range(3_000)]
    body = avro(record(v="string"), rows, "null" if codec in PACKS else codec, sync_interval=2_000)
    unit = read(repacked(body, codec, PACKS[codec]) if codec in PACKS else body)
    assert unit.column("v") == [row["v"] for row in rows]
    assert unit.column("_row") == list(range(1, 3_001))


def logical(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": name, **more}


TOKYO = Timestamp(timezone="Asia/Tokyo")
DECIMAL = logical("bytes", "decimal", precision=9, scale=2)
LONG_DECIMAL = logical("bytes", "decimal", precision=60, scale=2)


@pytest.mark.parametrize(
    ("avro_type", "value", "column", "expected"),
    [
        ("boolean", True, Boolean(), "True"),
        ("int", -7, Integer(), "-7"),
        ("long", 2**62, Integer(), str(2**62)),
        ("float", 1.5, Double(), "1.5"),
        ("double", 0.1, Double(), "0.1"),
        ("string", "é\n", Text(), "é\n"),
        ("bytes", b"abc", Text(), "abc"),
        (["null", "long"], 5, Integer(), "5"),
        (["null", "long"], None, Integer(), "None"),
        (["long", "null"], 5, Integer(), "5"),
        (["int", "long"], 5, Integer(), "5"),
        (["null", "int", "double"], 0.5, Double(), "0.5"),
        (["null", "boolean", "long", "string"], True, Text(), "true"),
        (["null", "boolean", "long", "string"], 9, Text(), "9"),
        (["long", "double"], 0.5, DecimalType(5, 1), "0.5"),
        (DECIMAL, Decimal("123.40"), DecimalType(9, 2), "123.40"),
        (LONG_DECIMAL, Decimal("1E+3"), DecimalType(9, 2), "1000.00"),
        (logical("int", "date"), 19_000, Date(), "2022-01-08"),
        (logical("long", "timestamp-millis"), 1_500, Timestamp(), "1970-01-01 00:00:01.500000+00:00"),
        (logical("long", "timestamp-micros"), 1_500, Timestamp(), "1970-01-01 00:00:00.001500+00:00"),
        (logical("long", "local-timestamp-micros"), 0, TOKYO, "1969-12-31 15:00:00+00:00"),
        (logical("int", "time-millis"), 1_000, Text(), "00:00:01"),
        (logical("string", "uuid"), UUID(int=1), Text(), str(UUID(int=1))),
        (logical("long", "unheard-of"), 3, Integer(), "3"),
        ({"type": "enum", "name": "e", "symbols": ["X", "Y"]}, "Y", Text(), "Y"),
        ({"type": "fixed", "name": "f", "size": 2}, b"ab", Text(), "ab"),
        ("null", None, Text(), "None"),
    ],
)  # fmt: skip
def test_a_value_of_each_type_becomes_the_contracts(
    avro_type: Any, value: Any, column: Any, expected: str
) -> None:
    if isinstance(avro_type, dict) and avro_type.get("logicalType", "decimal") not in ("decimal", "uuid"):
        body = relabelled(avro(record(v=avro_type["type"]), [{"v": value}]), record(v=avro_type))
    else:
        body = avro(record(v=avro_type), [{"v": value}])
    unit = read(body, Column("v", "v", column))
    assert (str(unit.column("v")[0]), unit.quarantine) == (expected, [])


def relabelled(body: bytes, schema: Any) -> bytes:
    """The file with another schema, so that raw numbers can be written under a logical type."""
    (before,) = (value for value in fastavro.reader(io.BytesIO(body)).metadata.values() if "{" in value)
    after = schema if isinstance(schema, bytes) else json.dumps(schema).encode()
    return body.replace(number(len(before)) + before.encode(), number(len(after)) + after)


WHO = {"type": "record", "name": "who", "fields": [{"name": "id", "type": ["null", "long"]}]}
NESTED = record(
    who=WHO,
    also="who",
    tags={"type": "array", "items": "string"},
    more={"type": "map", "values": {"type": "array", "items": ["null", DECIMAL]}},
)


def test_nested_types_are_objects_arrays_and_json() -> None:
    who = Object((Column("id", "id", Integer()),))
    rows = [
        {"who": {"id": 1}, "also": {"id": None}, "tags": ["x", "y"], "more": {"k": [Decimal("1.25"), None]}},
        {"who": {"id": None}, "also": {"id": 2}, "tags": [], "more": {}},
    ]
    unit = read(
        avro(NESTED, rows),
        Column("who", "who", who),
        Column("also", "also", who),
        Column("tags", "tags", Array(Text())),
        Column("more", "more", Json()),
    )
    assert unit.quarantine == []
    assert [(row["who"], row["also"], row["tags"]) for row in unit.curated] == [
        ({"id": 1}, {"id": None}, ["x", "y"]),
        ({"id": None}, {"id": 2}, []),
    ]
    assert [json.loads(value) for value in unit.column("more")] == [{"k": [1.25, None]}, {}]


def test_moments_beyond_pythons_years_cost_their_rows_alone() -> None:
    body = avro(record(v="long"), [{"v": 0}, {"v": 2**62}])
    unit = read(
        relabelled(body, record(v=logical("long", "timestamp-micros"))), Column("v", "v", Timestamp())
    )
    assert len(unit.curated) == 1
    assert unit.rules == [["v type"]]


def test_texts_may_stand_for_no_value() -> None:
    assert read(avro(record(v="string"), [{"v": ""}, {"v": "x"}]), nulls=("",)).column("v") == [None, "x"]


def test_a_file_without_rows_gives_none() -> None:
    assert read(avro(record(v="string"), [])).objects[0].rows == 0


SYNC = b"s" * 16
GOOD = avro(record(v="string"), [{"v": f"text {at}"} for at in range(100)], sync_marker=SYNC)
PACKED = avro(record(v="string"), [{"v": "x" * 99}] * 999, "deflate", sync_marker=SYNC)
HEADER = GOOD.index(SYNC) + len(SYNC)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (GOOD[:-20], f"the block at byte {HEADER} claims 100 records in 790 bytes"),
        (GOOD[:20], "the file is cut short or damaged"),
        (GOOD[:-1] + b"t", f"the block at byte {HEADER} is damaged"),
        (GOOD[:HEADER] + number(2**40) + GOOD[HEADER + 2 :], "a block claims 1099511627776 records"),
        (GOOD[:HEADER] + number(1) + number(2**50) + b"x", f"the block at byte {HEADER} claims 1 records"),
        (GOOD[:HEADER] + number(-1) + number(1) + b"x", f"the block at byte {HEADER} claims -1 records"),
        (GOOD[:HEADER] + number(99) + GOOD[HEADER + 2 :], "a block of 99 records has bytes beyond them"),
        (GOOD.replace(b"null", b"lzma"), "the file is compressed with lzma, which is not read"),
        (PACKED[:-30] + b"x" * 14 + SYNC, "the block at byte"),
        (relabelled(GOOD, b'{"type":"record"}'), "the file's schema is not valid Avro"),
        (relabelled(GOOD, b"[" * 5_000), "the file has no schema that can be read"),
        (relabelled(GOOD, record(v="double")), "a block claims 100 records in 790 bytes"),
        (relabelled(GOOD, record(v=["int", "null"])), "a record does not fit the file's own schema"),
        (avro(record(x="string"), [{"x": "y"}]), "the file has no column of the contract; it has x"),
        (b"PAR1" + b"x" * 20, "the contract says Avro, this is a Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(body: bytes, message: str) -> None:
    ((row, ((_, rule, told),)),) = read(body).broken
    assert (row, rule) == (0, "unreadable")
    assert told.startswith(message)


TREE = {"type": "record", "name": "node", "fields": [{"name": "next", "type": ["null", "node"]}]}
EMPTY = {"type": "record", "name": "empty", "fields": []}
NO_SPACE = "an array of items that take no space"
NO_COLUMN = "no column has such a type: write the file without it"


@pytest.mark.parametrize(
    ("avro_type", "value", "message"),
    [
        (
            TREE,
            {"next": None},
            f"the record.v.next contains itself by way of node; {NO_COLUMN}",
        ),
        (
            EMPTY,
            {},
            f"the record.v is a record without fields; {NO_COLUMN}",
        ),
        (
            {"type": "array", "items": "null"},
            [None],
            f"the record.v is {NO_SPACE}; {NO_COLUMN}",
        ),
        (
            ["long", {"type": "array", "items": "long"}],
            1,
            "the record.v is a union of array, long; give a column one type, or scalars as text",
        ),
    ],
)
def test_a_type_that_no_column_has_refuses_the_file_and_is_named(
    avro_type: Any, value: Any, message: str
) -> None:
    unit = read(avro(record(v=avro_type), [{"v": value}]))
    assert unit.broken == [(0, [("", "unreadable", message)])]


def test_a_block_that_unfolds_too_far_is_refused() -> None:
    bomb = avro(record(v="string"), [{"v": "x" * 40_000_000}], "deflate")
    assert "unpacks to more than 33554432 bytes" in read(bomb).broken[0][1][0][2]


def test_many_small_blocks_that_unfold_too_far_are_refused() -> None:
    bomb = avro(record(v="string"), [{"v": "x" * 1_000_000}] * 70, "bzip2", sync_interval=1_000)
    assert "are not read; write the rows to several files" in read(bomb).broken[0][1][0][2]


def test_the_free_cells_are_few_enough_to_be_read_soon() -> None:
    assert convert_avro._FREE_CELLS <= 2_000_000
