"""Reads CSV record by record, so that a broken one costs itself and not the file.

The grammar is RFC 4180's, as DuckDB reads it and somewhat wider: a record ends at LF, CRLF or CR; blank
lines are no records; a quoted field may have spaces around its quotes; a quote inside an unquoted field
is a character; fields beyond the header are no fault where they are empty. A record that breaks it
(another number of fields, text after a closing quote, a quote that is never closed, bytes that are not
UTF-8, more than RECORD_BYTES) is given up alone: reading goes on at the next line.
"""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass

from headrace.domain.plan import Csv

RECORD_BYTES = 2_000_000
BOM = b"\xef\xbb\xbf"

_BLANK_LINES = re.compile(rb"[\r\n]*")
_LINE = re.compile(rb"[^\r\n]*")
# After so many quotes that nothing closes, a quote is looked for in its own line only: a file full of
# them is still read in linear time.
_PATIENCE = 1_000

_UNCLOSED = "a quote is opened and never closed"
_TRAILING = "there is text after a closing quote"
_NOT_UTF8 = "it is not UTF-8"
_TOO_LONG = f"it is longer than {RECORD_BYTES} bytes"

Buffer = bytes | mmap.mmap


@dataclass(frozen=True, slots=True)
class Record:
    """Where one record begins and ends, its line end not included, and its fields or its problem."""

    begin: int
    end: int
    fields: list[str]
    problem: str = ""


class Grammar:
    """The syntax of one contract's CSV."""

    def __init__(self, csv: Csv) -> None:
        self._delimiter = csv.delimiter
        self._quote = csv.quote.encode()
        part, quote = re.escape(csv.delimiter.encode()), re.escape(self._quote)
        space = b"" if csv.delimiter == " " else b" *"
        quoted = space + quote + b"((?:[^" + quote + b"]++|" + quote * 2 + b")*+)" + quote
        plain = b"(?!" + space + quote + b")([^" + part + b"\r\n]*+)"
        self._field = re.compile(b"(?:" + quoted + space + b"|" + plain + b")(" + part + b"|(?=[\r\n])|\\Z)")
        self._closed = re.compile(quoted)

    def records(self, data: Buffer, begin: int, width: int | None = None) -> Iterator[Record]:
        """The records from `begin` on; those of another number of fields than `width` are broken."""
        patience = _PATIENCE
        while (begin := _end(_BLANK_LINES, data, begin)) < len(data):
            record = self._record(data, begin, patient=patience > 0)
            patience -= record.problem == _UNCLOSED
            yield record if width is None else _of_width(record, width)
            begin = record.end

    def _record(self, data: Buffer, begin: int, *, patient: bool) -> Record:
        line_end = _end(_LINE, data, begin)
        if line_end - begin > RECORD_BYTES:
            return Record(begin, line_end, [], _TOO_LONG)
        line = data[begin:line_end]
        try:
            if self._quote not in line:
                return Record(begin, line_end, line.decode().split(self._delimiter))
            return self._quoted_record(data, begin, line_end, patient)
        except UnicodeDecodeError:
            return Record(begin, line_end, [], _NOT_UTF8)

    def _quoted_record(self, data: Buffer, begin: int, line_end: int, patient: bool) -> Record:
        """A record that may go on beyond its first line."""
        limit = min(len(data), begin + RECORD_BYTES) if patient else line_end
        fields: list[str] = []
        at = begin
        while found := self._field.match(data, at, limit):
            quoted, plain, delimiter = found.groups()
            fields.append(
                (plain if quoted is None else quoted.replace(self._quote * 2, self._quote)).decode()
            )
            at = found.end()
            if not delimiter:
                cut = at == limit and limit not in (line_end, len(data))
                return Record(begin, line_end, [], _TOO_LONG) if cut else Record(begin, at, fields)
        problem = _TRAILING if self._closed.match(data, at, limit) else _UNCLOSED
        return Record(begin, line_end, [], problem)


def _end(pattern: re.Pattern[bytes], data: Buffer, begin: int) -> int:
    """Where a pattern that matches anything ends."""
    found = pattern.match(data, begin)
    return found.end() if found else begin


def _of_width(record: Record, width: int) -> Record:
    count = len(record.fields)
    if record.problem or count == width:
        return record
    if count > width and not any(record.fields[width:]):
        return Record(record.begin, record.end, record.fields[:width])
    problem = f"{count} field{'s' * (count != 1)} where the header has {width}"
    return Record(record.begin, record.end, [], problem)
