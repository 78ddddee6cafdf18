"""Expressions: names resolved, types checked as Trino does, and the DuckDB expression to compute each."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.trino import duck, literals, operators
from headrace_local.athena.trino.casts import convert
from headrace_local.athena.trino.coercion import coerces, common
from headrace_local.athena.trino.dialect import is_typed_literal, only, operator_position, position
from headrace_local.athena.trino.duck import duck as sql
from headrace_local.athena.trino.scope import Scope, Typed
from headrace_local.athena.trino.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DEFAULT_FRACTION,
    UNKNOWN,
    VARCHAR,
    Type,
    array,
    from_ast,
    row,
    timestamp,
    with_zone,
)

if TYPE_CHECKING:
    from headrace_local.athena.trino.context import Context

_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_COMPARISON = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}


class Expressions:
    """Compiles the expressions of one clause against its scope.

    `clause` names a clause that may hold no aggregation, such as WHERE, and is None where one may.
    """

    def __init__(self, context: "Context", scope: Scope, clause: str | None = None) -> None:
        self.context = context
        self.scope = scope
        self.clause = clause

    def typed(self, node: exp.Expr) -> Typed:
        """The compiled expression; raises QueryFailed with the place in the statement."""
        compile_ = _COMPILERS.get(type(node))
        if compile_ is None:
            raise not_supported(f"The expression {node.sql('trino')}", position(node))
        try:
            return compile_(self, node)
        except QueryFailed as error:
            raise error if error.at is not None else replace(error, at=position(node)) from error

    def as_type(self, node: exp.Expr, target: Type, what: str) -> exp.Expr:
        """The expression as a type it must coerce to, or TYPE_MISMATCH."""
        value = self.typed(node)
        if not coerces(value.type, target):
            raise QueryFailed(
                "TYPE_MISMATCH",
                f"{what} must evaluate to a {target}: actual type {value.type}",
                position(node),
            )
        return convert(value.sql, value.type, target)

    def predicate(self, node: exp.Expr, what: str) -> exp.Expr:
        return self.as_type(node, BOOLEAN, what)

    def one_type(self, values: Sequence[Typed], what: str, at: int | None) -> list[Typed]:
        """The values as their common type, or TYPE_MISMATCH."""
        shared = UNKNOWN
        for value in values:
            found = common(shared, value.type)
            if found is None:
                raise QueryFailed("TYPE_MISMATCH", f"{what}: {shared} vs {value.type}", at)
            shared = found
        return [operators.coerced(v, shared) for v in values]


def _column(self: Expressions, node: exp.Column) -> Typed:
    parts = [part.name.lower() for part in node.parts]
    found = self.scope.find(parts, position(node))
    if found is None:
        shown = ".".join(part.name for part in node.parts)
        raise QueryFailed(
            "COLUMN_NOT_FOUND",
            f"Column '{shown}' cannot be resolved "
            "or requester is not authorized to access requested resources",
        )
    hit, rest = found
    return reduce(_field_of, rest, Typed(hit.type, hit.sql.copy()))


def _field_of(value: Typed, name: str) -> Typed:
    """A row's field by name."""
    names = [n.lower() if n is not None else None for n in value.type.names]
    if value.type.name != "row" or name not in names:
        raise QueryFailed(
            "TYPE_MISMATCH", f"Expression is not of type ROW or has no field '{name}': {value.type}"
        )
    return row_field(value, names.index(name))


def row_field(value: Typed, index: int) -> Typed:
    taken = duck.call("struct_extract", value.sql, duck.text(value.type.field_names()[index]))
    return Typed(value.type.args[index], taken)


def _dot(self: Expressions, node: exp.Dot) -> Typed:
    return _field_of(self.typed(node.this), node.expression.name.lower())


def _literal(_: Expressions, node: exp.Literal) -> Typed:
    return literals.literal(node, position(node))


def _arithmetic(self: Expressions, node: exp.Binary) -> Typed:
    at = operator_position(self.context.statement, node.this)
    symbol = _ARITHMETIC[type(node)]
    return operators.arithmetic(symbol, self.typed(node.this), self.typed(node.expression), at)


def _negative(self: Expressions, node: exp.Neg) -> Typed:
    value = self.typed(node.this)
    if not value.type.is_numeric and not value.type.name.startswith("interval"):
        raise QueryFailed("TYPE_MISMATCH", f"Cannot negate {value.type}")
    return Typed(value.type, sql("-_1", value.sql))


def _comparison(self: Expressions, node: exp.Binary) -> Typed:
    at = operator_position(self.context.statement, node.this)
    symbol = _COMPARISON[type(node)]
    if isinstance(node.expression, (exp.Any, exp.All)):
        return self.context.queries.quantified(self, node, symbol)
    return operators.comparison(symbol, self.typed(node.this), self.typed(node.expression), at)


def _connective(self: Expressions, node: exp.Connector) -> Typed:
    word = "AND" if isinstance(node, exp.And) else "OR"
    sides = [self.predicate(n, f"Logical expression term ({word})") for n in (node.this, node.expression)]
    return Typed(BOOLEAN, sql(f"_1 {word} _2", *sides))


