"""Each rule, its reasons, and what masks leave of a value."""

import hashlib
import json

import pytest

from headrace.domain.batch import ReasonCount
from headrace.domain.errors import EngineFault, InvalidContract
from headrace.domain.plan import (
    Array,
    Column,
    Csv,
    Date,
    Decimal,
    Double,
    Integer,
    Key,
    Length,
    Mask,
    Ndjson,
    Object,
    OneOf,
    Pattern,
    Range,
    Rule,
    Text,
    Timestamp,
    Type,
)
from tests.engines.unit import KEY, Unit, plan, refine_files

FORMATS = (Ndjson(), Csv(nulls=("", "NA")))


def lines(*values: object) -> dict[str, bytes]:
    return {"v.ndjson": "\n".join(json.dumps({"v": value}) for value in values).encode()}


def judged(column: Column, *values: object) -> Unit:
    return refine_files(plan(column, formats=FORMATS), lines(*values))


@pytest.mark.parametrize(
    ("type_", "rule", "good", "bad"),
    [
        (Text(), Pattern("[a-z]+"), ["abc"], ["ab1", "abc\n", "", "ABC"]),
        (Text(), Pattern("a|b"), ["a", "b"], ["ab", "xb", "ax"]),
        (Text(), Pattern(r"^\d{2}$"), ["12"], ["123", "12\n"]),
        (Text(), Pattern("(?is:a.b)"), ["A\nB"], ["ab"]),
        (Text(), Length(2, 3), ["äb", "🌊🌊🌊"], ["x", "abcd"]),
        (Text(), Length(most=2), ["", "ab"], ["abc"]),
        (Text(), OneOf(("new", "it's")), ["new", "it's"], ["NEW", "new "]),
        (Integer(), OneOf(("1", "20")), [1, "020"], [2]),
        (Integer(), Range("1", "3"), [1, 3], [0, 4]),
        (Integer(), Range("1", "3", True, True), [2], [1, 3]),
        (Integer(32), Range("99999999999", None), [], [2**31 - 1]),
        (Integer(32), Range("-99999999999", "99999999999"), [2**31 - 1, -(2**31)], []),
        (Decimal(5, 2), Range("0.005", "1.995"), ["0.01", "1.99"], ["0", "2"]),
        (Decimal(5, 2), Range("0.005", "1.995", True, True), ["0.01", "1.99"], ["0", "2"]),
        (Decimal(38, 2), Range("-1" + "0" * 60, "0.00000000000000000001"), ["0", "-5"], ["0.01"]),
        (Double(), Range("0", "0.5"), [0, 0.5], [-0.1, 0.6]),
        (Date(), Range("2024-01-01", "2024-12-31"), ["2024-01-01"], ["2023-12-31", "2025-01-01"]),
        (Date("%d/%m/%Y"), Range("2024-01-02"), ["02/01/2024"], ["01/01/2024"]),
        (
            Timestamp(timezone="Asia/Tokyo"),
            Range("2024-01-01T00:00:00"),
            ["2024-01-01T09:00", "2024-01-01T00:00Z"],
            ["2024-01-01T08:59"],
        ),
    ],
    ids=str,
)
def test_a_rule_parts_values(type_: Type, rule: Rule, good: list[object], bad: list[object]) -> None:
    name = {Pattern: "pattern", Length: "length", OneOf: "enum", Range: "range"}[type(rule)]
    unit = judged(Column("v", "v", type_, rules=(rule,)), *good, None, *bad)
    assert len(unit.curated) == len(good) + 1, "a missing value breaks no rule but `required`"
    assert unit.rules == [[f"v {name}"]] * len(bad)


def test_required_wants_a_value_in_every_format() -> None:
    files = {"v.ndjson": b'{"v":null}\n{}\n{"v":""}', "v.csv": b"v,w\n,1\nNA,1\n x,1\n"}
    unit = refine_files(plan(Column("v", "v", Text(), required=True), formats=FORMATS), files)
    assert unit.broken == [(row, [("v", "required", "")]) for row in (1, 2, 1, 2)]
    assert unit.column("v") == ["", " x"]


