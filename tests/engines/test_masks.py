"""What masks leave of a value: in the table, the raw text, the excerpts and the rescued fields."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.errors import EngineFault
from headrace.domain.formats import Csv, Ndjson
from headrace.domain.plan import (
    Array,
    Column,
    Date,
    Decimal,
    Integer,
    Json,
    Key,
    Length,
    Mask,
    Object,
    OneOf,
    Pattern,
    Range,
    Text,
    Time,
    Timestamp,
    Type,
)
from headrace.domain.tables import published
from headrace.engines.duckdb.rows.masks import Masks
from tests.engines.unit import DEPLOYMENT_KEY, KEY, Unit, plan, refine_files

FORMATS = (Ndjson(), Csv(nulls=("", "NA")))


def lines(*values: object) -> dict[str, bytes]:
    return {"v.ndjson": "\n".join(json.dumps({"v": value}) for value in values).encode()}


def judged(column: Column, *values: object) -> Unit:
    return refine_files(plan(column, formats=FORMATS), lines(*values))


def hashed(text: str) -> str:
    return hashlib.sha256(KEY + text.encode()).digest()[:16].hex()


def token(text: str) -> str:
    return "tok_" + hashlib.sha256(DEPLOYMENT_KEY + text.encode()).digest()[:16].hex()


SECRETS = ["x", "12345678", "123456789", "ünïcødé🌊🌊🌊"]
MASKED: dict[Mask, list[str]] = {
    "hash": [hashed(text) for text in SECRETS],
    "redact": ["***"] * 4,
    "tokenise": [token(text) for text in SECRETS],
    "partial": ["*", "********", "*****6789", "******é🌊🌊🌊"],
    "truncate": ["x", "123", "123", "ünï"],
}


@pytest.mark.parametrize("mask", MASKED)
def test_a_mask_covers_the_table_the_raw_text_and_the_excerpt(mask: Mask) -> None:
    column = Column("v", "v", Text(), mask=mask)
    assert judged(column, *SECRETS, None).column("v") == [*MASKED[mask], None]
    failing = Column("v", "v", Text(), mask=mask, rules=(OneOf(("other",)),))
    unit = judged(failing, *SECRETS, None)
    assert [json.loads(row["_raw"])["v"] for row in unit.quarantine] == MASKED[mask]
    assert [row["_reasons"][0]["value_excerpt"] for row in unit.quarantine] == MASKED[mask]
    assert unit.column("v") == [None]


@pytest.mark.parametrize("mask", ["hash", "tokenise", "redact", "partial", "drop"])
def test_a_masked_value_of_the_wrong_kind_stays_masked(mask: Mask) -> None:
    unit = judged(Column("v", "v", Text(), mask=mask), {"deep": "secret-canary"}, ["secret-canary"])
    assert unit.rules == [["v type"]] * 2
    assert "canary" not in json.dumps(unit.quarantine)


def test_masked_columns_are_text_whatever_they_were() -> None:
    columns = [
        Column("n", "n", Integer(), mask="redact", rules=(Range("0"),)),
        Column("d", "d", Decimal(5, 2), mask="hash"),
        Column("t", "t", Array(Text()), mask="partial"),
    ]
    files = {"a.ndjson": b'{"n":7,"d":"1.50","t":["a","b"]}', "b.csv": b'n,d,t\n007,1.5,"[""a"",""b""]"\n'}
    unit = refine_files(plan(*columns, formats=FORMATS), files)
    assert [(row["n"], row["d"], row["t"]) for row in unit.curated] == [
        ("***", hashed("1.50"), '*****"b"]')
    ] * 2


def test_a_masked_nested_column_shows_nothing_of_its_inside() -> None:
    shape = Object((Column("email", "email", Text()), Column("age", "age", Integer())))
    columns = plan(Column("v", "v", shape, mask="redact"), formats=FORMATS)
    unit = refine_files(
        columns, {"v.ndjson": b'{"v":{"email":"canary","age":"canary","more":1}}\n{"v":"canary"}'}
    )
    assert unit.rules == [["v.age type"], ["v type"]]
    assert "canary" not in json.dumps(unit.quarantine)


def test_an_unsplit_record_shows_its_text_only_where_nothing_is_masked() -> None:
    files = {"v.csv": b"v,w\nonly\n", "v.ndjson": b'{"v": '}
    open_, masked = (plan(Column("v", "v", Text(), mask=mask), formats=FORMATS) for mask in (None, "redact"))
    assert [row["_raw"] for row in refine_files(open_, files).quarantine] == ["only", '{"v":']
    assert [row["_raw"] for row in refine_files(masked, files).quarantine] == ["", ""]


def test_a_token_without_a_key_is_refused_at_any_depth() -> None:
    inner = Column("v", "v", Array(Object((Column("x", "x", Text(), mask="tokenise"),))))
    with pytest.raises(EngineFault, match="x has the mask tokenise, and there is no key"):
        refine_files(plan(inner, formats=FORMATS), lines([]), token_key=b"")


def test_truncate_is_refused_for_what_it_does_not_know() -> None:
    with pytest.raises(EngineFault, match="truncate"):
        refine_files(plan(Column("v", "v", Integer(), mask="truncate"), formats=FORMATS), lines(1))


@pytest.mark.parametrize(
    ("type_", "value", "left"),
    [
        (Text(), "Rotterdam", "Rot"),
        (Date(), "2024-07-31", date(2024, 1, 1)),
        (Date("%d/%m/%Y"), "31/07/0001", date(1, 1, 1)),
        (Timestamp(), "2024-01-01T00:30+01:00", datetime(2023, 1, 1, tzinfo=UTC)),
        (Time(), "17:45:12.5", "17:00:00"),
    ],
    ids=str,
)
def test_truncate_keeps_the_type_and_the_start_of_a_value(type_: Type, value: str, left: object) -> None:
    assert judged(Column("v", "v", type_, mask="truncate"), value, None).column("v") == [left, None]
    failing = judged(Column("v", "v", type_, mask="truncate", rules=(NEVER[type(type_)],)), value)
    (row,) = failing.quarantine
    shown = left if isinstance(type_, Text) else "***"
    assert [json.loads(row["_raw"])["v"], row["_reasons"][0]["value_excerpt"]] == [shown, shown]


NEVER: dict[type[Type], Any] = {
    Text: OneOf(("other",)),
    Date: Range("9000-01-01"),
    Timestamp: Range("9000-01-01T00:00:00"),
    Time: Range("23:59"),
}


def test_a_dropped_column_is_judged_and_a_key_and_written_nowhere() -> None:
    columns = [
        Column("id", "id", Integer(), mask="drop", required=True, rules=(Range("0"),)),
        Column("n", "n", Text()),
    ]
    files = {"a.csv": b"id,n\n4711,a\n4711,b\n-4711,c\nx4711,d\n,e\n"}
    unit = refine_files(plan(*columns, formats=FORMATS, keys=(Key(("id",)), Key(("id", "n")))), files)
    assert unit.column("n") == ["a"]
    assert "id" not in unit.tables["curated"].column_names
    assert unit.rules == [["id unique"], ["id range"], ["id type"], ["id required"]]
    assert [json.loads(row["_raw"]) for row in unit.quarantine] == [{"n": one} for one in "bcde"]
    assert "4711" not in unit.everything


def test_a_key_may_be_masked_in_any_way() -> None:
    for mask in (*MASKED, "drop"):
        column = Column("v", "v", Text(), mask=mask)
        unit = refine_files(
            plan(column, formats=FORMATS, keys=(Key(("v",), "primary_key"),)),
            lines("abcdefghij", "abcdefghik", "abcdefghij"),
        )
        assert [row["_row"] for row in unit.curated] == [1, 2]
        assert unit.rules == [["v primary_key"]]
        assert "abcdefghi" not in unit.everything


# ── inside of columns ────────────────────────────────────────────────────────────────────────────

PERSON = Object(
    (
        Column("email", "e-mail", Text(), mask="hash", rules=(Pattern(".+@.+"),), aliases=("mail",)),
        Column("born", "born", Date(), mask="truncate"),
        Column("ssn", "ssn", Text(), mask="drop", rules=(Length(9, 9),)),
        Column("home", "home", Object((Column("zip", "zip", Text(), mask="partial"),)), mask=None),
        Column("tags", "tags", Array(Text()), mask="redact"),
        Column("age", "age", Integer()),
    )
)
PEOPLE = plan(Column("people", "people", Array(PERSON)), Column("n", "n", Integer()), formats=FORMATS)
ANN = {
    "e-mail": "ann@canary",
    "born": "1984-05-06",
    "ssn": "123456789",
    "home": {"zip": "canary-1234"},
    "tags": ["canary"],
    "age": 40,
}


def test_masks_inside_a_column_cover_the_table() -> None:
    unit = refine_files(PEOPLE, {"a.ndjson": json.dumps({"people": [ANN, None, {}]}).encode()})
    nobody = dict.fromkeys(("email", "born", "home", "tags", "age"))
    assert unit.column("people") == [
        [
            {
                "email": hashed("ann@canary"),
                "born": date(1984, 1, 1),
                "home": {"zip": "*******1234"},
                "tags": "***",
                "age": 40,
            },
            None,
            nobody,
        ]
    ]
    assert [one.name for one in published(PERSON.columns)] == list(nobody)


def test_masks_inside_a_column_cover_its_raw_text() -> None:
    row = {"people": [ANN | {"age": "old"}], "n": 1}
    cell = json.dumps(row["people"]).replace('"', '""')
    files = {"a.ndjson": json.dumps(row).encode(), "b.csv": f'people,n\n"{cell}",1\n'.encode()}
    unit = refine_files(PEOPLE, files)
    assert unit.rules == [["people.element.age type"]] * 2
    for one in unit.quarantine:
        (person,) = json.loads(one["_raw"])["people"]
        assert person == {
            "e-mail": hashed("ann@canary"),
            "born": "***",
            "home": {"zip": "*******1234"},
            "tags": "***",
            "age": "old",
        }


def test_masks_inside_a_column_cover_the_reasons() -> None:
    bad = ANN | {"e-mail": "canary", "ssn": "canary", "born": "canary", "home": "canary", "tags": "canary"}
    unit = refine_files(PEOPLE, {"a.ndjson": json.dumps({"people": [bad]}).encode()})
    assert sorted(unit.broken[0][1]) == [
        ("people.element.born", "type", "***"),
        ("people.element.email", "pattern", hashed("canary")),
        ("people.element.home", "type", "***"),
        ("people.element.ssn", "length", ""),
        ("people.element.tags", "type", "***"),
    ]
    assert "canary" not in unit.everything


def test_a_nested_column_that_is_no_json_is_hidden_where_it_holds_masks() -> None:
    unit = refine_files(PEOPLE, {"a.csv": b'people,n\n"[{""e-mail"": ""canary""",1\n'})
    assert unit.broken == [(1, [("people", "type", "***")])]
    assert "canary" not in unit.everything


