"""Row rules and dataset rules of a contract: ODCS options, enums and quality checks."""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as Number
from decimal import InvalidOperation
from typing import Literal

from headrace.domain.contract.patterns import check_regex
from headrace.domain.contract.source import Findings, Place, excerpt
from headrace.domain.contract.types import options
from headrace.domain.plan import (
    DatasetRule,
    Date,
    Decimal,
    Double,
    Integer,
    Length,
    OneOf,
    Pattern,
    Range,
    RowCount,
    Rule,
    Text,
    Timestamp,
    Type,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
TEXT_FORMATS = {
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "ipv4": rf"(?:{_OCTET}\.){{3}}{_OCTET}",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:\S+",
    "uuid": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
}


def row_rules(field: Place, kind: Type, found: Findings) -> tuple[Rule, ...]:
    """A column's rules, in the order in which a row's reasons list them."""
    rules: list[Rule | None] = []
    if isinstance(kind, Text):
        rules += [_length(field, found), _text_format(field, found), _pattern(options(field), found)]
    if isinstance(kind, Integer | Double | Decimal | Date | Timestamp):
        rules.append(_range(field, kind, found))
    enum = field.get("enum")
    if enum:
        values = tuple(entry.at("value") for entry in enum.items)
        rules.append(_one_of(enum, values, kind, found))
    for check in field.items_of("quality"):
        rules += _valid_values(check, kind, found)
    return tuple(rule for rule in rules if rule)


def quality_flags(field: Place, found: Findings) -> set[str]:
    """The flags, `required` and `unique`, that a column's quality checks ask for; notes those that ask
    for something that is not checked."""
    flags = set()
    for check in field.items_of("quality"):
        metric = metric_of(check)
        if metric in ("nullValues", "duplicateValues") and _must_be_none(check):
            flags.add("required" if metric == "nullValues" else "unique")
        elif not _names_valid_values(check):
            not_checked(check, found)
    return flags


def dataset_rules(checks: tuple[Place, ...], found: Findings) -> list[DatasetRule]:
    """The rules of a schema's quality checks that concern a batch as a whole: its row count."""
    rules = []
    for check in checks:
        bounds = _bounds(check) if metric_of(check) == "rowCount" else None
        if bounds is None:
            not_checked(check, found)
            continue
        least, most = bounds
        if least is not None and most is not None and least > most:
            found.problem(check, "no number of rows can satisfy this", "give the smaller number first")
        severity: Literal["error", "warning"]
        severity = "warning" if _warns(check) else "error"
        rules.append(
            DatasetRule(check.text_of("name") or "row_count", RowCount(), least, most, severity=severity)
        )
    return rules


def metric_of(check: Place) -> str:
    return check.text_of("metric") or check.text_of("rule")


def not_checked(check: Place, found: Findings) -> None:
    named = check.text_of("name") or metric_of(check) or check.text_of("type") or "this check"
    found.note(check, f"{excerpt(named)} is not checked", "Headrace acts on rowCount, and on nullValues, "
               "invalidValues and duplicateValues of a column with mustBe: 0")  # fmt: skip


def _must_be_none(check: Place) -> bool:
    """Whether no row may have what the check counts; one that only warns says nothing of rows."""
    must_be = check.get("mustBe")
    none = must_be is not None and must_be.value == 0 and must_be.value is not False
    return none and not _warns(check)


def _warns(check: Place) -> bool:
    return check.text_of("severity").lower() in ("warning", "info")


def _names_valid_values(check: Place) -> bool:
    arguments = check.at("arguments")
    given = arguments.get("validValues") or arguments.get("pattern")
    return metric_of(check) == "invalidValues" and _must_be_none(check) and given is not None


def _valid_values(check: Place, kind: Type, found: Findings) -> list[Rule | None]:
    if not _names_valid_values(check):
        return []
    arguments = check.at("arguments")
    rules: list[Rule | None] = []
    valid = arguments.get("validValues")
    if valid:
        rules.append(_one_of(valid, valid.items, kind, found))
    if arguments.get("pattern"):
        if not isinstance(kind, Text):
            found.problem(arguments.at("pattern"), "a pattern is for text", "remove it")
        rules.append(_pattern(arguments, found))
    return rules


def _bounds(check: Place) -> tuple[float | None, float | None] | None:
    """The smallest and the largest number of rows that a check allows; None for one that is not a range."""
    between = check.items_of("mustBeBetween")
    if len(between) == 2 and all(_finite(bound.value) for bound in between):
        return float(between[0].value), float(between[1].value)
    for operator, bounds in _COMPARISONS.items():
        number = check.get(operator)
        if number and _finite(number.value):
            return bounds(float(number.value))
    return None


_COMPARISONS: dict[str, Callable[[float], tuple[float | None, float | None]]] = {
    "mustBe": lambda number: (number, number),
    "mustBeGreaterThan": lambda number: (math.floor(number) + 1.0, None),
    "mustBeGreaterOrEqualTo": lambda number: (number, None),
    "mustBeLessThan": lambda number: (None, math.ceil(number) - 1.0),
    "mustBeLessOrEqualTo": lambda number: (None, number),
}


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 2**53


def _length(field: Place, found: Findings) -> Length | None:
    least, most = (_count(options(field).get(name), found) for name in ("minLength", "maxLength"))
    if least is None and most is None:
        return None
    if least is not None and most is not None and least > most:
        what = f"minLength {least} is more than maxLength {most}"
        found.problem(options(field).at("minLength"), what, "no text is that long")
    return Length(least, most)


def _count(place: Place | None, found: Findings) -> int | None:
    if place is None:
        return None
    if isinstance(place.value, bool) or not isinstance(place.value, int) or not 0 <= place.value < 2**31:
        found.problem(place, f"{excerpt(place.value)} is no length", "write a whole number of characters")
        return None
    return place.value


def _text_format(field: Place, found: Findings) -> Pattern | None:
    written = options(field).get("format")
    if written is None:
        return None
    if written.value not in TEXT_FORMATS:
        advice = f"checked are {', '.join(TEXT_FORMATS)}; for others write a pattern"
        found.note(written, f"the format {excerpt(written.value)} is not checked", advice)
        return None
    return Pattern(TEXT_FORMATS[written.value])


def _pattern(owner: Place, found: Findings) -> Pattern | None:
    written = owner.get("pattern")
    if written is None:
        return None
    if not isinstance(written.value, str):
        found.problem(written, f"{excerpt(written.value)} is no pattern", "put it in quotes")
        return None
    try:
        check_regex(written.value)
    except ValueError as error:
        found.problem(written, f"{excerpt(written.value)} is no pattern", str(error))
    return Pattern(written.value)


def _one_of(where: Place, values: tuple[Place, ...], kind: Type, found: Findings) -> OneOf | None:
    if not isinstance(kind, Text | Integer):
        found.problem(where, "a list of values is for string and integer columns", "remove it")
        return None
    if not values:
        found.problem(where, "a list of no values lets no row through", "add a value")
    texts = []
    for place in values:
        if place.entries or place.items or place.value is None:
            found.problem(place, f"{excerpt(place.value)} is no value of a list", "write text or a number")
        elif isinstance(kind, Integer) and not re.fullmatch(r"-?\d{1,18}", place.text):
            found.problem(place, f"{excerpt(place.value)} is no integer", "write a whole number")
        else:
            texts.append(str(int(place.text)) if isinstance(kind, Integer) else place.text)
    return OneOf(tuple(dict.fromkeys(texts)))


def _range(field: Place, kind: Type, found: Findings) -> Range | None:
    given = options(field)
    least = _bound(given, "minimum", "exclusiveMinimum", kind, found)
    most = _bound(given, "maximum", "exclusiveMaximum", kind, found)
    if least is None and most is None:
        return None
    strict = given.get("exclusiveMinimum") is not None, given.get("exclusiveMaximum") is not None
    if least and most and (least[0] > most[0] or (least[0] == most[0] and any(strict))):
        here = given.at("exclusiveMinimum" if strict[0] else "minimum")
        found.problem(here, f"no value lies between {least[1]} and {most[1]}", "give the smaller bound first")
    return Range(least[1] if least else None, most[1] if most else None, *strict)


def _bound(
    given: Place, inclusive: str, exclusive: str, kind: Type, found: Findings
) -> tuple[Number, str] | None:
    """A bound as something to compare and as the engines are told it."""
    place = given.get(inclusive) or given.get(exclusive)
    if place is None:
        return None
    if given.get(inclusive) and given.get(exclusive):
        found.problem(given.at(exclusive), f"{exclusive} stands beside {inclusive}", "keep one")
    try:
        if isinstance(kind, Date):
            day = date.fromisoformat(place.text)
            return Number(day.toordinal()), day.isoformat()
        if isinstance(kind, Timestamp):
            moment = datetime.fromisoformat(place.text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
            since = (moment - _EPOCH) // timedelta(microseconds=1)
            return Number(since), moment.replace(tzinfo=None).isoformat()
        number = _decimal_number(place)
    except (ValueError, OverflowError, InvalidOperation):
        wanted = {Date: "a day such as 2024-12-31", Timestamp: "a moment such as 2024-12-31T23:59:59Z"}
        advice = f"write {wanted.get(type(kind), 'a number')}"
        found.problem(place, f"{excerpt(place.value)} is no bound for this column", advice)
        return None
    if isinstance(kind, Integer) and number != number.to_integral_value():
        found.problem(place, f"{place.text} is not whole", "an integer column wants whole bounds")
    return number, format(number, "f")


def _decimal_number(place: Place) -> Number:
    if isinstance(place.value, bool) or place.entries or place.items:
        raise ValueError(place.text)
    number = Number(place.value if isinstance(place.value, int) else place.text.replace("_", ""))
    if not number.is_finite() or not -100 <= number.adjusted() <= 100 or len(number.as_tuple().digits) > 100:
        raise ValueError(place.text)
    return number
