"""What looks personal is suspected, and what only resembles it is not."""

import random
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.fr import nir
from stdnum.iso7064 import mod_97_10
from stdnum.nl import bsn
from stdnum.pl import pesel

from headrace.domain.pii import Kind, suspect, suspect_inside

SEEDED = random.Random(7)


def digits(count: int, first: str = "123456789") -> str:
    return SEEDED.choice(first) + "".join(SEEDED.choice("0123456789") for _ in range(count - 1))


def until(valid: Callable[[str], bool], make: Callable[[], str]) -> str:
    return next(one for one in iter(make, None) if valid(one))


def card() -> str:
    body = "4" + digits(14)
    return body + luhn.calc_check_digit(body)


def iban() -> str:
    account = digits(18)
    return f"DE{mod_97_10.calc_check_digits(account + 'DE')}{account}"


def spanish() -> str:
    number = digits(8)
    return number + dni.calc_check_digit(number)


def french() -> str:
    number = f"{SEEDED.choice('12')}{SEEDED.randrange(100):02}{SEEDED.randrange(1, 13):02}{digits(8)}"
    return number + nir.calc_check_digits(number)


def brazilian() -> str:
    return until(cpf.is_valid, lambda: digits(11))


def polish() -> str:
    day = datetime(1950, 1, 1) + timedelta(days=SEEDED.randrange(18_000))  # noqa: DTZ001 - a birthday
    number = f"{day:%y%m%d}{digits(4)}"
    return number + pesel.calc_check_digit(number)


PERSONAL: dict[str, tuple[Kind, Callable[[], str]]] = {
    "e-mail": ("email", lambda: f"{SEEDED.choice('abcdef')}{SEEDED.randrange(999)}.x@mail.example.org"),
    "card": ("card", card),
    "iban": ("iban", iban),
    "ip v4": ("ip", lambda: ".".join(str(SEEDED.randrange(1, 255)) for _ in range(4))),
    "ip v6": ("ip", lambda: "2001:db8:" + ":".join(f"{SEEDED.randrange(65536):x}" for _ in range(6))),
    "mac": ("mac", lambda: ":".join(f"{SEEDED.randrange(256):02x}" for _ in range(6))),
    "phone, international": ("phone", lambda: f"+49 {SEEDED.randrange(30, 999)} {digits(7)}"),
    "phone, national": ("phone", lambda: f"({digits(3)}) {digits(3)}-{digits(4)}"),
    "United States": ("national_id", lambda: f"1{digits(2)}-{SEEDED.randrange(10, 99)}-{digits(4)}"),
    "Germany": ("national_id", lambda: until(idnr.is_valid, lambda: digits(11))),
    "France": ("national_id", french),
    "Spain": ("national_id", spanish),
    "Netherlands": ("national_id", lambda: until(bsn.is_valid, lambda: digits(9))),
    "Brazil": ("national_id", brazilian),
    "Poland": ("national_id", polish),
    "Great Britain": ("national_id", lambda: f"AB{digits(6)}{SEEDED.choice('ABCD')}"),
}  # fmt: skip

BEGUN = datetime(2024, 1, 1)  # noqa: DTZ001 - only its text counts
HARMLESS: dict[str, Callable[[int], str]] = {
    "order_id": lambda n: str(100_000_000 + n),
    "padded_id": lambda n: f"{n:011}",
    "random_9": lambda _: digits(9),
    "random_11": lambda _: digits(11),
    "random_15": lambda _: digits(15),
    "random_16": lambda _: digits(16),
    "snowflake": lambda n: str((1_700_000_000_000 + n * 977) << 22),
    "epoch_s": lambda n: str(1_700_000_000 + 61 * n),
    "epoch_ms": lambda n: str(1_700_000_000_000 + 61_003 * n),
    "created_at": lambda n: (BEGUN + timedelta(minutes=n)).isoformat(),
    "day": lambda n: (BEGUN + timedelta(days=n)).date().isoformat(),
    "german_day": lambda n: f"{BEGUN + timedelta(days=n):%d.%m.%Y}",
    "time": lambda n: f"{n % 24:02}:{n % 60:02}:{n * 7 % 60:02}",
    "amount": lambda _: f"{SEEDED.random() * 1e4:.2f}",
    "signed": lambda _: f"{SEEDED.random() * 1e4 - 5e3:+.4f}",
    "latitude": lambda _: f"{SEEDED.random() * 180 - 90:.6f}",
    "uuid": lambda _: str(uuid.UUID(int=SEEDED.getrandbits(128))),
    "sha256": lambda _: f"{SEEDED.getrandbits(256):064x}",
    "md5": lambda _: f"{SEEDED.getrandbits(128):032x}",
    "version": lambda n: f"{n % 9}.{n % 7}.{n % 50}.{n % 11}",
    "isbn": lambda _: f"978-3-{digits(2)}-{digits(6)}-{digits(1)}",
    "sku": lambda n: f"AB-{n:05}-{SEEDED.choice('XYZ')}",
    "part": lambda _: f"{SEEDED.choice('ABC')}{digits(7)}{SEEDED.choice('XYZ')}",
    "country": lambda n: ["DE", "FR", "US"][n % 3],
    "city": lambda n: ["Berlin", "Paris", "New York"][n % 3],
    "url": lambda n: f"https://example.org/a/{n}",
    "clone_url": lambda n: f"git@example.org:team/{n}.git",
    "arn": lambda n: f"arn:aws:s3:::bucket/{n}",
    "note": lambda n: f"wheel {n} turns at {n % 7} rpm",
}


