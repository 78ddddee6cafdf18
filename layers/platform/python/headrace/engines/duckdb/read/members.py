"""Several files of one source, the members of an archive, which are loaded apart and then made one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from headrace.domain.formats import Csv, FixedWidth, JsonDocument, Ndjson, Parquet
from headrace.engines.sql import E, array, call, case, column, named, number

Native = Csv | FixedWidth | Ndjson | JsonDocument | Parquet
"""The formats that have a reader; all others become one of these."""


@dataclass(frozen=True)
class Part:
    """One file of the source with index `source`, and the format that it is read as; `size` is what it had
    in bytes before it was rewritten, `name` what it is called in its archive, if it came in one."""

    source: int
    format: Native
    path: Path
    size: int
    name: str = ""


def told(name: str, message: str) -> str:
    """A message about the member `name` of an archive, for the whole of it."""
    return f"{name}: {message}" if name else message


class Members:
    """Gives each part an entry to be loaded under: a source's only part that of the source, any other one
    of its own. The rows of a source's parts follow each other, in the order of `parts`."""

    def __init__(self, parts: Sequence[Part]) -> None:
        grouped: dict[int, list[Part]] = {}
        for part in parts:
            grouped.setdefault(part.source, []).append(part)
        self._first = max(grouped, default=0) + 1
        self.parts = {source: of_one[0] for source, of_one in grouped.items() if len(of_one) == 1}
        several = [part for of_one in grouped.values() if len(of_one) > 1 for part in of_one]
        self.parts |= enumerate(several, self._first)
        self._several = range(self._first, self._first + len(several))
        self._shifts: list[int] = []

    def source(self, entry: int) -> int:
        return self.parts[entry].source

    def among_several(self, entries: Iterable[int]) -> bool:
        """Whether one of the entries is one part among several."""
        return any(entry in self._several for entry in entries)

    def line_up(self, lowest: Mapping[int, int], rows: Mapping[int, int]) -> None:
        """Say where the rows of each part go: `lowest` is its first place, `rows` how many it has."""
        passed: dict[int, int] = {}
        for entry in self._several:
            before = passed.get(self.source(entry), 0)
            self._shifts.append(before + 1 - lowest.get(entry, 1))
            passed[self.source(entry)] = before + rows.get(entry, 0)

    def in_source(self) -> dict[str, E]:
        """`entry` and `place` of a row as they are in its source, once the parts are lined up."""
        several = exp.GTE(this=column("entry"), expression=number(self._first))
        shifted = exp.Add(this=column("place"), expression=self._looked_up(self._shifts))
        source = self._looked_up([self.source(entry) for entry in self._several])
        return {
            "entry": exp.cast(case((several, source), default=column("entry")), "INT"),
            "place": exp.cast(case((several.copy(), shifted), default=column("place")), "BIGINT"),
        }

    def united(self, rows: exp.Select) -> exp.Select:
        """`rows` with `entry` and `place` as they are in their source."""
        both = (named(value, name) for name, value in self.in_source().items())
        rest = exp.Star(except_=[exp.to_identifier("entry"), exp.to_identifier("place")])
        return exp.select(*both, rest).from_(rows.subquery("parts"))

    def _looked_up(self, values: Iterable[int]) -> E:
        at = exp.Sub(this=column("entry"), expression=number(self._first - 1))
        return call("LIST_EXTRACT", array(map(number, values)), at)
