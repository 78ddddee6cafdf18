"""What personal values look like: e-mail addresses, card numbers, national identity numbers and more."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from typing import Any, Literal

Kind = Literal[
    "email",
    "phone",
    "card",
    "iban",
    "ip",
    "mac",
    "national_id",
    "person_name",
    "username",
    "address",
    "birth_date",
]

_UNLIKELY = 1e-6
"""How seldom values that are something else may pass for personal ones."""


@dataclass(frozen=True)
class Form:
    """What values of a kind look like, well enough to tell them where the column's name does not.

    `chance`: the share of other values of this shape that pass. `share`: how many of a column's values must.
    """

    kind: Kind
    label: str
    shape: str
    share: float
    chance: float = 1e-3
    valid: Callable[[str], bool] = lambda _: True

    def fits(self, value: str) -> bool:
        return bool(self._pattern.fullmatch(value)) and self.valid(value)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.shape, re.ASCII | re.IGNORECASE)

    @property
    def least(self) -> int:
        """The number of different values that cannot well fit by chance."""
        return math.ceil(math.log(_UNLIKELY) / math.log(self.chance))


@cache
def _checker(module: str) -> Any:
    return import_module(f"stdnum.{module}")


def _number(module: str, **options: Any) -> Callable[[str], bool]:
    """python-stdnum's check; its module is imported by the first value that has the shape."""
    return lambda value: bool(_checker(module).is_valid(value, **options))


def _luhn(value: str) -> bool:
    """A card's number: its length goes with its first digits, and Luhn's check digit is right."""
    digits = re.sub("[ -]", "", value)
    fifteen = digits.startswith(("34", "37"))
    if (len(digits) == 15) != fifteen or len(set(digits)) < 3:
        return False
    return bool(_checker("luhn").is_valid(digits))


def _international(value: str) -> bool:
    digits = sum(one.isdigit() for one in value)
    return 8 <= digits <= 15 and value.count(".") != 1


def _octets(value: str) -> bool:
    """Four numbers up to 255, one of them from 100: four small ones are as well a version."""
    octets = [int(one) for one in value.split(".")]
    return max(octets) <= 255 and max(octets) >= 100


def _ipv6(value: str) -> bool:
    from ipaddress import AddressValueError, IPv6Address  # noqa: PLC0415 - only for values of the shape

    try:
        address = IPv6Address(value)
    except AddressValueError:
        return False
    return not address.is_loopback and not address.is_unspecified


_MAIL = r"[a-z0-9][a-z0-9._%+'-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,24}"

