"""The columns of a contract: ODCS properties with their types, rules and masks."""

from collections import Counter
from typing import get_args

from headrace.domain.contract.extensions import COLUMN, extensions
from headrace.domain.contract.rules import quality_flags, row_rules
from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt
from headrace.domain.contract.types import SENSITIVE, column_type, named_fields
from headrace.domain.plan import Array, Column, Json, Mask, Object

_MASKS: dict[str, Mask | None] = {"none": None, **{mask: mask for mask in get_args(Mask)}}
_RULES = ("required", "unique", "primaryKey", "enum", "quality", "logicalTypeOptions")


def dataset_columns(schema: Place, found: Findings) -> tuple[Column, ...]:
    """The columns of a dataset that lands."""
    keys = Counter(_flag(field, "primaryKey", found) for field in schema.items_of("properties"))
    return tuple(
        _column(field, name, source, keys[True] == 1, found)
        for field, name, source in named_fields(schema, found)
    )


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


def _column(field: Place, name: str, source: str, single_key: bool, found: Findings) -> Column:
    kind = column_type(field, found)
    flags = quality_flags(field, found)
    key = _flag(field, "primaryKey", found)
    if key and not single_key:
        found.note(
            field.at("primaryKey"), "a key of several columns is not checked as one", "each is required"
        )
    unique = _flag(field, "unique", found) or "unique" in flags or (key and single_key)
    if unique and isinstance(kind, Array | Json | Object):
        here = next((field.at(at) for at in ("unique", "primaryKey") if field.get(at)), field)
        found.problem(here, "objects and arrays are not compared", "remove unique")
    if _flag(field, "partitioned", found):
        found.note(
            field.at("partitioned"), "tables are not partitioned by column", "Iceberg prunes by statistics"
        )
    return Column(
        name=name,
        source=source,
        type=kind,
        required=_flag(field, "required", found) or "required" in flags or key,
        unique=unique,
        rules=row_rules(field, kind, found),
        mask=_mask(field, found),
        description=field.text_of("description"),
    )


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
