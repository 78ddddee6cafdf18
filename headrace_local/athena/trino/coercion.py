"""Trino's implicit coercions: which type may stand for another, and what two types have in common."""

from headrace_local.athena.trino.types import (
    DOUBLE,
    INTEGRAL,
    MAX_DECIMAL_PRECISION,
    REAL,
    UNKNOWN,
    VARCHAR,
    Type,
    decimal,
    timestamp,
    timestamp_tz,
    varchar,
)

_INTEGER_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}


def as_decimal(t: Type) -> Type:
    """The decimal an integral type widens to; a decimal is itself."""
    return decimal(_INTEGER_DIGITS[t.name], 0) if t.is_integral else t


def common(a: Type, b: Type) -> Type | None:
    """The least type both coerce to, or None where Trino finds none."""
    if a == b:
        return a if a.zone == b.zone else timestamp_tz(a.length or 0, None)
    if UNKNOWN in (a, b):
        return b if a == UNKNOWN else a
    if a.is_numeric and b.is_numeric:
        return _common_number(a, b)
    if a.name == b.name:
        return _common_of_one_kind(a, b)
    return _common_moment(a, b)


def coerces(source: Type, target: Type) -> bool:
    """Whether a value of `source` may stand where `target` is asked for, without a cast."""
    shared = common(source, target)
    return shared is not None and shared == target


def _common_number(a: Type, b: Type) -> Type:
    if a.is_integral and b.is_integral:
        return max(a, b, key=lambda t: INTEGRAL.index(t.name))
    if a.is_floating or b.is_floating:
        return REAL if "double" not in (a.name, b.name) else DOUBLE
    x, y = as_decimal(a), as_decimal(b)
    scale = max(x.scale, y.scale)
    whole = max((x.length or 0) - x.scale, (y.length or 0) - y.scale)
    return decimal(min(MAX_DECIMAL_PRECISION, whole + scale), scale)


def _common_of_one_kind(a: Type, b: Type) -> Type | None:
    match a.name:
        case "varchar":
            bounded = a.length is not None and b.length is not None
            return varchar(max(a.length or 0, b.length or 0)) if bounded else VARCHAR
        case "timestamp" | "time":
            return Type(a.name, max(a.length or 0, b.length or 0))
        case "timestamp with time zone":
            return timestamp_tz(max(a.length or 0, b.length or 0), a.zone if a.zone == b.zone else None)
        case "array" | "map" | "row":
            return _common_container(a, b)
    return None


def _common_container(a: Type, b: Type) -> Type | None:
    if len(a.args) != len(b.args):
        return None
    args = [common(x, y) for x, y in zip(a.args, b.args, strict=True)]
    if any(t is None for t in args):
        return None
    names = tuple(x if x == y else None for x, y in zip(a.names, b.names, strict=True))
    return Type(a.name, args=tuple(t for t in args if t is not None), names=names)


def _common_moment(a: Type, b: Type) -> Type | None:
    """Dates widen to timestamps, and both to timestamps with time zone (in the session's zone, UTC)."""
    order = ("date", "timestamp", "timestamp with time zone")
    if a.name not in order or b.name not in order:
        return None
    low, high = sorted((a, b), key=lambda t: order.index(t.name))
    fraction = max(low.length or 0, high.length or 0)
    if high.name == "timestamp":
        return timestamp(fraction)
    return timestamp_tz(fraction, high.zone if high.zone == "UTC" else None)
