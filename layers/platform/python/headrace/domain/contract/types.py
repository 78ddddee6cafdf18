"""The types of a contract's columns, from ODCS's logical types; records and lists stand in `columns`."""

import re
from collections.abc import Callable
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from headrace.domain.contract.extensions import Settings
from headrace.domain.contract.patterns import strptime_format
from headrace.domain.contract.physical import (
    DECIMALS,
    DOUBLES,
    INTEGER_BITS,
    WIDE_INTEGERS,
    Physical,
    parse_physical,
)
from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt
from headrace.domain.plan import Boolean, Date, Decimal, Double, Integer, Json, Text, Time, Timestamp, Type

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
ACTED_ON = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "integer": (*_BOUNDS, "multipleOf", "format"),
    "number": (*_BOUNDS, "multipleOf", "format"),
    "boolean": (),
    "date": (*_BOUNDS, "format"),
    "time": (*_BOUNDS, "format"),
    "timestamp": (*_BOUNDS, "format", "timezone", "defaultTimezone"),
    "object": ("minProperties", "maxProperties", "required"),
    "array": ("minItems", "maxItems", "uniqueItems"),
    "map": (),
    "vector": ("dimensions",),
}
"""The options of each logical type that Headrace acts on."""
_NOT_ACTED_ON = {
    "date": ("timezone", "defaultTimezone"),
    "time": ("timezone", "defaultTimezone"),
    "vector": ("elementType", "distanceMetric", "embeddingModel", "embeddingModelVersion", "normalized"),
}
_BARE_DECIMAL = Decimal(38, 9)
_ZONE = re.compile(r"UTC|GMT|[A-Z][A-Za-z]+(?:/[A-Za-z0-9_+-]+){1,2}")


def logical_type(field: Place, found: Findings) -> str:
    """The logical type of a property: what is written, else what its physical type comes to."""
    written = field.get("logicalType")
    if written is not None:
        if not isinstance(written.value, str) or written.value not in ACTED_ON:
            meant = parse_physical(written.text).logical
            advice = f"write {meant}" if meant else f"write one of {', '.join(ACTED_ON)}"
            advice = did_you_mean(written.text, ACTED_ON, advice)
            found.problem(written, f"{excerpt(written.value)} is no type that is read here", advice)
            return ""
        return written.value
    inside = {"properties": "object", "items": "array", "map": "map"}
    structure = next((kind for key, kind in inside.items() if field.get(key)), None)
    derived = structure or parse_physical(field.text_of("physicalType")).logical or "string"
    here = field.at("physicalType")
    found.note(here, "the column has no logicalType", f"it is read as {derived}")
    return derived


def options(field: Place) -> Place:
    """A property's logicalTypeOptions; an empty mapping where there are none."""
    return field.get("logicalTypeOptions") or Place(
        path=field.path, line=field.line, column=field.column, value={}
    )


def check_options(field: Place, logical: str, found: Findings) -> None:
    """Find options that the type does not have, and what stands inside a column that holds nothing else."""
    for name, option in options(field).entries.items():
        if name in _NOT_ACTED_ON.get(logical, ()):
            if option.value not in (None, False):
                found.note(option, f"{name} is not acted on", f"a {logical} is read as it stands")
        elif name not in ACTED_ON[logical]:
            known = ACTED_ON[logical]
            advice = did_you_mean(name, known, f"known for {logical}: {', '.join(known) or 'none'}")
            found.problem(option, f"{excerpt(name)} is no option of {logical}", advice, option.key)
    for inside, owner in (("properties", "object"), ("items", "array")):
        if field.get(inside) and logical != owner:
            found.problem(
                field.at(inside), f"{inside} are for {owner} columns", f"write logicalType: {owner}"
            )


def plain_type(field: Place, logical: str, ours: Settings, found: Findings) -> Type:
    """The type of a column that holds one value, of a logical type that is neither object nor array."""
    type_ = _READERS[logical](field, found)
    return _boolean(ours, found) if isinstance(type_, Boolean) else type_


