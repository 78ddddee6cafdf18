"""Literals: what `1`, `1.5`, `DATE '…'`, `TIMESTAMP '…'` and `INTERVAL '…'` are worth, and of which type."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.trino import duck
from headrace_local.athena.trino.duck import duck as sql
from headrace_local.athena.trino.scope import Typed
from headrace_local.athena.trino.types import (
    BIGINT,
    DATE,
    DAY_TO_SECOND,
    DOUBLE,
    INTEGER,
    MAX_DECIMAL_PRECISION,
    YEAR_TO_MONTH,
    Type,
    decimal,
    timestamp,
    timestamp_tz,
    varchar,
)

_MAX_INTEGER, _MAX_BIGINT = 2**31 - 1, 2**63 - 1
_MOMENT = re.compile(
    r"(\d{4,})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,6}))?)?)?\s*(\S+)?"
)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})")
_DECIMAL = re.compile(r"[+-]?(\d*)(?:\.(\d*))?")
_SECONDS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_MONTHS = {"year": 12, "month": 1}


def literal(node: exp.Literal, at: int | None) -> Typed:
    """Text, whole numbers, and numbers with a point or exponent, which Athena reads as double."""
    if node.is_string:
        return Typed(varchar(len(node.this)), duck.cast(node, varchar(None)))
    if re.fullmatch(r"\d+", node.this):
        value = int(node.this)
        if value > _MAX_BIGINT:
            raise QueryFailed("INVALID_LITERAL", f"Invalid numeric literal: {node.this}", at)
        kind = INTEGER if value <= _MAX_INTEGER else BIGINT
        return Typed(kind, duck.cast(node, kind))
    return Typed(DOUBLE, duck.cast(duck.text(node.this), DOUBLE))


def typed_literal(shown: str, kind: Type, at: int | None) -> Typed:
    """`DECIMAL '1.50'`, `DATE '2026-01-01'`, `TIMESTAMP '2026-01-01 10:00 Europe/Warsaw'`."""
    match kind.name:
        case "decimal":
            return _decimal(shown, at)
        case "date":
            return _date(shown, at)
        case "timestamp" | "timestamp with time zone":
            return _timestamp(shown, at)
    raise not_supported(f"A literal of type {kind}", at)


def _decimal(shown: str, at: int | None) -> Typed:
    found = _DECIMAL.fullmatch(shown.strip())
    if found is None or not (found[1] or found[2]):
        raise QueryFailed("INVALID_LITERAL", f"'{shown}' is not a valid DECIMAL literal", at)
    whole, fraction = found[1].lstrip("0"), found[2] or ""
    kind = decimal(max(1, len(whole) + len(fraction)), len(fraction))
    if (kind.length or 0) > MAX_DECIMAL_PRECISION:
        raise QueryFailed("INVALID_LITERAL", f"'{shown}' is not a valid DECIMAL literal", at)
    return Typed(kind, duck.cast(duck.text(shown.strip()), kind))


def _date(shown: str, at: int | None) -> Typed:
    try:
        day = date.fromisoformat(shown.strip())
    except ValueError as error:
        raise QueryFailed("INVALID_LITERAL", f"'{shown}' is not a valid DATE literal", at) from error
    return Typed(DATE, duck.cast(duck.text(day.isoformat()), DATE))


def _timestamp(shown: str, at: int | None) -> Typed:
    moment, fraction, zone = read_moment(shown, at)
    if zone is None:
        return Typed(timestamp(fraction), duck.cast(duck.text(moment.isoformat(" ")), timestamp()))
    return instant(
        moment.replace(tzinfo=time_zone(zone, at)), fraction, "UTC" if zone.upper() == "UTC" else zone
    )


def instant(moment: datetime, fraction: int, zone: str) -> Typed:
    """A timestamp with time zone, from an aware datetime."""
    kind = timestamp_tz(fraction, zone)
    shown = moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ") + "+00"
    return Typed(kind, duck.cast(duck.text(shown), kind))


def read_moment(shown: str, at: int | None) -> tuple[datetime, int, str | None]:
    """A timestamp's text as its naive moment, digits of a second, and zone where it names one."""
    found = _MOMENT.fullmatch(shown.strip())
    error = QueryFailed("INVALID_LITERAL", f"'{shown}' is not a valid TIMESTAMP literal", at)
    if found is None:
        raise error
    fraction = found[7] or ""
    year, month, day, hour, minute, second = (int(found[i] or 0) for i in range(1, 7))
    micros = int(fraction.ljust(6, "0"))
    try:
        moment = datetime(year, month, day, hour, minute, second, micros)  # noqa: DTZ001 - its zone is told apart
    except ValueError as invalid:
        raise error from invalid
    return moment, len(fraction), found[8]


def time_zone(name: str, at: int | None = None) -> tzinfo:
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        delta = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(delta if offset[1] == "+" else -delta)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise QueryFailed("INVALID_LITERAL", f"'{name}' is not a valid time zone", at) from error


def zone_name(node: exp.Expr, at: int | None) -> str:
    """A time zone given as a literal, checked to exist."""
    if not (isinstance(node, exp.Literal) and node.is_string):
        raise not_supported("A time zone that is not a literal", at)
    time_zone(node.this, at)
    return str(node.this)


def interval(node: exp.Interval, at: int | None) -> Typed:
    """`INTERVAL '1' DAY` and the like, of one unit."""
    unit = node.args.get("unit")
    amount = node.this
    if not isinstance(unit, exp.Var) or not isinstance(amount, exp.Literal):
        raise not_supported("An interval of more than one unit", at)
    name = unit.name.lower().removesuffix("s")
    if name in _MONTHS and re.fullmatch(r"[+-]?\d+", amount.this):
        months = duck.number(int(amount.this) * _MONTHS[name])
        return Typed(YEAR_TO_MONTH, sql("to_months(CAST(_1 AS INTEGER))", months))
    if name not in _SECONDS or not re.fullmatch(r"[+-]?\d+(\.\d{1,3})?", amount.this):
        raise QueryFailed("INVALID_LITERAL", f"Invalid INTERVAL literal: {amount.this} {unit.name}", at)
    whole, _, thousandths = amount.this.partition(".")
    sign = -1 if whole.startswith("-") else 1
    micros = int(whole) * 1_000_000 + sign * int((thousandths or "0").ljust(3, "0")) * 1_000
    return Typed(DAY_TO_SECOND, sql("to_microseconds(_1)", duck.number(micros * _SECONDS[name])))
