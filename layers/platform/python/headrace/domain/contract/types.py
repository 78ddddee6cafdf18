"""The types of a contract's columns, from ODCS's logical types."""

import re
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from headrace.domain.contract.extensions import COLUMN, extensions
from headrace.domain.contract.patterns import strptime_format
from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt
from headrace.domain.plan import (
    Array,
    Boolean,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Json,
    Object,
    Text,
    Timestamp,
    Type,
)

RESERVED = frozenset({"_object", "_row", "_batch", "_contract", "_rescued", "_raw", "_reasons"})
SENSITIVE = frozenset({"restricted", "pii", "sensitive", "confidential"})

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,126}")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
_PHYSICAL = re.compile(r"(\w+)\s*(?:\(\s*(\d{1,3})\s*(?:,\s*(\d{1,3})\s*)?\))?")
_BITS = {"int": 32, "integer": 32, "int32": 32, "i32": 32, "bigint": 64, "long": 64, "int64": 64, "i64": 64}
_DOUBLES = frozenset({"double", "float", "real", "float64", "float32", "f64", "f32"})
_ZONE = re.compile(r"UTC|GMT|[A-Z][A-Za-z]+(?:/[A-Za-z0-9_+-]+){1,2}")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")

ACTED_ON = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "integer": (*_BOUNDS, "format"),
    "number": (*_BOUNDS, "format"),
    "boolean": (),
    "date": (*_BOUNDS, "format"),
    "timestamp": (*_BOUNDS, "format", "timezone", "defaultTimezone"),
    "object": (),
    "array": (),
}
_NOT_CHECKED = {
    "integer": ("multipleOf",),
    "number": ("multipleOf",),
    "object": ("minProperties", "maxProperties", "required"),
    "array": ("minItems", "maxItems", "uniqueItems"),
}
_ROW_RULES = ("required", "unique", "primaryKey", "enum", "quality")


def named_fields(owner: Place, found: Findings) -> Iterator[tuple[Place, str, str]]:
    """Each property with its table column's name and its field's name in the landed object."""
    names: set[str] = set()
    sources: set[str] = set()
    for field in owner.items_of("properties"):
        name = field.text_of("name")
        source = field.text_of("physicalName") or name
        here = field.at("name")
        if not name:
            found.problem(field, "a column has no name", "add name")
        elif not _NAME.fullmatch(name):
            snake = _WORDS.sub("_", name).strip("_").lower() or "a_name"
            advice = f"write name: {snake[:40]}, and physicalName for the name that the files have"
            found.problem(here, f"{excerpt(name)} cannot name a column", advice)
        elif name in RESERVED:
            found.problem(here, f"the name {name} is Headrace's own", f"write name: {name.lstrip('_')}_")
        elif name in names:
            found.problem(here, f"two columns are called {name}", "rename one")
        elif source in sources:
            what = f"two columns read the field {excerpt(source)}"
            found.problem(field.at("physicalName"), what, "keep one")
        names.add(name)
        sources.add(source)
        yield field, name, source


def column_type(field: Place, found: Findings) -> Type:
    """The type that a property's logicalType, options and physicalType ask for."""
    logical = field.text_of("logicalType")
    here = field.at("logicalType")
    if not logical:
        found.problem(here, "the column has no logicalType", f"add one of {', '.join(ACTED_ON)}")
        return Json()
    if logical not in ACTED_ON:
        found.problem(here, f"{excerpt(logical)} is no type that is read here", _other_type(logical))
        return Json()
    _check_options(field, logical, found)
    for inside, owner in (("properties", "object"), ("items", "array")):
        if field.get(inside) and logical != owner:
            found.problem(
                field.at(inside), f"{inside} are for {owner} columns", f"write logicalType: {owner}"
            )
    return _READERS[logical](field, found)


def options(field: Place) -> Place:
    """A property's logicalTypeOptions; an empty mapping where there are none."""
    return field.get("logicalTypeOptions") or Place(
        path=field.path, line=field.line, column=field.column, value={}
    )


