"""Trino's operators: the types they take and give, and the DuckDB expression with the same result."""

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.trino import duck
from headrace_local.athena.trino.casts import convert
from headrace_local.athena.trino.coercion import as_decimal, coerces, common
from headrace_local.athena.trino.duck import duck as sql
from headrace_local.athena.trino.scope import Typed
from headrace_local.athena.trino.types import (
    BIGINT,
    BOOLEAN,
    DAY_TO_SECOND,
    MAX_DECIMAL_PRECISION,
    UNKNOWN,
    VARCHAR,
    Type,
    decimal,
)

_INTERVALS = ("interval day to second", "interval year to month")
_MOMENTS = ("date", "timestamp", "timestamp with time zone")
_UNORDERED = ("map", "json", *_INTERVALS)
_PLAIN = {"+": "_1 + _2", "-": "_1 - _2", "*": "_1 * _2", "/": "_1 / _2"}


def coerced(value: Typed, target: Type) -> Typed:
    """The value as a type it coerces to."""
    return Typed(target, convert(value.sql, value.type, target))


def mismatch(left: Type, symbol: str, right: Type, at: int | None) -> QueryFailed:
    return QueryFailed("TYPE_MISMATCH", f"Cannot apply operator: {left} {symbol} {right}", at)


def arithmetic(symbol: str, left: Typed, right: Typed, at: int | None) -> Typed:
    """`+ - * / %` over numbers, moments and intervals."""
    if left.type == right.type == UNKNOWN:
        raise mismatch(left.type, symbol, right.type, at)
    left, right = (coerced(x, y.type) if x.type == UNKNOWN else x for x, y in ((left, right), (right, left)))
    if left.type.is_numeric and right.type.is_numeric:
        return _numbers(symbol, left, right)
    moved = _moments(symbol, left, right) if symbol in "+-" else _times(symbol, left, right)
    if moved is None:
        raise mismatch(left.type, symbol, right.type, at)
    return moved


def _numbers(symbol: str, left: Typed, right: Typed) -> Typed:
    shared = common(left.type, right.type)
    if shared is None or shared.name == "decimal":
        return _decimals(symbol, coerced(left, as_decimal(left.type)), coerced(right, as_decimal(right.type)))
    a, b = coerced(left, shared).sql, coerced(right, shared).sql
    if shared.is_floating:
        templates = {**_PLAIN, "%": "CASE WHEN _2 = 0 THEN CAST('NaN' AS DOUBLE) ELSE _1 % _2 END"}
    else:
        templates = {**_PLAIN, "/": "trino_divide(_1, _2)", "%": "trino_modulo(_1, _2)"}
    return Typed(shared, duck.cast(sql(templates[symbol], a, b), shared))


def _decimals(symbol: str, left: Typed, right: Typed) -> Typed:
    """Exact decimal arithmetic with Trino's precision and scale; division rounds half up."""
    a, b = left.type, right.type
    p1, p2 = a.length or 0, b.length or 0
    scale = max(a.scale, b.scale)
    if symbol in "+-":
        result = _bounded(max(p1 - a.scale, p2 - b.scale) + scale + 1, scale)
        sides = (duck.cast(left.sql, result), duck.cast(right.sql, result))
        return Typed(result, duck.cast(sql(_PLAIN[symbol], *sides), result))
    if symbol == "*":
        result = _bounded(p1 + p2, a.scale + b.scale)
        product = sql("trino_unscaled(_1) * trino_unscaled(_2)", left.sql, right.sql)
        return Typed(result, _from_unscaled(product, result))
    if symbol == "%":
        result = _bounded(min(p1 - a.scale, p2 - b.scale) + scale, scale)
        wide = _bounded(MAX_DECIMAL_PRECISION, scale)
        rest = sql("trino_modulo(_1, _2)", duck.cast(left.sql, wide), duck.cast(right.sql, wide))
        return Typed(result, duck.cast(rest, result))
    result = _bounded(p1 + b.scale + max(b.scale - a.scale, 0), scale)
    return Typed(result, divided(left, right, result))


def divided(left: Typed, right: Typed, result: Type) -> exp.Expr:
    """A quotient of decimals, rounded half up to the result's scale."""
    shift = result.scale + right.type.scale - left.type.scale
    raised = sql("trino_unscaled(_1) * _2", left.sql, sql("CAST(_1 AS HUGEINT)", duck.number(10**shift)))
    return _from_unscaled(sql("trino_half_up(_1, trino_unscaled(_2))", raised, right.sql), result)


def _from_unscaled(node: exp.Expr, result: Type) -> exp.Expr:
    return duck.cast(sql("trino_scaled(_1, _2)", node, duck.number(result.scale)), result)


def _bounded(precision: int, scale: int) -> Type:
    if scale > MAX_DECIMAL_PRECISION:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", f"DECIMAL scale must be in range [0, 38]: {scale}")
    return decimal(min(MAX_DECIMAL_PRECISION, precision), scale)


