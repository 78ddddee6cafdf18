"""Names in scope: the fields that FROM, an outer query or a lambda brings in, and how a name finds one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed
from headrace_local.athena.trino.types import Type


@dataclass(frozen=True)
class Typed:
    """A compiled expression: its Trino type and the DuckDB expression that computes it."""

    type: Type
    sql: exp.Expr


@dataclass(frozen=True)
class Field:
    """A column in scope; `origin` is what may qualify it: catalog, database, table, or an alias."""

    name: str | None
    type: Type
    sql: exp.Expr
    origin: tuple[str, ...] = ()

    def answers_to(self, parts: Sequence[str]) -> bool:
        *qualifier, name = parts
        return self.name == name and (not qualifier or self.origin[-len(qualifier) :] == tuple(qualifier))


@dataclass(frozen=True)
class Cte:
    """A WITH query: the name DuckDB knows it by, and its columns."""

    relation: str
    columns: list[tuple[str | None, Type]]


@dataclass
class Scope:
    """The fields of one query level, the WITH queries named there, and the level around it."""

    fields: list[Field] = field(default_factory=list)
    outer: "Scope | None" = None
    ctes: dict[str, Cte] = field(default_factory=dict)

    def cte(self, name: str) -> Cte | None:
        found = self.ctes.get(name)
        return self.outer.cte(name) if found is None and self.outer is not None else found

    def find(self, parts: Sequence[str], at: int | None) -> tuple[Field, Sequence[str]] | None:
        """The field a dotted name means, with the row fields that remain to be taken from it.

        Trino reads the longest prefix that names a column: `a.b` may be column b of a, or a field of a.
        """
        for size in range(len(parts), 0, -1):
            found = [f for f in self.fields if f.answers_to(parts[:size])]
            if len(found) > 1:
                raise QueryFailed("AMBIGUOUS_NAME", f"Column '{'.'.join(parts)}' is ambiguous", at)
            if found:
                return found[0], parts[size:]
        return self.outer.find(parts, at) if self.outer is not None else None

    def of(self, qualifier: Sequence[str]) -> list[Field]:
        """The fields of one relation, for `t.*`."""
        return [f for f in self.fields if f.origin[-len(qualifier) :] == tuple(qualifier)]


def column(relation: str, name: str) -> exp.Expr:
    return exp.column(exp.to_identifier(name, quoted=True), table=exp.to_identifier(relation, quoted=True))
