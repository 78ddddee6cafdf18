"""What refining tells of the columns it writes: right, the same each time, and never a masked value."""

import csv
import io
import json
import math
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import pytest

from headrace.domain.formats import JsonDocument, Ndjson
from headrace.domain.plan import (
    Array,
    Boolean,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Json,
    Mask,
    Object,
    Range,
    Text,
    Timestamp,
)
from headrace.domain.profile import ColumnProfile, ColumnSketch, merged
from tests.engines.unit import Unit, plan, refine_files

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
BEGUN = datetime(2024, 1, 1)  # noqa: DTZ001 - read in UTC
ORDERS = (
    Column("id", "id", Integer()),
    Column("customer", "customer", Text()),
    Column("amount", "amount", Decimal(12, 2)),
    Column("weight", "weight", Double()),
    Column("day", "day", Date()),
    Column("at", "at", Timestamp()),
    Column("country", "country", Text()),
    Column("paid", "paid", Boolean()),
    Column("note", "note", Text()),
)
CANARY = "canary-7f3a91"


def orders(rows: int, seed: int = 1) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        {
            "id": seed * 1_000_000 + row,
            "customer": f"customer {chance.randrange(4_000)}",
            "amount": f"{chance.lognormvariate(3, 1):.2f}",
            "weight": repr(chance.gauss(0, 1)),
            "day": (BEGUN + timedelta(days=chance.randrange(300))).date(),
            "at": (BEGUN + timedelta(seconds=chance.randrange(10**7))).isoformat(" "),
            "country": chance.choices(["DE", "FR", "US"], [6, 3, 1])[0],
            "paid": chance.choice(["true", "false"]),
            "note": f"turns at {chance.randrange(30)}" if chance.random() < 0.3 else "",
        }
        for row in range(rows)
    ]


