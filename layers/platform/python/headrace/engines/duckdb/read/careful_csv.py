"""Reads CSV record by record, so that a broken one costs itself and not the file.

The grammar is RFC 4180's, as DuckDB reads it and somewhat wider: a record ends at LF, CRLF or CR; blank
lines are no records; a quoted field may have spaces around its quotes; a quote inside an unquoted field
is a character; fields beyond the header are no fault where they are empty. An escape that is not the
quote makes a delimiter, quote, escape or line end after it a part of the value, and stands for itself
before anything else. A record that breaks the grammar (another number of fields, text after a closing
quote, a quote that is never closed, bytes that are not UTF-8, more than RECORD_BYTES) is given up alone:
reading goes on at the next line.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from headrace.domain.formats import Csv
from headrace.engines.duckdb.read.window import Window

RECORD_BYTES = 2_000_000
BOM = b"\xef\xbb\xbf"

_BLANK_LINES = re.compile(rb"[\r\n]*")
_LINE = re.compile(rb"[^\r\n]*")
_SPACES = " \t"
# After so many quotes that nothing closes, a quote is looked for in its own line only: a file full of
# them is still read in linear time.
_PATIENCE = 1_000

_UNCLOSED = "a quote is opened and never closed"
_TRAILING = "there is text after a closing quote"
NOT_UTF8 = "it is not UTF-8"
TOO_LONG = f"it is longer than {RECORD_BYTES} bytes"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the position in the file of its line end, its fields or its problem, and for the latter
    its text, cut off beyond RECORD_BYTES; `size` is in bytes."""

    end: int
    size: int
    fields: list[str]
    problem: str = ""
    text: bytes = b""


class Grammar:
    """The syntax of one contract's CSV."""

    def __init__(self, csv: Csv) -> None:
        self._csv, self._quote, self._escape = csv, csv.quote.encode(), csv.escape.encode()
        self._doubled = csv.escape == csv.quote
        part, mark, escaped = (re.escape(one.encode()) for one in (csv.delimiter, csv.quote, csv.escape))
        special = b"|".join(filter(None, (part, mark, escaped, rb"\r\n?|\n")))
        if csv.escape and not self._doubled:
            plain = b"(?:" + escaped + b"(?:" + special + b")|(?!" + part + rb")[^\r\n])*+"
            inside = b"(?:[^" + mark + escaped + b"]++|" + escaped + b".)*+"
        else:
            one_byte = len(csv.delimiter.encode()) == 1
            plain = b"[^" + part + rb"\r\n]*+" if one_byte else b"(?:(?!" + part + rb")[^\r\n])*+"
            inside = b"(?:[^" + mark + b"]++|" + mark * 2 + b")*+" if csv.escape else b"[^" + mark + b"]*+"
        space = b"" if csv.delimiter.startswith(" ") else b" *"
        quoted = space + mark + b"(" + inside + b")" + mark if mark else b"(?!)()"
        unquoted = (b"(?!" + space + mark + b")" if mark else b"") + b"(" + plain + b")"
        end = b"(" + part + rb"|(?=[\r\n])|\Z)"
        self._field = re.compile(b"(?:" + quoted + space + b"|" + unquoted + b")" + end, re.DOTALL)
        self._closed = re.compile(quoted, re.DOTALL)
        self._special = re.compile(escaped + b"(" + special + b")")

    def records(self, window: Window, width: int | None = None) -> Iterator[Record]:
        """The records of what is seen; those of another number of fields than `width` are broken."""
        patience, at = _PATIENCE, 0
        comment = self._csv.comment.encode()
        while True:
            at = window.see(at, RECORD_BYTES + 2)
            at = _end(_BLANK_LINES, window.data, at)
            if at == len(window.data):
                if window.ended:
                    return
                continue
            if comment and window.data.startswith(comment, at):
                at = window.end_of_line(at)
                continue
            at = window.see(at, RECORD_BYTES + 2)
            record, at = self._record(window, at, patient=patience > 0)
            patience -= record.problem == _UNCLOSED
            yield record if width is None else _of_width(record, width, window)

    def _record(self, window: Window, begin: int, *, patient: bool) -> tuple[Record, int]:
        """The record that begins at `begin` in the window, and where in it the record ends."""
        data = window.data
        line_end = _end(_LINE, data, begin, begin + RECORD_BYTES + 1)
        if line_end - begin > RECORD_BYTES:
            cut = data[begin : begin + RECORD_BYTES]
            start = window.offset + begin
            end = window.end_of_line(line_end)
            return Record(window.offset + end, window.offset + end - start, [], TOO_LONG, cut), end
        line = data[begin:line_end]
        fields, end, problem = None, line_end, ""
        try:
            if self._is_plain(line):
                fields = self._split(line.decode())
            else:
                fields, end, problem = self._marked(data, begin, line_end, patient)
        except UnicodeDecodeError:
            problem = NOT_UTF8
        text = data[begin:end] if problem else b""
        return Record(window.offset + end, end - begin, fields or [], problem, text), end

    def _is_plain(self, line: bytes) -> bool:
        """Whether a line is a record that is parted by its delimiters alone."""
        if self._quote and self._quote in line:
            return False
        return self._doubled or not self._escape or self._escape not in line

    def _split(self, line: str) -> list[str]:
        fields = line.split(self._csv.delimiter)
        return [field.strip(_SPACES) for field in fields] if self._csv.trim else fields

    def _marked(self, data: bytes, begin: int, line_end: int, patient: bool) -> tuple[list[str], int, str]:
        """A record with quotes or escapes, which may go on beyond its first line: fields, end, problem."""
        limit = min(len(data), begin + RECORD_BYTES) if patient else line_end
        fields: list[str] = []
        at = begin
        while found := self._field.match(data, at, limit):
            quoted, plain, delimiter = found.groups()
            fields.append(self._quoted(quoted) if plain is None else self._unquoted(plain))
            at = found.end()
            if not delimiter:
                cut = at == limit and limit not in (line_end, len(data))
                return ([], line_end, TOO_LONG) if cut else (fields, at, "")
        return [], line_end, _TRAILING if self._closed.match(data, at, limit) else _UNCLOSED

    def _quoted(self, written: bytes) -> str:
        if self._doubled:
            return written.replace(self._quote * 2, self._quote).decode()
        return self._unescaped(written)

    def _unquoted(self, written: bytes) -> str:
        value = written.decode() if self._doubled else self._unescaped(written)
        return value.strip(_SPACES) if self._csv.trim else value

    def _unescaped(self, written: bytes) -> str:
        return (self._special.sub(rb"\1", written) if self._escape else written).decode()


def _of_width(record: Record, width: int, window: Window) -> Record:
    count = len(record.fields)
    if record.problem or count == width:
        return record
    if count > width and not any(record.fields[width:]):
        return Record(record.end, record.size, record.fields[:width])
    end = record.end - window.offset
    problem = f"{count} field{'s' * (count != 1)} where the header has {width}"
    return Record(record.end, record.size, [], problem, window.data[end - record.size : end])


def _end(pattern: re.Pattern[bytes], data: bytes, begin: int, limit: int = sys.maxsize) -> int:
    """Where a pattern that matches anything ends, before `limit`."""
    found = pattern.match(data, begin, limit)
    return found.end() if found else begin
