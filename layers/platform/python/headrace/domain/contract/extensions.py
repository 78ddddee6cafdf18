"""Headrace's own settings in a contract: ODCS custom properties whose name begins with `headrace.`.

The tables below are all there are: the compiler, the editors' JSON schema and a test of the docs read them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args

from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt
from headrace.domain.plan import Mask

_Word = TypeVar("_Word", bound=str)
Shape = dict[str, Any]
"""What a setting's value looks like, as JSON Schema."""

_TEXT: Shape = {"type": "string"}
_TEXTS: Shape = {"type": "array", "items": {"type": ["string", "number", "boolean"]}, "minItems": 1}
_COUNT: Shape = {"type": "integer", "minimum": 0}
_FLAG: Shape = {"type": "boolean"}
_MARK: Shape = {"type": "string", "maxLength": 1}


def _one_of(*choices: str) -> Shape:
    return {"enum": list(choices)}


CONTRACT: dict[str, Shape] = {
    "headrace.evolution": _one_of("rescue", "freeze", "evolve"),
    "headrace.reupload": _one_of("immutable", "append"),
    "headrace.keysWithin": _one_of("table", "batch"),
    "headrace.profile": _FLAG,
    "headrace.maxQuarantinedPercent": {"type": "number", "minimum": 0, "maximum": 100},
    "headrace.queries": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"name": _TEXT, "sql": _TEXT},
            "required": ["name", "sql"],
            "additionalProperties": False,
        },
    },
    "headrace.sql": _TEXT,
    "headrace.examples": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "row": {"type": "object"},
                "valid": {"const": True},
                "breaks": {"type": "array", "items": {"type": ["string", "object"]}, "minItems": 1},
            },
            "required": ["row"],
            "additionalProperties": False,
        },
    },
}
SERVER: dict[str, Shape] = {
    "headrace.quote": _MARK,
    "headrace.escape": _MARK,
    "headrace.header": _FLAG,
    "headrace.skip": _COUNT,
    "headrace.comment": _TEXT,
    "headrace.trim": _FLAG,
    "headrace.nulls": _TEXTS,
    "headrace.recordPath": _TEXT,
    "headrace.sheet": _TEXT,
}
INNER: dict[str, Shape] = {
    "headrace.mask": _one_of(*get_args(Mask), "none"),
    "headrace.aliases": _TEXTS,
    "headrace.true": _TEXTS,
    "headrace.false": _TEXTS,
}
COLUMN: dict[str, Shape] = {
    **INNER,
    "headrace.partition": {"type": "string", "pattern": r"^(identity|year|month|day|hour|truncate\(\d+\))$"},
    "headrace.start": {"type": "integer", "minimum": 1},
    "headrace.width": {"type": "integer", "minimum": 1},
}
RELATIONSHIP: dict[str, Shape] = {"headrace.severity": _one_of("warning", "error")}
_LEVELS = {
    "the contract": CONTRACT,
    "a server": SERVER,
    "a column": COLUMN,
    "a relationship": RELATIONSHIP,
}


class Settings(Mapping[str, Place]):
    """The `headrace.*` settings of one element of the contract; other custom properties are let be.

    One that is not `known` there, stands twice or has no value is a problem.
    """

    def __init__(self, place: Place, known: Mapping[str, Shape], found: Findings) -> None:
        self._found = found
        self._values: dict[str, Place] = {}
        for entry in place.items_of("customProperties"):
            name, value = entry.text_of("property"), entry.get("value")
            if not name.lower().startswith("headrace"):
                continue
            here = entry.at("property")
            if name not in known:
                found.problem(here, f"{excerpt(name)} means nothing here", _where(name, tuple(known)))
            elif name in self._values:
                found.problem(here, f"{name} stands twice", "keep one")
            elif value is None:
                found.problem(here, f"{name} has no value", "add value")
            else:
                self._values[name] = value

    def __getitem__(self, name: str) -> Place:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def choice(self, name: str, choices: tuple[_Word, ...]) -> _Word:
        """One of some words; the first where nothing is set."""
        place = self.get(name)
        if place is None:
            return choices[0]
        for word in choices:
            if word == place.value:
                return word
        advice = did_you_mean(place.text, choices, f"write one of {', '.join(choices)}")
        self._found.problem(place, f"{excerpt(place.value)} is no choice here", advice)
        return choices[0]

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, or one, as they are written; empty where nothing is set."""
        place = self.get(name)
        if place is None:
            return ()
        listed = place.items or ((place,) if place.text else ())
        if not listed or not all(one.text for one in listed):
            self._found.problem(place, f"{excerpt(place.value)} is no list of texts", "write [one, two]")
        return tuple(dict.fromkeys(one.text for one in listed))

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        place = self.get(name)
        if place is None or isinstance(place.value, bool):
            return place.value if place else default
        self._found.problem(place, f"{excerpt(place.value)} is neither true nor false", "write true or false")
        return default

    def count(self, name: str, least: int, most: int, default: int) -> int:
        """A whole number from `least` to `most`."""
        place = self.get(name)
        if place is None:
            return default
        if (
            isinstance(place.value, bool)
            or not isinstance(place.value, int)
            or not least <= place.value <= most
        ):
            advice = f"write a whole number from {least} to {most}"
            self._found.problem(place, f"{excerpt(place.value)} is no such number", advice)
            return default
        return place.value


def _where(name: str, known: tuple[str, ...]) -> str:
    for level, names in _LEVELS.items():
        if name in names and tuple(names) != known:
            return f"it belongs among the customProperties of {level}"
    return did_you_mean(name, known, f"known here: {', '.join(known) or 'none'}")