def _moments(symbol: str, left: Typed, right: Typed) -> Typed | None:
    """Moments moved by intervals, the interval between two moments, and sums of intervals."""
    if left.type.name in _INTERVALS and right.type.name in _MOMENTS and symbol == "+":
        left, right = right, left
    if left.type.name in _MOMENTS and right.type.name in _INTERVALS:
        if left.type.name == "date" and right.type == DAY_TO_SECOND:
            moved = _date_by_days(sql(_PLAIN[symbol], left.sql, right.sql))
            return Typed(left.type, moved)
        return Typed(left.type, duck.cast(sql(_PLAIN[symbol], left.sql, right.sql), left.type))
    if left.type.name in _INTERVALS and left.type == right.type:
        return Typed(left.type, sql(_PLAIN[symbol], left.sql, right.sql))
    if symbol == "-" and left.type.name in _MOMENTS and right.type.name in _MOMENTS:
        shared = common(left.type, right.type)
        if shared is not None:
            ends = (sql("epoch_us(_1)", coerced(x, shared).sql) for x in (left, right))
            return Typed(DAY_TO_SECOND, sql("to_microseconds(_1 - _2)", *ends))
    return None


def _times(symbol: str, left: Typed, right: Typed) -> Typed | None:
    """An interval a whole number of times."""
    if right.type.name in _INTERVALS:
        left, right = right, left
    if symbol != "*" or left.type.name not in _INTERVALS or not right.type.is_integral:
        return None
    return Typed(left.type, sql("_1 * _2", left.sql, duck.cast(right.sql, BIGINT)))


def _date_by_days(moved: exp.Expr) -> exp.Expr:
    """A date moved by an interval of whole days; Trino refuses hours."""
    whole = sql("_1 IS NULL OR _1 = date_trunc('day', _1)", moved)
    message = duck.text("Cannot add hour, minutes or seconds to a date")
    return duck.guarded(whole, "INVALID_FUNCTION_ARGUMENT", message, sql("CAST(_1 AS DATE)", moved))


def comparison(symbol: str, left: Typed, right: Typed, at: int | None) -> Typed:
    """`= <> < <= > >=`; a NaN equals nothing and is in no order, unlike in DuckDB."""
    shared = common(left.type, right.type)
    ordered = symbol not in ("=", "<>")
    if shared is None or shared.name == "json" or (ordered and shared.name in ("map", "json")):
        raise mismatch(left.type, symbol, right.type, at)
    a, b = coerced(left, shared).sql, coerced(right, shared).sql
    plain = sql(f"_1 {symbol} _2", a, b)
    if not shared.is_floating:
        return Typed(BOOLEAN, plain)
    template = "_1 OR isnan(_2)" if symbol == "<>" else "_1 AND NOT isnan(_2) AND NOT isnan(_3)"
    return Typed(BOOLEAN, sql(template, plain, a, b))


def distinct_from(left: Typed, right: Typed, at: int | None) -> Typed:
    shared = common(left.type, right.type)
    if shared is None:
        raise mismatch(left.type, "IS DISTINCT FROM", right.type, at)
    return Typed(
        BOOLEAN, sql("_1 IS DISTINCT FROM _2", coerced(left, shared).sql, coerced(right, shared).sql)
    )


def concatenation(left: Typed, right: Typed, at: int | None) -> Typed:
    """`||` over varchars, varbinaries, and arrays with arrays or elements."""
    if coerces(left.type, VARCHAR) and coerces(right.type, VARCHAR):
        return Typed(VARCHAR, sql("_1 || _2", coerced(left, VARCHAR).sql, coerced(right, VARCHAR).sql))
    if left.type.name == right.type.name == "varbinary":
        return Typed(left.type, sql("_1 || _2", left.sql, right.sql))
    listed = _lists(left, right)
    if listed is None:
        raise mismatch(left.type, "||", right.type, at)
    return listed


def _lists(left: Typed, right: Typed) -> Typed | None:
    """Both sides as arrays of one type: an element beside an array is an array of one."""
    wrapped = [_one(left, right), _one(right, left)]
    shared = common(wrapped[0].type, wrapped[1].type)
    if shared is None or shared.name != "array":
        return None
    a, b = (coerced(x, shared).sql for x in wrapped)
    return Typed(
        shared, sql("CASE WHEN _1 IS NOT NULL AND _2 IS NOT NULL THEN list_concat(_1, _2) END", a, b)
    )


def _one(value: Typed, other: Typed) -> Typed:
    holds = other.type.name == "array" and common(other.type.args[0], value.type) is not None
    if holds and value.type.name != "array":
        return Typed(Type("array", args=(value.type,)), duck.call("list_value", value.sql))
    return value


def orderable(value: Typed, what: str, at: int | None) -> exp.Expr:
    if value.type.name in _UNORDERED:
        raise not_supported(f"{what} of type {value.type}", at)
    return value.sql
