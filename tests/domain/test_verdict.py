"""The verdict weighs dataset rules against what was measured."""

from typing import Literal

import pytest

from headrace.domain.batch import ObjectReport, Outcome, UnitReport
from headrace.domain.plan import DatasetRule, Quarantined, RowCount
from headrace.domain.verdict import judge


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


@pytest.mark.parametrize("outcome", ["unreadable", "immutable", "duplicate"])
def test_an_object_that_was_not_refined_weighs_nothing(outcome: Outcome) -> None:
    broken = ObjectReport("s3://landing/b", outcome, "", 1, 0, 1)
    verdict = judge((rule(10), SOME_ROWS), [UnitReport(0, (broken,), (), (), ())])
    assert verdict.publish


def test_an_empty_file_breaks_a_minimum_of_rows() -> None:
    verdict = judge((SOME_ROWS,), [report(0, 0)])
    assert [one.expectation for one in verdict.failed] == ["row_count at least 1"]
