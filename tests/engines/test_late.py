"""What the batch as a whole has to say of a unit, and what the unit tells the batch."""

import json

import pytest

from headrace.domain.batch import Measured, UnknownField
from headrace.domain.formats import Csv, JsonDocument, Ndjson
from headrace.domain.plan import (
    Array,
    Boolean,
    Breaks,
    Column,
    DatasetRule,
    Date,
    Double,
    Integer,
    Json,
    Key,
    Measure,
    Nulls,
    Object,
    OneOf,
    Range,
    RowCount,
    Text,
    Timestamp,
    Type,
)
from headrace.engines.duckdb import LateReason, Reason, Refusal
from tests.engines.unit import Unit, plan, refine_files

FORMATS = (Csv(), Ndjson(), JsonDocument())
COLUMNS = (Column("a", "a", Integer()), Column("b", "b", Text(), mask="redact"))

# ── late reasons ─────────────────────────────────────────────────────────────────────────────────


def test_a_late_reason_sends_a_row_to_quarantine_with_its_raw_text() -> None:
    files = {"0.csv": b"a,b\n1,x\n2,y\n3,z\n", "1.ndjson": b'{"a":1}\n{"a":"bad"}\n'}
    late = [
        LateReason(1, 1, Reason("a", "unique", "1")),
        LateReason(0, 2, Reason("b", "primary_key", "***")),
        LateReason(0, 2, Reason("a", "unique", "2")),
        LateReason(1, 2, Reason("a", "unique", "")),
        LateReason(0, 99, Reason("a", "unique", "no such row")),
    ]
    unit = refine_files(plan(*COLUMNS, formats=FORMATS), files, late=late)
    assert unit.column("a") == [1, 3]
    assert unit.rules == [["b primary_key", "a unique"], ["a unique"], ["a type", "a unique"]]
    assert json.loads(unit.quarantine[0]["_raw"]) == {"a": "2", "b": "***"}
    assert json.loads(unit.quarantine[1]["_raw"]) == {"a": 1}


def test_late_reasons_come_after_the_units_own_and_before_those_of_a_rejection() -> None:
    unit = refine_files(
        plan(*COLUMNS, formats=FORMATS, keys=(Key(("a",)),)),
        {"0.csv": Refusal("unreadable", "gone"), "1.csv": b"a,b\n1,x\n1,y\n"},
        late=[LateReason(1, 2, Reason("a", "unique", "late"))],
        rejection=(Reason("", "row_count", "…"),),
    )
    assert unit.rules == [
        ["unreadable", "row_count"],
        ["row_count"],
        ["a unique", "a unique", "row_count"],
    ]


def test_many_late_reasons_leave_the_rows_in_order() -> None:
    body = "\n".join(["a,b", *(f"{n},x" for n in range(150_000))]).encode()
    late = [LateReason(0, n, Reason("a", "unique", "")) for n in range(150_000, 0, -2)]
    unit = refine_files(plan(*COLUMNS, formats=FORMATS), {"0.csv": body}, late=late)
    assert unit.tables["curated"]["_row"].to_pylist() == list(range(1, 150_000, 2))
    assert unit.tables["quarantine"]["_row"].to_pylist() == list(range(2, 150_001, 2))


# ── measures ─────────────────────────────────────────────────────────────────────────────────────


def measured(columns: tuple[Column, ...], files: dict[str, bytes], *measures: Measure) -> list[int]:
    rules = tuple(DatasetRule(f"rule {at}", one) for at, one in enumerate((RowCount(), *measures)))
    unit = refine_files(plan(*columns, formats=FORMATS, rules=rules), files)
    assert [one.rule for one in unit.measured] == list(range(1, len(rules)))
    return [one.count for one in unit.measured]


def test_measures_are_counted_over_all_rows_read_before_they_are_masked() -> None:
    columns = (
        Column("a", "a", Integer(), required=True, rules=(Range("0"),)),
        Column("b", "b", Text(), mask="drop"),
    )
    files = {
        "0.csv": b"a,b\n1,yes\n-1,no\nx,\n,yes\nonly\n",
        "1.ndjson": b'{"b":"yes"}\n{"a":null,"b":null}\n{"a":5}\n{"a":\n',
    }
    assert measured(
        columns,
        files,
        Nulls("a"),
        Nulls("b"),
        Breaks("a", ()),
        Breaks("a", (Range("0", "4"),)),
        Breaks("a", (Range("0", "4"),), nulls=True),
        Breaks("b", (OneOf(("yes",)),)),
    ) == [3, 3, 1, 3, 6, 1]


