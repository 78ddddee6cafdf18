"""GROUP BY, and the rule that what is selected beside it is grouped or aggregated."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.trino.context import Context
from headrace_local.athena.trino.dialect import position
from headrace_local.athena.trino.expressions import Expressions
from headrace_local.athena.trino.operators import orderable
from headrace_local.athena.trino.scope import Scope, Typed


@dataclass(frozen=True)
class Groups:
    """DuckDB's GROUP BY, and the expressions it groups by."""

    node: exp.Group
    keys: list[exp.Expr]


def groups(context: Context, node: exp.Select, scope: Scope, items: Sequence[Typed]) -> Groups | None:
    """The query's grouping; a whole number means an item of the SELECT list."""
    group = node.args.get("group")
    if group is None:
        return None
    if any(group.args.get(a) for a in ("all", "totals", "grouping_sets", "cube", "rollup")):
        raise not_supported("This form of GROUP BY", position(group))
    keys: list[exp.Expr] = []
    expressions = Expressions(context, scope, "GROUP BY clause")

    def key(each: exp.Expr) -> exp.Expr:
        value = _item(each, items) or expressions.typed(each)
        keys.append(orderable(value, "GROUP BY a value", position(each)))
        return keys[-1].copy()

    def member(each: exp.Expr) -> exp.Expr:
        if isinstance(each, (exp.GroupingSets, exp.Rollup, exp.Cube)):
            return type(each)(expressions=[member(e) for e in each.expressions])
        if isinstance(each, exp.Tuple):
            return exp.Tuple(expressions=[key(e) for e in each.expressions])
        return key(each.this if isinstance(each, exp.Paren) else each)

    return Groups(exp.Group(expressions=[member(e) for e in group.expressions]), keys)


def _item(node: exp.Expr, items: Sequence[Typed]) -> Typed | None:
    if not (isinstance(node, exp.Literal) and not node.is_string):
        return None
    if not (node.this.isdigit() and 1 <= int(node.this) <= len(items)):
        raise QueryFailed(
            "INVALID_COLUMN_REFERENCE", f"GROUP BY position {node.this} is not in select list", position(node)
        )
    return items[int(node.this) - 1]


def check(nodes: Sequence[exp.Expr], found: Groups | None, scope: Scope, *, aggregated: bool) -> None:
    """Raises where a grouped query takes a column that is neither grouped by nor aggregated."""
    aggregated = aggregated or any(n.meta.get("aggregate") for each in nodes for n in _own(each))
    if found is None and not aggregated:
        return
    keys = found.keys if found is not None else []
    names = {f.sql: f.name for f in scope.fields}
    for each in nodes:
        _check(each, keys, names)


def _check(node: exp.Expr, keys: Sequence[exp.Expr], names: dict[exp.Expr, str | None]) -> None:
    if node in keys or node.meta.get("aggregate") or isinstance(node, exp.Query):
        return
    if node in names:
        raise QueryFailed(
            "EXPRESSION_NOT_AGGREGATE",
            f"'{names[node]}' must be an aggregate expression or appear in GROUP BY clause",
        )
    for child in node.iter_expressions():
        _check(child, keys, names)


def _own(node: exp.Expr) -> Iterator[exp.Expr]:
    """The node and what is in it, without the subqueries, whose aggregates are theirs."""
    yield node
    if not isinstance(node, exp.Query):
        for child in node.iter_expressions():
            yield from _own(child)
