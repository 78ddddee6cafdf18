"""Readings of NDJSON and JSON documents: one strict parse a record, fields handed on as they were written.

Measured on 12 fields a record: 7 µs a record to validate and split with msgspec and 4 more in DuckDB,
so 90 thousand records a second and core. DuckDB's own reader is several times faster, but neither
strict nor exact (see `strict_json`). A document is mapped, not read: its records are views of it.
"""

import mmap
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from sqlglot import exp

from headrace.domain.errors import UnreadableObject
from headrace.domain.plan import Array, Boolean, Json, JsonDocument, Ndjson, Object, Plan, Type
from headrace.engines.duckdb.careful_csv import BOM
from headrace.engines.duckdb.reading import (
    INCOMING,
    POSITION,
    Field,
    Incoming,
    Reading,
    Refusal,
    batched,
    unreadable,
)
from headrace.engines.duckdb.strict_json import repeats_a_name
from headrace.engines.sql import any_of, call, case, column, json_text, named, number, text

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])
_ANYTHING = msgspec.json.Decoder(msgspec.Raw)
_FIRST = re.compile(rb"[ \t\r\n]*([^ \t\r\n])")
_KINDS = {b"{": "an object", b"[": "an array", b'"': "a text", b"t": "true", b"f": "false", b"n": "null"}

RECORD_BYTES = 64 << 20

_ABSENT = msgspec.Raw(b"")

_NOT_UTF8 = "it is not UTF-8"
_NOT_JSON = "it is not valid JSON"
_REPEATED = "it gives a field twice"
_TOO_LONG = f"it is longer than {RECORD_BYTES} bytes"

Row = Sequence[Any]


def json_reading(plan: Plan, format_: Ndjson | JsonDocument, files: Sequence[tuple[int, Path]]) -> Reading:
    """The records of the files, one after the other; `files` are (entry, path)."""
    schema = POSITION.append(pa.field("extra", pa.string()))
    names = [f"c{index}" for index in range(len(plan.columns))]
    tokens = [named(exp.Nullif(this=column(name), expression=text("")), name) for name in names]
    for name in names:
        schema = schema.append(pa.field(name, pa.string()))
    expected = dict.fromkeys((entry for entry, _ in files), 0)
    refused: dict[int, Refusal] = {}

    def rows() -> Iterator[tuple[int, Row]]:
        split = _splitter(plan)
        for entry, path in files:
            try:
                for record in _records(format_, path):
                    expected[entry] += 1
                    yield len(record), (entry, expected[entry], *split(record))
            except UnreadableObject as error:
                refused[entry] = unreadable(str(error))

    return Reading(
        entries=tuple(expected),
        rows=exp.select(*POSITION.names, "extra", *tokens).from_(INCOMING),
        fields=tuple(_field(name, one.type) for name, one in zip(names, plan.columns, strict=True)),
        extra=column("extra"),
        incoming=Incoming(schema, lambda: batched(rows(), schema)),
        expected=expected,
        refused=refused,
    )


def _records(format_: Ndjson | JsonDocument, path: Path) -> Iterator[bytes]:
    """The text of each record, cut off beyond what a record may have."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    begin = len(BOM) if data[: len(BOM)] == BOM else 0
    if isinstance(format_, Ndjson):
        yield from _lines(data, begin)
    else:
        for element in _elements(memoryview(data)[begin:], format_.record_path):
            yield bytes(memoryview(element)[: RECORD_BYTES + 1])


def _lines(data: mmap.mmap, begin: int) -> Iterator[bytes]:
    while begin < len(data):
        end = data.find(b"\n", begin)
        end = len(data) if end < 0 else end
        line = data[begin : min(end, begin + RECORD_BYTES + 1)].strip(b" \t\r\n")
        if line:
            yield line
        begin = end + 1


def _elements(document: memoryview, record_path: str) -> list[msgspec.Raw]:
    """The records of a document, as views of it: all is validated before the first is handed out."""
    try:
        here = _ANYTHING.decode(document)
        for depth, name in enumerate(record_path.split(".") if record_path else ()):
            above = ".".join(record_path.split(".")[:depth])
            members = _MEMBERS.decode(here) if _kind(here) == "an object" else {}
            if name not in members:
                raise UnreadableObject(
                    f"there is no array at {record_path}: {above or 'the document'} is {_kind(here)}"
                    + (f" with {', '.join(list(members)[:10]) or 'nothing in it'}" if members else "")
                )
            here = members[name]
        if _kind(here) != "an array":
            raise UnreadableObject(
                f"there is no array at {record_path or 'the top of the document'}: there is {_kind(here)}"
            )
        return _ELEMENTS.decode(here)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnreadableObject("the document is not valid JSON") from None


def _kind(value: msgspec.Raw) -> str:
    found = _FIRST.match(memoryview(value))
    return _KINDS.get(found[1] if found else b"", "a number")


def _splitter(plan: Plan) -> Callable[[bytes], Row]:
    """What splits a record into (problem, record, extra, one JSON text for each of the plan's columns);
    the text of an absent field is empty."""
    sources = [one.source for one in plan.columns]
    known = set(sources)
    nothing = [_ABSENT] * len(sources)

    def split(record: bytes) -> Row:
        problem, members = _members(record)
        if problem:
            return problem, record.decode("utf-8", "backslashreplace"), None, *nothing
        extra = None if members.keys() <= known else _inside(members, known)
        return None, None, extra, *[members.get(name, _ABSENT) for name in sources]

    return split


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
    return f"it is {_kind(value)}, not an object"


def _inside(members: dict[str, msgspec.Raw], known: set[str]) -> str | None:
    """The fields that are not known, as the inside of a JSON object."""
    written = ((name, bytes(value).decode()) for name, value in members.items() if name not in known)
    return ",".join(f"{json_text(name)}:{value}" for name, value in written if value != "null") or None


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
