"""Readings of Parquet files, in groups of one schema, with types by their meaning."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlglot import exp

from headrace.domain.formats import Parquet
from headrace.domain.lookalikes import lookalike
from headrace.domain.plan import Array, Boolean, Date, Double, Integer, Json, Object, Plan, Timestamp, Type
from headrace.engines.duckdb.read.reading import Field, Reading, numbered_rows, shown_unknown
from headrace.engines.sql import (
    E,
    all_of,
    array,
    call,
    case,
    column,
    first_of,
    function_rows,
    is_not_null,
    is_null,
    member,
    members,
    option,
    text,
)
from headrace.engines.table_types import in_zone, sql_type

_INTEGERS = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "HUGEINT",
}
_FLOATS = {"FLOAT", "DOUBLE"}
_LOCAL_TIMES = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_INSTANT = "TIMESTAMP WITH TIME ZONE"
_WORD = re.compile(r'"((?:[^"]|"")*)"|(\w+)')
_NESTED = ("STRUCT(", "MAP(", "UNION(", "VARIANT")


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file: its columns in order, as (name, DuckDB type), of these the name for each of the
    plan's columns, and its rows."""

    entry: int
    path: Path
    columns: tuple[tuple[str, str], ...]
    matched: tuple[str | None, ...]
    records: int


def parquet_reading(plan: Plan, parquet: Parquet, files: Sequence[ParquetFile]) -> Reading:
    """One `read_parquet` over files of one schema."""
    columns, matched = files[0].columns, files[0].matched
    types = dict(columns)
    at = {name: f"c{index}" for index, name in enumerate(types)}
    hidden = lookalike(plan)
    unknown = [
        member(
            name, shown_unknown(_json(at[name], types[name]), _names_any(types[name], hidden) or hidden(name))
        )
        for name in at
        if name not in matched
    ]
    paths = [file.path for file in files]
    entries = [file.entry for file in files]
    return Reading(
        entries=tuple(entries),
        rows=numbered_rows(_read(paths), list(at.values()), entries),
        fields=tuple(
            replace(_field(at[name], types[name], one.type, parquet.nulls), name=name)
            if name is not None
            else None
            for one, name in zip(plan.columns, matched, strict=True)
        ),
        extra=members(unknown) if unknown else None,
        expected={file.entry: file.records for file in files},
    )


def _read(paths: Sequence[Path]) -> E:
    listing = array(text(str(path)) for path in paths)
    return call("READ_PARQUET", listing, option("hive_partitioning", exp.false()))


def parquet_rows(paths: Sequence[Path], names: Sequence[str]) -> E:
    """The rows of Parquet files as a relation, its columns renamed by position where `names` are given."""
    return function_rows(_read(paths), names)


def _field(name: str, kind: str, type_: Type, nulls: Sequence[str]) -> Field:
    value, written = column(name), _json(name, kind)
    as_text = _text(value, kind)
    for null in nulls if kind == "VARCHAR" else ():
        as_text = exp.Nullif(this=as_text, expression=text(null))
    if isinstance(type_, Array | Object | Json):
        return Field(as_text, written, shaped=True)
    return Field(as_text, written, _unfit(value, kind), _native(value, kind, type_))


def _text(value: E, kind: str) -> E:
    if kind == "BLOB":
        return first_of(_decoded(value), exp.cast(value, "TEXT"))
    if _is_nested(kind):
        return exp.cast(call("TO_JSON", value), "TEXT")
    return value if kind == "VARCHAR" else exp.cast(value, "TEXT")


def _json(name: str, kind: str) -> E:
    value = column(name)
    if kind in _FLOATS:  # JSON has no NaN
        return case(
            (call("ISFINITE", value), call("TO_JSON", value)),
            (is_not_null(value), call("TO_JSON", exp.cast(value, "TEXT"))),
        )
    return call("TO_JSON", _text(value, kind) if kind == "BLOB" else value)


def _unfit(value: E, kind: str) -> E | None:
    if _is_nested(kind):
        return is_not_null(value)
    if kind == "BLOB":
        return all_of(is_not_null(value), is_null(_decoded(value)))
    return None


def _decoded(value: E) -> E:
    return call("TRY", call("DECODE", value))


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(_NESTED)


def _names_any(kind: str, hidden: Callable[[str], bool]) -> bool:
    """Whether a field inside a nested DuckDB type has a hidden name."""
    return _is_nested(kind) and any(hidden(quoted or plain) for quoted, plain in _WORD.findall(kind))


def _native(value: E, kind: str, type_: Type) -> E | None:
    """The value where a column of this DuckDB type may already be of the contract's type."""
    native: E | None = None
    match type_:
        case Integer() if kind in _INTEGERS:
            native = exp.TryCast(this=value, to=sql_type(type_), safe=True)
        case Double() if kind in _FLOATS:
            native = exp.cast(value, "DOUBLE")
        case Boolean() if kind == "BOOLEAN":
            native = value
        case Date() if kind == "DATE":
            native = value
        case Date() if kind in _LOCAL_TIMES:
            moment, day = exp.cast(value, "TIMESTAMP"), exp.cast(value, "DATE")
            native = case((exp.EQ(this=moment, expression=exp.cast(day, "TIMESTAMP")), day))
        case Timestamp() if kind == _INSTANT:
            native = value
        case Timestamp(timezone=timezone) if kind in _LOCAL_TIMES:
            native = in_zone(exp.cast(value, "TIMESTAMP"), timezone)
    return native
