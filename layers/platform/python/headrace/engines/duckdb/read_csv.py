"""Readings of CSV files: by DuckDB where a file is plainly sound, else record by record.

DuckDB reads files in groups of one header (5 ms a file, where one by one takes 25). It leaves broken
records out, and its own list of them is not always complete for several files (1.5.5), so each file's
records are counted first, by the line ends outside of quotes (1 to 8 s a GB): a file from which DuckDB
takes another number is read carefully, as is one whose records cannot be counted so.
"""

import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlglot import exp

from headrace.domain.errors import UnreadableObject
from headrace.domain.plan import Array, Csv, Json, Object, Plan, Type
from headrace.engines.duckdb.careful_csv import BOM, RECORD_BYTES, Grammar
from headrace.engines.duckdb.reading import (
    INCOMING,
    POSITION,
    Field,
    Incoming,
    Reading,
    batched,
    check_names,
    listed,
    numbered_rows,
)
from headrace.engines.sql import (
    array,
    call,
    case,
    column,
    first_of,
    member,
    members,
    number,
    option,
    struct,
    text,
)

_CHUNK = 16 << 20


@dataclass(frozen=True)
class CsvFile:
    """A CSV file with its header; `records` counts what follows it from `body` on, and is None for a
    file that only careful reading gets right."""

    entry: int
    path: Path
    header: tuple[str, ...]
    body: int
    records: int | None


def open_csv(plan: Plan, csv: Csv, entry: int, path: Path) -> CsvFile:
    """Read the header, count the records. Raises UnreadableObject where the header is not the contract's."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        begin = len(BOM) if data[: len(BOM)] == BOM else 0
        first = next(Grammar(csv).records(data, begin), None)
        if first is None:
            raise UnreadableObject("the file has no header line")
        if first.problem:
            raise UnreadableObject(f"the header line cannot be read: {first.problem}")
        header = tuple(name.strip() or f"column {at}" for at, name in enumerate(first.fields, 1))
        _check_header(plan, header)
        line = data[begin : first.end]
        plain = b"\n" not in line and len(header) > 1 and csv.delimiter != " " and not _has_nested(plan)
        records = _records(data, begin, first.end, csv) if plain else None
        return CsvFile(entry, path, header, first.end, records)


def fast_reading(plan: Plan, csv: Csv, files: Sequence[CsvFile]) -> Reading:
    """One `read_csv` over counted files of one header; broken records are missing from what it gives."""
    header = files[0].header
    names = _names(header)
    options = {
        "auto_detect": exp.false(),
        "header": exp.true(),
        "columns": struct((name, text("VARCHAR")) for name in names),
        "delim": text(csv.delimiter),
        "quote": text(csv.quote),
        "escape": text(csv.quote),
        "strict_mode": exp.true(),
        "max_line_size": number(RECORD_BYTES),
        "ignore_errors": exp.true(),
    }
    paths = array(text(str(file.path)) for file in files)
    function = call("READ_CSV", paths, *(option(name, value) for name, value in options.items()))
    return Reading(
        entries=tuple(file.entry for file in files),
        rows=numbered_rows(function, names, [file.entry for file in files]),
        fields=_fields(plan, csv, header),
        extra=_extra(plan, csv, header),
        expected={file.entry: file.records for file in files if file.records is not None},
    )


def careful_reading(plan: Plan, csv: Csv, files: Sequence[CsvFile]) -> Reading:
    """Files of one header, read record by record; broken records come with their problem and text."""
    header = files[0].header
    schema = POSITION
    for name in _names(header):
        schema = schema.append(pa.field(name, pa.string()))
    expected = dict.fromkeys((file.entry for file in files), 0)
    return Reading(
        entries=tuple(expected),
        rows=exp.select(exp.Star()).from_(exp.to_table(INCOMING)),
        fields=_fields(plan, csv, header),
        extra=_extra(plan, csv, header),
        incoming=Incoming(schema, lambda: batched(_careful_rows(csv, files, expected), schema)),
        expected=expected,
    )


def _names(header: tuple[str, ...]) -> list[str]:
    return [f"c{index}" for index in range(len(header))]


def _careful_rows(
    csv: Csv, files: Sequence[CsvFile], expected: dict[int, int]
) -> Iterator[tuple[int, Sequence[Any]]]:
    grammar = Grammar(csv)
    for one in files:
        width = len(one.header)
        nothing = [None] * width
        with one.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for record in grammar.records(data, one.body, width):
                place = expected[one.entry] = expected[one.entry] + 1
                if record.problem:
                    raw = data[record.begin : record.end].decode("utf-8", "backslashreplace")
                    row = (one.entry, place, record.problem, raw, *nothing)
                else:
                    row = (one.entry, place, None, None, *(value or None for value in record.fields))
                yield record.end - record.begin, row


def _fields(plan: Plan, csv: Csv, header: tuple[str, ...]) -> tuple[Field | None, ...]:
    at = {name: f"c{index}" for index, name in enumerate(header)}
    return tuple(_field(csv, at[one.source], one.type) if one.source in at else None for one in plan.columns)


def _field(csv: Csv, name: str, type_: Type) -> Field:
    written = call("TO_JSON", first_of(column(name), text("")))
    return Field(_value(csv, name), written, shaped=isinstance(type_, Array | Object | Json))


def _has_nested(plan: Plan) -> bool:
    return any(isinstance(one.type, Array | Object | Json) for one in plan.columns)


def _extra(plan: Plan, csv: Csv, header: tuple[str, ...]) -> exp.Expr | None:
    known = {one.source for one in plan.columns}
    unknown = [
        member(name, call("TO_JSON", _value(csv, f"c{index}")))
        for index, name in enumerate(header)
        if name not in known
    ]
    return members(unknown) if unknown else None


def _value(csv: Csv, name: str) -> exp.Expr:
    """A field's text; NULL where it means no value. Empty fields come as NULL from both readers."""
    value: exp.Expr = column(name)
    if "" not in csv.nulls:
        value = first_of(value, text(""))
    spelled = [null for null in csv.nulls if null]
    if spelled:
        value = case(
            (exp.Not(this=exp.ArrayContains(this=array(map(text, spelled)), expression=value)), value)
        )
    return value


