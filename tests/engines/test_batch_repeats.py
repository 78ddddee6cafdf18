"""A key's value is published once: by its first row in the batch, and by none if the table has it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import EngineFault, Unavailable
from headrace.domain.formats import Ndjson
from headrace.domain.plan import Column, Date, Integer, Key, Plan, Text, Timestamp
from headrace.engines.duckdb.batch.batch_repeats import Bounds, find_repeats, read_repeats, write_repeats
from headrace.engines.duckdb.batch.batch_rows import BatchRows
from headrace.engines.duckdb.session import Session

Row = tuple[int | None, str | None]
NUMBER, BOTH = Key(("number",)), Key(("number", "name"), "primary_key")
PLAN = Plan(
    DatasetId("river", "mills"),
    "1.0.0+00000000",
    (Ndjson(),),
    (
        Column("number", "number", Integer()),
        Column("name", "name", Text(), mask="hash"),
        Column("built", "built", Date()),
    ),
)


class Standing:
    """A table of two columns; `bounds` are those it was last asked for."""

    def __init__(self, *rows: Row) -> None:
        self.rows = rows
        self.bounds: Bounds = {}

    def __call__(self, columns: Sequence[str], bounds: Bounds) -> Iterator[pa.RecordBatch]:
        self.bounds = bounds
        kinds = {"number": pa.int64(), "name": pa.string()}
        for number, name in self.rows:
            values: dict[str, Any] = {"number": number, "name": name}
            arrays = [pa.array([values[one]], kinds[one]) for one in columns]
            yield pa.record_batch(arrays, names=list(columns))


def repeats(
    work: Path, objects: Sequence[Sequence[Row]], keys: Sequence[Key], standing: Standing | None = None
) -> list[tuple[int, int, str, str, str]]:
    """Object, row, and the reason's three parts, of every repeat of a batch with these objects."""
    with Session(work, [], 512) as session:
        load(session, objects, work)
        positions = find_repeats(session, keys, standing)
        file = work / "repeats.parquet"
        written = write_repeats(session, {at: at for at in positions}, file) if positions else 0
    found = list(read_repeats(file)) if positions else []
    assert written == len(found)
    assert {one.source for one in found} == set(positions)
    return [
        (one.source, one.row, one.reason.column, one.reason.rule, one.reason.value_excerpt) for one in found
    ]


_NAMES = count()


def load(session: Session, objects: Sequence[Sequence[Row]], work: Path) -> None:
    """Load a batch of one curated file an object."""
    names = {f"o{at}": at for at in range(len(objects))}
    rows = BatchRows(session, PLAN, names, {"number", "name"})
    for at, content in enumerate(objects):
        file = work / f"{next(_NAMES)}.parquet"
        pq.write_table(table(f"o{at}", content), file)
        rows.add(file, len(content))
        file.unlink()


def table(identity: str, content: Sequence[Row]) -> pa.Table:
    return pa.table(
        {
            "number": pa.array([number for number, _ in content], pa.int64()),
            "name": pa.array([name for _, name in content], pa.string()),
            "_object": pa.array([identity] * len(content), pa.string()),
            "_row": pa.array(range(1, len(content) + 1), pa.int64()),
        }
    )


def test_the_first_row_stays_and_later_ones_are_told_apart_by_object_and_row(tmp_path: Path) -> None:
    objects = [[(1, "a"), (2, "b")], [(3, "c"), (2, "d")], [(2, "e"), (1, "f")]]
    assert repeats(tmp_path, objects, [NUMBER]) == [
        (1, 2, "number", "unique", "2"),
        (2, 1, "number", "unique", "2"),
        (2, 2, "number", "unique", "1"),
    ]


def test_a_value_that_the_table_has_is_published_by_no_row(tmp_path: Path) -> None:
    objects = [[(1, "a"), (2, "b")], [(2, "c")]]
    assert repeats(tmp_path, objects, [NUMBER], Standing((2, "z"), (9, None))) == [
        (0, 2, "number", "unique", "2"),
        (1, 1, "number", "unique", "2"),
    ]


def test_rows_without_a_value_are_not_compared(tmp_path: Path) -> None:
    objects = [[(None, "a"), (1, None)], [(None, "a"), (1, None)]]
    assert repeats(tmp_path, objects, [BOTH], Standing((None, "a"), (1, None))) == []


def test_a_key_of_several_columns_repeats_as_a_whole(tmp_path: Path) -> None:
    objects = [[(1, "a"), (1, "b")], [(2, "a"), (1, "b")]]
    assert repeats(tmp_path, objects, [BOTH]) == [(1, 2, "number, name", "primary_key", "1, b")]


