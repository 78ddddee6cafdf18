"""Each rule, its reasons, and what masks leave of a value."""

import json

import pytest

from headrace.domain.batch import ReasonCount
from headrace.domain.formats import Csv, Ndjson
from headrace.domain.plan import (
    Array,
    Column,
    Date,
    Decimal,
    Double,
    Fields,
    Integer,
    Items,
    Json,
    Key,
    Length,
    MultipleOf,
    NoneOf,
    Object,
    OneOf,
    Pattern,
    Range,
    Rule,
    Text,
    Time,
    Timestamp,
    Type,
)
from tests.engines.unit import Unit, plan, refine_files

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
        (Time(), Range("09:00", "17:30", most_excluded=True), ["09:00", "17:29:59.9"], ["08:59:59", "17:30"]),
        (Text(), NoneOf(("N/A", "-")), ["n/a", ""], ["N/A", "-"]),
        (Integer(), NoneOf(("-999", "N/A", "0); --")), [999], [-999, "-0999"]),
        (Integer(), MultipleOf("5"), [0, -10, 2**62 // 5 * 5], [1, 2**63 - 1]),
        (Integer(), MultipleOf("2.5"), [5, -10], [2, 3]),
        (Integer(), MultipleOf("0.25"), [1, 3], []),
        (Integer(), MultipleOf("1" + "0" * 40), [0], [10]),
        (Decimal(38, 2), MultipleOf("0.05"), ["1.10", "-0.05", "9" * 36 + ".95"], ["1.11", "9" * 36 + ".99"]),
        (Decimal(10, 2), MultipleOf("0.001"), ["1.11"], []),
        (Decimal(10, 2), MultipleOf("0.030"), ["0.09", "-3"], ["0.10"]),
        (Double(), MultipleOf("0.1"), [0.3, -1.1, 0, 1e20], [0.30000000000000004, 0.05, 1e-7]),
        (Double(), MultipleOf("3"), [9, 3e15], [1, 1.5, 1e60]),
        (Array(Integer()), Items(1, 2), [[1], [1, None]], [[], [1, 2, 3]]),
        (Array(Integer()), Items(unique=True), [[1, 2, None], []], [[1, "01"], [None, None]]),
        (Array(Array(Text())), Items(unique=True), [[["a"], ["b"]]], [[["a"], ["a"]]]),
        (
            Array(Object((Column("a", "a", Integer()),))),
            Items(unique=True),
            [[{"a": 1}, {"a": 2}]],
            [[{"a": 1}, {"a": "1"}]],
        ),
        (
            Json(),
            Fields(1, 2),
            [{"a": 1}, {"a": {"b": 1, "c": 2, "d": 3}, "b": 2}],
            [{}, {"a": 1, "b": 2, "c": 3}],
        ),
        (Json(), Fields(most=3), [{}], [[1], "a", 5, True]),
    ],
    ids=str,
)
def test_a_rule_parts_values(type_: Type, rule: Rule, good: list[object], bad: list[object]) -> None:
    name = {
        Pattern: "pattern", Length: "length", OneOf: "enum", Range: "range", NoneOf: "missing",
        MultipleOf: "multiple", Items: "items", Fields: "fields",
    }[type(rule)]  # fmt: skip
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
    columns = [Column("a", "a", Integer()), Column("b", "b", Text(), mask="redact")]
    unit = refine_files(
        plan(*columns, keys=(Key(("a",)), Key(("b",)))), {"a.csv": b"a,b\n1,x\n1,y\n2,y\n3,y\n"}
    )
    assert unit.column("a") == [1, 2]
    assert unit.rules == [["a unique"], ["b unique"]]
    assert unit.quarantine[1]["_reasons"][0]["value_excerpt"] == "***"


def test_an_excerpt_is_cut_to_a_hundred_characters() -> None:
    unit = judged(Column("v", "v", Integer()), "ä" * 300)
    assert unit.broken == [(1, [("v", "type", "ä" * 100)])]
    assert json.loads(unit.quarantine[0]["_raw"]) == {"v": "ä" * 300}
