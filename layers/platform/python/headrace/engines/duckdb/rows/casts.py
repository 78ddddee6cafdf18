"""Values from text, by one rule for every format: taken if nothing is lost, else NULL.

White space around a value is ignored, except in text. Whole numbers may end in `.0`, decimals in zeros
beyond their scale; more digits than the type holds, NaN and infinities are refused. Dates are ISO 8601
days, times ISO 8601 times without an offset, timestamps ISO 8601 moments (a day is its midnight); years
run from 1 to 9999. A time is kept as text of one form, HH:MM:SS and six digits more where there are any.
"""

import re
from collections.abc import Iterator

from sqlglot import exp

from headrace.domain.plan import (
    Boolean,
    Date,
    Decimal,
    Double,
    Integer,
    Time,
    Timestamp,
    Type,
)
from headrace.engines.sql import E, all_of, array, call, case, cast, data_type, first_of, joined, text
from headrace.engines.table_types import in_zone, sql_type

_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME_OF_DAY = rf"{_TIME}(?::[0-5][0-9](?:\.[0-9]{{1,9}})?)?"
_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = rf"{_DAY}(?:[T ]{_TIME_OF_DAY}{_OFFSET}?)?"
_WHOLE = r"[+-]?[0-9]+(?:\.0*)?"
_REAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_SCIENTIFIC = r"[+-]?[0-9.]{1,16}[eE][+-]?[0-9]{1,3}"
_LARGEST = "1.7976931348623157e308"

_DIGIT = "[0-9]"
_TWO_DIGITS, _ONE_OR_TWO = "[0-9]{2}", "[0-9]{1,2}"
_DIRECTIVES = {
    "%": "%",
    "Y": "[0-9]{4}",
    **dict.fromkeys("ymdHIMS", _ONE_OR_TWO),
    "f": "[0-9]{1,6}",
    "j": "[0-9]{1,3}",
    "z": r"(?:Z|[+-][0-9]{2}:?(?:[0-9]{2})?)",
}


def from_text(type_: Type, value: E) -> E:
    """The scalar that `value`, a text, stands for; NULL where it stands for none."""
    return bounded(type_, parsed(type_, value))


def parsed(type_: Type, value: E) -> E:
    """Like `from_text`, but maybe beyond the bounds of the type."""
    match type_:
        case Integer():
            value = _where(matches(value, _WHOLE), _tried(value, type_))
        case Double():
            value = _where(matches(value, _REAL), _tried(value, type_))
        case Decimal():
            value = _decimal(type_, value)
        case Boolean():
            value = _boolean(type_, value)
        case Date(format=pattern):
            value = _date(pattern, value)
        case Time(format=pattern):
            value = _time(pattern, value)
        case Timestamp(format=pattern, timezone=timezone):
            value = _timestamp(pattern, timezone, value)
    return value


def bounded(type_: Type, value: E) -> E:
    """`value` where it is no infinity, and in a year from 1 to 9999."""
    bounds = {
        Double: (f"-{_LARGEST}", _LARGEST),
        Date: ("0001-01-01", "9999-12-31"),
        Timestamp: ("0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"),
    }.get(type(type_))
    if bounds is None:
        return value
    least, most = (cast(text(bound), sql_type(type_)) for bound in bounds)
    return _where(exp.Between(this=value, low=least, high=most), value)


def matches(value: E, pattern: str) -> E:
    """Whether a whole text, white space around it aside, matches an RE2 expression."""
    return whole_match(value, rf"\s*(?:{pattern})\s*")


def whole_match(value: E, regex: str) -> E:
    return exp.RegexpLike(this=value, expression=text(rf"\A(?:{regex})\z"))


def _where(condition: E, value: E) -> E:
    return case((condition, value))


def _tried(value: E, type_: Type | str) -> E:
    to = data_type(type_) if isinstance(type_, str) else sql_type(type_)
    return exp.TryCast(this=value, to=to, safe=True)


