"""Functions on dates and timestamps that take a unit, a format or a time zone."""

import re
from collections.abc import Mapping

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.trino import duck, literals, operators
from headrace_local.athena.trino.calls import arguments, in_its_zone, literal_text, special
from headrace_local.athena.trino.casts import rounded_to
from headrace_local.athena.trino.coercion import coerces, common
from headrace_local.athena.trino.dialect import position
from headrace_local.athena.trino.duck import duck as sql
from headrace_local.athena.trino.expressions import Expressions, at_time_zone, current
from headrace_local.athena.trino.scope import Typed
from headrace_local.athena.trino.types import BIGINT, DEFAULT_FRACTION, VARCHAR, timestamp, timestamp_tz

_CLOCK_UNITS = {
    "millisecond": "to_milliseconds",
    "second": "to_seconds",
    "minute": "to_minutes",
    "hour": "to_hours",
}
_DAY_UNITS = {"day": 1, "week": 7}
_MONTH_UNITS = {"month": 1, "quarter": 3, "year": 12}
_UNITS = {*_CLOCK_UNITS, *_DAY_UNITS, *_MONTH_UNITS}
_MOMENTS = ("date", "timestamp", "timestamp with time zone")

# MySQL's specifiers of date_format and date_parse, and Joda's of format_datetime, as strftime's.
_MYSQL = {
    **{f"%{c}": f"%{c}" for c in "abdfHjmpSYy%"},
    "%c": "%-m",
    "%e": "%-d",
    "%h": "%I",
    "%I": "%I",
    "%i": "%M",
    "%k": "%-H",
    "%l": "%-I",
    "%M": "%B",
    "%r": "%I:%M:%S %p",
    "%s": "%S",
    "%T": "%H:%M:%S",
    "%W": "%A",
}
_JODA = {
    "yyyy": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "ss": "%S",
    "SSS": "%g",
    "a": "%p",
    "EEEE": "%A",
    "EEE": "%a",
    "E": "%a",
}
_ISO = "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"


def _unit(node: exp.Expr, kind: str) -> str:
    name = literal_text(node, "A unit").lower()
    if name not in _UNITS or (kind == "date" and name in _CLOCK_UNITS):
        shown = kind.split(" ", maxsplit=1)[0].upper()
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT", f"'{name}' is not a valid {shown} field", position(node)
        )
    return name


def _moment(self: Expressions, node: exp.Expr, name: str) -> Typed:
    value = self.typed(node)
    if value.type.name not in _MOMENTS:
        raise QueryFailed(
            "FUNCTION_NOT_FOUND", f"Unexpected parameters ({value.type}) for function {name}", position(node)
        )
    return value


def _from_local(local: exp.Expr, value: Typed) -> Typed:
    """A result computed on the moment's own clock, back as the moment's type."""
    if value.type.name == "timestamp with time zone":
        return Typed(value.type, sql("timezone(_1, _2)", duck.text(value.type.zone or "UTC"), local))
    return Typed(value.type, duck.cast(local, value.type))


@special("date_trunc")
def _date_trunc(self: Expressions, node: exp.Anonymous) -> Typed:
    unit, raw = arguments(node, 2, 2)
    value = _moment(self, raw, "date_trunc")
    name = _unit(unit, value.type.name)
    return _from_local(
        sql("date_trunc(_1, CAST(_2 AS TIMESTAMP))", duck.text(name), in_its_zone(value)), value
    )


@special("date_add")
def _date_add(self: Expressions, node: exp.Anonymous) -> Typed:
    unit, amount, raw = arguments(node, 3, 3)
    value = _moment(self, raw, "date_add")
    name, number = _unit(unit, value.type.name), self.as_type(amount, BIGINT, "date_add amount")
    if name in _CLOCK_UNITS:
        return Typed(value.type, sql("_1 + _2", value.sql, duck.call(_CLOCK_UNITS[name], number)))
    if name in _DAY_UNITS:
        step = sql("to_days(CAST(_1 * _2 AS INTEGER))", number, duck.number(_DAY_UNITS[name]))
    else:
        step = sql("to_months(CAST(_1 * _2 AS INTEGER))", number, duck.number(_MONTH_UNITS[name]))
    return _from_local(sql("_1 + _2", in_its_zone(value), step), value)


@special("date_diff")
def _date_diff(self: Expressions, node: exp.Anonymous) -> Typed:
    unit, *raw = arguments(node, 3, 3)
    start, end = (_moment(self, r, "date_diff") for r in raw)
    shared = common(start.type, end.type)
    if shared is None:
        raise operators.mismatch(start.type, "date_diff", end.type, position(node))
    name = _unit(unit, shared.name)
    first, last = (in_its_zone(operators.coerced(m, shared)) for m in (start, end))
    template = "date_sub(_1, CAST(_2 AS TIMESTAMP), CAST(_3 AS TIMESTAMP))"
    return Typed(BIGINT, sql(template, duck.text(name), first, last))


def _mysql(pattern: str) -> str:
    parts = re.findall(r"%.|[^%]+|%$", pattern)
    return "".join(_specifier(_MYSQL, p, pattern) if p.startswith("%") else p for p in parts)


def _joda(pattern: str) -> str:
    found = re.finditer(r"'[^']*'|([A-Za-z])\1*|[^A-Za-z']+", pattern)
    return "".join(_joda_part(part[0], pattern) for part in found)


