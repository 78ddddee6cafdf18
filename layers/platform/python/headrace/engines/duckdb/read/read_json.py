"""Readings of NDJSON and JSON documents: one strict parse a record, fields handed on as they were written.

Measured on 12 fields a record: 7 µs a record to validate and split with msgspec and 4 more in DuckDB,
so 90 thousand records a second and core. DuckDB's own reader is several times faster, but neither
strict nor exact (see `strict_json`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
from sqlglot import exp

from headrace.domain.errors import UnreadableObject
from headrace.domain.formats import JsonDocument, Ndjson
from headrace.domain.plan import Array, Boolean, Column, Json, Object, Plan, Type
from headrace.engines.duckdb.read.careful_csv import BOM
from headrace.engines.duckdb.read.json_document import document_records, kind_of
from headrace.engines.duckdb.read.reading import (
    INCOMING,
    POSITION,
    Field,
    Incoming,
    Reading,
    batched,
)
from headrace.engines.duckdb.read.strict_json import repeats_a_name
from headrace.engines.duckdb.read.unknown_members import unknown_text
from headrace.engines.sql import any_of, call, case, column, json_text, named, number, text

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANYTHING = msgspec.json.Decoder(msgspec.Raw)

RECORD_BYTES = 64 << 20
_BUFFER_BYTES = 1 << 20

_ABSENT = msgspec.Raw(b"")

_NOT_UTF8 = "it is not UTF-8"
_NOT_JSON = "it is not valid JSON"
_REPEATED = "it gives a field twice"
_TOO_LONG = f"it is longer than {RECORD_BYTES} bytes"

Row = Sequence[Any]


@dataclass(frozen=True)
class JsonFile:
    """A file of JSON."""

    entry: int
    path: Path
    columns: tuple[object, ...] = ()


def json_reading(plan: Plan, format_: Ndjson | JsonDocument, files: Sequence[JsonFile]) -> Reading:
    """The records of the files, one after the other."""
    schema = POSITION.append(pa.field("extra", pa.string()))
    names = [f"c{index}" for index in range(len(plan.columns))]
    tokens = [named(exp.Nullif(this=column(name), expression=text("")), name) for name in names]
    for name in names:
        schema = schema.append(pa.field(name, pa.string()))
    expected = dict.fromkeys((file.entry for file in files), 0)
    refused: dict[int, str] = {}

    def rows() -> Iterator[tuple[int, Row]]:
        split = _splitter(plan)
        for file in files:
            entry = file.entry
            try:
                for record in _records(format_, file.path):
                    fields = split(record)
                    if isinstance(format_, JsonDocument):
                        _check_document(fields[0], expected[entry])
                    expected[entry] += 1
                    yield len(record), (entry, expected[entry], *fields)
            except UnreadableObject as error:
                refused[entry] = str(error)

    return Reading(
        entries=tuple(expected),
        rows=exp.select(*POSITION.names, "extra", *tokens).from_(INCOMING),
        fields=tuple(_field(name, one.type) for name, one in zip(names, plan.columns, strict=True)),
        extra=column("extra"),
        incoming=Incoming(schema, lambda: batched(rows(), schema)),
        expected=expected,
        refused=refused,
    )


def _check_document(problem: str | None, records: int) -> None:
    """A record that is no JSON leaves its whole document none."""
    if problem in (_NOT_JSON, _NOT_UTF8):
        raise UnreadableObject(
            f"record {records + 1} of the document cannot be read: {problem}; write it again"
        )


def _records(format_: Ndjson | JsonDocument, path: Path) -> Iterator[bytes]:
    """The text of each record, cut off beyond what a record may have."""
    with path.open("rb", buffering=_BUFFER_BYTES) as file:
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        if isinstance(format_, Ndjson):
            yield from _lines(file)
        else:
            yield from document_records(file, format_.record_path, RECORD_BYTES)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(RECORD_BYTES + 1):
        if len(line) > RECORD_BYTES and not line.endswith(b"\n"):
            yield line
            while line and not line.endswith(b"\n"):
                line = file.readline(RECORD_BYTES)
        elif record := line.strip(b" \t\r\n"):
            yield record


def _splitter(plan: Plan) -> Callable[[bytes], Row]:
    """What splits a record into (problem, record, extra, one JSON text for each of the plan's columns);
    the text of an absent field is empty."""
    sources = [one.source for one in plan.columns]
    renamed = [one for one in plan.columns if one.aliases]
    known = set(sources)
    nothing = [_ABSENT] * len(sources)
    shown = unknown_text(plan)

    def split(record: bytes) -> Row:
        problem, members = _members(record)
        if problem:
            return problem, record.decode("utf-8", "backslashreplace"), None, *nothing
        for one in renamed:
            _rename(one, members)
        extra = None if members.keys() <= known else _inside(members, known, shown)
        return None, None, extra, *[members.get(name, _ABSENT) for name in sources]

    return split


def _rename(column: Column, members: dict[str, msgspec.Raw]) -> None:
    """Where a field has not its name but a former one, give it its name."""
    for alias in column.aliases:
        if column.source not in members and alias in members:
            members[column.source] = members.pop(alias)


def _members(record: bytes) -> tuple[str, dict[str, msgspec.Raw]]:
    """A record's fields; or what is wrong with it."""
    if len(record) > RECORD_BYTES:
        return _TOO_LONG, {}
    try:
        if not record.isascii():
            record.decode()
        members = _MEMBERS.decode(record)
    except UnicodeDecodeError:
        return _NOT_UTF8, {}
    except msgspec.ValidationError:
        return _not_an_object(record), {}
    except (msgspec.DecodeError, RecursionError):
        return _NOT_JSON, {}
    return (_REPEATED, {}) if repeats_a_name(record, len(members)) else ("", members)


def _not_an_object(record: bytes) -> str:
    try:
        value = _ANYTHING.decode(record)
    except (msgspec.DecodeError, RecursionError):
        return _NOT_JSON
    return f"it is {kind_of(bytes(value))}, not an object"


def _inside(members: dict[str, msgspec.Raw], known: set[str], shown: Callable[[str, str], str]) -> str | None:
    """The fields that are not known, as the inside of a JSON object."""
    written = ((name, bytes(value).decode()) for name, value in members.items() if name not in known)
    return (
        ",".join(f"{json_text(name)}:{shown(name, value)}" for name, value in written if value != "null")
        or None
    )


def _field(name: str, type_: Type) -> Field:
    token = column(name)
    if isinstance(type_, Json):
        return Field(exp.Nullif(this=token, expression=text("null")), token)
    first = exp.Left(this=token, expression=number(1))
    unquoted = case(
        (exp.NEQ(this=first, expression=text('"')), exp.Nullif(this=token, expression=text("null"))),
        (exp.Contains(this=token, expression=text("\\")), call("JSON_EXTRACT_STRING", token, text("$"))),
        default=exp.Substring(
            this=token, start=number(2), length=exp.Sub(this=exp.Length(this=token), expression=number(2))
        ),
    )
    if isinstance(type_, Array | Object):
        return Field(unquoted, token, shaped=True)
    unfit = any_of(exp.EQ(this=first, expression=text(bracket)) for bracket in "{[")
    is_true, is_false = (exp.EQ(this=token, expression=text(word)) for word in ("true", "false"))
    native = case((is_true, exp.true()), (is_false, exp.false())) if isinstance(type_, Boolean) else None
    return Field(unquoted, token, unfit, native)
