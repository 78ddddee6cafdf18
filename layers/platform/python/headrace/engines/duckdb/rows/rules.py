"""A plan's row rules as expressions over typed values."""

import re
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from decimal import Decimal as Number
from fractions import Fraction

from sqlglot import exp

from headrace.domain.plan import (
    Decimal,
    Fields,
    Integer,
    Items,
    Length,
    MultipleOf,
    NoneOf,
    OneOf,
    Pattern,
    Range,
    Rule,
    Text,
    Time,
    Type,
)
from headrace.engines.duckdb.rows.casts import from_text, trimmed, whole_match
from headrace.engines.sql import (
    E,
    all_of,
    any_of,
    array,
    call,
    case,
    cast,
    data_type,
    is_not_null,
    is_null,
    number,
    text,
)
from headrace.engines.table_types import sql_type

_WHOLE = re.compile(r"[+-]?[0-9]+")
_HUGE = data_type("HUGEINT")
_EXACT = Context(prec=300)
_MOST_DIGITS = 38


def breaks(rule: Rule, type_: Type, value: E) -> E:
    """Whether a typed value breaks a rule; NULL or false for no value."""
    broken: list[E]
    match rule:
        case Pattern(regex=regex):
            broken = [exp.Not(this=whole_match(value, regex))]
        case Length(least=least, most=most):
            broken = _outside(exp.Length(this=value), least, most)
        case Range():
            broken = list(_beyond(rule, type_, value))
        case OneOf(values=values):
            broken = [exp.Not(this=_one_of(values, type_, value))]
        case NoneOf(values=values):
            broken = [_one_of(values, type_, value)]
        case MultipleOf(of=of):
            broken = _not_multiple(of, type_, value)
        case Items(least=least, most=most, unique=unique):
            broken = _outside(call("LEN", value), least, most) + ([_has_equals(value)] if unique else [])
        case Fields(least=least, most=most):
            fields = case((call("JSON_VALID", value), call("LEN", call("JSON_KEYS", value))))
            broken = [_is_no_object(value), *_outside(fields, least, most)]
    return any_of(broken)


def _is_no_object(json: E) -> E:
    return exp.NEQ(this=exp.Left(this=trimmed(json), expression=number(1)), expression=text("{"))


def _outside(count: E, least: int | None, most: int | None) -> list[E]:
    """The conditions under which a number is not between two bounds."""
    few = [] if least is None else [exp.LT(this=count, expression=number(least))]
    many = [] if most is None else [exp.GT(this=count, expression=number(most))]
    return [*few, *many]


def _one_of(values: tuple[str, ...], type_: Type, value: E) -> E:
    match type_:
        case Integer():
            whole = [one for one in values if _WHOLE.fullmatch(one)]  # no other text is an integer's
            return exp.ArrayContains(
                this=array(map(exp.Literal.number, whole)), expression=cast(value, "BIGINT")
            )
        case Text():
            return exp.ArrayContains(this=array(map(text, values)), expression=value)
        case _:
            return exp.ArrayContains(this=array(map(text, values)), expression=cast(value, "TEXT"))


def _not_multiple(of: str, type_: Type, value: E) -> list[E]:
    """The conditions under which a number is no whole multiple, in whole numbers of its last digit.

    A double is taken for the shortest decimal that stands for it; if that has more than 38 digits, or more
    behind the point than `of` has, it is no multiple.
    """
    digits: E
    inexact: list[E] = []
    match type_:
        case Integer():
            digits, scale = cast(value, _HUGE), 0
        case Decimal(scale=scale):
            digits = _digits(value)
        case _:
            scale = len(of.partition(".")[2])
            exact = from_text(Decimal(_MOST_DIGITS, scale), cast(value, "TEXT"))
            digits = _digits(exact)
            inexact = [all_of(is_not_null(value), is_null(exact.copy()))]
    step = (Fraction(of) * 10**scale).numerator
    if step < 10**_MOST_DIGITS:  # or else 0 alone is a multiple
        digits = exp.Mod(this=digits, expression=cast(text(str(step)), _HUGE))
    return [*inexact, exp.NEQ(this=digits, expression=number(0))]


def _digits(value: E) -> E:
    """A decimal as a whole number of its last digit."""
    plain = exp.Replace(this=cast(value, "TEXT"), expression=text("."), replacement=text(""))
    return cast(plain, _HUGE)


def _has_equals(items: E) -> E:
    """Whether two items of an array are equal; two that are NULL are."""
    x = exp.to_identifier("x")
    absent = exp.ArrayFilter(
        this=items, expression=exp.Lambda(this=is_null(exp.column("x")), expressions=[x])
    )
    different = exp.Add(
        this=call("LEN", call("LIST_DISTINCT", items)),
        expression=call("LEAST", call("LEN", absent), number(1)),
    )
    return exp.LT(this=different, expression=call("LEN", items))


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
    if isinstance(type_, Time):
        return operator(this=value, expression=from_text(Time(), text(bound)))
    return operator(this=value, expression=cast(text(bound), sql_type(type_)))


def _grid(type_: Integer | Decimal) -> tuple[Number, Number, Number]:
    """The least and the largest number of a type, and the step between two."""
    if isinstance(type_, Integer):
        most = Number(2) ** (type_.bits - 1) - 1
        return -most - 1, most, Number(1)
    unit = Number(1).scaleb(-type_.scale)
    most = _EXACT.subtract(Number(10) ** (type_.precision - type_.scale), unit)
    return -most, most, unit
