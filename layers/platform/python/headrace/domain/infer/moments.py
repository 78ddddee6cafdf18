"""Days, moments and times of day: which format all texts of a field have."""

import re
from collections.abc import Collection, Iterator
from functools import cache
from itertools import product

from msgspec import Struct


class Moment(Struct, frozen=True):
    """A logical type for a field and its JDK pattern; ISO 8601 where that is empty."""

    logical: str
    pattern: str
    why: str


_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_FRACTION = r"(?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"
_ISO_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_DAY = re.compile(_ISO_DAY)
_TIME = re.compile(rf"{_CLOCK}(?::[0-5][0-9](?:\.[0-9]{{1,6}})?)?")
_MOMENT = re.compile(rf"{_ISO_DAY}(?:[T ]{_CLOCK}{_FRACTION}(?P<offset>{_OFFSET})?)?")

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONTH_NAMES = "january|february|march|april|may|june|july|august|september|october|november|december"
_PIECES = {
    "yyyy": r"[12][0-9]{3}",
    "yy": r"[0-9]{2}",
    "MMMM": rf"(?i:{_MONTH_NAMES})",
    "MMM": rf"(?i:{_MONTHS})",
    "MM": r"(?:0[1-9]|1[0-2])",
    "dd": r"(?:0[1-9]|[12][0-9]|3[01])",
    "M": r"(?:0?[1-9]|1[0-2])",
    "d": r"(?:0?[1-9]|[12][0-9]|3[01])",
    "HH": r"(?:[01][0-9]|2[0-3])",
    "H": r"(?:[01]?[0-9]|2[0-3])",
    "hh": r"(?:0[1-9]|1[0-2])",
    "h": r"(?:0?[1-9]|1[0-2])",
    "mm": r"[0-5][0-9]",
    "ss": r"[0-5][0-9]",
    "SSSSSS": r"[0-9]{1,6}",
    "a": r"(?i:am|pm)",
    "XXX": r"(?:Z|[+-][0-9]{2}:?[0-9]{2})",
}
_TOKEN = re.compile(r"'([^']*)'|([A-Za-z])\2*|.")
_DAYS = (
    *("yyyy-M-d", "yyyy/M/d", "yyyy.M.d"),
    *(
        f"{first}{mark}{last}"
        for mark in "/.-"
        for first in (f"M{mark}d", f"d{mark}M")
        for last in ("yyyy", "yy")
    ),
    *("d-MMM-yyyy", "d-MMM-yy", "d MMM yyyy", "MMM d, yyyy", "d MMMM yyyy", "MMMM d, yyyy", "d. MMMM yyyy"),
)
_CLOCKS = ("H:mm", "H:mm:ss", "H:mm:ss.SSSSSS", "h:mm a", "h:mm:ss a", "H:mm:ssXXX", "H:mm:ss XXX")
_PATTERNS = (
    *_DAYS,
    *(f"{day}{gap}{clock}" for day, gap, clock in product(_DAYS, (" ", "'T'", ", "), _CLOCKS)),
)
_COMPACT = "yyyyMMdd"
_DATED = re.compile(r"(?:^|_)(?:date|day|dt|on|datum|ymd)(?:_|$)")


def moment_of(texts: Collection[str], name: str) -> Moment | None:
    """The format of all these texts, if they have one; `name` is the column's."""
    first = next(iter(texts))
    if not first[:1].isascii() or not any(character.isdigit() for character in first):
        return None
    return _iso(texts) or _compact(texts, name) or _patterned(texts)


def _iso(texts: Collection[str]) -> Moment | None:
    if _all(_DAY, texts):
        return Moment("date", "", f"days from {min(texts)} to {max(texts)}")
    if _all(_TIME, texts):
        return Moment("time", "", f"times of day from {min(texts)} to {max(texts)}")
    if not _all(_MOMENT, texts):
        return None
    offsets = sum(_with_offset(text) for text in texts)
    span = f"moments from {min(texts)} to {max(texts)}"
    if offsets == len(texts):
        return Moment("timestamp", "", span)
    some = "some of them " if offsets else ""
    return Moment(
        "timestamp", "", f"{span}, {some}without an offset: read as UTC, unless defaultTimezone says more"
    )


def _with_offset(text: str) -> bool:
    found = _MOMENT.fullmatch(text)
    return bool(found and found["offset"])


def _compact(texts: Collection[str], name: str) -> Moment | None:
    """Eight digits are a day only where the name says so."""
    if not _DATED.search(name) or not _all(_regex(_COMPACT), texts):
        return None
    return Moment("date", _COMPACT, f"days from {min(texts)} to {max(texts)}")


def _patterned(texts: Collection[str]) -> Moment | None:
    fitting = [pattern for pattern in _PATTERNS if _all(_regex(pattern), texts)]
    if not fitting:
        return None
    chosen, why = fitting[0], "the one format that all values have"
    swapped = next((other for other in fitting if _swapped(other) == chosen), None)
    if swapped:
        chosen, why = _likelier(chosen, swapped, texts)
    elif _swapped(chosen) in _PATTERNS:
        why = f"it cannot be {_swapped(chosen)}: some value has more than 12 where that has the month"
    logical = "timestamp" if "mm" in chosen else "date"
    return Moment(logical, _padded(chosen, texts), why)


def _likelier(one: str, other: str, texts: Collection[str]) -> tuple[str, str]:
    """Of two readings that both fit, the one with more different days than months."""
    first, second = (len({re.findall(r"[0-9]+", text)[at].zfill(2) for text in texts}) for at in (0, 1))
    wanted = "M" if first < second else "d" if second < first else ""
    pattern = next((each for each in (one, other) if wanted and each.startswith(wanted)), one)
    rejected = other if pattern == one else one
    return pattern, f"CHECK THIS: {rejected} fits all values as well; no day beyond the 12th was seen"


def _swapped(pattern: str) -> str:
    """The pattern with day and month in each other's place; itself where they are not numbers in front."""
    return re.sub(r"^(M|d)([/.-])(?!\1)(M|d)(?!M)", r"\3\2\1", pattern)


def _padded(pattern: str, texts: Collection[str]) -> str:
    """The pattern with two letters for what always has two digits, as people write it."""
    for letter in "MdHh":
        twice = re.sub(rf"(?<![A-Za-z]){letter}(?![A-Za-z])", letter * 2, pattern)
        pattern = twice if _all(_regex(twice), texts) else pattern
    return pattern


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_pieces(pattern)))


def _pieces(pattern: str) -> Iterator[str]:
    for token in _TOKEN.finditer(pattern):
        quoted = token[1]
        yield re.escape(quoted) if quoted is not None else _PIECES.get(token[0], re.escape(token[0]))


def _all(pattern: re.Pattern[str], texts: Collection[str]) -> bool:
    return all(map(pattern.fullmatch, texts))
