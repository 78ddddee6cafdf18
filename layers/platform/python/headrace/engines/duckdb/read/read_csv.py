"""Readings of delimited text: by DuckDB where a file is plainly sound, else record by record.

DuckDB reads files in groups of one header (5 ms a file, where one by one takes 25). It leaves broken
records out, and its own list of them is not always complete for several files (1.5.5), so each file's
records are counted first, by the line ends outside of quotes (1 to 8 s a GB): a file from which DuckDB
takes another number is read carefully, as is one whose records cannot be counted so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from sqlglot import exp

from headrace.domain.errors import UnreadableObject
from headrace.domain.formats import Csv, FixedWidth
from headrace.domain.lookalikes import lookalike
from headrace.domain.plan import Array, Json, Object, Plan, Type
from headrace.engines.duckdb.read.careful_csv import BOM, RECORD_BYTES, Grammar, Record
from headrace.engines.duckdb.read.count_csv import count_records
from headrace.engines.duckdb.read.fixed_width import FixedGrammar, field_names
from headrace.engines.duckdb.read.reading import (
    INCOMING,
    POSITION,
    Field,
    Incoming,
    Reading,
    batched,
    listed,
    match_names,
    numbered_rows,
    shown_unknown,
)
from headrace.engines.duckdb.read.window import Window
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


class RecordGrammar(Protocol):
    """What parts text into records, and these into fields."""

    def records(self, window: Window, width: int | None, /) -> Iterator[Record]:
        """The records of what is seen; those of another number of fields than `width` are broken."""


@dataclass(frozen=True)
class TextFile:
    """A file of delimited or fixed-width text: the names of its fields, and of those the one for each of
    the plan's columns. `records` counts what stands from the byte `body` on, and is None for a file that
    only careful reading gets right."""

    entry: int
    path: Path
    header: tuple[str, ...]
    matched: tuple[str | None, ...]
    body: int
    records: int | None

    @property
    def columns(self) -> tuple[str, ...]:
        """What files have in common that are read together."""
        return self.header


def open_csv(plan: Plan, csv: Csv, entry: int, path: Path) -> TextFile:
    """Read the header, count the records. Raises UnreadableObject where the header is not the contract's."""
    with path.open("rb") as file:
        begin = body = _pass_over(Window(file), csv.skip)
        header = tuple(one.source for one in plan.columns)
        line = b""
        if csv.header:
            file.seek(begin)
            first = next(Grammar(csv).records(Window(file)), None)
            header, body = _header(
                first, {name for one in plan.columns for name in (one.source, *one.aliases)}
            )
            file.seek(begin)
            line = file.read(min(body - begin, RECORD_BYTES))
        matched = match_names(plan, header, "the header" if csv.header else "the format")
        plain = b"\n" not in line and len(header) > 1 and not _has_nested(plan)
        records = count_records(file, csv, begin) if plain else None
        return TextFile(entry, path, header, matched, body, records)


def open_fixed_width(plan: Plan, fixed: FixedWidth, entry: int, path: Path) -> TextFile:
    """Find the first record. Raises UnreadableObject where the fields are not the contract's."""
    matched = match_names(plan, [name for name, _, _ in fixed.fields], "the format")
    with path.open("rb") as file:
        return TextFile(entry, path, field_names(fixed), matched, _pass_over(Window(file), fixed.skip), None)


def fast_reading(plan: Plan, csv: Csv, files: Sequence[TextFile]) -> Reading:
    """One `read_csv` over counted files of one header; broken records are missing from what it gives."""
    header = files[0].header
    names = _names(header)
    options = {
        "auto_detect": exp.false(),
        "header": exp.true() if csv.header else exp.false(),
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
        fields=_fields(plan, csv, files[0]),
        extra=_extra(plan, csv, files[0]),
        expected={file.entry: file.records for file in files if file.records is not None},
    )


