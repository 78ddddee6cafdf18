"""Which files a scan can leave out: the WHERE conditions that compare a table's column with constants."""

from collections.abc import Sequence
from datetime import UTC

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed
from headrace_local.athena.trino.context import Condition, Scan
from headrace_local.athena.trino.dialect import is_typed_literal, position
from headrace_local.athena.trino.literals import read_moment
from headrace_local.athena.trino.scope import Field, Scope
from headrace_local.athena.trino.types import Type

_SYMBOLS: dict[type[exp.Expr], str] = {exp.EQ: "=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def note(scans: Sequence[Scan], where: exp.Expr, scope: Scope, statement: str) -> None:
    """Adds to the scans the conditions that each row they give must satisfy; the query applies them too."""
    by_name = {s.relation: s for s in scans}
    for each in where.flatten() if isinstance(where, exp.And) else [where]:
        for column, symbol, nodes in _comparisons(each):
            field = _field(column, scope)
            scan = (
                by_name.get(field.sql.args["table"].name)
                if field and isinstance(field.sql, exp.Column)
                else None
            )
            values = tuple(_constant(n, field.type, statement) for n in nodes) if field else ()
            if scan is not None and field is not None and field.name and None not in values:
                kept = tuple(v for v in values if v is not None)
                name = scan.table.columns[int(field.sql.name[1:])][0]
                scan.conditions.append(Condition(name, symbol, kept))


def _comparisons(node: exp.Expr) -> list[tuple[exp.Column, str, list[exp.Expr]]]:
    """The comparisons of a column that a conjunct makes."""
    node = node.unnest()
    if type(node) in _SYMBOLS:
        symbol = _SYMBOLS[type(node)]
        if isinstance(node.this, exp.Column):
            return [(node.this, symbol, [node.expression])]
        if isinstance(node.expression, exp.Column):
            return [(node.expression, _MIRRORED[symbol], [node.this])]
    if isinstance(node, exp.Between) and isinstance(node.this, exp.Column):
        return [(node.this, ">=", [node.args["low"]]), (node.this, "<=", [node.args["high"]])]
    if isinstance(node, exp.In) and isinstance(node.this, exp.Column) and node.expressions:
        return [(node.this, "in", list(node.expressions))]
    return []


def _field(node: exp.Column, scope: Scope) -> Field | None:
    try:
        found = scope.find([p.name.lower() for p in node.parts], position(node))
    except QueryFailed:
        return None
    return found[0] if found is not None and not found[1] else None


def _constant(node: exp.Expr, kind: Type, statement: str) -> int | str | None:
    """A constant of the column's own type, as PyIceberg reads it; None for anything else."""
    node = node.unnest()
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and node.this.is_string:
        return _moment(node, kind) if is_typed_literal(statement, node.this) else None
    if not isinstance(node, exp.Literal):
        return None
    if kind.is_integral and not node.is_string and node.this.isdigit():
        return int(node.this)
    return str(node.this) if kind.name == "varchar" and node.is_string else None


def _moment(node: exp.Cast, kind: Type) -> str | None:
    """`DATE '…'` for a date, `TIMESTAMP '…'` for a timestamp of the same kind, in ISO 8601."""
    if node.to.this == exp.DataType.Type.DATE:
        return str(node.this.this) if kind.name == "date" else None
    if node.to.this not in (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ):
        return None
    moment, _, zone = read_moment(node.this.this, position(node))
    if kind.name == "timestamp with time zone" and zone in (None, "UTC"):
        return moment.replace(tzinfo=UTC).isoformat()
    return moment.isoformat() if kind.name == "timestamp" and zone is None else None