def _not(self: Expressions, node: exp.Not) -> Typed:
    return Typed(BOOLEAN, sql("NOT _1", self.predicate(node.this, "Value of logical NOT expression")))


def _between(self: Expressions, node: exp.Between) -> Typed:
    only(node, "this", "low", "high")
    value, low, high = (self.typed(n) for n in (node.this, node.args["low"], node.args["high"]))
    at = position(node)
    sides = (operators.comparison(s, value, x, at).sql for s, x in ((">=", low), ("<=", high)))
    return Typed(BOOLEAN, sql("_1 AND _2", *sides))


def _in(self: Expressions, node: exp.In) -> Typed:
    only(node, "this", "expressions", "query")
    if node.args.get("query") is not None:
        return self.context.queries.in_query(self, node)
    values = self.one_type(
        [self.typed(n) for n in (node.this, *node.expressions)],
        "IN value and list items must be the same type",
        None,
    )
    first, *others = (v.sql for v in values)
    return Typed(BOOLEAN, exp.In(this=duck.wrapped(first), expressions=others))


def _is(self: Expressions, node: exp.Is) -> Typed:
    if not isinstance(node.expression, exp.Null):
        raise not_supported(f"The expression {node.sql('trino')}")
    return Typed(BOOLEAN, sql("_1 IS NULL", self.typed(node.this).sql))


def _distinct_from(self: Expressions, node: exp.Binary) -> Typed:
    at = operator_position(self.context.statement, node.this)
    found = operators.distinct_from(self.typed(node.this), self.typed(node.expression), at)
    return found if isinstance(node, exp.NullSafeNEQ) else Typed(BOOLEAN, sql("NOT _1", found.sql))


def _like(self: Expressions, node: exp.Like, escape: exp.Expr | None = None) -> Typed:
    value, pattern = (
        self.as_type(n, VARCHAR, "Value of LIKE expression") for n in (node.this, node.expression)
    )
    if escape is None:
        return Typed(BOOLEAN, sql("_1 LIKE _2", value, pattern))
    if not (isinstance(escape, exp.Literal) and escape.is_string and len(escape.this) == 1):
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "Escape string must be a single character")
    return Typed(
        BOOLEAN,
        exp.Escape(
            this=exp.Like(this=duck.wrapped(value), expression=duck.wrapped(pattern)),
            expression=escape.copy(),
        ),
    )


def _escape(self: Expressions, node: exp.Escape) -> Typed:
    if not isinstance(node.this, exp.Like):
        raise not_supported(f"The expression {node.sql('trino')}")
    return _like(self, node.this, node.expression)


def _concatenation(self: Expressions, node: exp.DPipe) -> Typed:
    at = operator_position(self.context.statement, node.this)
    return operators.concatenation(self.typed(node.this), self.typed(node.expression), at)


def _cast(self: Expressions, node: exp.Cast) -> Typed:
    only(node, "this", "to", "safe")
    target = from_ast(node.to, position(node))
    inner, safe = node.this, isinstance(node, exp.TryCast)
    if isinstance(inner, exp.Literal) and inner.is_string and is_typed_literal(self.context.statement, inner):
        if target.name in ("decimal", "date", "timestamp", "timestamp with time zone"):
            return literals.typed_literal(inner.this, target, position(inner))
        return Typed(target, convert(duck.cast(inner, VARCHAR), VARCHAR, target))
    value = self.typed(inner)
    if value.type.name == target.name == "timestamp with time zone":
        target = with_zone(target, value.type.zone)
    return Typed(target, convert(value.sql, value.type, target, safe=safe))


def _case(self: Expressions, node: exp.Case) -> Typed:
    subject = self.typed(node.this) if node.this is not None else None
    conditions = []
    for branch in node.args["ifs"]:
        if subject is None:
            conditions.append(self.predicate(branch.this, "CASE WHEN clause"))
        else:
            conditions.append(
                operators.comparison("=", subject, self.typed(branch.this), position(branch)).sql
            )
    default = node.args.get("default") or exp.Null()
    results = [self.typed(n) for n in (*(b.args["true"] for b in node.args["ifs"]), default)]
    *thens, otherwise = self.one_type(results, "All CASE results must be the same type", None)
    ifs = [exp.If(this=c, true=t.sql) for c, t in zip(conditions, thens, strict=True)]
    return Typed(otherwise.type, exp.Case(ifs=ifs, default=otherwise.sql))


def _if(self: Expressions, node: exp.If) -> Typed:
    condition = self.predicate(node.this, "IF condition")
    branches = [self.typed(node.args["true"]), self.typed(node.args.get("false") or exp.Null())]
    then, otherwise = self.one_type(branches, "Result types for IF must be the same", None)
    return Typed(then.type, exp.Case(ifs=[exp.If(this=condition, true=then.sql)], default=otherwise.sql))


def _array(self: Expressions, node: exp.Array) -> Typed:
    items = self.one_type(
        [self.typed(n) for n in node.expressions], "All ARRAY elements must be the same type", None
    )
    kind = array(items[0].type if items else UNKNOWN)
    return Typed(kind, duck.cast(duck.call("list_value", *(i.sql for i in items)), kind))


