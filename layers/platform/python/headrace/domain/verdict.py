"""The verdict on a batch: its contract's dataset rules against what refining it measured."""

from collections.abc import Sequence

from headrace.domain.batch import RuleOutcome, UnitReport, Verdict
from headrace.domain.plan import DatasetRule, Quarantined


def judge(rules: Sequence[DatasetRule], reports: Sequence[UnitReport]) -> Verdict:
    """Publish, unless a rule of severity `error` fails.

    Only objects that were refined are measured: one that cannot be read must not cost its neighbours.
    """
    objects = [one for report in reports for one in report.objects if one.outcome == "refined"]
    if not objects:
        return Verdict(publish=True, rules=())
    rows = sum(one.rows for one in objects)
    quarantined = sum(one.quarantined for one in objects)
    outcomes = tuple(_outcome(rule, _measured(rule, rows, quarantined)) for rule in rules)
    return Verdict(all(one.passed or one.severity == "warning" for one in outcomes), outcomes)


def _measured(rule: DatasetRule, rows: int, quarantined: int) -> float:
    counted = quarantined if isinstance(rule.measure, Quarantined) else rows
    if not rule.percent:
        return float(counted)
    return 100 * counted / rows if rows else 0.0


def _outcome(rule: DatasetRule, measured: float) -> RuleOutcome:
    passed = (rule.least is None or measured >= rule.least) and (rule.most is None or measured <= rule.most)
    return RuleOutcome(rule.name, _expectation(rule), measured, passed, rule.severity)


def _expectation(rule: DatasetRule) -> str:
    bounds = [f"at least {rule.least:g}"] if rule.least is not None else []
    bounds += [f"at most {rule.most:g}"] if rule.most is not None else []
    measure = "quarantined_percent" if isinstance(rule.measure, Quarantined) else "row_count"
    return f"{measure} {' and '.join(bounds)}"
