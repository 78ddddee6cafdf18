"""Keys and partitions of a contract's table."""

import math
import re
from collections.abc import Sequence
from typing import Any

from headrace.domain.contract.extensions import Settings
from headrace.domain.contract.names import Named
from headrace.domain.contract.source import Findings, Place, excerpt
from headrace.domain.plan import (
    Array,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Json,
    Key,
    Object,
    Partition,
    Text,
    Timestamp,
    Type,
)
from headrace.domain.tables import partition_name

MOST_PARTITIONS = 4
_COMPARABLE = (None, "hash", "tokenise")
_TRUNCATE = re.compile(r"truncate\(\s*([1-9]\d{0,3})\s*\)")
_TRANSFORMS: dict[str, tuple[type[Type], ...]] = {
    "identity": (),
    "year": (Date, Timestamp),
    "month": (Date, Timestamp),
    "day": (Date, Timestamp),
    "hour": (Timestamp,),
    "truncate": (Text, Integer, Decimal),
}
"""The transforms of a partition and the types that they are for; every type that can be one, where empty."""


def keys_of(columns: tuple[tuple[Named, Column], ...], found: Findings) -> tuple[Key, ...]:
    """The keys that columns ask for: each unique one's, then the primary key."""
    keys: list[Key] = []
    primary: list[tuple[float, str]] = []
    for named, column in columns:
        field = named.field
        asked = [key for key in ("unique", "primaryKey") if flag(field, key, found)]
        if asked and isinstance(column.type, Array | Json | Object):
            found.problem(field.at(asked[0]), "objects and arrays are not compared", f"remove {asked[0]}")
            continue
        if "unique" in asked:
            keys.append(Key((column.name,)))
        if "primaryKey" in asked:
            primary.append((_position(field, "primaryKeyPosition", found), column.name))
    if primary:
        keys.append(Key(tuple(name for _, name in sorted(primary, key=_first)), "primary_key"))
    return tuple(keys)


def distinct_keys(
    keys: tuple[Key, ...],
    checked: Sequence[tuple[Key, Place]],
    columns: tuple[tuple[Named, Column], ...],
    within: str,
    found: Findings,
) -> tuple[Key, ...]:
    """The keys of properties and of quality checks, each once; a primary key that is said again stays one.

    Says which checks the primary key says already, and which keys masks keep from being compared with what
    is in the table.
    """
    distinct = {frozenset(key.columns): key for key in keys}
    for key, check in checked:
        standing = distinct.setdefault(frozenset(key.columns), key)
        if standing.rule == "primary_key":
            what = f"the primary key {', '.join(standing.columns)} keeps repeats out already"
            found.note(check, what, "remove the check, or give it a limit for the batch")
    masked = {column.name: named for named, column in columns if column.mask not in _COMPARABLE}
    for key in distinct.values():
        hidden = [name for name in key.columns if name in masked]
        if hidden and within == "table":
            what = f"the key {', '.join(key.columns)} is compared within a work unit only"
            found.note(
                masked[hidden[0]].field,
                what,
                f"the table does not hold {hidden[0]} as it was: mask it by hash",
            )
    return tuple(distinct.values())


def partitions_of(columns: tuple[tuple[Named, Column], ...], found: Findings) -> tuple[Partition, ...]:
    """The partition fields that columns ask for, in the order of their positions."""
    placed: list[tuple[float, Partition]] = []
    names = {column.name for _, column in columns}
    for named, column in columns:
        asked = named.ours.get("headrace.partition")
        if not flag(named.field, "partitioned", found) and asked is None:
            continue
        here = asked or named.field.at("partitioned")
        if column.mask:
            found.problem(here, "a masked column does not partition a table", "remove partitioned")
        elif isinstance(column.type, Array | Json | Object | Double):
            what = f"{_kind(column.type)} do not partition a table"
            found.problem(here, what, "partition by text, a whole number, a decimal, a day or a moment")
        else:
            position = _position(named.field, "partitionKeyPosition", found)
            partition = _partition(here, named.ours, column, found)
            placed.append((position, partition))
            if partition.transform != "identity" and partition_name(partition) in names:
                what = f"Iceberg calls the {partition.transform} of {column.name} {partition_name(partition)}"
                found.problem(here, f"{what}, and so is a column called", "give that column another name")
    partitions = tuple(partition for _, partition in sorted(placed, key=_first))
    if len(partitions) > MOST_PARTITIONS:
        here = columns[0][0].field
        found.problem(
            here, f"{len(partitions)} columns partition the table", f"keep at most {MOST_PARTITIONS}"
        )
    return partitions


def inner_flags(field: Place, found: Findings) -> None:
    """Say what of a property inside a column is not acted on, or is a problem."""
    for name in ("unique", "primaryKey"):
        if flag(field, name, found):
            found.note(field.at(name), f"{name} is not checked inside a column", "keys are of whole columns")
    if flag(field, "partitioned", found):
        advice = "give it a column of its own"
        found.problem(field.at("partitioned"), "what is inside a column does not partition a table", advice)


def flag(field: Place, key: str, found: Findings) -> bool:
    """A key that says true or false; false where it is not there."""
    place = field.get(key)
    if place is None:
        return False
    if not isinstance(place.value, bool):
        found.problem(place, f"{excerpt(place.value)} is neither true nor false", "write true or false")
    return place.value is True


def _partition(here: Place, ours: Settings, column: Column, found: Findings) -> Partition:
    default = "day" if isinstance(column.type, Date | Timestamp) else "identity"
    written = here.text if "headrace.partition" in ours else default
    truncated = _TRUNCATE.fullmatch(written)
    transform = "truncate" if truncated else written
    fits = _TRANSFORMS.get(transform)
    if fits is None or (transform == "truncate" and not truncated):
        advice = "write identity, year, month, day, hour or truncate(4)"
        found.problem(here, f"{excerpt(here.value)} is no transform", advice)
        return Partition(column.name)
    if fits and not isinstance(column.type, fits):
        found.problem(here, f"{transform} is not for {_kind(column.type)}", "write identity, or remove it")
    chosen: Any = transform
    return Partition(column.name, chosen, int(truncated[1]) if truncated else 0)


def _position(field: Place, key: str, found: Findings) -> float:
    """The place of a column among others; those without one come last, in the order of the contract."""
    place = field.get(key)
    if place is None:
        return math.inf
    if isinstance(place.value, bool) or not isinstance(place.value, int):
        found.problem(place, f"{excerpt(place.value)} is no position", "write 1 for the first column")
        return math.inf
    return place.value if place.value > 0 else math.inf


def _first(pair: tuple[float, Any]) -> float:
    return pair[0]


def _kind(type_: Type) -> str:
    kinds = {Double: "floating-point numbers", Array: "arrays", Object: "objects", Json: "objects"}
    return kinds.get(type(type_), f"{type(type_).__name__.lower()} columns")