@pytest.mark.parametrize("what", PERSONAL)
def test_personal_values_are_told_by_their_form(what: str) -> None:
    kind, make = PERSONAL[what]
    found = suspect("field_7", [make() for _ in range(200)])
    assert found is not None
    assert (found.kind, found.share > 0.8) == (kind, True)


@pytest.mark.parametrize("what", HARMLESS)
@pytest.mark.parametrize("rows", [3, 30, 500])
def test_other_values_are_not(what: str, rows: int) -> None:
    assert suspect(what, [HARMLESS[what](n) for n in range(rows)]) is None


def test_random_numbers_of_any_length_are_not_suspected() -> None:
    columns = [
        [digits(length) for _ in range(SEEDED.choice((1, 5, 20, 200)))]
        for length in range(4, 20)
        for _ in range(40)
    ]
    assert [suspect("field", column) for column in columns] == [None] * len(columns)


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("first_name", ["Ada", "Jean-Luc", "Zoë"], "person_name"),
        ("lastName", ["O'Neil", "García Márquez"], "person_name"),
        ("Nachname", ["Müller", "von Stein"], "person_name"),
        ("apellido_cliente", ["Pérez"], "person_name"),
        ("dob", ["1971-03-08", "1990-12-24"], "birth_date"),
        ("Geburtsdatum", ["08.03.1971"], "birth_date"),
        ("dateOfBirth", ["3/8/1971"], "birth_date"),
        ("phone", ["5551234567", "030 123456"], "phone"),
        ("billing_address_line_1", ["12 Mill Lane", "Am Bach 3"], "address"),
        ("ip", ["10.0.0.1", "10.0.0.2"], "ip"),
        ("userName", ["ada", "grace.h"], "username"),
        ("ssn", ["123456789"], "national_id"),
        ("steuerId", ["12 345 678 901"], "national_id"),
        ("E-Mail", ["a@b.example"], "email"),
    ],
)
def test_a_name_and_values_that_look_like_it_are_enough(name: str, values: list[str], kind: Kind) -> None:
    found = suspect(name, values)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("address_id", ["1", "2", "3"]),
        ("ip_count", ["3", "17"]),
        ("username_hash", ["5e884898da28047151d0e56f8dc62927"]),
        ("is_email", ["true", "false"]),
        ("email_verified", ["true", "false"]),
        ("phone_type", ["mobile", "home"]),
        ("mobile", ["yes", "no"]),
        ("address", ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"]),
        ("birth_date_known", ["true"]),
        ("birthdate", ["unknown", "n/a"]),
        ("file_name", ["a.csv"]),
        ("name", ["Old Mill"]),
        ("host_name", ["web-1"]),
        ("nir", ["0.731", "0.702"]),
        ("number_of_phones", ["1", "2"]),
        ("first_name_length", ["3", "4"]),
    ],
)
def test_names_of_something_about_people_are_not(name: str, values: list[str]) -> None:
    assert suspect(name, values) is None


def test_without_values_the_name_decides() -> None:
    found = suspect("iban", ["", "  "])
    assert found is not None
    assert (found.kind, found.share) == ("iban", 0.0)
    assert suspect("amount", []) is None


def test_a_fifth_of_e_mail_addresses_is_enough_and_a_stray_one_is_not() -> None:
    notes = [f"wheel {n}" for n in range(80)]
    mails = [f"ask user{n}@example.org" for n in range(25)]
    found = suspect("note", notes + mails)
    assert found is not None
    assert found.kind == "email"
    assert suspect("note", notes + mails[:3]) is None


def test_the_reason_tells_no_value() -> None:
    values = [iban() for _ in range(20)]
    for name in ("iban", "field"):
        found = suspect(name, values)
        assert found is not None
        assert not any(value in found.why for value in values)
        assert "IBANs" in found.why


@given(st.text(max_size=20), st.lists(st.text(max_size=400), max_size=20))
def test_no_text_is_too_strange(name: str, values: Sequence[str]) -> None:
    found = suspect(name, values)
    assert found is None or 0 <= found.share <= 1


def test_a_repeated_value_counts_once() -> None:
    assert suspect("field", [digits(9)] * 500 + ["4111111111111111"] * 500) is None


def test_fields_of_documents_are_told_by_their_path() -> None:
    documents = [
        f'{{"user": {{"mail": "u{n}@example.org", "id": {n}}}, "cards": [{{"no": {card()}}}], "v": [1.5]}}'
        for n in range(30)
    ]
    found = suspect_inside([*documents, "no json", "[" * 5_000, '{"user": 3}'])
    assert {path: one.kind for path, one in found.items()} == {"user.mail": "email", "cards.no": "card"}
    assert suspect_inside(documents, known={"user", "cards.no"}) == {}