def as_csv(rows: Sequence[dict[str, Any]]) -> bytes:
    written = io.StringIO()
    writer = csv.DictWriter(written, [*rows[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()


def as_ndjson(rows: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def profiles(*units: Unit) -> dict[str, ColumnProfile]:
    sketches: dict[str, list[ColumnSketch]] = {}
    for one in (one for unit in units for one in unit.profile):
        sketches.setdefault(one.column, []).append(one)
    return {name: merged(parts) for name, parts in sketches.items()}


def suspicions(unit: Unit) -> dict[str, str]:
    return {path: found.kind for one in unit.profile for path, found in one.suspicions.items()}


def rank_error(quantiles: Sequence[float], values: Sequence[float]) -> float:
    ordered = sorted(values)
    ranks = [sum(one <= value for one in ordered) / len(ordered) for value in quantiles]
    return max(abs(rank - step / (len(ranks) - 1)) for step, rank in enumerate(ranks))


@pytest.mark.parametrize("rows", [7, 900, 6_000])
def test_a_unit_is_told_as_it_is_whatever_its_size(rows: int) -> None:
    made = orders(rows)
    found = profiles(refine_files(plan(*ORDERS), {"a.csv": as_csv(made)}))
    assert [*found] == [*(one.name for one in ORDERS), "_rescued"]
    assert {one.rows for one in found.values()} == {rows}
    assert {name: one.nulls for name, one in found.items() if one.nulls} == {
        "note": sum(not row["note"] for row in made),
        "_rescued": rows,
    }
    amounts = [float(row["amount"]) for row in made]
    assert (found["id"].least, found["id"].most) == ("1000000", str(1_000_000 + rows - 1))
    assert (float(found["amount"].least), float(found["amount"].most)) == (min(amounts), max(amounts))
    assert found["amount"].mean == pytest.approx(fmean(amounts))
    assert (found["day"].least, found["day"].most) == (
        str(min(row["day"] for row in made)),
        str(max(row["day"] for row in made)),
    )
    assert found["at"].least == min(row["at"] for row in made) + "+00"
    assert found["at"].scale == "timestamp"
    lengths = [len(row["customer"]) for row in made]
    assert (found["customer"].shortest, found["customer"].longest) == (min(lengths), max(lengths))
    assert found["customer"].mean_length == pytest.approx(fmean(lengths))
    germans = sum(row["country"] == "DE" for row in made) / rows
    assert dict(found["country"].top)["DE"] == pytest.approx(germans)
    assert (found["country"].distinct, found["paid"].distinct) == (len({row["country"] for row in made}), 2)


@pytest.mark.parametrize("rows", [900, 6_000])
def test_estimates_are_near(rows: int) -> None:
    made = orders(rows)
    found = profiles(refine_files(plan(*ORDERS), {"a.csv": as_csv(made)}))
    for name in ("id", "customer", "amount", "weight", "day", "at", "note"):
        true = len({row[name] for row in made if row[name] != ""})
        estimate = found[name].distinct
        assert estimate is not None
        assert abs(estimate - true) <= 0.25 * true
    for name in ("amount", "weight", "id"):
        assert rank_error(found[name].quantiles, [float(row[name]) for row in made]) < 0.06


def test_work_units_add_up() -> None:
    parts = [orders(rows, seed) for seed, rows in ((1, 3_000), (2, 400), (3, 2_000))]
    found = profiles(*(refine_files(plan(*ORDERS), {"a.csv": as_csv(part)}) for part in parts))
    made = [row for part in parts for row in part]
    amounts = [float(row["amount"]) for row in made]
    assert (found["amount"].rows, float(found["amount"].most)) == (5_400, max(amounts))
    assert found["amount"].mean == pytest.approx(fmean(amounts))
    assert rank_error(found["amount"].quantiles, amounts) < 0.06
    assert found["customer"].distinct == pytest.approx(len({row["customer"] for row in made}), rel=0.25)


@pytest.mark.parametrize("rows", [50, 5_000])
def test_the_same_input_gives_the_same_bytes(rows: int) -> None:
    files = {"a.csv": as_csv(orders(rows)), "b.csv": as_csv(orders(rows, 2))}
    first, second = (msgspec.json.encode(refine_files(plan(*ORDERS), files).profile) for _ in range(2))
    assert first == second


def test_only_published_rows_count() -> None:
    columns = (Column("n", "n", Integer(), rules=(Range(most="10"),)), Column("t", "t", Text()))
    unit = refine_files(plan(*columns), {"a.csv": b"n,t\n1,a\n99,hidden\n2,b\n"})
    assert (profiles(unit)["n"].rows, profiles(unit)["n"].most) == (2, "2")
    assert b"hidden" not in msgspec.json.encode(unit.profile)


def test_nothing_published_has_no_profile() -> None:
    unit = refine_files(plan(Column("n", "n", Integer())), {"a.csv": b"n\nx\n"})
    assert unit.profile == ()


def test_a_contract_can_do_without_a_profile() -> None:
    quiet = plan(Column("n", "n", Integer()), profiled=False)
    unit = refine_files(quiet, {"a.csv": b"n\n1\n"})
    assert (len(unit.curated), unit.profile) == (1, ())


@pytest.mark.parametrize("mask", ["hash", "tokenise", "redact", "partial", "truncate"])
@pytest.mark.parametrize("rows", [20, 3_000])
def test_of_a_masked_column_no_value_is_told_nor_a_length(mask: Mask, rows: int) -> None:
    columns = (Column("n", "n", Integer()), Column("secret", "secret", Text(), mask=mask))
    lines = "".join(f"{n},{CANARY}-{n % 40}\n" for n in range(rows))
    unit = refine_files(plan(*columns), {"a.csv": f"n,secret\n{lines}".encode()})
    secret = profiles(unit)["secret"]
    told = msgspec.json.encode(unit.profile)
    assert CANARY.encode() not in told
    assert b"cana" not in told
    assert (secret.rows, secret.nulls, secret.withheld) == (rows, 0, True)
    assert (secret.shortest, secret.top, secret.quantiles, secret.least) == (None, (), (), "")
    assert secret.distinct == (min(rows, 40) if mask in ("hash", "tokenise") else None)


def test_a_dropped_column_is_not_told_at_all() -> None:
    columns = (Column("n", "n", Integer()), Column("gone", "gone", Text(), mask="drop"))
    unit = refine_files(plan(*columns), {"a.csv": f"n,gone\n1,{CANARY}\n".encode()})
    assert [*profiles(unit)] == ["n", "_rescued"]


def test_a_column_left_open_though_it_is_classified_is_only_counted() -> None:
    columns = (Column("mail", "mail", Text(), classification="pii"), Column("n", "n", Integer()))
    unit = refine_files(plan(*columns), {"a.csv": b"mail,n\nada@example.org,1\n"})
    assert b"ada" not in msgspec.json.encode(unit.profile)
    assert suspicions(unit) == {}
    assert profiles(unit)["mail"].withheld


@pytest.mark.parametrize("rows", [40, 4_000])
def test_a_column_that_looks_personal_is_suspected_and_its_values_withheld(rows: int) -> None:
    columns = (Column("a", "a", Text()), Column("b", "b", Text(), classification="public"))
    lines = "".join(f"user{n}@example.org,user{n}@example.org\n" for n in range(rows))
    unit = refine_files(plan(*columns), {"a.csv": f"a,b\n{lines}".encode()})
    assert suspicions(unit) == {"a": "email"}
    assert [one.withheld for one in profiles(unit).values()] == [True, False, True]
    open_, closed = unit.profile[1], unit.profile[0]
    assert b"@example" not in msgspec.json.encode(closed)
    assert open_.rows == rows


def test_numbers_and_days_are_suspected_too() -> None:
    columns = (Column("cc", "cc", Decimal(16, 0)), Column("dob", "dob", Date()), Column("at", "at", Date()))
    cards = ("4111111111111111", "5500005555555559", "340000000000009")
    lines = "".join(f"{card},1971-03-0{n + 1},1971-03-0{n + 1}\n" for n, card in enumerate(cards))
    unit = refine_files(plan(*columns), {"a.csv": f"cc,dob,at\n{lines}".encode()})
    assert suspicions(unit) == {"cc": "card", "dob": "birth_date"}
    assert b"4111" not in msgspec.json.encode(unit.profile)
    assert profiles(unit)["cc"].least == ""


def test_personal_fields_that_no_column_takes_are_told_without_a_value() -> None:
    rows = [{"n": n, "mail": f"user{n}@example.org", "who": {"ssn": "123-45-6789"}} for n in range(30)]
    unit = refine_files(plan(Column("n", "n", Integer()), formats=(Ndjson(),)), {"a.ndjson": as_ndjson(rows)})
    assert suspicions(unit) == {"_rescued.mail": "email", "_rescued.who.ssn": "national_id"}
    assert profiles(unit)["_rescued"].nulls == 0
    assert b"@example" not in msgspec.json.encode(unit.profile)


def test_nested_columns_are_counted_and_looked_into() -> None:
    inner = (Column("mail", "mail", Text()), Column("phone", "phone", Text(), classification="internal"))
    columns = (
        Column("tags", "tags", Array(Text())),
        Column("who", "who", Object(inner)),
        Column("more", "more", Json()),
    )
    rows = [
        {
            "tags": ["x"] * (n % 4),
            "who": {"mail": f"user{n}@example.org", "phone": "+49 30 1234567"},
            "more": {"ip": f"192.168.7.{n}"} if n % 2 else None,
        }
        for n in range(40)
    ]
    unit = refine_files(plan(*columns, formats=(Ndjson(),)), {"a.ndjson": as_ndjson(rows)})
    found = profiles(unit)
    assert (found["tags"].shortest, found["tags"].longest, found["tags"].mean_length) == (0, 3, 1.5)
    assert (found["who"].nulls, found["more"].nulls, found["tags"].distinct) == (0, 20, None)
    assert suspicions(unit) == {"who.mail": "email", "more.ip": "ip"}


def test_wide_texts_are_cut_and_tables_wider_than_200_columns_counted() -> None:
    columns = [Column(f"c{n}", f"c{n}", Text()) for n in range(209)]
    columns.append(Column("phone", "phone", Text()))
    header = ",".join(one.name for one in columns)
    row = ",".join("é" * 500 for _ in columns)
    unit = refine_files(plan(*columns), {"a.csv": f"{header}\n{row}\n".encode()})
    found = profiles(unit)
    assert (found["c0"].longest, found["c0"].top) == (500, (("é" * 100, 1.0),))
    assert (found["phone"].rows, found["phone"].longest, found["phone"].withheld) == (1, None, False)
    assert len(msgspec.json.encode(unit.profile)) < 200_000
    assert suspicions(unit) == {}


def test_the_largest_numbers_are_no_overflow() -> None:
    columns = (Column("d", "d", Double()), Column("i", "i", Integer()), Column("x", "x", Decimal(38, 0)))
    lines = "".join(f"1.7e308,{2**63 - 1 - n},{10**38 - 1 - n}\n" for n in range(3_000))
    found = profiles(refine_files(plan(*columns), {"a.csv": f"d,i,x\n{lines}".encode()}))
    assert (found["i"].most, found["x"].most) == (str(2**63 - 1), str(10**38 - 1))
    assert all(math.isfinite(one.mean or 0) for one in found.values())
    assert found["d"].distinct == 1


def test_a_rare_value_among_thousands_is_still_counted() -> None:
    columns = (Column("t", "t", Text()), Column("n", "n", Integer()))
    lines = "".join(f"{'rare' if n == 4_321 else ''},{n if n == 77 else ''}\n" for n in range(20_000))
    found = profiles(refine_files(plan(*columns), {"a.csv": f"t,n\n{lines}".encode()}))
    assert (found["t"].values, found["t"].top, found["n"].least) == (1, (("rare", 1.0),), "77")


@pytest.mark.skipif(not DATA.is_dir(), reason=f"there is no {DATA}")
def test_people_look_personal_and_airports_do_not() -> None:
    def found(path: str) -> dict[str, str]:
        body = (DATA / path).read_bytes()
        names = next(csv.reader(io.StringIO(body.decode())))
        columns = [Column(f"c{at}_{name}".lower(), name, Text()) for at, name in enumerate(names)]
        return suspicions(refine_files(plan(*columns), {"a.csv": body}))

    assert set(found("kylo-userdata/userdata1.csv").values()) >= {"person_name", "email", "ip", "card"}
    assert found("ourairports/runways.csv") == {}
    assert found("ourairports/navaids.csv") == {}


@pytest.mark.skipif(not DATA.is_dir(), reason=f"there is no {DATA}")
def test_films_do_not_look_personal() -> None:
    (path, *_) = sorted((DATA / "movies-json").glob("*.json"))
    columns = [Column(name, name, Text()) for name in ("title", "href", "extract", "thumbnail")]
    columns += [Column("cast_list", "cast", Array(Text())), Column("year", "year", Integer())]
    unit = refine_files(plan(*columns, formats=(JsonDocument(),)), {"a.json": path.read_bytes()})
    assert suspicions(unit) == {}
