"""The columns of a contract: ODCS properties with their types, rules and masks."""

from typing import get_args

from headrace.domain.contract.extensions import COLUMN, extensions
from headrace.domain.contract.rules import quality_flags, row_rules
from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt
from headrace.domain.contract.types import SENSITIVE, column_type, named_fields
from headrace.domain.plan import Array, Column, Json, Key, Mask, Object

_MASKS: dict[str, Mask | None] = {"none": None, **{mask: mask for mask in get_args(Mask)}}
_RULES = ("required", "unique", "primaryKey", "enum", "quality", "logicalTypeOptions")


def dataset_columns(schema: Place, found: Findings) -> tuple[tuple[Column, ...], tuple[Key, ...]]:
    """The columns of a dataset that lands, and its keys."""
    columns, keys, primary = [], [], []
    for field, name, source in named_fields(schema, found):
        column, unique, key = _column(field, name, source, found)
        columns.append(column)
        keys += [Key((name,))] if unique else []
        primary += [name] if key else []
    if primary:
        keys.append(Key(tuple(primary), "primary_key"))
    return tuple(columns), tuple(keys)


def mart_columns(schema: Place, found: Findings) -> tuple[Column, ...]:
    """The columns of a mart: names and types, for what fills them is a query."""
    columns = []
    for field, name, source in named_fields(schema, found):
        if source != name:
            found.problem(
                field.at("physicalName"), "a mart's columns come out of its SQL", "remove physicalName"
            )
        if extensions(field, COLUMN, found):
            here = field.at("customProperties")
            found.problem(here, "a mart masks nothing", "mask the column in the dataset that lands")
        for rule in _RULES:
            if field.get(rule) and field.at(rule).value:
                found.note(field.at(rule), f"{rule} is not checked in a mart", "write it into the SQL")
        columns.append(
            Column(name, name, column_type(field, found), description=field.text_of("description"))
        )
    return tuple(columns)


def _column(field: Place, name: str, source: str, found: Findings) -> tuple[Column, bool, bool]:
    """A column, whether it is unique, and whether it is part of the primary key."""
    kind = column_type(field, found)
    flags = quality_flags(field, found)
    key = _flag(field, "primaryKey", found)
    unique = _flag(field, "unique", found) or "unique" in flags
    if (unique or key) and isinstance(kind, Array | Json | Object):
        here = next((field.at(at) for at in ("unique", "primaryKey") if field.get(at)), field)
        found.problem(here, "objects and arrays are not compared", "remove unique")
    if _flag(field, "partitioned", found):
        found.note(
            field.at("partitioned"), "tables are not partitioned by column", "Iceberg prunes by statistics"
        )
    column = Column(
        name=name,
        source=source,
        type=kind,
        required=_flag(field, "required", found) or "required" in flags or key,
        rules=row_rules(field, kind, found),
        mask=_mask(field, found),
        description=field.text_of("description"),
    )
    return column, unique, key


def _flag(field: Place, key: str, found: Findings) -> bool:
    place = field.get(key)
    if place is None:
        return False
    if not isinstance(place.value, bool):
        found.problem(place, f"{excerpt(place.value)} is neither true nor false", "write true or false")
    return place.value is True


def _mask(field: Place, found: Findings) -> Mask | None:
    asked = extensions(field, COLUMN, found).get("headrace.mask")
    if asked is None:
        return "redact" if field.text_of("classification").lower() in SENSITIVE else None
    name = str(asked.value)
    if name not in _MASKS:
        advice = did_you_mean(name, _MASKS, f"write one of {', '.join(_MASKS)}")
        found.problem(asked, f"{excerpt(asked.value)} is no mask", advice)
        return "redact"
    return _MASKS[name]