def _tuple(self: Expressions, node: exp.Tuple) -> Typed:
    return row_of([self.typed(n) for n in node.expressions])


def row_of(values: Sequence[Typed]) -> Typed:
    """ROW(…): fields without names."""
    kind = row([(None, v.type) for v in values])
    pairs = [
        exp.PropertyEQ(this=exp.to_identifier(n, quoted=True), expression=v.sql.copy())
        for n, v in zip(kind.field_names(), values, strict=True)
    ]
    return Typed(kind, exp.Anonymous(this="struct_pack", expressions=pairs))


def _subscript(self: Expressions, node: exp.Bracket) -> Typed:
    value, key = self.typed(node.this), node.expressions[0]
    if isinstance(key, exp.Slice) or len(node.expressions) != 1:
        raise not_supported(f"The expression {node.sql('trino')}")
    if value.type.name == "array":
        return Typed(
            value.type.args[0],
            sql("trino_subscript(_1, _2)", value.sql, self.as_type(key, BIGINT, "Array subscript")),
        )
    if value.type.name == "map":
        return Typed(
            value.type.args[1],
            sql("trino_at_key(_1, _2)", value.sql, self.as_type(key, value.type.args[0], "Map key")),
        )
    if (
        value.type.name == "row"
        and isinstance(key, exp.Literal)
        and 1 <= int(key.this) <= len(value.type.args)
    ):
        return row_field(value, int(key.this) - 1)
    raise QueryFailed("TYPE_MISMATCH", f"Cannot use {self.typed(key).type} for subscript of {value.type}")


def _at_time_zone(self: Expressions, node: exp.AtTimeZone) -> Typed:
    return at_time_zone(self.typed(node.this), literals.zone_name(node.args["zone"], position(node)))


def at_time_zone(value: Typed, zone: str) -> Typed:
    """The same instant, shown in another zone; a timestamp without one counts as UTC, the session's zone."""
    target = Type("timestamp with time zone", value.type.length or 0, zone="UTC")
    if not coerces(value.type, target):
        raise QueryFailed("TYPE_MISMATCH", f"Type of value must be a time or timestamp: {value.type}")
    if value.type.name != target.name:
        value = operators.coerced(value, target)
    return Typed(with_zone(target, zone), value.sql)


def _now(self: Expressions, node: exp.Expr) -> Typed:
    """The query's one moment: CURRENT_TIMESTAMP, LOCALTIMESTAMP, CURRENT_DATE, all in UTC."""
    if isinstance(node, exp.CurrentDate):
        return Typed(DATE, duck.cast(duck.text(self.context.now.date().isoformat()), DATE))
    return current(self, DEFAULT_FRACTION, local=isinstance(node, exp.Localtimestamp))


def current(self: Expressions, fraction: int, *, local: bool) -> Typed:
    """The query's moment cut to some digits of a second, with time zone or as the UTC clock shows it."""
    moment, unit = self.context.now, 10 ** (6 - fraction)
    cut = moment.replace(microsecond=moment.microsecond // unit * unit)
    if local:
        naive = cut.replace(tzinfo=None).isoformat(" ")
        return Typed(timestamp(fraction), duck.cast(duck.text(naive), timestamp()))
    return literals.instant(cut, fraction, "UTC")


_Compiler = Callable[[Expressions, Any], Typed]
_COMPILERS: dict[type[exp.Expr], _Compiler] = {
    exp.Column: _column,
    exp.Dot: _dot,
    exp.Literal: _literal,
    exp.Null: lambda _, __: Typed(UNKNOWN, exp.Null()),
    exp.Boolean: lambda _, n: Typed(BOOLEAN, n.copy()),
    exp.HexString: lambda _, n: Typed(Type("varbinary"), sql("unhex(_1)", duck.text(n.this))),
    exp.Interval: lambda _, n: literals.interval(n, position(n)),
    exp.Paren: lambda self, n: self.typed(n.this),
    exp.Neg: _negative,
    exp.And: _connective,
    exp.Or: _connective,
    exp.Not: _not,
    exp.Between: _between,
    exp.In: _in,
    exp.Is: _is,
    exp.NullSafeEQ: _distinct_from,
    exp.NullSafeNEQ: _distinct_from,
    exp.Like: _like,
    exp.Escape: _escape,
    exp.DPipe: _concatenation,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Case: _case,
    exp.If: _if,
    exp.Array: _array,
    exp.Tuple: _tuple,
    exp.Bracket: _subscript,
    exp.AtTimeZone: _at_time_zone,
    exp.CurrentDate: _now,
    exp.CurrentTimestamp: _now,
    exp.Localtimestamp: _now,
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    **dict.fromkeys(_COMPARISON, _comparison),
}


def compiles(*kinds: type[exp.Expr]) -> Callable[[_Compiler], _Compiler]:
    """Registers a compiler for more kinds of expression: calls and subqueries have modules of their own."""

    def register(function: _Compiler) -> _Compiler:
        _COMPILERS.update(dict.fromkeys(kinds, function))
        return function

    return register
