"""Parquet files: columns by exact name, groups of one schema, and files that lie or are damaged."""

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.domain.formats import Parquet
from headrace.domain.plan import Column, Integer, Text
from headrace.engines.duckdb.read import open_parquet
from tests.engines.unit import LACKS, MISFIT, plan, refine_files

A, B = Column("a", "a", Integer(), required=True), Column("b", "b", Text())
PLAN = plan(A, B, formats=(Parquet(),))


def parquet(table: pa.Table | dict[str, list[Any]], **options: Any) -> bytes:
    body = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), body, **options)
    return body.getvalue()


def test_rows_are_numbered_through_row_groups_and_files_of_several_schemas() -> None:
    files = {
        "a.parquet": parquet({"a": list(range(5)), "b": ["x"] * 5}, row_group_size=2),
        "b.parquet": parquet({"b": ["y", "y"], "a": ["10", "oops"]}),
        "c.parquet": parquet({"a": [20, None], "b": ["z", "z"]}),
    }
    unit = refine_files(PLAN, files)
    assert unit.column("a") == [0, 1, 2, 3, 4, 10, 20]
    assert unit.column("_row") == [1, 2, 3, 4, 5, 1, 1]
    assert unit.broken == [(2, [("a", "type", "oops")]), (2, [("a", "required", "")])]


def test_names_are_compared_exactly_and_unknown_columns_are_rescued() -> None:
    table = {
        "a": [1], "A": [1.5], "b ": [None], "file_index": [7], "file_row_number": [[1, 2]],
        'c"; DROP TABLE work; --': [b"x"], "entry": [True],
    }  # fmt: skip
    unit = refine_files(PLAN, {"a.parquet": parquet(table)})
    assert unit.column("a") == [1]
    assert json.loads(unit.column("_rescued")[0]) == {
        "A": 1.5, "file_index": 7, "file_row_number": [1, 2], 'c"; DROP TABLE work; --': "x", "entry": True,
    }  # fmt: skip


def test_a_column_may_have_an_empty_name() -> None:
    unit = refine_files(plan(Column("a", "", Text()), formats=(Parquet(),)), {"f": parquet({"": ["x"]})})
    assert unit.column("a") == ["x"]


def test_texts_that_are_long_are_read_where_few_stand_together() -> None:
    sparse = {
        "a": list(range(10_000)),
        "b": ["x" * 1_000_000 if not at % 2_500 else "y" for at in range(10_000)],
    }
    assert len(refine_files(PLAN, {"f": parquet(sparse)}).curated) == 10_000


def test_texts_that_fill_the_memory_in_one_go_are_refused() -> None:
    texts = [f"{at:05d}" + "".join(map(str, range(at, at + 12_000))) for at in range(1_500)]
    unit = refine_files(PLAN, {"f": parquet({"a": list(range(1_500)), "b": texts})})
    ((_, ((_, rule, message),)),) = unit.broken
    assert rule == "unreadable"
    assert message.endswith("bytes of text, more than is read at once; land it as NDJSON")


def test_raw_holds_the_values_and_stays_json() -> None:
    table = {
        "a": ["x"],
        "b": ["é"],
        "n": [float("nan")],
        "m": [1.5],
        "bin": [b"\xff"],
        "s": [{"k": float("inf")}],
    }
    unit = refine_files(PLAN, {"a.parquet": parquet(table)})
    assert json.loads(unit.quarantine[0]["_raw"])["n"] == "nan"
    assert unit.quarantine[0]["_raw"].startswith('{"a":"x","b":"é","n":"nan","m":1.5,')


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"a,b\n1,2\n", f"the contract says Parquet, this is something else; {MISFIT}"),
        (
            b"PK\x03\x04...",
            f"the contract says Parquet, this is an Excel workbook or a ZIP archive within another; {MISFIT}",
        ),
        (b"PAR1", "the file is not readable Parquet; write it again"),
        (b"PAR1" + b"x" * 100 + b"PAR1", "the file is not readable Parquet; write it again"),
        (parquet({"a": [1], "b": ["x"]})[:-30], "the file is not readable Parquet; write it again"),
        (parquet({"x": [1], "y": [2]}), f"the file lacks the required a; it has x, y; {LACKS}"),
        (
            parquet(pa.table([[1], [2]], names=["a", "a"])),
            "the file has two columns a; give each a name of its own",
        ),
        (parquet({"a": [1], "b\0": [2]}), "the file has a NUL character in a name; write it without"),
    ],
)
def test_a_file_that_cannot_be_the_contracts_is_refused_whole(body: bytes, message: str) -> None:
    unit = refine_files(PLAN, {"bad.parquet": body, "good.parquet": parquet({"a": [1], "b": ["x"]})})
    assert unit.broken == [(0, [("", "unreadable", message)])]
    assert unit.column("a") == [1]


@pytest.mark.parametrize("damage", [b"\xff" * 64, b"\0" * 64])
def test_a_file_with_damaged_pages_is_refused_and_its_neighbours_are_read(damage: bytes) -> None:
    sound = parquet({"a": list(range(500)), "b": [f"text {at}" for at in range(500)]})
    bad = sound[:600] + damage + sound[600 + len(damage) :]
    unit = refine_files(PLAN, {"a.parquet": sound, "b.parquet": bad, "c.parquet": sound})
    assert unit.broken == [
        (0, [("", "unreadable", "the file cannot be read to its end; write it again")]),
    ]
    assert [one.rows for one in unit.objects] == [500, 1, 500]


def test_a_small_file_that_stands_for_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_parquet, "_FREE_CELLS", 1000)
    bomb = parquet({"a": [1] * 200_000, "b": [None] * 200_000}, compression="zstd")
    unit = refine_files(PLAN, {"a.parquet": bomb})
    (reason,) = unit.quarantine[0]["_reasons"]
    assert "bytes that stand for 200000 rows of 2 columns" in reason["value_excerpt"]


def test_a_file_without_rows_gives_none() -> None:
    unit = refine_files(PLAN, {"a.parquet": parquet(pa.table({"a": pa.array([], pa.int64())}))})
    assert (unit.objects[0].rows, unit.tables) == (0, {})
