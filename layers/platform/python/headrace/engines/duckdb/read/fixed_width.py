"""Reads fixed-width text line by line: a line that cannot be read costs itself and not the file.

Widths count characters. A line may end early: the fields beyond its end have no value. What stands
outside of the contract's fields, and is not blank, is a field of its own, named by where it stands.
"""

from collections.abc import Iterator

from headrace.domain.formats import FixedWidth
from headrace.engines.duckdb.read.careful_csv import NOT_UTF8, RECORD_BYTES, TOO_LONG, Record
from headrace.engines.duckdb.read.window import Window

_SPACES = " \t"


def field_names(fixed: FixedWidth) -> tuple[str, ...]:
    """The names of the fields, then those of the gaps between and behind them."""
    gaps = (
        f"characters {begin + 1} to {end}" if end else f"characters from {begin + 1}"
        for begin, end in _gaps(fixed)
    )
    return (*(name for name, _, _ in fixed.fields), *gaps)


class FixedGrammar:
    """The layout of one contract's lines."""

    def __init__(self, fixed: FixedWidth) -> None:
        fields = [(begin, begin + length) for _, begin, length in fixed.fields]
        self._slices = [slice(begin, end) for begin, end in [*fields, *_gaps(fixed)]]
        self._comment = fixed.comment.encode()

    def records(self, window: Window, _: int | None = None) -> Iterator[Record]:
        """The lines of what is seen that are neither blank nor comments; all have the layout's width."""
        at = 0
        while True:
            at = window.see(at, RECORD_BYTES + 2)
            if at == len(window.data):
                return
            begin = window.offset + at
            cut = window.data[at : at + RECORD_BYTES + 1]
            end = window.end_of_line(at)
            size = window.offset + end - begin
            line = cut[:size]
            if line.strip() and not (self._comment and line.startswith(self._comment)):
                yield self._record(line, window.offset + end, size)
            at = window.after_line(end)

    def _record(self, line: bytes, end: int, size: int) -> Record:
        if size > RECORD_BYTES:
            return Record(end, size, [], TOO_LONG, line[:RECORD_BYTES])
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return Record(end, size, [], NOT_UTF8, line)
        return Record(end, size, [text[one].strip(_SPACES) for one in self._slices])


def _gaps(fixed: FixedWidth) -> list[tuple[int, int | None]]:
    """The ranges of characters that belong to no field, as (begin, end); the last has no end."""
    spans = sorted((begin, begin + length) for _, begin, length in fixed.fields)
    reached = [0]
    for _, end in spans:
        reached.append(max(reached[-1], end))
    between = [(end, begin) for end, (begin, _) in zip(reached, spans, strict=False) if begin > end]
    return [*between, (reached[-1], None)]
