"""The verdict on a batch: its contract's dataset rules against what was measured."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Literal

from headrace.domain.batch import RuleOutcome, UnitReport, Verdict
from headrace.domain.plan import (
    Breaks,
    DatasetRule,
    Duplicates,
    Key,
    Measure,
    Nulls,
    Orphans,
    Plan,
    Quarantined,
    RowCount,
    Sql,
)

Measurement = float | str
"""What a measure gave; a text says why it gave nothing."""


def judge(
    rules: Sequence[DatasetRule],
    reports: Sequence[UnitReport],
    measured: Mapping[int, Measurement] = {},
) -> Verdict:
    """Publish, unless a rule of severity `error` fails.

    `measured` has, by their place in `rules`, those whose measure needs the rows themselves; where one is
    not in it, it is left out. Only objects that were refined are measured: one that cannot be read must
    not cost its neighbours.
    """
    objects = [one for report in reports for one in report.objects if one.outcome == "refined"]
    if not objects:
        return Verdict(publish=True, rules=())
    rows = sum(one.rows for one in objects)
    found = {**_reported(rules, reports), **measured}
    outcomes = tuple(_outcome(rules[place], found[place], rows) for place in sorted(found))
    return Verdict(all(one.passed or one.severity == "warning" for one in outcomes), outcomes)


def rules_on_keys(plan: Plan) -> dict[int, Key]:
    """The rules that count duplicates of a key's columns, by their place in `plan.rules`, with this key."""
    keys = {frozenset(key.columns): key for key in plan.keys}
    counted = {at: rule.measure for at, rule in enumerate(plan.rules) if isinstance(rule.measure, Duplicates)}
    return {at: keys[of] for at, what in counted.items() if (of := frozenset(what.columns)) in keys}


def repeats(plan: Plan, reports: Sequence[UnitReport]) -> dict[int, Measurement]:
    """What such rules measure: the rows that the key keeps in quarantine. No row to be published repeats it.

    `reports` are those of the batch's last refining, which know of all its repeats.
    """
    return {
        place: sum(
            one.rows
            for report in reports
            for one in report.reasons
            if (one.column, one.rule) == (", ".join(key.columns), key.rule)
        )
        for place, key in rules_on_keys(plan).items()
    }


def _reported(rules: Sequence[DatasetRule], reports: Sequence[UnitReport]) -> dict[int, Measurement]:
    """The measures that refining the units counted."""
    objects = [one for report in reports for one in report.objects if one.outcome == "refined"]
    found: dict[int, Measurement] = {}
    for place, rule in enumerate(rules):
        match rule.measure:
            case RowCount():
                found[place] = sum(one.rows for one in objects)
            case Quarantined():
                found[place] = sum(one.quarantined for one in objects)
            case Nulls() | Breaks():
                counts = [one.count for report in reports for one in report.measured if one.rule == place]
                found[place] = sum(counts)
    return found


def _outcome(rule: DatasetRule, found: Measurement, rows: int) -> RuleOutcome:
    expectation = f"{_name(rule.measure)} {_bounds(rule)}"
    if isinstance(found, str):
        return RuleOutcome(rule.name, expectation, None, False, rule.severity, _unit(rule), found)
    measured = float(found)
    if rule.percent:
        measured = 100 * measured / rows if rows else 0.0
    return RuleOutcome(rule.name, expectation, measured, _holds(rule, measured), rule.severity, _unit(rule))


def _holds(rule: DatasetRule, measured: float) -> bool:
    least = -inf if rule.least is None else rule.least
    most = inf if rule.most is None else rule.most
    high_enough = measured > least if rule.least_excluded else measured >= least
    low_enough = measured < most if rule.most_excluded else measured <= most
    return (high_enough and low_enough) != rule.outside


def _unit(rule: DatasetRule) -> Literal["", "rows", "percent"]:
    if rule.percent:
        return "percent"
    return "" if isinstance(rule.measure, Sql) else "rows"


def _name(measure: Measure) -> str:
    match measure:
        case RowCount():
            said = "row_count"
        case Quarantined():
            said = "quarantined"
        case Nulls(column):
            said = f"nulls of {column}"
        case Breaks(column):
            said = f"invalid values of {column}"
        case Duplicates(columns):
            said = f"duplicates of {', '.join(columns)}"
        case Orphans(columns, dataset):
            said = f"values of {', '.join(columns)} missing in {dataset}"
        case Sql():
            said = "the query's number"
    return said


def _bounds(rule: DatasetRule) -> str:
    low, high = rule.least, rule.most
    at_least = "more than" if rule.least_excluded else "at least"
    at_most = "less than" if rule.most_excluded else "at most"
    if rule.outside:
        at_least, at_most = _BEYOND[at_least], _BEYOND[at_most]
    parts = [] if low is None else [f"{at_least} {low:.15g}"]
    parts += [] if high is None else [f"{at_most} {high:.15g}"]
    if low is not None and low == high:
        parts = [f"{'other than' if rule.outside else 'exactly'} {low:.15g}"]
    return (" or " if rule.outside else " and ").join(parts) + (" percent" if rule.percent else "")


_BEYOND = {"at least": "less than", "more than": "at most", "at most": "more than", "less than": "at least"}
"""What lies outside of a bound."""
