"""Texts that values of each type are written as, and those that nearly are."""

from datetime import datetime
from decimal import Context
from decimal import Decimal as Number
from typing import Any

from hypothesis import strategies as st

from headrace.domain.plan import (
    Array,
    Boolean,
    Date,
    Decimal,
    Double,
    Integer,
    Json,
    Object,
    Text,
    Time,
    Timestamp,
    Type,
)

JsonValue = Any
_EXACT = Context(prec=50)
_ALPHABET = "abkKsSzZ09_-. \t\n\r\v\x85\u2028éÉß\u017f\u212a\u03c3ςΣİ\u0131٣😀\"\\'{}[],:"
_TEXTS = st.text(st.sampled_from(_ALPHABET), max_size=12) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=20
)
_SPACE = st.sampled_from(["", "", "", " ", "\t", "  ", "\n", "\v", "\xa0"])
_SIGN = st.sampled_from(["", "", "-", "+", "--"])
_DIGITS = (
    st.text("0123456789", max_size=6)
    | st.integers(0, 10**20).map(str)
    | st.sampled_from(
        [
            "2147483647",
            "2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "00000000000000000000000001",
        ]
    )
)
_FRACTION = st.sampled_from(
    ["", "", ".", ".0", ".000", ".5", ".005", ".049999999999999999", ".125", ".99999999999"]
)
_EXPONENT = st.sampled_from(["", "", "", "e3", "E+05", "e-2", "e-12", "e308", "e-324", "e400", "e"])
_ODD_NUMBERS = st.sampled_from(
    [
        *("NaN", "inf", "-Infinity", "1,000", "1_000", "0x1F", "١٢", "\uff11", "1f", "1d", "true", "null"),
        *("5e-324", "1.7976931348623157e308", "4.35", "0.1", "1e16", "1e-5", "2e-44", "1e23"),
        *("123456789012345680", "9007199254740993"),
    ]
)
_NUMBERS = st.builds("".join, st.tuples(_SPACE, _SIGN, _DIGITS, _FRACTION, _EXPONENT, _SPACE)) | _ODD_NUMBERS
_FLOATS = st.floats(allow_nan=False, allow_infinity=False).map(repr)
_SPELLINGS = st.sampled_from(
    [
        "true",
        "TRUE",
        "T",
        "yes",
        "Y",
        "1",
        "false",
        "F",
        "no",
        "N",
        "0",
        "on",
        "İ",
        "ΝΑΣ",
        "oui",
        " yes ",
        "2",
        "ye",
    ]
)

