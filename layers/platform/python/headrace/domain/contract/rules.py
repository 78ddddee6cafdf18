"""Row rules of a contract: what a column's options and enum ask of every value."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, InvalidOperation
from decimal import Decimal as Number

from headrace.domain.contract.patterns import check_regex
from headrace.domain.contract.source import Findings, Place, excerpt
from headrace.domain.contract.types import options
from headrace.domain.plan import (
    Array,
    Date,
    Decimal,
    Double,
    Fields,
    Integer,
    Items,
    Json,
    Length,
    MultipleOf,
    NoneOf,
    OneOf,
    Pattern,
    Range,
    Rule,
    Text,
    Time,
    Timestamp,
    Type,
)

_EXACT = Context(prec=250)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_HEX = "[0-9A-Fa-f]{1,4}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
TEXT_FORMATS = {
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "hostname": rf"(?:{_LABEL}\.)*{_LABEL}\.?",
    "ipv4": _IPV4,
    "ipv6": "|".join(
        (
            rf"(?:{_HEX}:){{7}}(?:{_HEX}|:)",
            *(rf"(?:{_HEX}:){{{left}}}(?:(?::{_HEX}){{1,{7 - left}}}|:)" for left in range(1, 7)),
            rf":(?:(?::{_HEX}){{1,7}}|:)",
            rf"(?:{_HEX}:){{6}}{_IPV4}",
            rf"::(?:[Ff]{{4}}(?::0{{1,4}})?:)?{_IPV4}",
        )
    ),
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:\S+",
    "uuid": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
    "byte": r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
    "binary": "",
    "password": "",
}
"""The formats of text and the pattern that each asks for; none where any text will do."""
_NUMBER_FORMATS = {
    "i8": (-(2**7), 2**7 - 1),
    "i16": (-(2**15), 2**15 - 1),
    "u8": (0, 2**8 - 1),
    "u16": (0, 2**16 - 1),
    "u32": (0, 2**32 - 1),
    "u64": (0, 2**64 - 1),
    "u128": (0, None),
}
"""The formats of whole numbers that are narrower than the column that holds them."""

_LISTED: dict[type[Type], str] = {
    Text: "write text or a number",
    Integer: "write a whole number",
    Decimal: "write a number within the column's digits",
    Date: "write a day such as 2024-12-31",
}
_Bound = tuple[Number, str]
"""A bound as something to compare, and as the engines are told it."""


def row_rules(field: Place, type_: Type, found: Findings) -> tuple[Rule, ...]:
    """The rules of a column's options and enum, in the order in which a row's reasons list them."""
    rules: list[Rule | None] = []
    match type_:
        case Text():
            rules += [_length(field, found), _text_format(field, found), pattern(options(field), found)]
        case Integer() | Double() | Decimal():
            rules += [_range(field, type_, found), _multiple(field, found)]
        case Date() | Time() | Timestamp():
            rules.append(_range(field, type_, found))
        case Array():
            rules.append(_items(field, found))
        case Json() if field.text_of("logicalType") == "object":
            least, most = _counts(field, "minProperties", "maxProperties", found)
            rules.append(Fields(least, most) if (least, most) != (None, None) else None)
        case _:
            _uncounted(field, found)
    enum = field.get("enum")
    if enum:
        values = tuple(entry.at("value") for entry in enum.items)
        rules.append(one_of(enum, values, type_, found))
    return tuple(rule for rule in rules if rule)


def pattern(owner: Place, found: Findings) -> Pattern | None:
    """The `pattern` of some options or arguments."""
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


def one_of(where: Place, values: tuple[Place, ...], type_: Type, found: Findings) -> OneOf | None:
    """A list of values that a column may have."""
    if not isinstance(type_, Text | Integer | Decimal | Date):
        found.problem(where, "a list of values is for text, whole numbers, decimals and dates", "remove it")
        return None
    if not values:
        found.problem(where, "a list of no values lets no row through", "add a value")
    texts = []
    for place in values:
        try:
            texts.append(_listed(place, type_))
        except (ValueError, InvalidOperation):
            found.problem(place, f"{excerpt(place.value)} is no value of this list", _LISTED[type(type_)])
    return OneOf(tuple(dict.fromkeys(texts)))


def none_of(values: tuple[Place, ...], type_: Type) -> NoneOf | None:
    """The texts that stand for a missing value; None where no value of the type could be one of them."""
    texts = []
    for place in values:
        try:
            texts.append(_listed(place, type_))
        except (ValueError, InvalidOperation):
            continue  # not of the column's type, so the cast finds it
    return NoneOf(tuple(dict.fromkeys(texts))) if texts else None


def _listed(place: Place, type_: Type) -> str:
    """A value of a list, as the text that a value of this type has; raises ValueError for another."""
    if place.entries or place.items or place.value is None:
        raise ValueError(place.text)
    match type_:
        case Text():
            return place.text
        case Integer():
            if not re.fullmatch(r"-?\d{1,18}", place.text):
                raise ValueError(place.text)
            return str(int(place.text))
        case Decimal(precision, scale):
            exact = _number(place).quantize(Number(1).scaleb(-scale), context=_EXACT)
            if exact != _number(place) or len(exact.as_tuple().digits) > precision:
                raise ValueError(place.text)
            return format(exact, "f")
        case Date():
            return date.fromisoformat(place.text).isoformat()
        case _:
            raise ValueError(place.text)


def _length(field: Place, found: Findings) -> Length | None:
    least, most = _counts(field, "minLength", "maxLength", found)
    return None if least is None and most is None else Length(least, most)


def _items(field: Place, found: Findings) -> Items | None:
    least, most = _counts(field, "minItems", "maxItems", found)
    unique = options(field).get("uniqueItems")
    if unique and not isinstance(unique.value, bool):
        found.problem(unique, f"{excerpt(unique.value)} is neither true nor false", "write true or false")
    rule = Items(least, most, unique is not None and unique.value is True)
    return None if rule == Items() else rule


def _uncounted(field: Place, found: Findings) -> None:
    """Say which options for records and lists nothing can be counted by."""
    for name in ("minItems", "maxItems", "uniqueItems"):
        if options(field).get(name):
            found.note(
                options(field).at(name), f"{name} is not checked", "say what the list holds: add items"
            )
    for name in ("minProperties", "maxProperties"):
        if options(field).get(name):
            what = f"{name} is not checked"
            found.note(options(field).at(name), what, "an object with properties has those and no others")


def _counts(field: Place, low: str, high: str, found: Findings) -> tuple[int | None, int | None]:
    least, most = (_count(options(field).get(name), found) for name in (low, high))
    if least is not None and most is not None and least > most:
        what = f"{low} {least} is more than {high} {most}"
        found.problem(options(field).at(low), what, "no value is like that")
    return least, most


def _count(place: Place | None, found: Findings) -> int | None:
    if place is None:
        return None
    if isinstance(place.value, bool) or not isinstance(place.value, int) or not 0 <= place.value < 2**31:
        found.problem(place, f"{excerpt(place.value)} is no length", "write a whole number")
        return None
    return place.value


def _text_format(field: Place, found: Findings) -> Pattern | None:
    written = options(field).get("format")
    if written is None:
        return None
    if written.text not in TEXT_FORMATS:
        checked = ", ".join(name for name, regex in TEXT_FORMATS.items() if regex)
        advice = f"checked are {checked}; for others write a pattern"
        found.note(written, f"the format {excerpt(written.value)} is not checked", advice)
        return None
    regex = TEXT_FORMATS[written.text]
    return Pattern(regex) if regex else None


def _multiple(field: Place, found: Findings) -> MultipleOf | None:
    written = options(field).get("multipleOf")
    if written is None:
        return None
    try:
        of = _number(written)
    except (ValueError, InvalidOperation):
        of = Number(0)
    if of <= 0:
        found.problem(written, f"{excerpt(written.value)} has no multiples", "write a number above 0")
        return None
    return MultipleOf(format(of, "f"))


def _range(field: Place, type_: Type, found: Findings) -> Range | None:
    given = options(field)
    least = _bound(given, "minimum", "exclusiveMinimum", type_, found)
    most = _bound(given, "maximum", "exclusiveMaximum", type_, found)
    above, below = given.get("exclusiveMinimum") is not None, given.get("exclusiveMaximum") is not None
    if least and most and (least[0] > most[0] or (least[0] == most[0] and (above or below))):
        here = given.at("exclusiveMinimum" if above else "minimum")
        found.problem(here, f"no value lies between {least[1]} and {most[1]}", "give the smaller bound first")
    lowest, highest = _NUMBER_FORMATS.get(given.text_of("format"), (None, None))
    if isinstance(type_, Integer | Decimal) and lowest is not None and (least is None or least[0] < lowest):
        least, above = (Number(lowest), str(lowest)), False
    if isinstance(type_, Integer | Decimal) and highest is not None and (most is None or most[0] > highest):
        most, below = (Number(highest), str(highest)), False
    if least is None and most is None:
        return None
    return Range(least[1] if least else None, most[1] if most else None, above, below)


def _bound(given: Place, inclusive: str, exclusive: str, type_: Type, found: Findings) -> _Bound | None:
    place = given.get(inclusive) or given.get(exclusive)
    if place is None:
        return None
    if given.get(inclusive) and given.get(exclusive):
        found.problem(given.at(exclusive), f"{exclusive} stands beside {inclusive}", "keep one")
    try:
        bound = _read_bound(place, type_)
    except (ValueError, OverflowError, InvalidOperation):
        wanted = {
            Date: "a day such as 2024-12-31",
            Time: "a time such as 23:59:59",
            Timestamp: "a moment such as 2024-12-31T23:59:59Z",
        }
        advice = f"write {wanted.get(type(type_), 'a number')}"
        found.problem(place, f"{excerpt(place.value)} is no bound for this column", advice)
        return None
    if isinstance(type_, Integer) and bound[0] != bound[0].to_integral_value():
        found.problem(place, f"{place.text} is not whole", "an integer column wants whole bounds")
    return bound


def _read_bound(place: Place, type_: Type) -> _Bound:
    match type_:
        case Date():
            day = date.fromisoformat(place.text)
            return Number(day.toordinal()), day.isoformat()
        case Time():
            at = time.fromisoformat(place.text)
            if at.tzinfo is not None:
                raise ValueError(place.text)
            since = timedelta(
                hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond
            )
            return Number(since // timedelta(microseconds=1)), at.isoformat()
        case Timestamp():
            moment = datetime.fromisoformat(place.text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
            elapsed = (moment - _EPOCH) // timedelta(microseconds=1)
            return Number(elapsed), moment.replace(tzinfo=None).isoformat()
        case _:
            number = _number(place)
            return number, format(number, "f")


def _number(place: Place) -> Number:
    if isinstance(place.value, bool) or place.entries or place.items:
        raise ValueError(place.text)
    number = Number(place.value if isinstance(place.value, int) else place.text.replace("_", ""))
    if not number.is_finite() or not -100 <= number.adjusted() <= 100 or len(number.as_tuple().digits) > 100:
        raise ValueError(place.text)
    return number