def test_what_is_unknown_inside_a_masked_column_is_hidden() -> None:
    shape = Object((Column("x", "x", Text()),))
    unit = refine_files(
        plan(Column("v", "v", shape, mask="hash"), formats=FORMATS), lines({"x": "a", "more": "canary"})
    )
    assert json.loads(unit.curated[0]["_rescued"]) == {"v.more": "***"}
    assert "canary" not in unit.everything


# ── names that are a masked column's in all but spelling ─────────────────────────────────────────

MISSPELT = ["EMAIL", "e_mail", "E-Mail", "e mail", "Mail", "eMail"]


@pytest.mark.parametrize("name", MISSPELT)
def test_an_unknown_field_with_a_masked_columns_name_is_hidden(name: str) -> None:
    columns = [
        Column("email", "email", Text(), mask="hash", aliases=("mail",)),
        Column("n", "n", Integer()),
        Column("o", "o", Object((Column("x", "x", Integer()),))),
    ]
    row = {name: "canary", "o": {"x": 1, name: "canary"}, "other": {"deep": [{name: ["canary"], "seen": 1}]}}
    files = {
        "a.ndjson": "\n".join(json.dumps(row | {"n": n}) for n in (1, "x")).encode(),
        "b.csv": f"{name},n\ncanary,1\ncanary,x\n".encode(),
    }
    unit = refine_files(plan(*columns, formats=FORMATS, evolution="evolve"), files)
    assert "canary" not in unit.everything
    rescued = json.loads(unit.curated[0]["_rescued"])
    assert rescued == {name: "***", "o." + name: "***", "other": {"deep": [{name: "***", "seen": 1}]}}
    assert json.loads(unit.quarantine[-1]["_raw"]) == {name: "***", "n": "x"}
    assert [one.source for one in unit.unknown] == ["other"]