def _boolean(ours: Settings, found: Findings) -> Boolean:
    standard = Boolean()
    true = tuple(one.lower() for one in ours.texts("headrace.true")) or standard.true
    false = tuple(one.lower() for one in ours.texts("headrace.false")) or standard.false
    both = set(true) & set(false)
    if both:
        here = ours.get("headrace.true") or ours["headrace.false"]
        found.problem(
            here, f"{excerpt(min(both))} is both true and false", "give headrace.true and headrace.false"
        )
    return Boolean(true, false)


def _date(field: Place, found: Findings) -> Type:
    return Date(_format(field, "date", found))


def _time(field: Place, found: Findings) -> Type:
    return Time(_format(field, "time", found))


def _timestamp(field: Place, found: Findings) -> Type:
    return Timestamp(_format(field, "date", found), _timezone(field, found))


def _number(field: Place, found: Findings) -> Type:
    return _numeric(field, "number", found)


def _integer(field: Place, found: Findings) -> Type:
    return _numeric(field, "integer", found)


def _numeric(field: Place, logical: str, found: Findings) -> Type:
    written = field.get("physicalType") or options(field).get("format")
    default = Integer() if logical == "integer" else Double()
    if written is None:
        return default
    physical = parse_physical(str(written.value))
    if physical.name in DECIMALS and (logical == "number" or physical.precision is not None):
        return _decimal(written, physical, logical, found)
    if physical.name in INTEGER_BITS:
        return Integer(32 if INTEGER_BITS[physical.name] == 32 else 64)
    if physical.name in WIDE_INTEGERS:
        return Decimal(WIDE_INTEGERS[physical.name], 0)
    if physical.name in DOUBLES and logical == "integer":
        what = f"{physical.name} holds no {logical}"
        found.problem(written, what, "change the physicalType or the logicalType")
    elif physical.name not in DOUBLES:
        width = "64 bits" if logical == "integer" else "a double"
        found.note(written, f"{excerpt(written.value)} is not understood", f"the column is {width}")
    return default


def _decimal(written: Place, physical: Physical, logical: str, found: Findings) -> Type:
    if physical.precision is None:
        found.note(written, f"{excerpt(written.value)} has no precision", "the column is decimal(38,9)")
        return _BARE_DECIMAL
    precision, scale = physical.precision, physical.scale or 0
    if not (1 <= precision <= 38 and scale <= precision):
        advice = "write decimal(p,s) with 1 to 38 digits, s of them after the point"
        found.problem(written, f"{excerpt(written.value)} is no decimal type", advice)
    elif logical == "integer" and scale:
        found.problem(written, f"{excerpt(written.value)} holds no integer", "write logicalType: number")
    return Decimal(precision, scale)


def _format(field: Place, of: Literal["date", "time"], found: Findings) -> str:
    """The strptime format of an option; empty for ISO 8601."""
    written = options(field).get("format")
    if written is None:
        return ""
    try:
        return strptime_format(str(written.value), of)
    except ValueError as error:
        found.problem(written, f"{excerpt(written.value)} is no date format", str(error))
        return ""


def _timezone(field: Place, found: Findings) -> str:
    flag, default = options(field).get("timezone"), options(field).get("defaultTimezone")
    if flag and not isinstance(flag.value, bool):
        found.problem(flag, "timezone says true or false", f"write defaultTimezone: {flag.text}")
    if default is None:
        return "UTC"
    name = str(default.value)
    if not _ZONE.fullmatch(name) or not _exists(name):
        advice = "write a name of the tz database, such as Europe/Paris"
        found.problem(default, f"{excerpt(default.value)} is no time zone", advice)
    return "UTC" if name == "Etc/UTC" else name


def _exists(zone: str) -> bool:
    try:
        return bool(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _map(field: Place, found: Findings) -> Type:
    found.note(field.at("logicalType"), "a map has no column type here", "it is kept as JSON text")
    return Json()


_READERS: dict[str, Callable[[Place, Findings], Type]] = {
    "string": lambda _field, _found: Text(),
    "integer": _integer,
    "number": _number,
    "boolean": lambda _field, _found: Boolean(),
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "map": _map,
}
