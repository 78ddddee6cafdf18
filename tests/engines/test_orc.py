"""ORC files: types, names that Hive left out, and files that are damaged."""

import io
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from headrace.domain.formats import Orc
from headrace.domain.plan import Array, Column, Date, Integer, Json, Object, Text, Timestamp
from headrace.domain.plan import Decimal as DecimalType
from tests.engines.formats import orc_file
from tests.engines.unit import LACKS, MISFIT, Unit, plan, refine_files

A, B = Column("a", "a", Integer(), required=True), Column("b", "b", Text())


def read(body: bytes, *columns: Column, nulls: tuple[str, ...] = ()) -> Unit:
    return refine_files(plan(*(columns or (A, B)), formats=(Orc(nulls),)), {"f.orc": body})


@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "zlib", "lz4", "zstd"])
def test_stripes_of_every_codec_are_read_in_order(compression: str) -> None:
    table = {"a": list(range(20_000)), "b": [f"text {at}" for at in range(20_000)]}
    unit = read(orc_file(table, compression=compression, stripe_size=65_536))
    assert unit.column("a") == table["a"]
    assert unit.column("_row") == list(range(1, 20_001))


def test_values_become_what_the_contract_says() -> None:
    columns = (
        Column("d", "d", DecimalType(9, 2)),
        Column("day", "day", Date()),
        Column("at", "at", Timestamp("", "Asia/Tokyo")),
        Column("who", "who", Object((Column("id", "id", Integer()),))),
        Column("tags", "tags", Array(Text())),
        Column("map", "map", Json()),
        Column("blank", "blank", Text()),
    )
    table = pa.table(
        {
            "d": [Decimal("1.25")],
            "day": [date(2024, 5, 1)],
            "at": [datetime.fromisoformat("2024-05-01T09:00")],
            "who": [{"id": 1}],
            "tags": [["x", None]],
            "map": pa.array([{"k": 1}], pa.map_(pa.string(), pa.int64())),
            "blank": [""],
        }
    )
    unit = read(orc_file(table), *columns, nulls=("",))
    (row,) = unit.curated
    assert row["d"] == Decimal("1.25")
    assert (row["day"], row["at"].isoformat()) == (date(2024, 5, 1), "2024-05-01T00:00:00+00:00")
    assert (row["who"], row["tags"], row["map"], row["blank"]) == ({"id": 1}, ["x", None], '{"k":1}', None)


def test_rows_that_break_a_rule_are_quarantined() -> None:
    unit = read(orc_file({"a": [1, None], "b": ["x", "y"], "c": [None, 2.5]}))
    assert (unit.column("a"), unit.broken) == ([1], [(2, [("a", "required", "")])])
    assert unit.quarantine[0]["_raw"] == '{"b":"y","c":2.5}'


def test_columns_that_hive_left_without_names_are_the_contracts_in_their_order() -> None:
    unit = read(orc_file({"_col0": [1], "_col1": ["x"], "_col2": [True]}))
    assert [(row["a"], row["b"], row["_rescued"]) for row in unit.curated] == [(1, "x", '{"_col2":true}')]
    assert read(orc_file({"_col0": [1]})).column("a") == [1]


GOOD = orc_file({"a": list(range(500)), "b": [f"text {at}" for at in range(500)]})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"ORC", "the file is not readable ORC to its end; write it again"),
        (GOOD[:-30], "the file is not readable ORC to its end; write it again"),
        (GOOD[:50] + b"\xff" * 200 + GOOD[250:], "the file is not readable ORC to its end; write it again"),
        (orc_file({"x": [1]}), f"the file lacks the required a; it has x; {LACKS}"),
        (b"Obj\x01" + b"x" * 20, f"the contract says ORC, this is an Avro file; {MISFIT}"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(body: bytes, message: str) -> None:
    assert read(body).broken == [(0, [("", "unreadable", message)])]


def test_a_small_file_that_stands_for_many_rows_is_refused() -> None:
    body = io.BytesIO(orc_file(pa.table({"a": pa.array([1]).take(pa.array([0] * 30_000_000))})))
    ((_, ((_, _, message),)),) = read(body.getvalue()).broken
    assert "are not read; write the rows to several files" in message