def _decimal(type_: Decimal, value: E) -> E:
    plain = rf"[+-]?[0-9]*(?:\.[0-9]{{0,{type_.scale}}}0*)?"
    exact = exp.EQ(this=_tried(_tried(value, type_), "DOUBLE"), expression=_tried(value, "DOUBLE"))
    return case(
        (matches(value, plain), _tried(value, type_)),
        (all_of(matches(value, _SCIENTIFIC), exact), _tried(value, type_)),
    )


def _boolean(type_: Boolean, value: E) -> E:
    """A spelling as it stands is found in a tenth of the time that taking off white space and case takes."""
    spelled = exp.Lower(this=trimmed(value))
    return case(
        *(
            (_one_of(written, spellings), truth)
            for written in (value, spelled)
            for spellings, truth in ((type_.true, exp.true()), (type_.false, exp.false()))
        )
    )


def _one_of(value: E, spellings: tuple[str, ...]) -> E:
    return exp.ArrayContains(this=array(text(spelling.lower()) for spelling in spellings), expression=value)


def trimmed(value: E) -> E:
    return exp.Trim(this=value, expression=text(" \t\r\n\f"))


def _date(pattern: str, value: E) -> E:
    if pattern:
        return cast(_strptime(pattern, value), "DATE")
    return _where(matches(value, _DAY), _tried(value, "DATE"))


def _time(pattern: str, value: E) -> E:
    if pattern:
        moment = _strptime(pattern, value)
    else:
        moment = _where(
            matches(value, _TIME_OF_DAY), _tried(joined(text("1970-01-01 "), trimmed(value)), "TIMESTAMP")
        )
    shown = call("STRFTIME", moment, text("%H:%M:%S.%f"))
    return exp.RegexpReplace(this=shown, expression=text(r"\.000000$"), replacement=text(""))


def _timestamp(pattern: str, timezone: str, value: E) -> E:
    if pattern:
        moment = _strptime(pattern, value)
        return moment if "%z" in pattern.replace("%%", "") else in_zone(moment, timezone)
    # DuckDB wants seconds where there is an offset, and no white space after them.
    with_seconds = exp.RegexpReplace(
        this=trimmed(value), expression=text(rf"([T ]{_TIME})({_OFFSET})$"), replacement=text(r"\1:00\2")
    )
    moment = first_of(_tried(value, "TIMESTAMPTZ"), _tried(with_seconds, "TIMESTAMPTZ"))
    if timezone == "UTC":
        return _where(matches(value, _MOMENT), moment)
    local = in_zone(_tried(trimmed(value), "TIMESTAMP"), timezone)
    has_offset = matches(value, rf".*:.*{_OFFSET}")
    return case((exp.Not(this=matches(value, _MOMENT)), exp.null()), (has_offset, moment), default=local)


def _strptime(pattern: str, value: E) -> E:
    """What strptime makes of a text; DuckDB's takes short years, no `Z`, and the 366th day of any year."""
    shape = "".join(_shapes(re.findall(r"%.|[^%]+|%", pattern, re.DOTALL)))
    plain = trimmed(value)
    if pattern.endswith("%z"):
        plain = exp.RegexpReplace(this=plain, expression=text("Z$"), replacement=text("+00"))
    moment = call("TRY_STRPTIME", plain, text(pattern))
    if "%j" in pattern and "%Y" in pattern and "%z" not in pattern:
        same_year = exp.Contains(this=plain, expression=call("STRFTIME", moment, text("%Y")))
        moment = _where(same_year, moment)
    return _where(matches(value, shape), moment)


def _shapes(tokens: list[str]) -> Iterator[str]:
    """An RE2 expression for each part of a format; numbers that touch have all their digits."""
    shapes = [_DIRECTIVES.get(token[1:], ".+") if token[0] == "%" else re.escape(token) for token in tokens]
    for before, shape, after in zip(["", *shapes], shapes, [*shapes[1:], ""], strict=False):
        touches = before.startswith(_DIGIT) or after.startswith(_DIGIT)
        yield _TWO_DIGITS if shape == _ONE_OR_TWO and touches else shape