def careful_reading(plan: Plan, format_: Csv | FixedWidth, files: Sequence[TextFile]) -> Reading:
    """Files of one header, read record by record; broken records come with their problem and text."""
    header = files[0].header
    schema = POSITION
    for name in _names(header):
        schema = schema.append(pa.field(name, pa.string()))
    expected = dict.fromkeys((file.entry for file in files), 0)
    return Reading(
        entries=tuple(expected),
        rows=exp.select(exp.Star()).from_(exp.to_table(INCOMING)),
        fields=_fields(plan, format_, files[0]),
        extra=_extra(plan, format_, files[0]),
        incoming=Incoming(schema, lambda: batched(_careful_rows(format_, files, expected), schema)),
        expected=expected,
    )


def _pass_over(window: Window, lines: int) -> int:
    """Where in the file what follows a byte order mark and so many lines begins."""
    at = window.see(0, len(BOM))
    at = len(BOM) if window.data.startswith(BOM) else at
    for _ in range(lines):
        at = window.after_line(at)
    return window.offset + at


def _header(first: Record | None, known: set[str]) -> tuple[tuple[str, ...], int]:
    """The columns' names, without spaces around those that are not `known`, and where the header ends."""
    if first is None:
        raise UnreadableObject("the file has no header line; add one, or set headrace.header to false")
    if first.problem:
        raise UnreadableObject(f"the header line cannot be read: {first.problem}; write it again")
    plain = (name if name in known else name.strip() for name in first.fields)
    header = tuple(name or f"column {at}" for at, name in enumerate(plain, 1))
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise UnreadableObject(f"the header names {listed(twice)} twice; give each column a name of its own")
    return header, first.end


def _names(header: tuple[str, ...]) -> list[str]:
    return [f"c{index}" for index in range(len(header))]


def _careful_rows(
    format_: Csv | FixedWidth, files: Sequence[TextFile], expected: dict[int, int]
) -> Iterator[tuple[int, Sequence[Any]]]:
    grammar: RecordGrammar = Grammar(format_) if isinstance(format_, Csv) else FixedGrammar(format_)
    for one in files:
        width = len(one.header)
        nothing = [None] * width
        with one.path.open("rb") as file:
            file.seek(one.body)
            for record in grammar.records(Window(file), width):
                place = expected[one.entry] = expected[one.entry] + 1
                if record.problem:
                    raw = record.text.decode("utf-8", "backslashreplace")
                    row = (one.entry, place, record.problem, raw, *nothing)
                else:
                    row = (one.entry, place, None, None, *(value or None for value in record.fields))
                yield min(record.size, RECORD_BYTES), row


def _fields(plan: Plan, format_: Csv | FixedWidth, file: TextFile) -> tuple[Field | None, ...]:
    at = {name: f"c{index}" for index, name in enumerate(file.header)}
    return tuple(
        replace(_field(format_, at[name], one.type), name=name) if name is not None else None
        for one, name in zip(plan.columns, file.matched, strict=True)
    )


def _field(format_: Csv | FixedWidth, name: str, type_: Type) -> Field:
    written = call("TO_JSON", first_of(column(name), text("")))
    return Field(_value(format_, name), written, shaped=isinstance(type_, Array | Object | Json))


def _has_nested(plan: Plan) -> bool:
    return any(isinstance(one.type, Array | Object | Json) for one in plan.columns)


def _extra(plan: Plan, format_: Csv | FixedWidth, file: TextFile) -> exp.Expr | None:
    hidden = lookalike(plan)
    unknown = [
        member(name, shown_unknown(call("TO_JSON", _value(format_, f"c{index}")), hidden(name)))
        for index, name in enumerate(file.header)
        if name not in file.matched
    ]
    return members(unknown) if unknown else None


def _value(format_: Csv | FixedWidth, name: str) -> exp.Expr:
    """A field's text; NULL where it means no value. Empty fields come as NULL from both readers."""
    value: exp.Expr = column(name)
    if "" not in format_.nulls:
        value = first_of(value, text(""))
    spelled = [null for null in format_.nulls if null]
    if spelled:
        value = case(
            (exp.Not(this=exp.ArrayContains(this=array(map(text, spelled)), expression=value)), value)
        )
    return value
