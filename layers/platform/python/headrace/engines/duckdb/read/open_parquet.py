"""Opens Parquet files: columns by exact names, and no more of them than what their size can stand for.

92 kB can hold 50 million rows, 4 kB 2 GB of text, and a footer can lie. So a file is held against its
footer, and then decoded once, with little memory, to see that it can be and how much text is in it. That
takes 0.1 s a million rows of six columns, 3 % of what it takes to refine them.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlglot import exp

from headrace.domain.errors import Unavailable, UnreadableObject
from headrace.domain.plan import Plan
from headrace.engines.duckdb.read.read_parquet import ParquetFile, parquet_rows
from headrace.engines.duckdb.read.reading import listed, match_names
from headrace.engines.duckdb.session import DataFault, Session
from headrace.engines.sql import E, call, column, first_of, function_rows, named, number, text

# What a file may stand for: so much in any case, and beyond it so many times its size.
_FREE_CELLS = 20_000_000
_CELLS_PER_BYTE = 200
_FREE_BYTES = 64 << 20
_BYTES_PER_BYTE = 200

_UNREADABLE = "the file is not readable Parquet; write it again"
_DAMAGED = "the file cannot be read to its end; write it again"

_TRIAL_MB = 400
_VECTOR_ROWS = 2_048
_VECTOR_BYTES = 64 << 20
"""What DuckDB may have to hold at once: it takes rows by the vector."""


class ParquetOpener:
    """Opens one file after the other; what it tries, it tries in a session of its own with little memory."""

    def __init__(self, session: Session, plan: Plan) -> None:
        self._session, self._plan = session, plan
        self._trial: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_trial()

    def open(self, entry: int, path: Path, size: int) -> ParquetFile:
        """Raises UnreadableObject where a file cannot be decoded, or stands for more than `size` bytes may,
        or its columns are not the contract's."""
        names = _top_names(self._tried(_footer("PARQUET_SCHEMA", path, "name", "num_children")))
        ((records,),) = self._tried(_footer("PARQUET_FILE_METADATA", path, "num_rows"))
        chunks = self._tried(_footer("PARQUET_METADATA", path, "total_uncompressed_size"))
        described = exp.Describe(this=exp.select(exp.Star()).from_(parquet_rows([path], [])))
        types = [row[1] for row in self._tried(described)]
        if len(types) != len(names):
            raise UnreadableObject("the file's footer contradicts itself; write it again")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UnreadableObject(f"the file has two columns {listed(twice)}; give each a name of its own")
        matched = match_names(self._plan, names, "the file")
        _check_expanse(size, records, len(names), sum(chunk for (chunk,) in chunks))
        self._measure(path, types, records, size)
        return ParquetFile(entry, path, tuple(zip(names, types, strict=True)), matched, records)

    def _measure(self, path: Path, types: Sequence[str], records: int, size: int) -> None:
        """Take every value once, and count the rows and the bytes of their texts."""
        names = [f"c{at}" for at in range(len(types))]
        texts = _sum([_text_size(name, kind) for name, kind in zip(names, types, strict=True)])
        every = call("BIT_XOR", call("HASH", *map(column, names)))
        seen = exp.select(exp.Count(this=exp.Star()), exp.Sum(this=texts), exp.Max(this=texts.copy()), every)
        ((rows, plain, longest, _),) = self._tried(seen.from_(parquet_rows([path], names)), _DAMAGED)
        if rows != records:
            raise UnreadableObject(f"the file has {rows} rows, and its footer says {records}; write it again")
        plain, longest = plain or 0, longest or 0
        _check_expanse(size, records, len(types), plain)
        if min(plain, longest * _VECTOR_ROWS) > _VECTOR_BYTES:
            self._check_vectors(path, names, texts)

    def _check_vectors(self, path: Path, names: Sequence[str], texts: E) -> None:
        """Texts are long: see how much of them stands close together."""
        sized = exp.select(named(texts.copy(), "size"), named(exp.Window(this=exp.RowNumber()), "row"))
        vector = exp.IntDiv(this=column("row"), expression=number(_VECTOR_ROWS))
        sums = exp.select(named(exp.Sum(this=column("size")), "size"))
        sums = sums.from_(sized.from_(parquet_rows([path], names)).subquery("rows")).group_by(vector)
        ((most,),) = self._tried(exp.select(exp.Max(this=column("size"))).from_(sums.subquery("vectors")))
        if most > _VECTOR_BYTES:
            raise UnreadableObject(
                f"{_VECTOR_ROWS} rows of the file hold {most} bytes of text, more than is read at once; "
                "land it as NDJSON"
            )

    def _tried(self, statement: exp.Expr, problem: str = _UNREADABLE) -> list[tuple[Any, ...]]:
        if self._trial is None:
            self._trial = self._session.afresh(_TRIAL_MB)
        try:
            return self._trial.execute(statement)
        except DataFault:
            self._end_trial()  # DuckDB does not take statements after an internal error
            raise UnreadableObject(problem) from None
        except Unavailable:
            raise UnreadableObject(
                f"the file cannot be read with {_TRIAL_MB} MB of memory; write it in smaller pages"
            ) from None

    def _end_trial(self) -> None:
        if self._trial is not None:
            self._trial.__exit__(None, None, None)
            self._trial = None


def _check_expanse(size: int, records: int, columns: int, plain: int) -> None:
    too_many = records * columns > max(_FREE_CELLS, _CELLS_PER_BYTE * size)
    if too_many or plain > max(_FREE_BYTES, _BYTES_PER_BYTE * size):
        raise UnreadableObject(
            f"{size} bytes that stand for {records} rows of {columns} columns and {plain} bytes are more "
            "than is read; write the rows to several files"
        )


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


def _text_size(name: str, kind: str) -> E | None:
    """The bytes of the texts in a column of a DuckDB type; None where there can be none."""
    return _size(column(name), exp.DataType.build(kind, dialect="duckdb"))


def _size(value: E, kind: exp.DataType, depth: int = 0) -> E | None:
    inner = kind.expressions
    match kind.this:
        case exp.DType.TEXT | exp.DType.VARCHAR:
            return call("STRLEN", value)
        case exp.DType.VARBINARY | exp.DType.BLOB:
            return call("OCTET_LENGTH", value)
        case exp.DType.STRUCT:
            fields = [
                _size(exp.StructExtract(this=value.copy(), expression=text(one.name)), one.kind, depth)
                for one in inner
            ]
            return _sum(fields) if any(fields) else None
        case exp.DType.MAP:
            lists = zip(("MAP_KEYS", "MAP_VALUES"), inner, strict=True)
            sides = [_list_size(call(name, value.copy()), one, depth) for name, one in lists]
            return _sum(sides) if any(sides) else None
        case exp.DType.ARRAY | exp.DType.LIST:
            return _list_size(value, inner[0], depth)
        case _:
            return None


def _list_size(items: E, kind: exp.DataType, depth: int) -> E | None:
    item = exp.to_identifier(f"x{depth}")
    size = _size(exp.column(item.copy()), kind, depth + 1)
    if size is None:
        return None
    sized = exp.Transform(this=items, expression=exp.Lambda(this=_sum([size]), expressions=[item]))
    return call("LIST_SUM", sized)


def _sum(sizes: Sequence[E | None]) -> E:
    total: E = number(0)
    for size in sizes:
        total = exp.Add(this=total, expression=first_of(size, number(0))) if size is not None else total
    return exp.paren(total)
