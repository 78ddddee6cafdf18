"""The fields that a contract does not know, each with the narrowest type that takes all its values.

A text is a number only in formats that have nothing but text, and there only if it is written as numbers
are: `007` and `+31` stay text. A moment needs an offset, for else its time zone would be a guess.
"""

import re
from collections.abc import Collection
from datetime import date, datetime
from math import isinf
from typing import Literal

import msgspec
from sqlglot import exp

from headrace.domain.batch import UnknownField
from headrace.domain.lookalikes import lookalike
from headrace.domain.plan import Boolean, Date, Double, Integer, Json, Plan, Text, Timestamp, Type
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import column, is_not_null

UNKNOWN = "unknown"
"""The column with a row's unknown fields as a JSON object, there only where the contract evolves."""

Kind = Literal["integer", "double", "boolean", "day", "moment", "text", "json"]

_MOST_NAMES = 1_000
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_REAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_DOUBLE_DIGITS = 15
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    _DAY.pattern + r"[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
)
_FIRST_DAY = date(1, 1, 2)
_LAST_DAY = date(9999, 12, 30)


def unknown_fields(
    session: Session, plan: Plan, table: str, textual: Collection[int]
) -> tuple[UnknownField, ...]:
    """The unknown fields of all rows of `table`, in the order in which they turned up; fields without a
    value anywhere are not listed, nor those that are hidden.

    `textual` are the entries whose format knows no types. Of more than 1,000 names the first are taken:
    the rest stay among the rescued fields.
    """
    hidden = lookalike(plan)
    kinds: dict[str, set[Kind]] = {}
    rows = exp.select("entry", UNKNOWN).from_(table).where(is_not_null(column(UNKNOWN)))
    for batch in session.scan(rows):
        for entry, members in zip(*(batch.column(at).to_pylist() for at in (0, 1)), strict=True):
            for name, value in _MEMBERS.decode(members).items():
                if name not in kinds and (len(kinds) == _MOST_NAMES or hidden(name)):
                    continue
                found = kinds.setdefault(name, set())
                if "json" not in found:
                    found |= _kinds(bytes(value), textual=entry in textual)
    return tuple(UnknownField(name, _type(found)) for name, found in kinds.items() if found)


def _kinds(token: bytes, *, textual: bool) -> set[Kind]:
    """The kind of a JSON value, in a set; none of `null`."""
    match token[:1]:
        case b"n":
            return set()
        case b"t" | b"f":
            return {"boolean"}
        case b"{" | b"[":
            return {"json"}
        case b'"':
            return {_kind_of_text(_TEXT.decode(token), textual=textual)}
        case _:
            return {_kind_of_number(token.decode())}


def _kind_of_number(written: str) -> Kind:
    if _INTEGER.fullmatch(written):
        return "integer" if -(2**63) <= int(written) < 2**63 else "text"
    return "text" if written.lstrip("-").isdigit() or isinf(float(written)) else "double"


def _kind_of_text(text: str, *, textual: bool) -> Kind:
    if textual and _INTEGER.fullmatch(text) and text != "-0":
        return _kind_of_number(text)
    if textual and _REAL.fullmatch(text) and sum(map(str.isdigit, text)) <= _DOUBLE_DIGITS:
        return "double"
    try:
        if _DAY.fullmatch(text) and date.fromisoformat(text):
            return "day"
        if _MOMENT.fullmatch(text) and _FIRST_DAY <= datetime.fromisoformat(text).date() <= _LAST_DAY:
            return "moment"
    except ValueError:  # the 30th of February
        pass
    return "text"


def _type(kinds: set[Kind]) -> Type:
    types: dict[frozenset[Kind], Type] = {
        frozenset({"integer"}): Integer(),
        frozenset({"double"}): Double(),
        frozenset({"integer", "double"}): Double(),
        frozenset({"boolean"}): Boolean(),
        frozenset({"day"}): Date(),
        frozenset({"moment"}): Timestamp(),
        frozenset({"day", "moment"}): Timestamp(),
    }
    if "json" in kinds:
        return Json()
    return types.get(frozenset(kinds), Text())