def test_other_unknown_fields_stay_as_they_are() -> None:
    masked = Column("email", "email", Text(), mask="redact")
    unit = refine_files(
        plan(masked, Column("n", "n", Json()), formats=FORMATS),
        {"a.ndjson": b'{"n":1,"emails":1.50,"\xd0\xbf":{"a":[1.0]}}'},
    )
    assert unit.curated[0]["_rescued"] == '{"emails":1.50,"\u043f":{"a":[1.0]}}'


# ── properties ───────────────────────────────────────────────────────────────────────────────────

CANARY = "canary-7f3a9"
MASK_KINDS: tuple[Mask, ...] = ("hash", "tokenise", "redact", "truncate", "drop")
SECRET_VALUES: list[Any] = [CANARY, [CANARY], {"a": CANARY}, {"b": [CANARY]}, f"x{CANARY}", None]
Case = tuple[tuple[Column, ...], list[dict[str, Any]]]


@st.composite
def secrets(draw: st.DrawFn) -> Case:
    """Columns with masks at some depth, and rows that give the canary only to them, well or badly spelt."""
    mask = draw(st.sampled_from(MASK_KINDS))
    rule = draw(st.sampled_from([(), (OneOf(("no",)),)]))
    secret = Column("secret", "secret", Text(), mask=mask, rules=rule, required=draw(st.booleans()))
    seen = Column("seen", "seen", Integer())
    inside: Type = Object((secret, seen))
    if draw(st.booleans()):
        inside = Object((Column("list", "list", Array(inside)),))
    columns = (secret, seen, Column("nest", "nest", inside))
    name = st.sampled_from(["secret", "Secret", "SE_CRET", "s e c r e t"])
    record = st.dictionaries(name, st.sampled_from(SECRET_VALUES), max_size=2)
    nests = record | st.fixed_dictionaries({"list": st.lists(record, max_size=2)})
    rows = st.lists(
        st.tuples(record, st.sampled_from([1, "bad"]), nests).map(
            lambda one: one[0] | {"seen": one[1], "nest": one[2], "else": one[2]}
        ),
        min_size=1,
        max_size=4,
    )
    return columns, draw(rows)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(case=secrets())
