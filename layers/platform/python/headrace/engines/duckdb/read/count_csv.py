"""Counts a CSV file's records without splitting them, where DuckDB's reading is sure to be ours."""

import re
from dataclasses import dataclass
from typing import BinaryIO

from headrace.domain.formats import Csv

_PIECE = 256 << 10
_LONGEST_LINE = 64 << 20


@dataclass
class _LineEnds:
    """The line ends outside of quotes, by kind, and how many of them nothing but line ends follows."""

    lf: int = 0
    cr: int = 0
    crlf: int = 0
    trailing: int = 0

    def add(self, lines: bytes, outside: bytes) -> None:
        """Count those of `lines`, whose marks `outside` of quotes are given."""
        lf = outside.count(b"\n")
        self.lf, self.cr = self.lf + lf, self.cr + outside.count(b"\r")
        self.crlf += outside.count(b"\r\n")
        text = lines.rstrip(b"\r\n")
        self.trailing = lines.count(b"\n", len(text)) + (0 if text else self.trailing)

    @property
    def alike(self) -> bool:
        return self.cr == self.crlf and self.crlf in (0, self.lf)


def count_records(file: BinaryIO, csv: Csv, begin: int) -> int | None:
    """How many records stand in the file from the byte `begin` on, a header not counted, by line ends
    outside of quotes.

    None where DuckDB's reading may not be ours: another dialect than quotes that are doubled, line ends
    of two kinds, NUL, a line that is very long, or a quote that neither opens nor closes a field.
    """
    if not _is_common(csv):
        return None
    quote, ends, any_text = csv.quote.encode(), _LineEnds(), False
    others = bytes(set(range(256)) - set(quote + b"\r\n"))
    sound = _quotes_whole_fields(csv) if quote else None
    rest = b""
    file.seek(begin)
    following = file.read(_PIECE)
    while following:
        whole, following = rest + following, file.read(min(max(_PIECE, len(rest)), _LONGEST_LINE))
        last = not following
        lines = whole if last else whole[: whole.rfind(b"\n") + 1]
        marks = lines.translate(None, others)
        parts = marks.replace(quote * 2, b"").split(quote) if quote else [marks]
        if len(parts) % 2 == 0 or not lines:  # it ends in the middle of a record
            if last or len(whole) > _LONGEST_LINE:
                return None
            rest = whole
            continue
        if b"\0" in lines or (sound and quote in marks and not sound.fullmatch(lines)):
            return None
        ends.add(lines, b"".join(parts[::2]))
        any_text = any_text or bool(lines.strip(b"\r\n"))
        rest = whole[len(lines) :]
    if not ends.alike:
        return None
    return ends.lf - ends.trailing + any_text - csv.header


def _is_common(csv: Csv) -> bool:
    marks = csv.delimiter + csv.quote
    one_byte = len(csv.delimiter) == 1 and csv.delimiter != " " and marks.isascii()
    return one_byte and csv.escape == csv.quote and not (csv.comment or csv.trim or csv.skip)


def _quotes_whole_fields(csv: Csv) -> re.Pattern[bytes]:
    """Matches a file in which every quote opens or closes a field, or is doubled inside of one.

    DuckDB 1.5.5 reads `"x" "y"` as one field and drops a last record whose quote is never closed.
    """
    quote, outside = re.escape(csv.quote.encode()), b"[^" + re.escape(csv.delimiter.encode()) + b"\r\n]"
    text = b"[^" + quote + b"]*+"
    inside = text + b"(?:" + quote * 2 + text + b")*+"
    field = b"(?<!" + outside + b")" + quote + inside + quote + b"(?!" + outside + b")"
    return re.compile(text + b"(?:" + field + text + b")*+")
