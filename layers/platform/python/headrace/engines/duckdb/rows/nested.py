"""Objects, arrays and JSON columns: from JSON text to the shape of the contract, with text at the leaves.

SQL then casts the leaves as it casts any column, and judges them (`rows.inside`). What is of another kind
than the contract says, or required and not there, is a fault; what the contract does not know is kept for
`_rescued`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from headrace.domain.lookalikes import HIDDEN, holds_masks
from headrace.domain.plan import Array, Column, Json, Mask, Object, Type
from headrace.engines.duckdb.read import strict_json
from headrace.engines.duckdb.read.strict_json import Value
from headrace.engines.duckdb.rows.inside import has_text
from headrace.engines.duckdb.rows.masks import EXCERPT
from headrace.engines.duckdb.rows.veil import Veil, resolved, written
from headrace.engines.sql import json_text

_FAULTS = pa.list_(
    pa.struct([("column", pa.string()), ("rule", pa.string()), ("value_excerpt", pa.string())])
)


def shaped_schema(schema: pa.Schema, columns: Mapping[str, Column]) -> pa.Schema:
    """`schema` with, for each text column named in `columns`, a struct column `<name>_shaped`: the
    `value`, the `faults` as reasons, the inside of a JSON object with what is `unknown`, or NULL, and
    `raw`, the JSON text to show in place of the column's own, or NULL where that may be shown."""
    for name, column in columns.items():
        schema = schema.append(pa.field(f"{name}_shaped", _struct(column.type)))
    return schema


def shaped(
    batches: Iterator[pa.RecordBatch], columns: Mapping[str, Column], schema: pa.Schema, veil: Veil
) -> Iterator[pa.RecordBatch]:
    """The batches with the columns that `shaped_schema` adds."""
    for batch in batches:
        added = [
            pa.array(
                [_shaped(column, text, veil) for text in batch.column(name).to_pylist()], _struct(column.type)
            )
            for name, column in columns.items()
        ]
        yield pa.record_batch([*batch.columns, *added], schema=schema)


def _struct(type_: Type) -> pa.DataType:
    return pa.struct(
        [("value", _leaves(type_)), ("faults", _FAULTS), ("unknown", pa.string()), ("raw", pa.string())]
    )


def _leaves(type_: Type) -> pa.DataType:
    match type_:
        case Array(items=items):
            return pa.list_(_leaves(items))
        case Object(columns=columns):
            shapes = [(f"f{at}", _leaves(one.type)) for at, one in enumerate(columns)]
            texts = [(f"t{at}", pa.string()) for at, one in enumerate(columns) if has_text(one)]
            return pa.struct([*shapes, *texts])
        case _:
            return pa.string()


def _shaped(column: Column, text: str | None, veil: Veil) -> dict[str, Any] | None:
    if text is None:
        return None
    shaper = _Shaper(veil)
    try:
        value = strict_json.parse(text)
    except ValueError:
        shaper.misfit(column.type, text, column.name, column.mask)
        hidden = json_text(HIDDEN) if holds_masks(column.type) else None
        return {"value": None, "faults": shaper.reasons(), "unknown": None, "raw": hidden}
    whole = isinstance(column.type, Json) and value is not None
    shape = text if whole else shaper.shape(column.type, value, column.name, column.source, column.mask)
    return {
        "value": shape,
        "faults": shaper.reasons(),
        "unknown": strict_json.dump(shaper.unknown)[1:-1] or None,
        "raw": _veiled(column.type, value, veil),
    }


def _veiled(type_: Type, value: Value, veil: Veil) -> str | None:
    if not veil.is_needed:
        return None
    shown = veil.over(type_, value)
    return None if shown == value else strict_json.dump(shown)


@dataclass
class _Shaper:
    """Shapes one value and notes what it shows: by path and rule the excerpt of the first fault, and the
    unknown fields by path."""

    veil: Veil
    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    unknown: dict[str, Value] = field(default_factory=dict)

    def shape(self, type_: Type, value: Value, path: str, source: str, mask: Mask | None) -> Any:
        """`value` as text at the leaves; `path` names columns, as reasons do, and `source` fields. `mask`
        is the outermost over the value."""
        shape: Any = None
        match type_, value:
            case _, None:
                pass
            case Array(items=items), list():
                path = f"{path}.element"
                shape = [
                    self.shape(items, item, path, f"{source}[{at}]", mask) for at, item in enumerate(value)
                ]
            case Object(columns=columns), dict():
                shape = self._object(columns, value, path, source, mask)
            case Json(), _:
                shape = strict_json.dump(value)
            case (Array() | Object(), _) | (_, list() | dict()):
                self.misfit(type_, strict_json.dump(value), path, mask)
            case _:
                shape = written(type_, value)
        return shape

    def misfit(self, type_: Type, text: str, path: str, mask: Mask | None) -> None:
        """Note a value of another kind than its type's."""
        covered = mask or ("redact" if holds_masks(type_) else None)
        shown = {None: text[:EXCERPT], "drop": ""}.get(covered, HIDDEN)
        self.faults.setdefault((path, "type"), shown)

    def reasons(self) -> list[dict[str, str]]:
        return [
            {"column": path, "rule": rule, "value_excerpt": excerpt}
            for (path, rule), excerpt in self.faults.items()
        ]

    def _object(
        self,
        columns: tuple[Column, ...],
        value: dict[str, Value],
        path: str,
        source: str,
        mask: Mask | None,
    ) -> dict[str, Any]:
        names = [resolved(one, value) for one in columns]
        self._note_unknown({name: item for name, item in value.items() if name not in names}, source, mask)
        shape: dict[str, Any] = {}
        for at, (one, name) in enumerate(zip(columns, names, strict=True)):
            item, inner, outermost = value.get(name), f"{path}.{one.name}", mask or one.mask
            if one.required and item is None:
                self.faults.setdefault((inner, "required"), "")
            shape[f"f{at}"] = self.shape(one.type, item, inner, f"{source}.{one.source}", outermost)
            if has_text(one) and item is not None:
                shape[f"t{at}"] = strict_json.dump(item if one.mask else self.veil.over(one.type, item))
        return shape

    def _note_unknown(self, members: dict[str, Value], source: str, mask: Mask | None) -> None:
        for name, item in members.items():
            if item is not None:
                self.unknown[f"{source}.{name}"] = HIDDEN if mask else self.veil.unknown(name, item)