def test_no_value_of_a_masked_column_is_written(
    case: tuple[tuple[Column, ...], list[dict[str, Any]]],
) -> None:
    columns, rows = case
    body = "\n".join(map(json.dumps, rows)).encode()
    unit = refine_files(
        plan(*columns, formats=FORMATS, keys=(Key(("secret",)),), evolution="evolve"),
        {"a.ndjson": body, "b.ndjson": body},
    )
    assert unit.objects[0].rows == len(rows)
    assert CANARY[3:] not in unit.everything


@settings(derandomize=True, max_examples=40, deadline=None)
@given(text=st.text(max_size=20), mask=st.sampled_from((*MASK_KINDS, "partial")))
def test_a_mask_is_the_same_inside_a_column_and_outside(text: str, mask: Mask) -> None:
    whole = Column("v", "v", Text(), mask=mask, rules=(OneOf(()),))
    inner = Column("w", "w", Object((whole,)))
    row = json.dumps({"v": text, "w": {"v": text}}).encode("utf-8", "surrogatepass")
    (one,) = refine_files(plan(whole, inner, formats=(Ndjson(),)), {"a.ndjson": row}).quarantine
    raw = json.loads(one["_raw"])
    assert raw.get("v") == raw["w"].get("v")
    if mask != "drop":
        assert raw["v"] == Masks(KEY, DEPLOYMENT_KEY).shown(mask, Text(), text)
    assert len({reason["value_excerpt"] for reason in one["_reasons"]}) == 1
