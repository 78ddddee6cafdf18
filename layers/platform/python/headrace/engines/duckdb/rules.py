"""A plan's row rules and masks as expressions over typed values."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from decimal import Decimal as Number

from sqlglot import exp

from headrace.domain.plan import (
    Decimal,
    Integer,
    Length,
    Mask,
    OneOf,
    Pattern,
    Range,
    Rule,
    Text,
    Type,
)
from headrace.engines.duckdb.casts import sql_type, whole_match
from headrace.engines.sql import E, any_of, array, case, is_not_null, joined, number, text

MASKING_KEY = "masking_key"
"""The parameter that statements with a mask of kind `hash` take."""

_EXCERPT = 100
_HASH_DIGITS = 32
_KEPT, _KEPT_IF_LONGER_THAN = 4, 8
_EXACT = Context(prec=300)


def name_of(rule: Rule) -> str:
    """The rule's name in reasons."""
    match rule:
        case Pattern():
            return "pattern"
        case Length():
            return "length"
        case Range():
            return "range"
        case OneOf():
            return "enum"


def breaks(rule: Rule, type_: Type, value: E) -> E:
    """Whether a typed value breaks a rule; NULL or false for no value."""
    match rule:
        case Pattern(regex=regex):
            return exp.Not(this=whole_match(value, regex))
        case Length(least=least, most=most):
            length = exp.Length(this=value)
            short = [] if least is None else [exp.LT(this=length, expression=number(least))]
            long = [] if most is None else [exp.GT(this=length, expression=number(most))]
            return any_of([*short, *long])
        case Range():
            return any_of(_beyond(rule, type_, value))
        case OneOf(values=values):
            return exp.Not(this=_one_of(values, type_, value))


def masked(mask: Mask | None, value: E) -> E:
    """A text as its column's mask shows it; NULL stays NULL."""
    match mask:
        case "hash":
            key = exp.Placeholder(this=MASKING_KEY)
            digest = exp.SHA2(
                this=joined(key, exp.Encode(this=value, charset=text("utf-8"))), length=number(256)
            )
            return exp.Left(this=digest, expression=number(_HASH_DIGITS))
        case "redact":
            return case((is_not_null(value), text("***")))
        case "partial":
            return _partial(value)
        case None:
            return value


def excerpt(mask: Mask | None, value: E) -> E:
    """What a reason shows of a value."""
    shown = exp.Left(this=masked(mask, value), expression=number(_EXCERPT))
    return exp.Coalesce(this=shown, expressions=[text("")])


def _partial(value: E) -> E:
    length = exp.Length(this=value)
    hidden = exp.Sub(this=length, expression=number(_KEPT))
    return case(
        (exp.GT(this=length, expression=number(_KEPT_IF_LONGER_THAN)),
         joined(exp.Repeat(this=text("*"), times=hidden), exp.Right(this=value, expression=number(_KEPT)))),
        default=exp.Repeat(this=text("*"), times=length),
    )  # fmt: skip


def _one_of(values: tuple[str, ...], type_: Type, value: E) -> E:
    if isinstance(type_, Integer):
        return exp.ArrayContains(
            this=array(exp.Literal.number(one) for one in values), expression=exp.cast(value, "BIGINT")
        )
    as_text = value if isinstance(type_, Text) else exp.cast(value, "TEXT")
    return exp.ArrayContains(this=array(map(text, values)), expression=as_text)


def _beyond(rule: Range, type_: Type, value: E) -> Iterator[E]:
    """The conditions under which a value is out of range."""
    if rule.least is not None:
        too_low = exp.LTE if rule.least_excluded else exp.LT
        yield _compared(too_low, type_, value, rule.least)
    if rule.most is not None:
        too_high = exp.GTE if rule.most_excluded else exp.GT
        yield _compared(too_high, type_, value, rule.most)


def _compared(operator: type[exp.Binary], type_: Type, value: E, bound: str) -> E:
    """A comparison in the column's own type: an exact bound is moved to the nearest number of that type
    that parts its values in the same way."""
    if isinstance(type_, Integer | Decimal):
        least, most, unit = _grid(type_)
        rounding = ROUND_CEILING if operator in (exp.LT, exp.GTE) else ROUND_FLOOR
        moved = Number(bound).quantize(unit, rounding, _EXACT)
        if not least <= moved <= most:
            always = (moved > most) == (operator in (exp.LT, exp.LTE))
            return is_not_null(value) if always else exp.false()
        bound = format(moved, "f")
    return operator(this=value, expression=exp.cast(text(bound), sql_type(type_)))


def _grid(type_: Integer | Decimal) -> tuple[Number, Number, Number]:
    """The least and the largest number of a type, and the step between two."""
    if isinstance(type_, Integer):
        most = Number(2) ** (type_.bits - 1) - 1
        return -most - 1, most, Number(1)
    unit = Number(1).scaleb(-type_.scale)
    most = _EXACT.subtract(Number(10) ** (type_.precision - type_.scale), unit)
    return -most, most, unit
