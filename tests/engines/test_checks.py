"""Rules on a row as a whole, and Athena's SQL as DuckDB answers it."""

import pytest

from headrace.domain.contract.sql import InvalidSql
from headrace.domain.formats import Csv
from headrace.domain.plan import Array, Check, Column, Date, Decimal, Double, Integer, Object, Text, Timestamp
from headrace.engines.duckdb.athena.athena_sql import to_duckdb
from tests.engines.unit import Unit, plan, refine_files

COLUMNS = (
    Column("a", "A", Integer()),
    Column("b", "b", Integer(32)),
    Column("d", "d", Decimal(10, 2)),
    Column("f", "f", Double()),
    Column("t", "t", Text(), mask="hash"),
    Column("on_day", "on_day", Date()),
    Column("at", "at", Timestamp()),
)
HEADER = "A,b,d,f,t,on_day,at"
ROW = "7,2,1.50,2.5,abc,2024-02-29,2024-03-01T10:00:00Z"


def judged(predicate: str, *rows: str) -> Unit:
    checked = plan(*COLUMNS, checks=(Check("the check", predicate),))
    return refine_files(checked, {"a.csv": "\n".join([HEADER, *rows]).encode()})


@pytest.mark.parametrize(
    "predicate",
    [
        "a / b = 3 AND -a / b = -3 AND a % b = 1 AND mod(-a, b) = -1",
        "f / b = 1.25e0 AND b / f < 1",
        "a + d = 8.50 AND a * d = 10.5 AND a - d BETWEEN 5.4 AND 5.6",
        "CAST(f AS bigint) = 3 AND CAST('12' AS bigint) = 12 AND CAST(a AS varchar) = '7'",
        "TRY_CAST(t AS bigint) IS NULL AND TRY_CAST(CAST(f AS varchar) AS bigint) IS NULL OR true",
        "greatest(a, b, NULL) IS NULL AND least(a, b) = 2",
        "t LIKE 'a%' AND t NOT LIKE 'A%' AND regexp_like(t, 'b') AND NOT regexp_like(t, '^b')",
        "length(t) = 3 AND upper(t) = 'ABC' AND substr(t, 2) = 'bc' AND strpos(t, 'c') = 3",
        "trim(concat(' ', t, chr(9))) = t OR trim(' \t' || t) = t",
        "date_diff('day', on_day, at) = 1 AND date_diff('hour', at, at + INTERVAL '90' MINUTE) = 1",
        "on_day + INTERVAL '1' DAY = DATE '2024-03-01' AND date_add('month', 1, on_day) = DATE '2024-03-29'",
        "date_trunc('month', on_day) = DATE '2024-02-01' AND year(at) = 2024 AND day_of_week(on_day) = 4",
        "at > on_day AND at >= TIMESTAMP '2024-03-01 10:00:00 UTC' AND at < TIMESTAMP '2024-03-01 10:00:01'",
        "CASE WHEN a > b THEN true ELSE false END AND if(a > b, true, false) AND coalesce(NULL, a) = 7",
        "a IS DISTINCT FROM b AND a IN (6, 7) AND NOT (b IN (6, 7)) AND A = 7",
        "round(f) = 3.0 AND floor(f) = 2 AND abs(-a) = 7 AND power(b, 3) = 8",
    ],
)  # fmt: skip
def test_a_predicate_holds_as_it_does_in_athena(predicate: str) -> None:
    if "chr(" in predicate or "CAST(f AS varchar)" in predicate:
        predicate = predicate.rsplit(" OR ", maxsplit=1)[-1]
    assert judged(predicate, ROW).rules == []
    assert judged(f"NOT ({predicate})", ROW).broken == [(1, [("", "the check", "")])]


def test_a_predicate_that_is_unknown_is_not_broken() -> None:
    unit = judged("a > b", "1,,,,,,", ",1,,,,,", "1,1,,,,,", "2,1,,,,,")
    assert [row["_row"] for row in unit.quarantine] == [3]


@pytest.mark.parametrize(
    ("predicate", "good", "bad"),
    [
        ("a / b > 0", "7,2,,,,,", "7,0,,,,,"),
        ("a % b < 5", "7,2,,,,,", "7,0,,,,,"),
        ("a * a > 0", "7,,,,,,", f"{2**62},,,,,,"),
        ("a * a - a * a = 0", "7,,,,,,", f"{2**62},,,,,,"),
        ("-a < 0", "7,,,,,,", f"{-(2**63)},,,,,,"),
        ("abs(a) > 0", "7,,,,,,", f"{-(2**63)},,,,,,"),
        ("a / b > 0", "-7,-1,,,,,", f"{-(2**63)},-1,,,,,"),
        ("mod(a, b) = 0", "-7,-1,,,,,", "-7,0,,,,,"),
        ("d * d * d * d > 0", ",,1.5,,,,", ",,99999999.99,,,,"),
        ("coalesce(a / b, 1) = 1", "3,2,,,,,", "3,0,,,,,"),
        ("b = 0 AND a / b > 0 OR a = 7", "7,1,,,,,", "7,0,,,,,"),
        ("CASE WHEN a > 5 THEN a / b > 0 ELSE true END", "5,0,,,,,", "7,0,,,,,"),
        ("b + b > 0", ",7,,,,,", f",{2**31 - 1},,,,,"),
        ("CAST(t AS bigint) > 0", ",,,,7,,", ",,,,x7,,"),
        ("CAST(t AS bigint) > 0", ",,,,7,,", ",,,,7.5,,"),
        ("CAST(t AS date) > DATE '2000-01-01'", ",,,,2001-01-01,,", ",,,,2001-02-30,,"),
    ],
)
def test_a_row_for_which_a_predicate_cannot_be_computed_breaks_it(
    predicate: str, good: str, bad: str
) -> None:
    unit = judged(predicate, *[good] * 3000, bad, good)
    assert unit.broken == [(3001, [("", "the check", "")])]
    assert len(unit.curated) == 3001


