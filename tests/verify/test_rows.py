"""Rows are counted the same whether they are read through the catalog or asked of Athena."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import sqlglot

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import IncompatibleTable
from headrace.domain.zones import TableRef, Zones
from headrace.ports import TableCatalog
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.query import Result
from headrace_cli.verify import PortRows, SeenRows, athena
from headrace_cli.verify.athena import AthenaRows
from headrace_cli.verify.rows import NOBODY, Seen
from tests.fake_tables import FakeTableCatalog

DATASET = DatasetId("river", "mills")
ZONES = Zones("curated", "quarantine", "marts")
COLUMNS = pa.schema([("_object", pa.string()), ("_row", pa.int64()), ("_batch", pa.int64())])

Rows = Sequence[tuple[str | None, int | None, int | None]]


class Tables(FakeTableCatalog):
    """Two tables of some rows, in batches of three."""

    def __init__(self, curated: Rows, quarantine: Rows) -> None:
        self._content_of = {ZONES.curated(DATASET): curated, ZONES.quarantine(DATASET): quarantine}

    def read(self, ref: TableRef, columns: Sequence[str], **_: Any) -> Iterator[pa.RecordBatch]:
        assert list(columns) == COLUMNS.names
        return iter(self.arrow(ref).to_batches(3))

    def arrow(self, ref: TableRef) -> pa.Table:
        columns = list(zip(*self._content_of[ref], strict=True)) or [(), (), ()]
        return pa.table(
            [pa.array(one, kind) for one, kind in zip(columns, COLUMNS.types, strict=True)], COLUMNS
        )


def by_port(tables: Tables) -> SeenRows:
    catalog: TableCatalog = tables
    return PortRows(catalog, ZONES).seen(DATASET)


def by_athena(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> SeenRows:
    """The queries meant for Athena, run by DuckDB."""
    engine = duckdb.connect()
    for ref in (ZONES.curated(DATASET), ZONES.quarantine(DATASET)):
        engine.execute(f"CREATE SCHEMA {ref.database}")
        engine.register("content", tables.arrow(ref))
        engine.execute(f"CREATE TABLE {ref.database}.{ref.name} AS FROM content")

    def run_query(_: object, sql: str) -> Result:
        (translated,) = sqlglot.transpile(sql, read="trino", write="duckdb")
        try:
            found = engine.execute(translated)
        except duckdb.Error as error:
            raise Failure(ExitCode.TROUBLE, f"the query failed: {error}") from error
        names = [one[0] for one in found.description]
        return Result((), tuple(dict(zip(names, row, strict=True)) for row in found.fetchall()), "", 0)

    class Deployed:
        zones = ZONES

    monkeypatch.setattr(athena, "run_query", run_query)
    deployed: Any = Deployed()
    return AthenaRows(deployed).seen(DATASET)


def test_rows_are_counted_by_object_and_place() -> None:
    seen = by_port(
        Tables([("a", 1, 1), ("a", 2, 1), ("a", 2, 3), ("b", 0, 2)], [("a", 2, 1), ("a", 9000, 1)])
    )
    assert seen.curated == {"a": Seen(3, 2, 1, 3), "b": Seen(1, 1, 2, 2)}
    assert seen.quarantine == {"a": Seen(2, 2, 1, 1)}
    assert seen.both == {"a": 1}


def test_rows_without_origin_are_nobodys() -> None:
    seen = by_port(Tables([(None, 1, 1), ("a", None, 1), ("a", -1, None)], []))
    assert seen.curated == {NOBODY: Seen(3, 3, 0, 1)}


@pytest.mark.parametrize("seed", range(20))
def test_both_ways_count_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(seed)

    def rows() -> Rows:
        return [
            (dice.choice(["a", "b", "c", None]), dice.choice([None, -1, *range(6), 4096]), dice.randint(1, 3))
            for _ in range(dice.randint(0, 40))
        ]

    tables = Tables(rows(), rows())
    assert by_port(tables) == by_athena(tables, monkeypatch)


def test_a_query_that_fails_is_a_table_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(IncompatibleTable, match="_batch"):
        by_athena(Broken([], []), monkeypatch)


class Broken(Tables):
    """Tables that Athena cannot read."""

    def arrow(self, ref: TableRef) -> pa.Table:
        return super().arrow(ref).rename_columns(["_object", "_row", "_other"])
