"""The verdict weighs dataset rules against what was measured."""

from typing import Literal

import pytest

from headrace.domain.batch import Measured, ObjectReport, Outcome, UnitReport
from headrace.domain.dataset import DatasetId
from headrace.domain.plan import (
    Breaks,
    DatasetRule,
    Duplicates,
    Measure,
    Nulls,
    Orphans,
    Quarantined,
    RowCount,
    Sql,
)
from headrace.domain.verdict import Measurement, judge


def report(rows: int, quarantined: int) -> UnitReport:
    one = ObjectReport("s3://landing/a", "refined", "", rows, rows - quarantined, quarantined)
    return UnitReport(0, (one,), (), (), ())


SOME_ROWS = DatasetRule("some rows", RowCount(), least=1)


def rule(most: float, severity: Literal["error", "warning"] = "error") -> DatasetRule:
    return DatasetRule("few bad rows", Quarantined(), most=most, percent=True, severity=severity)


def test_a_batch_without_rules_is_published() -> None:
    assert judge((), [report(10, 10)]).publish


@pytest.mark.parametrize(("quarantined", "publish"), [(0, True), (1, True), (2, False)])
def test_a_share_of_bad_rows_over_the_limit_rejects_the_batch(quarantined: int, publish: bool) -> None:
    verdict = judge((rule(10),), [report(10, quarantined)])
    assert verdict.publish is publish
    assert verdict.rules[0].measured == quarantined * 10


def test_units_are_judged_together() -> None:
    assert judge((rule(10),), [report(1, 1), report(99, 0)]).publish


def test_a_warning_is_told_but_publishes() -> None:
    verdict = judge((rule(10, "warning"),), [report(10, 5)])
    assert verdict.publish
    assert not verdict.rules[0].passed
    assert verdict.failed == ()
    assert verdict.warned == verdict.rules


@pytest.mark.parametrize("outcome", ["unreadable", "immutable", "duplicate"])
def test_an_object_that_was_not_refined_weighs_nothing(outcome: Outcome) -> None:
    broken = ObjectReport("s3://landing/b", outcome, "", 1, 0, 1)
    verdict = judge((rule(10), SOME_ROWS), [UnitReport(0, (broken,), (), (), ())])
    assert verdict.publish


def test_an_empty_file_breaks_a_minimum_of_rows() -> None:
    verdict = judge((SOME_ROWS,), [report(0, 0)])
    assert [one.expectation for one in verdict.failed] == ["row_count at least 1"]


BOUNDS = [
    (DatasetRule("r", RowCount(), least=5), {5, 6, 9}, "at least 5"),
    (DatasetRule("r", RowCount(), least=5, least_excluded=True), {6, 9}, "more than 5"),
    (DatasetRule("r", RowCount(), most=5), {4, 5}, "at most 5"),
    (DatasetRule("r", RowCount(), most=5, most_excluded=True), {4}, "less than 5"),
    (DatasetRule("r", RowCount(), least=5, most=6), {5, 6}, "at least 5 and at most 6"),
    (DatasetRule("r", RowCount(), least=5, most=6, outside=True), {4, 9}, "less than 5 or more than 6"),
    (
        DatasetRule("r", RowCount(), least=5, most=6, outside=True, least_excluded=True, most_excluded=True),
        {4, 5, 6, 9},
        "at most 5 or at least 6",
    ),
    (DatasetRule("r", RowCount(), least=5, most=5), {5}, "exactly 5"),
    (DatasetRule("r", RowCount(), least=5, most=5, outside=True), {4, 6, 9}, "other than 5"),
]


@pytest.mark.parametrize(("rule", "good", "words"), BOUNDS, ids=[words for _, _, words in BOUNDS])
def test_a_bound_holds_for_what_its_words_say(rule: DatasetRule, good: set[int], words: str) -> None:
    verdicts = {rows: judge((rule,), [report(rows, 0)]) for rows in (4, 5, 6, 9)}
    assert {rows for rows, verdict in verdicts.items() if verdict.publish} == good
    assert verdicts[5].rules[0].expectation == f"row_count {words}"


WORDS = [
    (Quarantined(), "quarantined"),
    (Nulls("name"), "nulls of name"),
    (Breaks("name", ()), "invalid values of name"),
    (Duplicates(("name", "wheels")), "duplicates of name, wheels"),
    (Orphans(("owner",), DatasetId("river", "owners"), ("id",)), "values of owner missing in river/owners"),
    (Sql("SELECT 1"), "the query's number"),
]


@pytest.mark.parametrize(("measure", "words"), WORDS, ids=[words for _, words in WORDS])
def test_every_measure_is_told_in_words_with_its_unit(measure: Measure, words: str) -> None:
    rule = DatasetRule("r", measure, most=50, percent=True)
    (outcome,) = judge((rule,), [report(8, 2)], {0: 2}).rules
    assert outcome.told == f"measured 25 percent, expected {words} at most 50 percent"


def test_what_the_units_counted_for_a_rule_is_added_up() -> None:
    rules = (SOME_ROWS, DatasetRule("names", Nulls("name"), most=2))
    units = [
        UnitReport(unit, report(5, 0).objects, (), (), (), measured=(Measured(1, 2), Measured(0, 9)))
        for unit in range(2)
    ]
    assert [(one.measured, one.unit, one.passed) for one in judge(rules, units).rules] == [
        (10, "rows", True),
        (4, "rows", False),
    ]


@pytest.mark.parametrize(("severity", "publish"), [("error", False), ("warning", True)])
def test_a_rule_that_cannot_be_measured_fails_and_says_why(
    severity: Literal["error", "warning"], publish: bool
) -> None:
    rule = DatasetRule("r", Sql("SELECT 1"), least=1, severity=severity)
    problems: dict[int, Measurement] = {0: "the query gave something else than one number"}
    verdict = judge((rule,), [report(1, 0)], problems)
    assert verdict.publish is publish
    (outcome,) = verdict.rules
    assert (outcome.measured, outcome.passed, outcome.unit) == (None, False, "")
    assert outcome.told == (
        "not measured (the query gave something else than one number), expected the query's number at least 1"
    )


def test_figures_are_told_whole() -> None:
    (outcome,) = judge((DatasetRule("r", RowCount(), least=2_000_000),), [report(1_234_567, 0)]).rules
    assert outcome.told == "measured 1234567 rows, expected row_count at least 2000000"