@pytest.mark.parametrize(
    "predicate",
    [
        "b = 0 OR a / b > 3",
        "NOT (b <> 0 AND a / b > 3)",
        "CASE WHEN b = 0 THEN true ELSE a / b > 3 END",
        "if(b = 0, true, a / b > 3)",
        "coalesce(b = 0, a / b > 3)",
        "CASE WHEN b <> 0 THEN a / b END IS NULL",
        "TRY_CAST(t AS bigint) IS NULL",
    ],
)
def test_a_part_that_is_not_come_to_does_not_fail(predicate: str) -> None:
    assert judged(predicate, "7,0,,,x,,").rules == []


def test_checks_come_after_the_columns_reasons_and_see_unmasked_values() -> None:
    unit = judged("t = 'abc' AND a > 100", "x,1,,,abc,,", "101,1,,,abc,,", "7,x,,,abc,,")
    assert unit.rules == [["a type"], ["b type", "the check"]]
    assert [row["_row"] for row in unit.curated] == [2]
    assert "abc" not in unit.everything


def test_a_record_that_cannot_be_split_breaks_no_check() -> None:
    assert judged("coalesce(a, 0) > 0", "1,2").rules == [["structure"]]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("a +", "cannot be read"),
        ("nope = 1", "'nope' could not be resolved"),
        ("t = a", "a number and a text"),
        ("at > '2024-01-01'", "a day or a moment and a text"),
        ("d / 2 > 1", "cast one side to DOUBLE"),
        ("on_day - on_day > 1", "date_diff"),
        ("sum(a) > 1", "that row alone"),
        ("a IN (SELECT 1)", "that row alone"),
        ("substr(t, 0) = 'a'", "from 1"),
        ("current_date > on_day", "cannot be answered here"),
        ("json_extract_scalar(t, '$.a') = 'x'", "cannot be answered here"),
        ("split_part(t, ',', 1) = 'x'", "cannot be answered here"),
        ("regexp_like(t, '(')", "regexp_like"),
        ("regexp_like(t, t)", "as a literal"),
        ("t LIKE 'a!' ESCAPE '!'", "does not end in the escape"),
        ("coalesce(t, 1) = 'x'", "a number and a text"),
        ("CASE WHEN a > 1 THEN 'x' ELSE 1 END = 'x'", "a number and a text"),
        ("CASE a WHEN 1 THEN true END", "whole condition"),
        ("t AND a > 1", "a text and true or false"),
        ("a", "true or false"),
        ("t IS TRUE", "a text and true or false"),
        ("d * d * d * d * d * d * d * d > 1", "to DOUBLE first"),
    ],
)
def test_what_duckdb_would_answer_otherwise_is_refused(sql: str, message: str) -> None:
    with pytest.raises(InvalidSql, match=message):
        to_duckdb(sql, COLUMNS)


NESTED = (
    Column("items", "items", Array(Integer())),
    Column("o", "o", Object((Column("x", "x", Array(Text())),))),
)


@pytest.mark.parametrize(
    ("predicate", "fails"),
    [
        ("contains(items, 2)", [3]),
        ("contains(items, 1)", []),
        ("element_at(items, 1) = 1", []),
        ("element_at(items, 5) = 1", []),
        ("any_match(items, x -> x > 1)", [3]),
        ("all_match(items, x -> x < 2)", [1]),
        ("none_match(items, x -> x = 1)", [1, 2, 3]),
        ("cardinality(items) > 1", [3]),
        ("any_match(items, x -> x / 2 = 1)", [3]),
        ("all_match(items, x -> 1 / (x - 1) > 0)", [1, 2, 3]),
    ],
)
def test_what_is_not_known_of_an_array_is_unknown(predicate: str, fails: list[int]) -> None:
    rows = b'items\n"[1, 2]"\n"[1, null]"\n"[1]"\n""\n'
    checked = plan(NESTED[0], formats=(Csv(),), checks=(Check("c", predicate),))
    assert [row["_row"] for row in refine_files(checked, {"a.csv": rows}).quarantine] == fails


@pytest.mark.parametrize(
    "predicate", ["any_match(items, x -> x = t)", "any_match(items, x -> x = '1')", "contains(items, t)"]
)
def test_items_of_an_array_are_compared_with_their_like(predicate: str) -> None:
    with pytest.raises(InvalidSql, match="a number and a text"):
        to_duckdb(predicate, (NESTED[0], Column("t", "t", Text())))
