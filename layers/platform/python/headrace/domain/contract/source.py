"""The values of a contract, each with the line it stands on, and what is found to be said about them."""

import difflib
from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from yaml.error import Mark

from headrace.domain.errors import InvalidContract

MAX_PROBLEMS = 100


class Place(Struct, frozen=True, eq=False):
    """A value of the contract and where it stands; lines and columns count from 1.

    `value` is the value as YAML understands it, but for dates, which stay text; `text` is a scalar as
    it is written. `key` is where the key of a mapping's entry stands; `indent` is how far the lines of a
    literal block (`|`), which begin below, are indented.
    """

    path: str
    line: int
    column: int
    value: Any
    text: str = ""
    entries: dict[str, "Place"] = {}
    items: tuple["Place", ...] = ()
    key: tuple[int, int] = (1, 1)
    indent: int | None = None

    def get(self, key: str) -> "Place | None":
        """The entry of a mapping; None where there is none or it is null."""
        entry = self.entries.get(key)
        return None if entry is None or entry.value is None else entry

    def at(self, key: str) -> "Place":
        """The entry of a mapping or, for want of it, the mapping: where to point a problem."""
        return self.get(key) or self

    def items_of(self, key: str) -> tuple["Place", ...]:
        """The items of a list in a mapping; empty where there is none."""
        entry = self.get(key)
        return entry.items if entry else ()

    def text_of(self, key: str) -> str:
        """Text in a mapping; empty where there is none."""
        entry = self.get(key)
        return entry.value if entry and isinstance(entry.value, str) else ""


class Findings:
    """What reading one contract brings to light: problems refuse it, notes do not."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: dict[tuple[int, int, str], str] = {}
        self._notes: dict[tuple[int, int, str], str] = {}

    def problem(self, place: Place, what: str, advice: str, position: tuple[int, int] | None = None) -> None:
        """Refuse the contract; of several problems with one value, the first found is told."""
        self._add(self._problems, place, what, advice, position or (place.line, place.column))

    def note(self, place: Place, what: str, advice: str) -> None:
        """Say something about a contract that is accepted."""
        self._add(self._notes, place, what, advice, (place.line, place.column))

    def fail(self, mark: Mark | None, what: str, advice: str) -> InvalidContract:
        """The error for text that cannot be read any further."""
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        self.problem(Place(path="", line=line, column=column, value=None), what, advice)
        return InvalidContract(self.problems)

    def settle(self) -> None:
        """Raise InvalidContract with every problem, if there is one."""
        if self._problems:
            raise InvalidContract(self.problems)

    @property
    def problems(self) -> tuple[str, ...]:
        lines = [self._problems[place] for place in sorted(self._problems)]
        if len(lines) > MAX_PROBLEMS:
            lines[MAX_PROBLEMS:] = [f"{self._file}:1:1: and {len(lines) - MAX_PROBLEMS} more problems"]
        return tuple(lines)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes[place] for place in sorted(self._notes))

    def _add(
        self,
        into: dict[tuple[int, int, str], str],
        place: Place,
        what: str,
        advice: str,
        position: tuple[int, int],
    ) -> None:
        line, column = position
        where = f" at {place.path}" if place.path else ""
        text = " ".join(f"{what}{where}; {advice}".split())
        printable = text.encode(errors="replace").decode()
        into.setdefault((line, column, place.path or what), f"{self._file}:{line}:{column}: {printable}")


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """Advice for a word that is not known."""
    close = difflib.get_close_matches(word, sorted(set(known) - {word}), n=1, cutoff=0.7)
    return f"did you mean {close[0]}?" if close else otherwise


def excerpt(value: object) -> str:
    """A value as a message shows it: on one line, at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
