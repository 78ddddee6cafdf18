"""The columns of a contract: ODCS properties with their names, types, rules and masks."""

from typing import get_args

from headrace.domain.column_names import column_name
from headrace.domain.contract.extensions import COLUMN, INNER, Settings
from headrace.domain.contract.keys import flag, inner_flags
from headrace.domain.contract.names import Named, named_fields
from headrace.domain.contract.quality import not_checked, of_rows, row_checked
from headrace.domain.contract.rules import row_rules
from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt
from headrace.domain.contract.types import check_options, logical_type, options, plain_type
from headrace.domain.plan import SENSITIVE, Array, Boolean, Column, Double, Json, Mask, Object, Text, Type

_MASKS: dict[str, Mask | None] = {"none": None, **{mask: mask for mask in get_args(Mask)}}
_OF_THE_TYPE = ("format", "timezone", "defaultTimezone")
_RULES = (
    "required",
    "unique",
    "primaryKey",
    "partitioned",
    "enum",
    "quality",
    "relationships",
    "logicalTypeOptions",
)


def dataset_columns(schema: Place, found: Findings) -> tuple[tuple[Named, Column], ...]:
    """The columns of a dataset that lands, each with its property."""
    return tuple(
        (named, _column(named, flag(named.field, "primaryKey", found), found))
        for named in named_fields(schema, COLUMN, found)
    )


def mart_columns(schema: Place, found: Findings) -> tuple[Column, ...]:
    """The columns of a mart: names and types, for what fills them is a query."""
    columns = []
    for named in named_fields(schema, COLUMN, found):
        field = named.field
        if named.source != field.text_of("name"):
            found.problem(
                field.at("physicalName"), "a mart's columns come out of its SQL", "remove physicalName"
            )
        if named.ours:
            here = field.at("customProperties")
            found.problem(here, "a mart masks nothing", "mask the column in the dataset that lands")
        for rule in _RULES:
            if field.get(rule) and field.at(rule).value:
                found.note(field.at(rule), f"{rule} is not checked in a mart", "write it into the SQL")
        type_ = _type(field, named.ours, found)
        columns.append(Column(named.name, named.name, type_, description=field.text_of("description")))
    return tuple(columns)


def _column(named: Named, key: bool, found: Findings) -> Column:
    field = named.field
    type_ = _type(field, named.ours, found)
    column = Column(
        name=named.name,
        source=named.source,
        type=type_,
        required=flag(field, "required", found) or key,
        rules=row_rules(field, type_, found),
        mask=_mask(field, named.ours, found),
        description=field.text_of("description"),
        aliases=named.aliases,
        classification=_classification(field, named.ours),
    )
    return row_checked(field, column, found)


def _type(field: Place, ours: Settings, found: Findings) -> Type:
    """The type of a property, or of the items of one."""
    logical = logical_type(field, found)
    if not logical:
        return Json()
    check_options(field, logical, found)
    match logical:
        case "object":
            type_ = _object(field, found)
        case "array":
            items = field.get("items")
            type_ = Array(_item_type(items, found)) if items else Json()
        case "vector":
            type_ = Array(Double())
        case _:
            type_ = plain_type(field, logical, ours, found)
    for name in ("headrace.true", "headrace.false"):
        if name in ours and not isinstance(type_, Boolean):
            found.problem(ours[name], f"{name} is for boolean columns", "remove it")
    return type_


def _object(field: Place, found: Findings) -> Type:
    required = options(field).items_of("required")
    names = {column_name(place.text) for place in required}
    columns = []
    for named in named_fields(field, INNER, found):
        inner_flags(named.field, found)
        column = _column(named, named.name in names, found)
        for check in named.field.items_of("quality"):
            if not of_rows(check):
                not_checked(check, found, "inside a column Headrace acts on what no row may have: mustBe: 0")
        columns.append(column)
    known = [column.name for column in columns]
    for place in required:
        if columns and column_name(place.text) not in known:
            advice = did_you_mean(column_name(place.text), known, f"known are {', '.join(known)}"[:200])
            found.problem(place, f"there is no property {excerpt(place.value)}", advice)
    if required and not columns:
        what = "required is not checked in an object without properties"
        found.note(options(field).at("required"), what, "give it properties")
    return Object(tuple(columns)) if columns else Json()


def _item_type(items: Place, found: Findings) -> Type:
    """The type of what an array holds; rules and masks are for columns, and so for the fields of records."""
    ours = Settings(items, INNER, found)
    type_ = _type(items, ours, found)
    advice = "rules and masks are for columns, and for the fields of objects"
    if items.text_of("classification").lower() in SENSITIVE or "headrace.mask" in ours:
        here = items.at("customProperties" if "headrace.mask" in ours else "classification")
        found.problem(here, "a mask on the items of an array is not applied", "mask the column that holds it")
    for name in ("required", "unique", "primaryKey", "enum", "quality"):
        if items.get(name) and items.at(name).value:
            found.note(items.at(name), f"{name} is not checked on the items of an array", advice)
    for name, option in options(items).entries.items():
        of_the_type = isinstance(type_, Object) or (name in _OF_THE_TYPE and not isinstance(type_, Text))
        if not of_the_type:
            found.note(option, f"{name} is not checked on the items of an array", advice)
    return type_


def _classification(field: Place, ours: Settings) -> str:
    """What the contract says; that nothing is to be masked says that the column is known to be open."""
    asked = ours.get("headrace.mask")
    unmasked = asked is not None and asked.value == "none"
    return field.text_of("classification").lower() or ("public" if unmasked else "")


def _mask(field: Place, ours: Settings, found: Findings) -> Mask | None:
    asked = ours.get("headrace.mask")
    if asked is None:
        return "redact" if field.text_of("classification").lower() in SENSITIVE else None
    name = str(asked.value)
    if name not in _MASKS:
        advice = did_you_mean(name, _MASKS, f"write one of {', '.join(_MASKS)}")
        found.problem(asked, f"{excerpt(asked.value)} is no mask", advice)
        return "redact"
    return _MASKS[name]