def _check_header(plan: Plan, header: tuple[str, ...]) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise UnreadableObject(f"the header names {listed(twice)} twice")
    check_names(plan, header, "the header")


def _records(data: mmap.mmap, begin: int, body: int, csv: Csv) -> int | None:
    """How many records follow the header (the bytes from `begin` to `body`), by line ends outside of quotes.

    None where DuckDB's reading may not be ours: line ends of two kinds, NUL, or a quote that neither
    opens nor closes a field.
    """
    quote = csv.quote.encode()
    if data.find(b"\0") >= 0:
        return None
    if data.find(quote) >= 0:
        sound = _quotes_whole_fields(csv)
        if not (sound.fullmatch(data[begin:body]) and sound.fullmatch(data, body)):
            return None
    others = bytes(set(range(256)) - set(quote + b"\r\n"))
    is_open, lf, cr, crlf = False, 0, 0, 0
    for chunk in _chunks(data):
        marks = chunk.translate(None, others).replace(quote * 2, b"")
        parts = (quote * is_open + marks).split(quote)
        is_open = len(parts) % 2 == 0
        outside = b"".join(parts[::2])
        lf, cr, crlf = lf + outside.count(b"\n"), cr + outside.count(b"\r"), crlf + outside.count(b"\r\n")
    return lf if cr == crlf and crlf in (0, lf) else None


def _quotes_whole_fields(csv: Csv) -> re.Pattern[bytes]:
    """Matches a file in which every quote opens or closes a field, or is doubled inside of one.

    DuckDB 1.5.5 reads `"x" "y"` as one field and drops a last record whose quote is never closed.
    """
    quote, outside = re.escape(csv.quote.encode()), b"[^" + re.escape(csv.delimiter.encode()) + b"\r\n]"
    inside = b"(?:[^" + quote + b"]++|" + quote * 2 + b")*+"
    field = b"(?<!" + outside + b")" + quote + inside + quote + b"(?!" + outside + b")"
    return re.compile(b"(?:[^" + quote + b"]*+" + field + b")*+[^" + quote + b"]*+")


def _chunks(data: mmap.mmap) -> Iterator[bytes]:
    """The data up to its last record's line end, in pieces that end after a line feed."""
    begin, stop = 0, len(data)
    while stop and data[stop - 1] in b"\r\n":
        stop -= 1
    while begin < stop:
        end = data.find(b"\n", min(begin + _CHUNK, stop), stop) + 1 or stop
        yield data[begin:end]
        begin = end