_EDGES = (
    *("2024-03-10T02:30", "2024-11-03T01:30", "2024-03-31T02:15", "2024-10-27T02:15", "2024-04-07T01:45"),
    *("0001-01-01", "1970-01-01", "2024-02-29T23:59:59.999999", "9999-12-31T23:59:59.999999"),
)
"""Moments when clocks are changed, and the ends of time."""
_MOMENTS = st.datetimes() | st.sampled_from([datetime.fromisoformat(edge) for edge in _EDGES])
_OFFSETS = st.sampled_from(
    ["", "", "Z", "+00", "+01:00", "-0330", "+14", "-12:45", "+1", "+15:00", "z", " UTC"]
)
_SECONDS = st.sampled_from(["", ":%S", ":%S.%f", ":%S.1", ":%S.123456789", ":%S.0000005", ":60", ":%S."])
_SEPARATORS = st.sampled_from(["T", " ", "T", " ", "t", "  "])
_ODD_MOMENTS = st.sampled_from(
    [
        "0000-01-01",
        "2023-02-29",
        "2024-13-01",
        "2024-1-1",
        "10000-01-01",
        "2024-01-01T24:00:00",
        "20240101",
        "today",
    ]
)
_ODD_TIMES = st.sampled_from(
    ["24:00", "9:30", "09:30", "23:59:60", "10:00:00.1234567", "10:00Z", "T10:00", "10:00:00.000000"]
)
FORMATS = (
    *(
        "%d/%m/%Y",
        "%m/%d/%y",
        "%Y%m%d",
        "%d %b %Y",
        "%B %d, %Y",
        "%a, %d %b %Y",
        "%A %d.%m.%Y",
        "%Y-%j",
        "%y%j",
    ),
    *("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %I:%M %p", "%I%p %d %B %Y", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S.%f"),
    *("%Y-%m-%d %H:%M:%S %z", "%d/%b/%Y:%H:%M:%S %z", "%Y-%m-%dT%H:%M%z", "%d.%m.%Y 100%%"),
)


def texts(type_: Type) -> st.SearchStrategy[str]:
    """What a field of a file may say where the contract has a scalar of this type."""
    match type_:
        case Integer():
            good, odd = st.integers(-9, 999).map(str), _NUMBERS
        case Decimal(precision=precision, scale=scale):
            good, odd = _decimals(precision, scale), _NUMBERS
        case Double():
            good, odd = _FLOATS | st.integers(-9, 999).map(str), _NUMBERS
        case Boolean(true=true, false=false):
            good, odd = st.sampled_from([*true, *false]), _SPELLINGS
        case Date(format=pattern) | Time(format=pattern) | Timestamp(format=pattern) if pattern:
            good = _MOMENTS.map(lambda moment: _written(moment, pattern))
            odd = good
        case Date():
            good, odd = _MOMENTS.map(lambda moment: moment.date().isoformat()), _iso_moments() | _ODD_MOMENTS
        case Time():
            good = _MOMENTS.map(lambda moment: moment.time().isoformat())
            odd = _ODD_TIMES
        case Timestamp():
            good, odd = _MOMENTS.map(lambda moment: moment.isoformat(" ")), _iso_moments() | _ODD_MOMENTS
        case _:
            return _TEXTS
    disturbed = st.builds(_disturbed, good, st.integers(0, 30), _TEXTS)
    return st.one_of(good, good, good, good, good, odd, odd, disturbed, _TEXTS)


def _decimals(precision: int, scale: int) -> st.SearchStrategy[str]:
    most = 10**precision - 1
    return st.integers(-most, most).map(lambda digits: format(Number(digits).scaleb(-scale, _EXACT), "f"))


def json_values(type_: Type) -> st.SearchStrategy[JsonValue]:
    """What a JSON field may hold where the contract has this type: mostly of its shape."""
    match type_:
        case Array(items=items):
            shaped: st.SearchStrategy[JsonValue] = st.lists(json_values(items), max_size=3)
        case Object(columns=columns):
            fields = {one.source: json_values(one.type) for one in columns}
            shaped = st.fixed_dictionaries({}, optional={**fields, "other": _ANY_JSON})
        case Json():
            shaped = _ANY_JSON
        case Text():
            return texts(type_) | st.none() | st.integers()
        case _:
            shaped = (
                texts(type_)
                | st.integers()
                | st.floats(allow_nan=False, allow_infinity=False)
                | st.booleans()
            )
    return shaped | shaped | shaped | st.none() | _ANY_JSON


_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\é\n😀', max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abx"), inner, max_size=2),
    max_leaves=4,
)


def _iso_moments() -> st.SearchStrategy[str]:
    def made(moment: datetime, separator: str, seconds: str, offset: str) -> str:
        return _written(moment, f"%Y-%m-%d{separator}%H:%M{seconds}") + offset

    return st.builds(made, _MOMENTS, _SEPARATORS, _SECONDS, _OFFSETS)


def _written(moment: datetime, pattern: str) -> str:
    """strftime, with all four digits of a year, and an offset."""
    pattern = pattern.replace("%Y", f"{moment.year:04}").replace("%z", f"{(moment.minute % 29) - 14:+03}:30")
    return moment.strftime(pattern)


def _disturbed(written: str, at: int, more: str) -> str:
    at %= len(written) + 1
    return written[:at] + more[:1] + written[at + len(more) % 2 :]
