"""Of a source that asks for some of its rows, these come out as they do among all the others."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.domain.formats import Csv, JsonDocument, Ndjson, Parquet
from headrace.domain.plan import Column, Integer, Key, Range, Text
from headrace.engines.duckdb import Refusal, stage
from tests.engines.unit import Unit, plan, refine_files

Files = dict[str, bytes | Path | Refusal]

COLUMNS = (
    Column("a", "a", Integer(), rules=(Range(least="0"),)),
    Column("b", "b", Text(), required=True),
)
PLAN = plan(*COLUMNS, formats=(Csv(), Ndjson(), JsonDocument(), Parquet()))
RECORDS = [
    {"a": 1, "b": "x"},
    {"a": -2, "b": "y"},
    {"a": 3, "b": None},
    {"a": 4, "b": "z"},
    {"a": -5, "b": "w"},
]
CSV = b"a,b\n1,x\n-2,y\n3,\n4,z\n-5,w\n"


def parquet() -> bytes:
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(RECORDS), body)
    return body.getvalue()


def archive() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as members:
        members.writestr("1.csv", b"a,b\n1,x\n-2,y\n")
        members.writestr("2.csv", b"a,b\n3,\n4,z\n-5,w\n")
    return body.getvalue()


FILES = {
    "fast.csv": CSV,
    "careful.csv": CSV.replace(b"4,z", b'4,"z\n"').replace(b"1,x", b'1,"x"y'),
    "lines.ndjson": b"\n".join(
        [b'{"a":1,"b":"x"}', b'{"a":-2,"b":"y"}', b'{"a":3}', b'{"a":4,"b":"z"}', b"{broken"]
    ),
    "document.json": b'[{"a":1,"b":"x"},{"a":-2,"b":"y"},{"a":3},{"a":4,"b":"z"},{"a":-5,"b":"w"}]',
    "table.parquet": parquet(),
    "members.zip": archive(),
}


def by_row(unit: Unit) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["_object"], row["_row"]): row for row in (*unit.curated, *unit.quarantine)}


@pytest.mark.parametrize("rows", [{1}, {2, 5}, {3, 4}, {1, 2, 3, 4, 5}], ids=str)
@pytest.mark.parametrize("name", FILES)
def test_the_rows_asked_for_come_out_as_among_all(tmp_path: Path, name: str, rows: set[int]) -> None:
    staged = stage(io.BytesIO(FILES[name]), tmp_path / "staged", name).path
    files: Files = {"before.csv": CSV, name: staged, "behind.csv": CSV}
    whole = refine_files(PLAN, files)
    some = refine_files(PLAN, files, rows={name: frozenset(rows)})
    identity = f"s3://landing/{name}?versionId=v1"
    expected = {at: row for at, row in by_row(whole).items() if at[0] != identity or at[1] in rows}
    assert by_row(some) == expected
    assert [one.rows for one in some.objects] == [5, len(rows), 5]


def test_other_rows_are_as_if_they_were_not_there() -> None:
    keyed = plan(Column("a", "a", Integer()), keys=(Key(("a",)),))
    files = {"0.csv": b"a\n1\n2\n1\n2\n"}
    assert [row for row, _ in refine_files(keyed, files).broken] == [3, 4]
    unit = refine_files(keyed, files, rows={"0.csv": frozenset({2, 3, 4})})
    assert (unit.column("a"), unit.column("_row")) == ([2, 1], [2, 3])
    assert [row for row, _ in unit.broken] == [4]


def test_a_source_that_cannot_be_read_becomes_no_row_where_some_are_asked_for() -> None:
    files: Files = {"0.json": b"[{", "1.csv": CSV, "2.csv": Refusal("unreadable", "gone")}
    unit = refine_files(PLAN, files, rows={"0.json": frozenset({1}), "2.csv": frozenset({2})})
    assert [(one.rows, one.refusal is not None) for one in unit.objects] == [(0, True), (5, False), (0, True)]
    assert {row["_object"] for row in unit.quarantine} == {"s3://landing/1.csv?versionId=v1"}


def test_each_row_names_the_batch_that_first_took_its_object() -> None:
    files: Files = {"0.csv": CSV, "1.csv": CSV, "2.csv": Refusal("unreadable", "gone")}
    unit = refine_files(PLAN, files, batch=9, batches={"0.csv": 3, "2.csv": 4})
    assert {(row["_object"][13], row["_batch"]) for row in (*unit.curated, *unit.quarantine)} == {
        ("0", 3),
        ("1", 9),
        ("2", 4),
    }
