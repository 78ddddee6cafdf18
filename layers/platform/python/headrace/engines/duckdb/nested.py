"""Objects, arrays and JSON columns: from JSON text to the shape of the contract, with text at the leaves.

SQL then casts the leaves as it casts any column. What is of another kind than the contract says is a
fault; what the contract does not know is kept for `_rescued`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from headrace.domain.plan import Array, Boolean, Column, Json, Object, Type
from headrace.engines.duckdb import strict_json
from headrace.engines.sql import json_text

_FAULTS = pa.list_(
    pa.struct([("column", pa.string()), ("rule", pa.string()), ("value_excerpt", pa.string())])
)
_EXCERPT = 100


def shaped_schema(schema: pa.Schema, columns: Mapping[str, Column]) -> pa.Schema:
    """`schema` with, for each text column named in `columns`, a struct column `<name>_shaped`: the
    `value`, the `faults` as reasons, and the inside of a JSON object with what is `unknown`, or NULL."""
    for name, column in columns.items():
        schema = schema.append(pa.field(f"{name}_shaped", _struct(column.type)))
    return schema


def shaped(
    batches: Iterator[pa.RecordBatch], columns: Mapping[str, Column], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """The batches with the columns that `shaped_schema` adds."""
    for batch in batches:
        added = [
            pa.array([_shaped(column, text) for text in batch.column(name).to_pylist()], _struct(column.type))
            for name, column in columns.items()
        ]
        yield pa.record_batch([*batch.columns, *added], schema=schema)


def _struct(type_: Type) -> pa.DataType:
    return pa.struct([("value", _leaves(type_)), ("faults", _FAULTS), ("unknown", pa.string())])


def _leaves(type_: Type) -> pa.DataType:
    match type_:
        case Array(items=items):
            return pa.list_(_leaves(items))
        case Object(columns=columns):
            return pa.struct([(f"f{index}", _leaves(column.type)) for index, column in enumerate(columns)])
        case _:
            return pa.string()


@dataclass
class _Found:
    """What one value showed: the excerpt of the first fault at each path, and unknown fields by path."""

    faults: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, strict_json.Value] = field(default_factory=dict)


def _shaped(column: Column, text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    found = _Found()
    value: Any = None
    try:
        parsed = strict_json.parse(text)
    except ValueError:
        found.faults[column.name] = text[:_EXCERPT]
    else:
        whole = isinstance(column.type, Json) and parsed is not None
        value = text if whole else _shape(column.type, parsed, column.name, column.source, found)
    return {
        "value": value,
        "faults": [
            {"column": path, "rule": "type", "value_excerpt": "***" if column.mask else excerpt}
            for path, excerpt in found.faults.items()
        ],
        "unknown": ",".join(
            f"{json_text(path)}:{strict_json.dump(item)}" for path, item in found.unknown.items()
        )
        or None,
    }


def _shape(type_: Type, value: strict_json.Value, path: str, source: str, found: _Found) -> Any:
    """`value` as text at the leaves; `path` names columns, as reasons do, and `source` fields."""
    shape: Any = None
    match type_, value:
        case _, None:
            pass
        case Array(items=items), list():
            path = f"{path}.element"
            shape = [_shape(items, item, path, f"{source}[{at}]", found) for at, item in enumerate(value)]
        case Object(columns=columns), dict():
            shape = _shape_object(columns, value, path, source, found)
        case Json(), _:
            shape = strict_json.dump(value)
        case (Array() | Object(), _) | (_, list() | dict()):
            found.faults.setdefault(path, strict_json.dump(value)[:_EXCERPT])
        case Boolean(true=true, false=false), bool():
            shape = (true if value else false)[0]
        case _, bool():
            shape = strict_json.dump(value)
        case _:
            shape = str(value)
    return shape


def _shape_object(
    columns: tuple[Column, ...],
    value: dict[str, strict_json.Value],
    path: str,
    source: str,
    found: _Found,
) -> dict[str, Any]:
    known = {one.source for one in columns}
    for name, item in value.items():
        if name not in known and item is not None:
            found.unknown[f"{source}.{name}"] = item
    return {
        f"f{at}": _shape(
            one.type, value.get(one.source), f"{path}.{one.name}", f"{source}.{one.source}", found
        )
        for at, one in enumerate(columns)
    }