def test_measures_of_a_nested_column_see_what_is_inside() -> None:
    shape = Array(Object((Column("x", "x", Integer()),)))
    rows = b'{"v":[{"x":1}]}\n{"v":[{"x":"no"}]}\n{"v":"no"}\n{"v":null}\n{}\n'
    assert measured((Column("v", "v", shape),), {"a.ndjson": rows}, Nulls("v"), Breaks("v", ())) == [2, 2]


def test_a_column_that_a_file_lacks_has_no_values() -> None:
    files = {"0.csv": b"a\n1\n2\n", "1.csv": b"b\nx\n"}
    assert measured(COLUMNS, files, Nulls("a"), Nulls("b"), Breaks("b", (), nulls=True)) == [1, 2, 2]


def test_nothing_is_measured_where_no_rule_asks() -> None:
    unit = refine_files(plan(*COLUMNS, rules=(DatasetRule("r", RowCount()),)), {"a.csv": b"a,b\n1,x\n"})
    assert unit.measured == ()


# ── unknown fields ───────────────────────────────────────────────────────────────────────────────


def evolved(files: dict[str, bytes], *columns: Column) -> Unit:
    return refine_files(plan(*(columns or COLUMNS), formats=FORMATS, evolution="evolve"), files)


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ([1, -5, 2**63 - 1], Integer()),
        ([1, 2.5, 1e300], Double()),
        ([2**63], Text()),
        ([True, False], Boolean()),
        ([True, 1], Text()),
        (["2024-02-29", "1999-12-31"], Date()),
        (["2024-02-30"], Text()),
        (["2024-01-05T10:00:00Z", "2024-01-05 10:00:00.5+02:00"], Timestamp()),
        (["2024-01-05T10:00:00Z", "2024-01-05"], Timestamp()),
        (["2024-01-05T10:00:00"], Text()),
        (["12", "1.5"], Text()),
        (["x", 1], Text()),
        ([{"a": 1}], Json()),
        (["x", [1]], Json()),
        ([None, 7], Integer()),
    ],
    ids=str,
)
def test_an_unknown_field_has_the_narrowest_type_that_takes_its_values(
    values: list[object], type_: Type
) -> None:
    rows = [json.dumps({"a": 1, "new": value, "none": None}) for value in values]
    unit = evolved({"a.ndjson": "\n".join(rows).encode(), "b.json": f"[{','.join(rows)}]".encode()})
    assert unit.unknown == (UnknownField("new", type_),)
    widened = evolved({"a.ndjson": "\n".join(rows).encode()}, *COLUMNS, Column("new", "new", type_))
    assert widened.rules == []


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        (["1", "-5", ""], Integer()),
        (["007"], Text()),
        (["+31"], Text()),
        (["1", "2.50"], Double()),
        (["1.23456789012345678"], Text()),
        (["1e5"], Text()),
        (["true", "false"], Text()),
        (["2024-01-05", ""], Date()),
        (["9223372036854775808"], Text()),
    ],
    ids=str,
)
def test_text_is_a_number_only_where_it_could_be_nothing_else(cells: list[str], type_: Type) -> None:
    body = "\n".join(["a,new,none", *(f"1,{cell}," for cell in cells)]).encode()
    assert evolved({"a.csv": body}).unknown == (UnknownField("new", type_),)


def test_unknown_fields_are_those_at_the_top_of_quarantined_rows_too() -> None:
    nested = Column("o", "o", Object((Column("x", "x", Integer()),)))
    body = b'{"a":"bad","one":1,"o":{"y":1}}\n{"two":"x","o.z":true}\n{"broken":'
    unit = evolved({"a.ndjson": body}, *COLUMNS, nested)
    assert unit.unknown == (
        UnknownField("one", Integer()),
        UnknownField("two", Text()),
        UnknownField("o.z", Boolean()),
    )


def test_of_too_many_unknown_fields_the_first_thousand_are_told() -> None:
    rows = (json.dumps({"a": 1, f"n{n}": 1}) for n in range(1500))
    unit = evolved({"a.ndjson": "\n".join(rows).encode()})
    assert [one.source for one in unit.unknown] == [f"n{n}" for n in range(1000)]


def test_unknown_fields_are_told_only_where_the_contract_evolves() -> None:
    assert refine_files(plan(*COLUMNS), {"a.csv": b"a,new\n1,2\n"}).unknown == ()


def test_a_measure_is_a_count_by_the_rules_place() -> None:
    rules = (DatasetRule("n", Nulls("a")), DatasetRule("rows", RowCount()), DatasetRule("b", Nulls("b")))
    unit = refine_files(plan(*COLUMNS, rules=rules), {"a.csv": b"a,b\n,x\n1,x\n"})
    assert unit.measured == (Measured(0, 1), Measured(2, 0))
