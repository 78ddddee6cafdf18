"""What DuckDB's strptime makes of a text, for engines that have no such function.

The parts are taken out by one regular expression, put together as ISO 8601 and cast. Only texts that the
format's guard (`headrace.engines.duckdb.rows.casts`) lets through come here.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from headrace.engines.sql import E, call, case, data_type, first_of, joined, number, text

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TOKEN = re.compile(r"%.|\s+|[^%\s]+|%", re.DOTALL)
_TWO = "[0-9]{1,2}"
_FIRST_OF_NEXT_CENTURY = 69


def _any(names: Sequence[str]) -> str:
    """One of several names, in any case."""
    return "|".join("".join(f"[{letter.upper()}{letter}]" for letter in name) for name in names)


def _short(names: Sequence[str]) -> list[str]:
    return [name[:3] for name in names]


_PARTS = {
    "Y": "[0-9]{4}",
    **dict.fromkeys("ymdHIMS", _TWO),
    "f": "[0-9]{1,6}",
    "j": "[0-9]{1,3}",
    "p": "[AaPp][Mm]",
    "b": _any(_short(_MONTHS)),
    "B": _any(_MONTHS),
    "a": _any(_short(_DAYS)),
    "A": _any(_DAYS),
    "z": r"[+-][0-9]{2}:?(?:[0-9]{2})?",
}


@dataclass(frozen=True)
class Words:
    """What an engine calls its type for moments, and how it adds a whole number of a unit to one."""

    timestamp: exp.DataType
    add: Callable[[str, E, E], E]


def strptime(value: E, pattern: str, words: Words) -> E:
    """The moment that a text says by a strptime format, in UTC where it has an offset; else NULL."""
    return _Text(value, pattern, words).moment()


class _Text:
    """A text and the parts that a format finds in it."""

    def __init__(self, value: E, pattern: str, words: Words) -> None:
        self._value, self._words = value, words
        directives: list[str] = []
        shape = ""
        for token in _TOKEN.findall(pattern):
            code = token[1:] if token[0] == "%" else ""
            if code in _PARTS:
                directives.append(code)
                shape += f"({_PARTS[code]})"
            else:
                shape += r"\s+" if token.isspace() else re.escape("%" if code == "%" else token)
        self._shape = rf"\A\s*{shape}\s*\z"
        self._at = {code: at for at, code in enumerate(directives, 1)}

    def moment(self) -> E:
        parts = [*self._day(), text(" "), self._hour(), text(":"), self._two("M"), text(":"), self._two("S")]
        if "f" in self._at:
            parts += [text("."), call("RPAD", self._part("f"), number(6), text("0"))]
        moment: E = exp.TryCast(this=joined(*parts), to=self._words.timestamp.copy(), safe=True)
        if self._by_day_of_year:
            moment = self._later_by_days(moment)
        return in_utc(moment, self._part("z"), self._words) if "z" in self._at else moment

    @property
    def _by_day_of_year(self) -> bool:
        return "j" in self._at and not {"m", "b", "B", "d"} & self._at.keys()

    def _part(self, code: str, shape: str = "") -> E:
        return call("REGEXP_EXTRACT", self._value.copy(), text(shape or self._shape), number(self._at[code]))

    def _two(self, code: str, absent: str = "00") -> E:
        """A part as two digits."""
        return call("LPAD", self._part(code), number(2), text("0")) if code in self._at else text(absent)

    def _day(self) -> list[E]:
        return [self._year(), text("-"), self._month(), text("-"), self._two("d", "01")]

    def _year(self) -> E:
        if "Y" in self._at:
            return self._part("Y")
        if "y" not in self._at:
            return text("1900")
        century = case(
            (exp.GTE(this=self._two("y"), expression=text(str(_FIRST_OF_NEXT_CENTURY))), text("19")),
            default=text("20"),
        )
        return joined(century, self._two("y"))

    def _month(self) -> E:
        for code, names in (("B", list(_MONTHS)), ("b", _short(_MONTHS))):
            if code in self._at:
                name = exp.Lower(this=self._part(code))
                branches = ((_same(name, one), text(f"{at:02}")) for at, one in enumerate(names, 1))
                return case(*branches)
        return self._two("m", "01")

    def _hour(self) -> E:
        """Of 24; noon and midnight are 12 on a clock of 12."""
        if "I" not in self._at:
            return self._two("H")
        hour = _whole(self._part("I"))
        later = case((_same(exp.Lower(this=self._part("p")), "pm"), number(12)), default=number(0))
        of_24 = exp.Add(this=exp.paren(exp.Mod(this=hour, expression=number(12))), expression=later)
        written = call("LPAD", exp.cast(of_24, "TEXT"), number(2), text("0"))
        return case((exp.Between(this=hour.copy(), low=number(1), high=number(12)), written))

    def _later_by_days(self, moment: E) -> E:
        day = _whole(self._part("j"))
        later = self._words.add("day", exp.Sub(this=day, expression=number(1)), moment)
        return case((exp.Between(this=day.copy(), low=number(1), high=number(366)), later))


def in_utc(moment: E, offset: E, words: Words) -> E:
    """A local moment minus its offset (`+05:30`, `-0330`, `+01`); one that is no number of hours is none."""
    hours = exp.Substring(this=offset, start=number(2), length=number(2))
    digits = call("REGEXP_EXTRACT", offset.copy(), text(r"[+-][0-9]{2}:?([0-9]{2})"), number(1))
    minutes = exp.Add(
        this=exp.Mul(this=first_of(_whole(hours), number(0)), expression=number(60)),
        expression=first_of(_whole(digits), number(0)),
    )
    ahead = exp.EQ(this=exp.Left(this=offset.copy(), expression=number(1)), expression=text("+"))
    back = case((ahead, exp.Neg(this=exp.paren(minutes))), default=minutes.copy())
    return words.add("minute", back, moment)


def _whole(digits: E) -> E:
    return exp.TryCast(this=digits, to=data_type("INT"), safe=True)


def _same(value: E, other: str) -> E:
    return exp.EQ(this=value.copy(), expression=text(other))
