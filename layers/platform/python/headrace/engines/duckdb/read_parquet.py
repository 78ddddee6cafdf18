"""Readings of Parquet files, in groups of one schema, with names compared exactly and types by meaning."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlglot import exp

from headrace.domain.errors import UnreadableObject
from headrace.domain.plan import (
    Array,
    Boolean,
    Date,
    Double,
    Integer,
    Json,
    Object,
    Parquet,
    Plan,
    Timestamp,
    Type,
)
from headrace.engines.duckdb.casts import in_zone, sql_type
from headrace.engines.duckdb.reading import Field, Reading, check_names, listed, numbered_rows
from headrace.engines.duckdb.session import DataFault, Session
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

# Bombs: 92 kB can stand for 50 million rows, 4 kB for 2 GB of text.
_FREE_CELLS = 20_000_000
_CELLS_PER_BYTE = 200
_FREE_BYTES = 64 << 20
_BYTES_PER_BYTE = 200

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
_NESTED = ("STRUCT(", "MAP(", "UNION(", "VARIANT")


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file: its columns in order, as (name, DuckDB type), and the rows that its footer claims."""

    entry: int
    path: Path
    columns: tuple[tuple[str, str], ...]
    records: int


def open_parquet(session: Session, plan: Plan, entry: int, path: Path) -> ParquetFile:
    """Read the footer. Raises UnreadableObject where there is none, or it claims too much, or its columns
    are not the contract's."""
    size = path.stat().st_size
    try:
        names = _top_names(session.execute(_footer("PARQUET_SCHEMA", path, "name", "num_children")))
        records = session.execute(_footer("PARQUET_FILE_METADATA", path, "num_rows"))[0][0]
        chunks = session.execute(_footer("PARQUET_METADATA", path, "total_uncompressed_size"))
        described = exp.Describe(this=exp.select(exp.Star()).from_(parquet_rows([path], [])))
        types = [row[1] for row in session.execute(described)]
    except DataFault:
        raise UnreadableObject("the file is not readable Parquet; write it again") from None
    if len(types) != len(names):
        raise UnreadableObject("the file's footer contradicts itself; write it again")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnreadableObject(f"the file has two columns {listed(twice)}")
    check_names(plan, names, "the file")
    plain = sum(chunk for (chunk,) in chunks)
    too_many = records * len(names) > max(_FREE_CELLS, _CELLS_PER_BYTE * size)
    if too_many or plain > max(_FREE_BYTES, _BYTES_PER_BYTE * size):
        raise UnreadableObject(
            f"{size} bytes that stand for {records} rows of {len(names)} columns and {plain} bytes are more "
            "than is read; write the rows to several files"
        )
    return ParquetFile(entry, path, tuple(zip(names, types, strict=True)), records)


def parquet_reading(plan: Plan, files: Sequence[ParquetFile]) -> Reading:
    """One `read_parquet` over files of one schema."""
    types = [kind for _, kind in files[0].columns]
    at = {name: index for index, (name, _) in enumerate(files[0].columns)}
    names = [f"c{index}" for index in range(len(types))]
    known = {one.source for one in plan.columns}
    nulls = next((one.nulls for one in plan.formats if isinstance(one, Parquet)), ())
    unknown = [
        member(name, _json(f"c{index}", types[index])) for name, index in at.items() if name not in known
    ]
    return Reading(
        entries=tuple(file.entry for file in files),
        rows=numbered_rows(_read([file.path for file in files]), names, [file.entry for file in files]),
        fields=tuple(
            _field(f"c{at[one.source]}", types[at[one.source]], one.type, nulls) if one.source in at else None
            for one in plan.columns
        ),
        extra=members(unknown) if unknown else None,
        expected={file.entry: file.records for file in files},
    )


def is_readable(session: Session, file: ParquetFile) -> bool:
    """Whether DuckDB gets through every value of a file, tried in a session of its own."""
    names = [f"c{index}" for index in range(len(file.columns))]
    hashed = call("HASH", *(column(name) for name in names))
    with session.afresh() as trial:
        try:
            trial.execute(exp.select(call("BIT_XOR", hashed)).from_(parquet_rows([file.path], names)))
        except DataFault:
            return False
    return True


def _read(paths: Sequence[Path]) -> E:
    return call(
        "READ_PARQUET", array(text(str(path)) for path in paths), option("hive_partitioning", exp.false())
    )


def parquet_rows(paths: Sequence[Path], names: Sequence[str]) -> E:
    """The rows of Parquet files as a relation, its columns renamed by position where `names` are given."""
    return function_rows(_read(paths), names)


def _footer(function: str, path: Path, *columns: str) -> exp.Select:
    return exp.select(*map(exp.column, columns)).from_(function_rows(call(function, text(str(path))), []))


def _top_names(schema: list[tuple[Any, ...]]) -> list[str]:
    """The names below the root of a schema that lists every element before its children."""
    names, at = [], 1
    for _ in range(schema[0][1] or 0):
        names.append(schema[at][0])
        waiting = 1
        while waiting:
            waiting += (schema[at][1] or 0) - 1
            at += 1
    return names


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
