"""Running a query: translated, its scans planned and limited, read, and computed by DuckDB."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, cast

import pyarrow as pa
from sqlglot import exp

from headrace_local.athena import engine
from headrace_local.athena.errors import QueryCancelled, QueryFailed, not_supported
from headrace_local.athena.lake import Lake
from headrace_local.athena.scan import Planned
from headrace_local.athena.trino.context import Context, Scan
from headrace_local.athena.trino.queries import Queries, Query
from headrace_local.athena.trino.types import Type

if TYPE_CHECKING:
    import duckdb

    from headrace_local.athena.scan import IcebergScan


@dataclass
class Run:
    """One statement being run: what it may read and scan, and how it is stopped from outside."""

    statement: str
    lake: Lake
    now: datetime
    cutoff: int | None = None
    scanned: int = 0
    _stopped: bool = field(default=False, init=False)
    _connection: "duckdb.DuckDBPyConnection | None" = field(default=None, init=False)

    def stop(self) -> None:
        """Cancel the statement: interrupts a computation, and refuses any commit that has not begun."""
        self._stopped = True
        if self._connection is not None:
            self._connection.interrupt()

    def check(self) -> None:
        if self._stopped:
            raise QueryCancelled("Query cancelled by user")

    def context(self) -> Context:
        return Context(self.statement, self.now, self.lake, engine.constant)

    def rows(self, query: Query, scans: Sequence[Scan]) -> pa.Table:
        """The query's rows, columns c0, c1 …; raises QueryCancelled when stopped or over the cutoff."""
        plans = [(s, self._planned(s, query.sql)) for s in scans]
        self.scanned += sum(p.size for _, p in plans)
        if self.cutoff is not None and self.scanned > self.cutoff:
            raise QueryCancelled("Bytes scanned limit was exceeded")
        tables = {}
        for scan, plan in plans:
            self.check()
            tables[scan.relation] = plan.read()
        with engine.session(tables) as connection:
            self._connection = connection
            try:
                self.check()
                return engine.fetch(connection, query.sql)
            finally:
                self._connection = None

    def _planned(self, scan: Scan, query: exp.Expr) -> Planned:
        used = {int(c.name[1:]) for c in query.find_all(exp.Column) if c.table == scan.relation}
        return cast("IcebergScan", scan.table).plan(scan.conditions, used)

    def query(self, tree: exp.Expr, coerced: Callable[[Queries, Query], Query] | None = None) -> "Rows":
        """Translate and run a query, with its columns as `coerced` wants them."""
        context = self.context()
        queries = Queries(context)
        query = queries.compile(tree)
        if coerced is not None:
            query = coerced(queries, query)
        for _, kind in query.columns:
            if "json" in str(kind):
                raise not_supported("A column of type json in a result")
            _known_zones(kind)
        return Rows(query, self.rows(query, context.scans))


@dataclass(frozen=True)
class Rows:
    """A query and its rows."""

    query: Query
    table: pa.Table


def _known_zones(kind: Type) -> None:
    if kind.name == "timestamp with time zone" and kind.zone is None:
        raise not_supported("A timestamp whose time zone differs by row (use AT TIME ZONE to choose one)")
    for part in kind.args:
        _known_zones(part)


def named(query: Query) -> list[tuple[str, Type]]:
    """The columns of CREATE TABLE AS, which must all have names, and each its own."""
    seen: set[str] = set()
    for place, (name, kind) in enumerate(query.columns, 1):
        if name is None:
            raise QueryFailed("MISSING_COLUMN_NAME", f"Column name not specified at position {place}", 0)
        if kind.name == "unknown":
            raise QueryFailed("COLUMN_TYPE_UNKNOWN", f"Column type is unknown: {name}", 0)
        if name in seen:
            raise QueryFailed("DUPLICATE_COLUMN_NAME", f"Column name '{name}' specified more than once", 0)
        seen.add(name)
    return [(name, kind) for name, kind in query.columns if name is not None]