FORMS = (
    Form("email", "e-mail addresses",
          rf"(?=[^@]*@)(?:.{{0,80}}[\s<:,;(])?{_MAIL}(?:[\s>,;)].{{0,80}})?", 0.2),
    Form("iban", "IBANs", r"[a-z]{2}\d{2}(?: ?[a-z0-9]){11,30}", 0.5, chance=0.01,
          valid=_number("iban", check_country=False)),
    Form("card", "card numbers",
          r"[2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5}", 0.8, chance=0.1,
          valid=_luhn),
    Form("ip", "IP addresses", r"\d{1,3}(?:\.\d{1,3}){3}", 0.5, chance=0.1, valid=_octets),
    Form("ip", "IP addresses", r"(?=[^:]{0,4}:)[0-9a-f:]{6,39}", 0.8, valid=_ipv6),
    Form("mac", "MAC addresses", r"[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}", 0.8),
    Form("phone", "phone numbers", r"\+[1-9][\d ()./-]{6,24}", 0.6, chance=0.05, valid=_international),
    Form("phone", "phone numbers",
          r"(?:\+?1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}|0\d(?: \d{2}){4}"
          r"|\(0\d{1,4}\) ?\d{3,4} ?\d{3,5}|0\d{1,4}[ /]\d{3,4} ?\d{3,5}", 0.6, chance=0.05),
    Form("national_id", "US social security numbers", r"\d{3}-\d{2}-\d{4}", 0.8, chance=0.05,
          valid=_number("us.ssn")),
    Form("national_id", "German tax ids", r"[1-9]\d(?: ?\d{3}){3}", 0.9, chance=0.05,
          valid=_number("de.idnr")),
    Form("national_id", "French social security numbers",
          r"[1-478] ?\d{2} ?\d{2} ?(?:\d{2}|2[ab]) ?\d{3} ?\d{3} ?\d{2}", 0.9, chance=0.02,
          valid=_number("fr.nir")),
    Form("national_id", "Spanish DNIs", r"\d{8}-?[a-z]", 0.9, chance=0.05, valid=_number("es.dni")),
    Form("national_id", "Spanish NIEs", r"[xyz]-?\d{7}-?[a-z]", 0.9, chance=0.05, valid=_number("es.nie")),
    Form("national_id", "Italian tax codes", r"[a-z]{6}\d{2}[a-z]\d{2}[a-z]\d{3}[a-z]", 0.8,
          valid=_number("it.codicefiscale")),
    Form("national_id", "British national insurance numbers",
          r"(?!bg|gb|kn|nk|nt|tn|zz)[a-ceghj-prs-z][a-ceghj-npr-tw-z] ?\d{2} ?\d{2} ?\d{2} ?[a-d]", 0.9,
          chance=0.05),
    Form("national_id", "Dutch citizen service numbers", r"\d{9}|\d{4}\.\d{2}\.\d{3}", 0.9, chance=0.1,
          valid=_number("nl.bsn")),
    Form("national_id", "Brazilian CPFs", r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", 0.9, chance=0.02,
          valid=_number("br.cpf")),
    Form("national_id", "Polish PESELs", r"\d{11}", 0.9, chance=0.03, valid=_number("pl.pesel")),
    Form("national_id", "Belgian national numbers", r"\d{2}\.?\d{2}\.?\d{2}-?\d{3}\.?\d{2}", 0.9,
          chance=0.02, valid=_number("be.nn")),
    Form("national_id", "Swiss social security numbers", r"756\.?\d{4}\.?\d{4}\.?\d{2}", 0.9,
          valid=_number("ch.ssn")),
    Form("national_id", "Swedish personal identity numbers", r"(?:\d{2})?\d{6}[+-]\d{4}", 0.9, chance=0.05,
          valid=_number("se.personnummer")),
)  # fmt: skip
"""In the order in which they are tried."""

_DIGITS = r"(?=(?:[^\d]*\d){%d})"
_LOOSE: dict[Kind, str] = {
    "email": rf"(?=[^@]*@).{{0,80}}{_MAIL}.{{0,80}}",
    "phone": _DIGITS % 6 + r"\+?[\d ()./-]{6,24}(?: ?(?:x|ext\.?) ?\d{1,6})?",
    "card": r"\d(?:[ -]?\d){11,18}",
    "iban": r"[a-z]{2}\d{2}(?: ?[a-z0-9]){11,30}",
    "ip": r"\d{1,3}(?:\.\d{1,3}){3}|(?=[^:]{0,4}:)[0-9a-f:.]{2,45}",
    "mac": r"(?:[0-9a-f]{2}[:.-]?){5}[0-9a-f]{2}",
    "national_id": _DIGITS % 5 + r"[a-z0-9][a-z0-9 ./-]{4,22}[a-z0-9]",
    "person_name": r"[^\W\d_](?:[^\W\d_]|[ .,'-]|\u2019){0,78}",
    "username": r"(?=.*[^\W\d])(?!.*[\s/:{])(?![0-9a-f-]{20,}$).{2,64}",
    "address": r"(?=.*[^\W\d])(?=.*\s).{4,200}",
    "birth_date": r"\d{1,4}[./-](?:\d{1,2}|[a-z]{3})[./-]\d{1,4}(?:[ t].{0,30})?|(?:19|20)\d{6}",
}


@cache
def loose(kind: Kind) -> re.Pattern[str]:
    """What values may look like where the column's name says the kind."""
    return re.compile(_LOOSE[kind], re.IGNORECASE | re.DOTALL)


LABELS: dict[Kind, str] = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "card": "card numbers",
    "iban": "IBANs",
    "ip": "IP addresses",
    "mac": "MAC addresses",
    "national_id": "national identity numbers",
    "person_name": "names of people",
    "username": "user names",
    "address": "postal addresses",
    "birth_date": "dates of birth",
}