def _check_options(field: Place, logical: str, found: Findings) -> None:
    for name, option in options(field).entries.items():
        if name in _NOT_CHECKED.get(logical, ()):
            found.note(option, f"{name} is not checked", "Headrace does not know this rule")
        elif name not in ACTED_ON[logical]:
            known = ACTED_ON[logical]
            advice = did_you_mean(name, known, f"known for {logical}: {', '.join(known) or 'none'}")
            found.problem(option, f"{excerpt(name)} is no option of {logical}", advice, option.key)


def _inner_type(field: Place, found: Findings) -> Type:
    """The type of something inside a column: rules and masks are for whole columns."""
    inner = column_type(field, found)
    classified = field.text_of("classification").lower() in SENSITIVE
    if classified or extensions(field, COLUMN, found):
        here = field.at("classification" if classified else "customProperties")
        what = "a mask inside a column is not applied"
        found.problem(here, what, "classify the column that holds it: all of it is masked")
    for rule in _ROW_RULES:
        if field.get(rule) and field.at(rule).value:
            found.note(
                field.at(rule), f"{rule} is not checked inside a column", "rules are for whole columns"
            )
    if isinstance(inner, Text | Integer | Double | Decimal | Date | Timestamp):
        for name, option in options(field).entries.items():
            if name not in ("format", "timezone", "defaultTimezone") or isinstance(inner, Text):
                found.note(option, f"{name} is not checked inside a column", "rules are for whole columns")
    return inner


def _date(field: Place, found: Findings) -> Type:
    return Date(_format(field, found))


def _timestamp(field: Place, found: Findings) -> Type:
    return Timestamp(_format(field, found), _timezone(field, found))


def _array(field: Place, found: Findings) -> Type:
    items = field.get("items")
    return Array(_inner_type(items, found)) if items else Json()


def _object(field: Place, found: Findings) -> Type:
    columns = tuple(
        Column(name, source, _inner_type(inner, found), description=inner.text_of("description"))
        for inner, name, source in named_fields(field, found)
    )
    return Object(columns) if columns else Json()


def _number(field: Place, found: Findings) -> Type:
    logical = field.text_of("logicalType")
    written = options(field).get("format")
    physical = field.get("physicalType") or written
    default = Integer() if logical == "integer" else Double()
    if physical is None:
        return default
    parsed = _PHYSICAL.fullmatch(str(physical.value).strip().lower())
    name = parsed[1] if parsed else ""
    if parsed and name in ("decimal", "numeric"):
        return _decimal(physical, parsed, logical, found)
    if logical == "integer" and name in _BITS:
        return Integer(32 if _BITS[name] == 32 else 64)
    if name in (_BITS.keys() | _DOUBLES) and (name in _DOUBLES) != (logical == "number"):
        found.problem(physical, f"{name} holds no {logical}", "change the physicalType or the logicalType")
    elif name not in _DOUBLES:
        width = "64 bits" if logical == "integer" else "a double"
        found.note(physical, f"{excerpt(physical.value)} is not understood", f"the column is {width}")
    return default


def _decimal(physical: Place, parsed: re.Match[str], logical: str, found: Findings) -> Type:
    precision, scale = int(parsed[2] or 0), int(parsed[3] or 0)
    if not (1 <= precision <= 38 and scale <= precision):
        advice = "write decimal(p,s) with 1 to 38 digits, s of them after the point"
        found.problem(physical, f"{excerpt(physical.value)} is no decimal type", advice)
    elif logical == "integer" and scale:
        found.problem(physical, f"{excerpt(physical.value)} holds no integer", "write logicalType: number")
    return Decimal(precision, scale)


def _format(field: Place, found: Findings) -> str:
    written = options(field).get("format")
    if written is None:
        return ""
    try:
        return strptime_format(str(written.value))
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


def _other_type(logical: str) -> str:
    instead = {
        "time": "keep a time of day as logicalType: string with a pattern",
        "map": "write logicalType: object without properties: it is kept as JSON",
        "vector": "write logicalType: array with items of logicalType: number",
    }
    return instead.get(logical) or did_you_mean(logical, ACTED_ON, f"write one of {', '.join(ACTED_ON)}")


_READERS: dict[str, Callable[[Place, Findings], Type]] = {
    "string": lambda _field, _found: Text(),
    "integer": _number,
    "number": _number,
    "boolean": lambda _field, _found: Boolean(),
    "date": _date,
    "timestamp": _timestamp,
    "object": _object,
    "array": _array,
}
