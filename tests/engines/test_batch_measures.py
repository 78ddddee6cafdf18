"""What dataset rules measure over a batch's rows; what cannot be measured says why and stops nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import IncompatibleTable, Unavailable
from headrace.domain.formats import Ndjson
from headrace.domain.plan import (
    Column,
    DatasetRule,
    Duplicates,
    Integer,
    Mask,
    Measure,
    Orphans,
    Plan,
    Sql,
    Text,
)
from headrace.domain.verdict import Measurement
from headrace.engines.duckdb.batch import batch_measures
from headrace.engines.duckdb.batch.batch_measures import columns_needed, measure
from headrace.engines.duckdb.batch.batch_rows import BatchRows
from headrace.engines.duckdb.session import Session

MILLS, OWNERS = DatasetId("river", "mills"), DatasetId("river", "owners")
ROWS: list[dict[str, Any]] = [
    {"id": 1, "name": "Old Mill", "owner": "ann", "next_to": 2},
    {"id": 2, "name": "New Mill", "owner": "bob", "next_to": None},
    {"id": 3, "name": "Old Mill", "owner": None, "next_to": 9},
    {"id": 4, "name": None, "owner": "ann", "next_to": 7},
    {"id": 5, "name": "Old Mill", "owner": "cid", "next_to": 1},
]
TYPES = {"id": pa.int64(), "name": pa.string(), "owner": pa.string(), "next_to": pa.int64()}


def plan(what: Measure, mask: Mask | None = None) -> Plan:
    columns = (
        Column("id", "id", Integer()),
        Column("name", "name", Text(), mask=mask),
        Column("owner", "owner", Text()),
        Column("next_to", "next_to", Integer()),
    )
    rules = (DatasetRule("rule", what, most=0),)
    return Plan(MILLS, "1.0.0+00000000", (Ndjson(),), columns, rules=rules)


def tables(dataset: DatasetId, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """What stands: two owners, and one mill."""
    if dataset == OWNERS:
        return iter([pa.record_batch({"id": pa.array(["ann", None, "dot"])}).rename_columns(list(columns))])
    if dataset == MILLS:
        return iter([pa.record_batch({"id": pa.array([7])}).rename_columns(list(columns))])
    raise IncompatibleTable(f"there is no table {dataset}; registering its contract creates it")


def measured(work: Path, what: Measure, mask: Mask | None = None) -> Measurement:
    chosen = plan(what, mask)
    with Session(work, [], 512) as session:
        rows = BatchRows(session, chosen, {"o": 0}, columns_needed(chosen, ()))
        file = work / "curated.parquet"
        content = {name: pa.array([row[name] for row in ROWS], kind) for name, kind in TYPES.items()}
        numbers = pa.array(range(1, len(ROWS) + 1), pa.int64())
        pq.write_table(pa.table({**content, "_object": ["o"] * len(ROWS), "_row": numbers}), file)
        rows.add(file, len(ROWS))
        return measure(session, chosen, tables)[0]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (Duplicates(("name",)), 2),
        (Duplicates(("name", "owner")), 0),
        (Duplicates(("id",)), 0),
        (Orphans(("owner",), OWNERS, ("id",)), 2),
        (Orphans(("next_to",), MILLS, ("id",)), 1),
        (Sql("SELECT count(*) FROM batch"), 5),
        (Sql("SELECT sum(id) / 2 FROM batch WHERE name = 'Old Mill'"), 4),
        (Sql("SELECT avg(next_to) FROM batch"), 4.75),
        (Sql("SELECT count(DISTINCT _row) FROM batch"), 5),
        (Sql("SELECT max(n) FROM (SELECT name, count(*) AS n FROM batch GROUP BY name) AS b"), 3),
        (Sql("SELECT count(*) > 1 FROM batch"), 1),
        (Sql("SELECT count(*) > 9 FROM batch"), 0),
    ],
)
def test_a_measure_gives_its_number(tmp_path: Path, what: Measure, expected: float) -> None:
    assert measured(tmp_path, what) == expected


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("SELECT name FROM batch", "something else than one number"),
        ("SELECT id, next_to FROM batch WHERE id = 1", "something else than one number"),
        ("SELECT sum(id) FROM batch WHERE id > 100", "something else than one number"),
        ("SELECT name FROM batch WHERE id = 1", "something else than one number"),
        ("SELECT max(id / (id - id)) FROM batch", "could not finish"),
        ("SELECT count(missing) FROM batch", "missing"),
    ],
)
def test_a_query_that_gives_no_number_fails_its_rule_and_nothing_else(
    tmp_path: Path, query: str, problem: str
) -> None:
    found = measured(tmp_path, Sql(query))
    assert isinstance(found, str)
    assert problem in found


def test_a_query_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_measures, "_QUERY_S", 0.2)
    endless = f"SELECT count(*) FROM {', '.join(f'batch AS b{at}' for at in range(14))} WHERE b0.id > b1.id"
    found = measured(tmp_path, Sql(endless))
    assert isinstance(found, str)
    assert "Interrupt" in found


def test_a_table_that_does_not_stand_fails_the_rule_with_its_name(tmp_path: Path) -> None:
    found = measured(tmp_path, Orphans(("owner",), DatasetId("river", "ghosts"), ("id",)))
    assert found == "there is no table river/ghosts; registering its contract creates it"


@pytest.mark.parametrize("mask", ["redact", "partial", "truncate", "drop"])
def test_values_that_a_mask_blurs_are_not_compared(tmp_path: Path, mask: Mask) -> None:
    found = measured(tmp_path, Duplicates(("name",)), mask)
    assert found == "values that are masked cannot be compared: name"


def test_a_table_that_cannot_be_read_now_may_be_read_later(tmp_path: Path) -> None:
    chosen = plan(Orphans(("owner",), OWNERS, ("id",)))

    def breaks(dataset: DatasetId, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        raise Unavailable("no answer")

    with Session(tmp_path, [], 512) as session:
        BatchRows(session, chosen, {"o": 0}, columns_needed(chosen, ()))
        with pytest.raises(Unavailable):
            measure(session, chosen, breaks)


def test_only_the_columns_that_matter_are_taken_in() -> None:
    assert columns_needed(plan(Sql("SELECT count(*) FROM batch")), ()) == set()
    assert columns_needed(plan(Sql("SELECT sum(ID) FROM batch AS b WHERE b.name > ''")), ()) == {"id", "name"}
    assert columns_needed(plan(Orphans(("next_to",), MILLS, ("id",))), ()) == {"id", "next_to"}
    assert columns_needed(plan(Orphans(("owner",), OWNERS, ("id",))), ()) == {"owner"}