def _joda_part(part: str, pattern: str) -> str:
    if part.startswith("'"):
        return (part[1:-1] or "'").replace("%", "%%")
    return _specifier(_JODA, part, pattern) if part[0].isalpha() else part.replace("%", "%%")


def _specifier(known: Mapping[str, str], part: str, pattern: str) -> str:
    if part not in known:
        raise not_supported(f"'{part}' in the format '{pattern}'")
    return known[part]


@special("date_format", "format_datetime")
def _formatted(self: Expressions, node: exp.Anonymous) -> Typed:
    raw, pattern = arguments(node, 2, 2)
    value = _moment(self, raw, node.name.lower())
    translate = _mysql if node.name.lower() == "date_format" else _joda
    shape = duck.text(translate(literal_text(pattern, "A format")))
    return Typed(VARCHAR, sql("strftime(CAST(_1 AS TIMESTAMP), _2)", in_its_zone(value), shape))


@special("date_parse", "parse_datetime")
def _parsed(self: Expressions, node: exp.Anonymous) -> Typed:
    raw, pattern = arguments(node, 2, 2)
    value = self.as_type(raw, VARCHAR, f"{node.name} argument")
    mysql = node.name.lower() == "date_parse"
    shape = duck.text((_mysql if mysql else _joda)(literal_text(pattern, "A format")))
    read = sql("try_strptime(_1, _2)", value, shape)
    message = sql("'Invalid format: \"' || _1 || '\"'", value)
    checked = duck.guarded(
        sql("_1 IS NULL OR _2 IS NOT NULL", value, read), "INVALID_FUNCTION_ARGUMENT", message, read
    )
    if mysql:
        return Typed(timestamp(), rounded_to(checked, timestamp()))
    return Typed(timestamp_tz(), sql("timezone('UTC', _1)", rounded_to(checked, timestamp())))


@special("from_iso8601_timestamp")
def _from_iso(self: Expressions, node: exp.Anonymous) -> Typed:
    raw = arguments(node, 1, 1)[0]
    value = self.as_type(raw, VARCHAR, "from_iso8601_timestamp argument")
    kind = timestamp_tz(3, _written_zone(raw))
    valid = sql("_1 IS NULL OR regexp_full_match(_1, _2)", value, duck.text(_ISO))
    message = sql("'Invalid format: \"' || _1 || '\"'", value)
    moment = rounded_to(sql("CAST(_1 AS TIMESTAMPTZ)", value), kind)
    return Typed(kind, duck.guarded(valid, "INVALID_FUNCTION_ARGUMENT", message, moment))


def _written_zone(node: exp.Expr) -> str | None:
    """The zone that a literal's text ends with; unknown for anything but a literal."""
    if not isinstance(node, exp.Literal):
        return None
    found = re.search(r"T.*?([+-]\d{2}:?\d{2})$", node.this)
    return found[1] if found else "UTC"


@special("at_timezone", "with_timezone")
def _in_zone(self: Expressions, node: exp.Anonymous) -> Typed:
    raw, zone_node = arguments(node, 2, 2)
    zone, value = literals.zone_name(zone_node, position(zone_node)), self.typed(raw)
    if node.name.lower() == "at_timezone":
        return at_time_zone(value, zone)
    if value.type.name not in ("date", "timestamp"):
        raise operators.mismatch(value.type, "with_timezone", VARCHAR, position(node))
    kind = timestamp_tz(value.type.length or 0, zone)
    return Typed(kind, sql("timezone(_1, CAST(_2 AS TIMESTAMP))", duck.text(zone), value.sql))


@special("now", "current_timestamp", "localtimestamp")
def _now(self: Expressions, node: exp.Anonymous) -> Typed:
    digits = arguments(node, 0, 0 if node.name.lower() == "now" else 1)
    if digits and not (isinstance(digits[0], exp.Literal) and digits[0].this in "0123456"):
        raise not_supported(f"{node.sql('trino')}", position(node))
    fraction = int(digits[0].this) if digits else DEFAULT_FRACTION
    return current(self, fraction, local=node.name.lower() == "localtimestamp")


@special("to_iso8601")
def _to_iso(self: Expressions, node: exp.Anonymous) -> Typed:
    value = _moment(self, arguments(node, 1, 1)[0], "to_iso8601")
    if value.type.name == "date":
        return Typed(VARCHAR, sql("strftime(_1, '%Y-%m-%d')", value.sql))
    if value.type.length != 3 or value.type.zone not in (None, "UTC"):
        raise not_supported(f"to_iso8601 of {value.type} but in milliseconds and UTC", position(node))
    utc = value.type.name == "timestamp with time zone"
    if utc and value.type.zone is None:
        raise not_supported("A timestamp whose time zone differs by row (use AT TIME ZONE to choose one)")
    shape = "%Y-%m-%dT%H:%M:%S.%gZ" if utc else "%Y-%m-%dT%H:%M:%S.%g"
    return Typed(VARCHAR, sql("strftime(_1, _2)", in_its_zone(value), duck.text(shape)))


def versions_moment(value: Typed) -> Typed:
    """A moment of FOR TIMESTAMP AS OF as an instant."""
    target = timestamp_tz(6)
    if not coerces(value.type, target):
        raise QueryFailed("NOT_SUPPORTED", f"Unsupported type for table version: {value.type}")
    return operators.coerced(value, target)