def test_a_row_has_all_its_reasons_in_the_order_of_columns_and_rules() -> None:
    columns = [
        Column("a", "a", Text(), rules=(Length(3), Pattern("[a-z]+"), Pattern("[0-9]+"))),
        Column("b", "b", Integer(), required=True, rules=(Range("0"),)),
        Column("c", "c", Integer()),
    ]
    body = b'{"a":"A!","b":-1,"c":1}\n{"b":"x","c":"1"}\n{"b":2,"c":1}\n{"a":"abc1","b":3,"c":1}'
    unit = refine_files(plan(*columns, formats=FORMATS, keys=(Key(("c",)),)), {"v.ndjson": body})
    assert unit.broken == [
        (1, [("a", "length", "A!"), ("a", "pattern", "A!"), ("a", "pattern", "A!"), ("b", "range", "-1")]),
        (2, [("b", "type", "x")]),
        (4, [("a", "pattern", "abc1"), ("a", "pattern", "abc1"), ("c", "unique", "1")]),
    ]
    assert unit.reasons == (
        ReasonCount("a", "length", 1),
        ReasonCount("a", "pattern", 2),
        ReasonCount("b", "range", 1),
        ReasonCount("b", "type", 1),
        ReasonCount("c", "unique", 1),
    )


def test_unique_keeps_the_first_good_row_of_a_value_across_files_and_formats() -> None:
    columns = [Column("id", "id", Integer()), Column("n", "n", Integer())]
    files = {
        "a.csv": b"id,n\n1,10\n2,oops\n,1\n",
        "b.ndjson": b'{"id":1,"n":11}\n{"id":2,"n":20}\n{"id":null}',
        "c.csv": b"id,n\n2,21\n3,30\n3,31\n",
    }
    unit = refine_files(plan(*columns, formats=FORMATS, keys=(Key(("id",)),)), files)
    assert [(row["id"], row["n"]) for row in unit.curated] == [
        (1, 10),
        (None, 1),
        (2, 20),
        (None, None),
        (3, 30),
    ]
    assert unit.rules == [["n type"], ["id unique"], ["id unique"], ["id unique"]]
    assert [json.loads(row["_raw"]) for row in unit.quarantine[-2:]] == [
        {"id": "2", "n": "21"},
        {"id": "3", "n": "31"},
    ]


def test_a_row_that_repeats_one_value_is_no_first_of_another() -> None:
    columns = [Column("a", "a", Integer()), Column("b", "b", Text(), mask="hash")]
    unit = refine_files(
        plan(*columns, keys=(Key(("a",)), Key(("b",)))), {"a.csv": b"a,b\n1,x\n1,y\n2,y\n3,y\n"}
    )
    assert unit.column("a") == [1, 2]
    assert unit.rules == [["a unique"], ["b unique"]]
    assert unit.quarantine[1]["_reasons"][0]["value_excerpt"] == hashed("y")


def test_an_excerpt_is_cut_to_a_hundred_characters() -> None:
    unit = judged(Column("v", "v", Integer()), "ä" * 300)
    assert unit.broken == [(1, [("v", "type", "ä" * 100)])]
    assert json.loads(unit.quarantine[0]["_raw"]) == {"v": "ä" * 300}


def hashed(text: str) -> str:
    return hashlib.sha256(KEY + text.encode()).digest()[:16].hex()


SECRETS = ["x", "12345678", "123456789", "ünïcødé🌊🌊🌊"]
MASKED: dict[Mask, list[str]] = {
    "hash": [hashed(text) for text in SECRETS],
    "redact": ["***"] * 4,
    "partial": ["*", "********", "*****6789", "******é🌊🌊🌊"],
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


@pytest.mark.parametrize("mask", MASKED)
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


@pytest.mark.parametrize(
    "inner", [Column("x", "x", Text(), mask="hash"), Column("x", "x", Text(), required=True)]
)
def test_a_mask_or_rule_inside_a_column_is_refused_rather_than_ignored(inner: Column) -> None:
    nested = plan(Column("v", "v", Array(Array(Object((inner,))))), formats=FORMATS)
    with pytest.raises(InvalidContract, match=r"v\.x: masks and rules are for whole columns"):
        refine_files(nested, lines(1))


def test_a_hash_without_a_key_is_refused() -> None:
    with pytest.raises(EngineFault, match="no key"):
        refine_files(plan(Column("v", "v", Text(), mask="hash")), {"v.csv": b"v\nx\n"}, masking_key=b"")
