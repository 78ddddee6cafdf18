"""Values as Athena writes them: Java's numbers, moments with their type's digits, containers unquoted."""

import math
import struct
import zlib
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from headrace_local.athena.trino.literals import time_zone
from headrace_local.athena.trino.types import Type

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e7  # Java writes doubles outside this range with an exponent


def text(value: Any, kind: Type) -> str:
    """One value that is not null, as VarCharValue has it."""
    return _FORMATS.get(kind.name, _as_is)(value, kind)


def _as_is(value: object, _: Type) -> str:
    return str(value)


def _double(value: float, _: Type) -> str:
    return java_number(value, repr(value))


def _real(value: float, _: Type) -> str:
    """A float's shortest digits: the fewest that read back as the same four bytes."""
    if not math.isfinite(value):
        return java_number(value, "")
    tries = (f"{value:.{digits}g}" for digits in range(1, 10))
    return java_number(value, next(t for t in tries if struct.pack("f", float(t)) == struct.pack("f", value)))


def java_number(value: float, digits: str) -> str:
    """A double or float as Java's toString has it, from its shortest decimal digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    exact = Decimal(digits)
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        shown = format(exact, "f")
        return shown if "." in shown else f"{shown}.0"
    sign, figures, _ = exact.normalize().as_tuple()
    written = "".join(map(str, figures))
    return f"{'-' if sign else ''}{written[0]}.{written[1:] or '0'}E{exact.adjusted()}"


def _binary(value: bytes, _: Type) -> str:
    return value.hex(" ")


def _fraction(microsecond: int, digits: int | None) -> str:
    return f".{microsecond:06d}"[: digits + 1] if digits else ""


def _timestamp(value: datetime, kind: Type) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S") + _fraction(value.microsecond, kind.length)


def _instant(value: datetime, kind: Type) -> str:
    zone = kind.zone or "UTC"
    return f"{_timestamp(value.astimezone(time_zone(zone)), kind)} {_shown_zone(zone)}"


def _shown_zone(zone: str) -> str:
    return zone if ":" in zone or not zone.startswith(("+", "-")) else f"{zone[:3]}:{zone[3:]}"


def _days_and_time(value: Any, _: Type) -> str:
    months, days, nanoseconds = value
    total = (months * 30 + days) * _DAY + nanoseconds // 1_000_000
    rest = abs(total)
    clock = (
        f"{rest // _HOUR % 24:02d}:{rest // _MINUTE % 60:02d}:{rest // _SECOND % 60:02d}.{rest % _SECOND:03d}"
    )
    return f"{'-' if total < 0 else ''}{rest // _DAY} {clock}"


def _years_and_months(value: Any, _: Type) -> str:
    months = value[0]
    return f"{'-' if months < 0 else ''}{abs(months) // 12}-{abs(months) % 12}"


def _nested(value: object, kind: Type) -> str:
    """A value inside a container; bytes there read as Java's byte array objects do."""
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return f"[B@{zlib.crc32(value):x}"
    return text(value, kind)


def _array(value: list[object], kind: Type) -> str:
    return "[" + ", ".join(_nested(v, kind.args[0]) for v in value) + "]"


def _map(value: list[tuple[Any, object]], kind: Type) -> str:
    """Entries in ascending order of their keys."""
    entries = sorted(value, key=lambda entry: entry[0])
    return "{" + ", ".join(f"{_nested(k, kind.args[0])}={_nested(v, kind.args[1])}" for k, v in entries) + "}"


def _row(value: dict[str, object], kind: Type) -> str:
    fields = zip(kind.names, kind.args, value.values(), strict=True)
    shown = (_nested(v, t) if n is None else f"{n}={_nested(v, t)}" for n, t, v in fields)
    return "{" + ", ".join(shown) + "}"


def _time(value: time, kind: Type) -> str:
    return value.strftime("%H:%M:%S") + _fraction(value.microsecond, kind.length)


def _date(value: date, _: Type) -> str:
    return value.isoformat()


_FORMATS: dict[str, Callable[[Any, Type], str]] = {
    "boolean": lambda v, _: "true" if v else "false",
    "double": _double,
    "real": _real,
    "decimal": lambda v, _: format(v, "f"),
    "varbinary": _binary,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "timestamp with time zone": _instant,
    "interval day to second": _days_and_time,
    "interval year to month": _years_and_months,
    "array": _array,
    "map": _map,
    "row": _row,
}