def test_a_row_that_repeats_an_earlier_key_is_nobodys_first(tmp_path: Path) -> None:
    name = Key(("name",))
    objects = [[(1, "a")], [(2, "a")], [(3, "a"), (4, "a")]]
    found = repeats(tmp_path, objects, [NUMBER, name], Standing((1, "z")))
    assert [(source, row, column) for source, row, column, *_ in found] == [
        (0, 1, "number"),
        (2, 1, "name"),
        (2, 2, "name"),
    ]


def test_the_table_is_asked_for_no_more_than_lies_between_the_batchs_own_values(tmp_path: Path) -> None:
    standing = Standing()
    assert repeats(tmp_path, [[(5, "b"), (3, "c"), (None, "z")]], [BOTH], standing) == []
    assert standing.bounds == {"number": (3, 5), "name": ("b", "c")}


def test_moments_are_bounds_without_a_library_that_is_not_deployed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pytz", None)
    moments = [datetime(1969, 7, 20, 20, 17, 40, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)]
    plan = replace(PLAN, columns=(Column("at", "at", Timestamp()),))
    asked: list[Bounds] = []

    def standing(columns: Sequence[str], bounds: Bounds) -> Iterator[pa.RecordBatch]:
        asked.append(bounds)
        return iter([pa.record_batch({"at": pa.array(moments[:1], pa.timestamp("us", "UTC"))})])

    file = tmp_path / "curated.parquet"
    values = pa.array(moments, pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"at": values, "_object": ["o", "o"], "_row": [1, 2]}), file)
    with Session(tmp_path, [], 512) as session:
        BatchRows(session, plan, {"o": 4}, {"at"}).add(file, 2)
        assert find_repeats(session, [Key(("at",))], standing) == [4]
    assert asked == [{"at": (moments[0], moments[1])}]


def test_an_excerpt_is_cut(tmp_path: Path) -> None:
    name = Key(("name",))
    ((*_, shown),) = repeats(tmp_path, [[(1, "é" * 150)], [(2, "é" * 150)]], [name])
    assert shown == "é" * 100


ROW = st.tuples(st.none() | st.integers(0, 4), st.none() | st.sampled_from("ab"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    objects=st.lists(st.lists(ROW, max_size=4), min_size=1, max_size=4), standing=st.lists(ROW, max_size=3)
)
def test_what_is_left_has_every_key_once_and_what_is_taken_out_had_to_be(
    tmp_path: Path, objects: list[list[Row]], standing: list[Row]
) -> None:
    found = repeats(tmp_path, objects, [NUMBER], Standing(*standing))
    out = {(source, row) for source, row, *_ in found}
    seen = {number for number, _ in standing if number is not None}
    for at, content in enumerate(objects):
        for row, (number, _) in enumerate(content, 1):
            assert ((at, row) in out) == (number in seen)
            seen |= set() if number is None else {number}


def test_the_same_batch_gives_the_same_bytes(tmp_path: Path) -> None:
    bodies = set()
    for attempt in range(2):
        work = tmp_path / str(attempt)
        work.mkdir()
        repeats(work, [[(one, "a") for one in range(50)] for _ in range(3)], [NUMBER], Standing((7, "a")))
        bodies.add((work / "repeats.parquet").read_bytes())
    assert len(bodies) == 1


def test_a_column_that_a_file_is_older_than_has_no_values_in_it(tmp_path: Path) -> None:
    with Session(tmp_path, [], 512) as session:
        rows = BatchRows(session, PLAN, {"o0": 0}, {"number", "built"})
        file = tmp_path / "older.parquet"
        pq.write_table(table("o0", [(1, "a"), (2, "b")]), file)
        rows.add(file, 2)
        assert find_repeats(session, [Key(("built",))], None) == []


def test_a_file_that_does_not_hold_what_its_report_says_is_no_basis_for_a_verdict(tmp_path: Path) -> None:
    file = tmp_path / "short.parquet"
    pq.write_table(table("o0", [(1, "a"), (2, "b")]), file)
    with Session(tmp_path, [], 512) as session:
        rows = BatchRows(session, PLAN, {"o0": 0}, {"number"})
        with pytest.raises(EngineFault, match="of 3 rows gave 2"):
            rows.add(file, 3)


@pytest.mark.parametrize("after", [0, 1])
def test_a_table_that_cannot_be_read_now_may_be_read_later(tmp_path: Path, after: int) -> None:
    def breaks(columns: Sequence[str], bounds: Mapping[str, object]) -> Iterator[pa.RecordBatch]:
        for _ in range(after):
            yield pa.record_batch({"number": pa.array([7])})
        raise Unavailable("no answer")

    with Session(tmp_path, [], 512) as session:
        load(session, [[(1, "a")]], tmp_path)
        with pytest.raises(Unavailable, match="no answer"):
            find_repeats(session, [NUMBER], breaks)
