"""What becomes of Avro's types: a column's Arrow type, and values that Arrow takes."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

from headrace.domain.errors import UnreadableObject

_MOST_DIGITS = 38
_DEEPEST = 50
_NO_COLUMN = "no column has such a type: write the file without it"

_PRIMITIVES = {
    "boolean": (pa.bool_(), 1),
    "int": (pa.int32(), 1),
    "long": (pa.int64(), 1),
    "float": (pa.float32(), 4),
    "double": (pa.float64(), 8),
    "bytes": (pa.binary(), 1),
    "string": (pa.string(), 1),
}
_LOGICAL = {
    ("int", "date"): pa.date32(),
    ("int", "time-millis"): pa.time32("ms"),
    ("long", "time-micros"): pa.time64("us"),
    ("long", "timestamp-millis"): pa.timestamp("ms", "UTC"),
    ("long", "timestamp-micros"): pa.timestamp("us", "UTC"),
    ("long", "timestamp-nanos"): pa.timestamp("ns", "UTC"),
    ("long", "local-timestamp-millis"): pa.timestamp("ms"),
    ("long", "local-timestamp-micros"): pa.timestamp("us"),
    ("long", "local-timestamp-nanos"): pa.timestamp("ns"),
}
_WHOLE, _REAL = {"int", "long"}, {"int", "float", "double"}
_WORDS = {"boolean", "int", "long", "float", "double", "string", "enum"}

_Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class AvroType:
    """The Arrow type of an Avro type; `convert` makes values that Arrow takes, if they are none; `least`
    is how many bytes a value takes at least."""

    arrow: pa.DataType
    convert: _Convert | None
    least: int


def without_logical_types(schema: Any) -> Any:
    """A schema that fastavro reads into plain numbers: days and moments may lie beyond Python's years."""
    if isinstance(schema, list):
        return [without_logical_types(one) for one in schema]
    if isinstance(schema, dict):
        kept = schema.get("logicalType") == "decimal"
        return {
            name: without_logical_types(value)
            for name, value in schema.items()
            if name != "logicalType" or kept
        }
    return schema


def avro_type(schema: Any) -> AvroType:
    """The type of a schema that fastavro has parsed, which must be a record.

    Raises UnreadableObject for a type that no column can have.
    """
    return _Types().of(schema, "the record", 0)


class _Types:
    """Knows the named types that it has come through; None for one that it is still inside of."""

    def __init__(self) -> None:
        self._named: dict[str, AvroType | None] = {}

    def of(self, schema: Any, path: str, depth: int) -> AvroType:
        if depth > _DEEPEST:
            raise UnreadableObject(f"{path} is nested more than {_DEEPEST} levels deep; write it flatter")
        if isinstance(schema, list):
            return self._union(schema, path, depth)
        if isinstance(schema, str):
            return self._by_name(schema, path)
        if isinstance(schema["type"], dict | list):
            return self.of(schema["type"], path, depth + 1)
        if logical := _logical(schema):
            return self._remember(schema, logical)
        return self._complex(schema, path, depth)

    def _complex(self, schema: Any, path: str, depth: int) -> AvroType:
        match schema["type"]:
            case "record" | "error":
                return self._record(schema, path, depth)
            case "array" | "map":
                return self._several(schema, path, depth)
            case "enum":
                return self._remember(schema, AvroType(pa.string(), None, 1))
            case "fixed":
                return self._remember(schema, AvroType(pa.binary(), None, schema["size"]))
            case primitive:
                return self._by_name(primitive, path)

    def _by_name(self, name: str, path: str) -> AvroType:
        if name == "null":
            return AvroType(pa.string(), None, 0)
        if name in _PRIMITIVES:
            arrow, least = _PRIMITIVES[name]
            return AvroType(arrow, None, least)
        known = self._named.get(name)
        if known is None:
            raise UnreadableObject(f"{path} contains itself by way of {name}; {_NO_COLUMN}")
        return known

    def _remember(self, schema: Any, type_: AvroType) -> AvroType:
        if "name" in schema:
            self._named[schema["name"]] = type_
        return type_

    def _record(self, schema: Any, path: str, depth: int) -> AvroType:
        self._named[schema["name"]] = None
        names = [field["name"] for field in schema["fields"]]
        if not names:
            raise UnreadableObject(f"{path} is a record without fields; {_NO_COLUMN}")
        types = [self.of(field["type"], f"{path}.{field['name']}", depth + 1) for field in schema["fields"]]
        converts = [
            (name, one.convert) for name, one in zip(names, types, strict=True) if one.convert is not None
        ]

        def convert(value: dict[str, Any]) -> dict[str, Any]:
            return value | {name: one(value[name]) for name, one in converts}

        fields = [pa.field(name, one.arrow) for name, one in zip(names, types, strict=True)]
        least = sum(one.least for one in types)
        return self._remember(schema, AvroType(pa.struct(fields), convert if converts else None, least))

    def _several(self, schema: Any, path: str, depth: int) -> AvroType:
        is_map = schema["type"] == "map"
        inner = self.of(schema["values" if is_map else "items"], f"{path}.element", depth + 1)
        if not is_map and not inner.least:
            raise UnreadableObject(f"{path} is an array of items that take no space; {_NO_COLUMN}")
        one = inner.convert
        if is_map:
            convert = None if one is None else lambda value: {name: one(item) for name, item in value.items()}
            return AvroType(pa.map_(pa.string(), inner.arrow), convert, 1)
        return AvroType(
            pa.list_(inner.arrow), None if one is None else lambda value: list(map(one, value)), 1
        )

    def _union(self, branches: list[Any], path: str, depth: int) -> AvroType:
        present = [branch for branch in branches if branch != "null"]
        if len(present) == 1:
            only = self.of(present[0], path, depth + 1)
            one = only.convert
            convert = None if one is None else lambda value: None if value is None else one(value)
            return AvroType(only.arrow, convert, 1)
        kinds = {branch if isinstance(branch, str) else branch.get("type") for branch in present}
        logical = any(isinstance(branch, dict) and "logicalType" in branch for branch in present)
        if not present or kinds <= _WHOLE:
            return AvroType(pa.int64() if present else pa.string(), None, 1)
        if kinds <= _REAL:
            return AvroType(pa.float64(), None, 1)
        if kinds <= _WORDS and not logical:
            return AvroType(pa.string(), _written, 1)
        listed = ", ".join(sorted(map(str, kinds)))
        raise UnreadableObject(f"{path} is a union of {listed}; give a column one type, or scalars as text")


def _logical(schema: Any) -> AvroType | None:
    """What a logical type makes of its schema's type; None where there is none that is known."""
    kind, logical = schema["type"], schema.get("logicalType")
    if logical == "decimal" and kind in ("bytes", "fixed"):
        return _decimal(schema)
    if logical == "uuid" and kind == "fixed":
        return AvroType(pa.string(), lambda value: str(UUID(bytes=value)), 16)
    arrow = _LOGICAL.get((kind, logical))
    return None if arrow is None else AvroType(arrow, None, 1)


def _decimal(schema: Any) -> AvroType:
    precision, scale = schema["precision"], schema.get("scale", 0)
    least = schema.get("size", 1)
    if precision <= _MOST_DIGITS and 0 <= scale <= precision:
        return AvroType(pa.decimal128(precision, scale), None, least)
    return AvroType(pa.string(), lambda value: format(value, "f"), least)


def _written(value: Any) -> str | None:
    """A scalar as text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else repr(value)
