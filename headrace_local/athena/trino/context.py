"""What one statement's translation shares: its text, its moment, the tables it may read and those it does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from headrace_local.athena.trino.scope import Typed
from headrace_local.athena.trino.types import Type

if TYPE_CHECKING:
    from headrace_local.athena.trino.queries import Queries


class Readable(Protocol):
    """A table, or a version of one, that a query may read."""

    @property
    def origin(self) -> tuple[str, ...]:
        """What may qualify its columns: catalog, database, table."""

    @property
    def columns(self) -> list[tuple[str, Type]]:
        """Its columns' names and types, in order."""


class Tables(Protocol):
    """Finds tables by name; raises QueryFailed for what does not exist or cannot be read faithfully."""

    def find(
        self, parts: tuple[str, ...], version: int | str | datetime | None, at: int | None
    ) -> Readable: ...


@dataclass(frozen=True)
class Condition:
    """A column compared with constants, which every row of a scan that matters must satisfy."""

    column: str
    symbol: str
    values: tuple[int | str, ...]


@dataclass
class Scan:
    """A table in a FROM clause: DuckDB reads it as `relation`, with columns c0, c1 … in the table's order."""

    relation: str
    table: Readable
    conditions: list[Condition] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


@dataclass
class Context:
    """`constant` computes an expression without columns, for FOR … AS OF."""

    statement: str
    now: datetime
    tables: Tables
    constant: Callable[[Typed], object]
    scans: list[Scan] = field(default_factory=list)
    queries: "Queries" = field(init=False)
    _ids: "count[int]" = field(default_factory=count)

    def relation(self) -> str:
        return f"r{next(self._ids)}"

    def name(self, prefix: str) -> exp.Identifier:
        return exp.Identifier(this=f"{prefix}{next(self._ids)}", quoted=False)
