"""Function signatures, `name(argument types) -> type := DuckDB template`, and how a call picks one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from headrace_local.athena.trino.coercion import as_decimal, coerces, common
from headrace_local.athena.trino.types import UNKNOWN, VARCHAR, Type, decimal, timestamp, timestamp_tz

_CALENDAR = ("date", "timestamp", "timestamp with time zone")
_VARIABLES = {"T", "U", "K", "V", "N", "I"}
_LINE = re.compile(r"(?P<names>[\w/]+)\((?P<args>.*?)\)\s*->\s*(?P<returns>[^:]+?)\s*:=\s*(?P<template>.+)")


@dataclass(frozen=True)
class Signature:
    """One overload; its types may be variables: N is any number, I any integer, the others anything."""

    name: str
    args: tuple[Type, ...]
    returns: Type
    template: str

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.args))})"


@dataclass
class Match:
    """An overload that fits a call: the types its arguments must be converted to, and the result's."""

    signature: Signature
    args: list[Type] = field(default_factory=list)
    returns: Type = UNKNOWN


def signatures(table: str) -> dict[str, list[Signature]]:
    """The overloads of a table by function name; `a/b(x)` declares the same for two names."""
    found: dict[str, list[Signature]] = {}
    for line in filter(None, map(str.strip, table.splitlines())):
        parsed = _LINE.fullmatch(line)
        if parsed is None:
            raise ValueError(f"not a signature: {line}")
        args, returns = tuple(_patterns(parsed["args"])), next(_patterns(parsed["returns"]))
        for name in parsed["names"].split("/"):
            found.setdefault(name, []).append(Signature(name, args, returns, parsed["template"]))
    return found


def _patterns(text: str) -> Iterator[Type]:
    """The types of a comma-separated list such as `array(T), timestamptz`, short for the long name."""
    depth, start = 0, 0
    for i, char in enumerate(text + ","):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            part = text[start:i].strip()
            start = i + 1
            if part:
                yield _pattern(part)


def _pattern(text: str) -> Type:
    name, _, inner = text.partition("(")
    if name == "decimal" and inner:
        precision, scale = inner.rstrip(")").split(",")
        return Type("decimal", int(precision), -1 if scale.strip() == "s" else int(scale))
    if inner:
        return Type(name, args=tuple(_patterns(inner[:-1])))
    fixed = {"timestamptz": Type("timestamp with time zone"), "interval": Type("interval day to second")}
    return fixed.get(name, Type(name))


def choose(overloads: Sequence[Signature], actual: Sequence[Type]) -> Match | None:
    """The overload whose arguments fit as they are; failing that the first they coerce to."""
    fitting = [m for s in overloads if (m := _match(s, actual)) is not None]
    exact = [m for m in fitting if all(a.name == w.name for a, w in zip(actual, m.args, strict=True))]
    return next(iter([*exact, *fitting]), None)


def _match(signature: Signature, actual: Sequence[Type]) -> Match | None:
    if len(signature.args) != len(actual):
        return None
    bound: dict[str, Type] = {}
    if not all(_bind(p, t, bound) for p, t in zip(signature.args, actual, strict=True)):
        return None
    wanted = [_resolve(p, bound) for p in signature.args]
    if not all(coerces(t, w) for t, w in zip(actual, wanted, strict=True)):
        return None
    return Match(signature, wanted, _resolve(signature.returns, bound))


def _bind(pattern: Type, actual: Type, bound: dict[str, Type]) -> bool:
    """Learn what the pattern's variables stand for; false where the type cannot fit."""
    if pattern.name in _VARIABLES:
        if (pattern.name == "N" and not actual.is_numeric) or (
            pattern.name == "I" and not actual.is_integral
        ):
            return actual == UNKNOWN
        merged = common(bound.get(pattern.name, actual), actual)
        bound[pattern.name] = merged if merged is not None else actual
        return merged is not None
    if pattern.args:
        if actual == UNKNOWN:
            return all(_bind(p, UNKNOWN, bound) for p in pattern.args)
        same = actual.name == pattern.name and len(actual.args) == len(pattern.args)
        return same and all(_bind(p, a, bound) for p, a in zip(pattern.args, actual.args, strict=True))
    if pattern.name == "local" and actual.name not in _CALENDAR:
        return False
    open_type = _open(pattern, actual)
    if open_type is not None:
        merged = common(bound.get(pattern.name, open_type), open_type)
        bound[pattern.name] = merged or open_type
    return True


def _open(pattern: Type, actual: Type) -> Type | None:
    """The type that a pattern without its parameters (`decimal`, `timestamp`) takes for an argument."""
    match pattern.name:
        case "decimal" if pattern.length is None and (actual.name == "decimal" or actual.is_integral):
            return as_decimal(actual)
        case "timestamp" | "timestamp with time zone" if actual.name in (pattern.name, "timestamp", "date"):
            fraction = actual.length or 0
            return (
                timestamp(fraction)
                if pattern.name == "timestamp"
                else timestamp_tz(fraction, actual.zone or "UTC")
            )
        case "local":
            return actual
    return None


def _resolve(pattern: Type, bound: dict[str, Type]) -> Type:
    if pattern.name == "decimal" and pattern.scale == -1:
        return decimal(pattern.length or 0, bound["decimal"].scale)
    if pattern.args:
        return Type(
            pattern.name,
            args=tuple(_resolve(p, bound) for p in pattern.args),
            names=(None,) * _width(pattern),
        )
    if pattern.name in bound:
        return bound[pattern.name]
    fallback = {"timestamp": timestamp(), "timestamp with time zone": timestamp_tz(), "varchar": VARCHAR}
    return fallback.get(pattern.name, UNKNOWN if pattern.name in _VARIABLES else pattern)


def _width(pattern: Type) -> int:
    return len(pattern.args) if pattern.name == "row" else 0
