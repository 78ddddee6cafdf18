"""The narrowest type that all texts of a field can be read with, and the words that explain it."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.infer.moments import moment_of


class Form(Struct, frozen=True):
    """A type as a contract writes it: `logical` with its `options` and `physical` type.

    `why` explains it in a few words; `true` and `false` are a boolean's spellings, where they are not
    those that every boolean has.
    """

    logical: str
    why: str = ""
    options: Mapping[str, Any] = {}
    physical: str = ""
    true: str = ""
    false: str = ""


NO_VALUES = frozenset(
    {"", "NULL", "null", "Null", "\\N", "N/A", "n/a", "#N/A", "NA", "NaN", "nan", "None", "-", "?"}
)
"""Texts that people write where there is no value."""

AMBIGUOUS = frozenset({"", "NA", "NaN", "nan", "None", "-", "?"})
"""Those that may as well be values: Namibia, a name, a dash."""

_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_DIGITS = re.compile(r"[+-]?[0-9]+")
_PLAIN = re.compile(r"[+-]?[0-9]*\.?[0-9]*")
_REAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_LABEL = re.compile(
    r"(?:^|_)(?:zip|postal|postcode|phone|mobile|fax|ssn|iban|bic|card|cc|isbn|issn|ean|gtin|upc|vat|account)"
    r"(?:_|$)"
)
_MONEY = re.compile(
    r"(?:^|_)(?:price|amount|cost|total|fee|salary|balance|revenue|tax|payment|discount|budget|gross|net)(?:_|$)"
)
_FLAG = re.compile(r"(?:is|has|was|can)_.+|.+_flag|flag")
_PAIRS = (
    ("true", "false"),
    ("yes", "no"),
    ("t", "f"),
    ("y", "n"),
    ("on", "off"),
    ("ja", "nein"),
    ("oui", "non"),
    ("si", "no"),
    ("sí", "no"),
    ("sim", "não"),
    ("tak", "nie"),
    ("enabled", "disabled"),
)
_EVERYDAY = 4
"""How many of the pairs every boolean column reads."""
_INT64 = 2**63
_ENOUGH = 20
_MOST_SCALE = 4


def form_of(texts: Collection[str], name: str) -> Form:
    """How texts of a source without types can all be read; `name` is the column's."""
    if not texts:
        return Form("string", "no value in the sample")
    return _boolean(texts, name) or temporal_form(texts, name) or _number(texts, name) or Form("string")


def temporal_form(texts: Collection[str], name: str) -> Form | None:
    """How texts can be read as days, moments or times of day, the only ones that JSON writes as texts."""
    found = moment_of(texts, name)
    if found is None:
        return None
    return Form(found.logical, found.why, {"format": found.pattern} if found.pattern else {})


def number_form(literals: Collection[str], name: str) -> Form:
    """How numbers of a source that has numbers can all be read."""
    return _number(literals, name, labels=False) or Form("number", "very large or very small numbers")


def _boolean(texts: Collection[str], name: str) -> Form | None:
    spelled = {text.strip().lower() for text in texts}
    if _FLAG.fullmatch(name) and spelled <= {"0", "1"}:
        return Form("boolean", "0 and 1 under the name of a flag")
    for at, (true, false) in enumerate(_PAIRS):
        sure = len(spelled) == 2 or at == 0 or (at < _EVERYDAY and bool(_FLAG.fullmatch(name)))
        if spelled <= {true, false} and sure:
            form = Form("boolean", " and ".join(sorted(spelled)))
            return form if at < _EVERYDAY else replace(form, true=true, false=false)
    return None


def _number(texts: Collection[str], name: str, *, labels: bool = True) -> Form | None:
    if not _all(_REAL, texts):
        return None
    if labels and _all(_DIGITS, texts):
        if not _all(_WHOLE, texts):
            return Form("string", "digits with leading zeros, which a number would lose")
        if _LABEL.search(name):
            return Form("string", "digits that nobody adds up, to judge by the name")
        if max(map(len, texts)) > 18:
            return Form("string", "more digits than numbers of 64 bits have")
    if _all(_WHOLE, texts):
        return _whole([int(text) for text in texts])
    return _real(texts, name)


def _whole(numbers: Sequence[int]) -> Form | None:
    least, most = min(numbers), max(numbers)
    why = f"whole numbers from {_told(least)} to {_told(most)}"
    if least >= -_INT64 and most < _INT64:
        return Form("integer", why)
    return Form("number", why, physical="decimal(38,0)") if max(abs(least), most) < 10**38 else None


def _real(texts: Collection[str], name: str) -> Form | None:
    if not _all(_PLAIN, texts):
        return Form("number", "numbers, some with exponents")
    numbers = [Decimal(text) for text in texts]
    why = f"numbers from {_told(min(numbers))} to {_told(max(numbers))}"
    scales = {len(text.partition(".")[2]) for text in texts}
    digits = max(sum(map(str.isdigit, text)) for text in texts)
    even = len(scales) == 1 and len(texts) >= _ENOUGH
    if digits <= 15 and (even or _MONEY.search(name)) and max(scales) <= (_MOST_SCALE if even else 2):
        scale = max(scales) if even else 2
        return Form("number", f"{why}, {scale} decimals", physical=f"decimal(18,{scale})")
    if digits > 15 and any(Decimal(repr(float(text))) != Decimal(text) for text in texts):
        exact = f"physicalType decimal(38,{max(scales)})"
        why = f"numbers, some with more digits than a double keeps: {exact} keeps them"
    return Form("number", why)


def _told(number: int | Decimal) -> str:
    """A number as people write it: years have no comma."""
    return str(number) if -10_000 < number < 10_000 else f"{number:,}"


def _all(pattern: re.Pattern[str], texts: Iterable[str]) -> bool:
    return all(pattern.fullmatch(text) for text in texts)
