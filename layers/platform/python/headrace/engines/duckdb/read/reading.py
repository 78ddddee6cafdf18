"""What a reader hands to the rendering: one relation, and how to reach each of the plan's columns in it."""

from array import array as array_of
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa
from sqlglot import exp

from headrace.domain.errors import UnreadableObject
from headrace.domain.landed import LandedObject
from headrace.domain.lookalikes import HIDDEN
from headrace.domain.plan import Column, Plan
from headrace.engines.sql import (
    array,
    call,
    case,
    cast,
    column,
    function_rows,
    is_not_null,
    named,
    no_text,
    number,
    text,
)

# Columns that every relation has: the source's index, the record's position (ascending within a
# source, from any start), and for a record that could not be split into fields why, and its text.
POSITION = pa.schema(
    [("entry", pa.int32()), ("place", pa.int64()), ("problem", pa.string()), ("record", pa.string())]
)
INCOMING = "incoming"

PLACES = 1 << 40
"""More rows than one source has."""

_BATCH_ROWS = 8_192
_BATCH_BYTES = 32 << 20


@dataclass(frozen=True)
class Reason:
    """Why a row is in quarantine, as the `_reasons` column shows it."""

    column: str
    rule: str
    value_excerpt: str


@dataclass(frozen=True)
class Refusal:
    """Why a whole object goes to quarantine."""

    rule: Literal["unreadable", "immutable", "unprocessable"]
    message: str


@dataclass(frozen=True)
class Source:
    """One object of the work unit: its plain, decompressed local file, or why there is none to read.

    `index` orders the sources and ties outcomes to them; it is unique within a call. Its rows name
    the batch `batch`, the call's own where that is 0. `rows` are the numbers of those that alone are refined
    (None: all).
    """

    index: int
    landed: LandedObject
    content: Path | Refusal
    batch: int = 0
    rows: frozenset[int] | None = None


@dataclass(frozen=True)
class Field:
    """One column's source value, as expressions over a relation; each is NULL where there is no value.

    `text` is the value as text, JSON text for a nested one, and `json` the same for `_raw`. `unfit`
    holds where the value is of no scalar type whatever its text says. `native` is the value itself,
    where the source may already have it in the contract's type. `shaped`: SQL takes the value as
    `headrace.engines.duckdb.rows.nested` shapes it. `name` is what the source calls the field, where that is
    not what the plan does.
    """

    text: exp.Expr
    json: exp.Expr
    unfit: exp.Expr | None = None
    native: exp.Expr | None = None
    shaped: bool = False
    name: str = ""


@dataclass(frozen=True)
class Incoming:
    """Rows that Python reads: their schema, and a generator of batches that is taken once."""

    schema: pa.Schema
    batches: Callable[[], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Reading:
    """One pass over some of the sources, in the order of `entries`.

    `rows` selects the position columns and what the fields refer to, from the relation `incoming` where
    that is set. `fields` follow the plan's columns; None stands for one that the source lacks. `extra`
    is the inside of a JSON object with the fields that the plan does not know, or NULL. `expected`
    counts each source's records independently of DuckDB, and `refused` tells why sources turned out to be
    unreadable: both are complete when the rows have been taken.
    """

    entries: tuple[int, ...]
    rows: exp.Select
    fields: tuple[Field | None, ...]
    extra: exp.Expr | None = None
    incoming: Incoming | None = None
    expected: dict[int, int] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


def unreadable(message: str) -> Refusal:
    return Refusal("unreadable", message)


def batched(rows: Iterator[tuple[int, Sequence[Any]]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Pack (size in bytes, row) pairs into batches that are bounded in rows and in bytes."""
    taken: list[Sequence[Any]] = []
    size = 0
    for length, row in rows:
        taken.append(row)
        size += length
        if len(taken) >= _BATCH_ROWS or size >= _BATCH_BYTES:
            yield _batch(taken, schema)
            taken, size = [], 0
    if taken:
        yield _batch(taken, schema)


def _batch(rows: list[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [_array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
    return pa.record_batch(arrays, schema=schema)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if isinstance(values[0], msgspec.Raw):  # a third of the time that pa.array takes over bytes
        offsets = array_of("i", accumulate(map(len, values), initial=0))
        return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(b"".join(values)))
    return pa.array(values, kind)


def match_names(plan: Plan, names: Sequence[str], where: str) -> tuple[str | None, ...]:
    """For each of the plan's columns the file's name for it: its source, or else a former one.

    Raises UnreadableObject where a file's columns cannot be the contract's.
    """
    present = set(names)
    matched = tuple(_match(one, present, where) for one in plan.columns)
    known = set(matched)
    missing = [
        one.source for one, name in zip(plan.columns, matched, strict=True) if one.required and name is None
    ]
    unknown = [name for name in names if name not in known]
    if missing:
        raise UnreadableObject(
            f"{where} lacks the required {listed(missing)}; it has {listed(unknown) or 'nothing else'}; "
            "add what is missing, or headrace.aliases where it has another name"
        )
    if len(unknown) == len(names):
        raise UnreadableObject(
            f"{where} has no column of the contract; it has {listed(names)}; "
            "land it where it belongs, or add headrace.aliases"
        )
    if unknown and plan.evolution == "freeze":
        raise UnreadableObject(
            f"{where} has columns that the contract does not know: {listed(unknown)}; "
            "add them, or set headrace.evolution to rescue"
        )
    if any("\0" in name for name in names):
        raise UnreadableObject(f"{where} has a NUL character in a name; write it without")
    return matched


def _match(one: Column, present: set[str], where: str) -> str | None:
    found = [name for name in (one.source, *one.aliases) if name in present]
    if len(found) > 1:
        raise UnreadableObject(
            f"{where} has {listed(found)}, which are names of the one column {one.name}; leave one of them"
        )
    return found[0] if found else None


def shown_unknown(value: exp.Expr, hidden: bool) -> exp.Expr:
    """A field that the plan does not know, as `extra` may show it."""
    return case((is_not_null(value), call("TO_JSON", text(HIDDEN)))) if hidden else value


def listed(names: Sequence[str]) -> str:
    """Names for people to read, cut short where there are many or they are long."""
    shown = ", ".join(name if len(name) <= 60 else f"{name[:60]}…" for name in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown


def numbered_rows(function: exp.Expr, columns: Sequence[str], entries: Sequence[int]) -> exp.Select:
    """The rows of a DuckDB reader over several files, in order, with the position columns."""
    index = cast(exp.column("file_index"), "BIGINT")
    entry: exp.Expr = exp.Add(this=index, expression=number(entries[0]))
    if list(entries) != list(range(entries[0], entries[0] + len(entries))):
        place = exp.Add(this=index, expression=number(1))
        entry = call("LIST_EXTRACT", array(map(number, entries)), place)
    position = {
        "entry": cast(entry, "INT"),
        "place": exp.Window(this=exp.RowNumber()),
        "problem": no_text(),
        "record": no_text(),
    }
    return exp.select(
        *(named(value, name) for name, value in position.items()), *(column(name) for name in columns)
    ).from_(function_rows(function, columns))
