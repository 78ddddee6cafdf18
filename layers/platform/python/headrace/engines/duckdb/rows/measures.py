"""What dataset rules count row by row: a flag for each such rule beside a row, and the sums of the flags."""

from sqlglot import exp

from headrace.domain.batch import Measured
from headrace.domain.plan import Breaks, Nulls, Plan
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import call, column


def counted(plan: Plan) -> dict[int, Nulls | Breaks]:
    """The measures that refining counts, by the place in `plan.rules` of the rules that have them."""
    measures = ((at, rule.measure) for at, rule in enumerate(plan.rules))
    return {at: measure for at, measure in measures if isinstance(measure, Nulls | Breaks)}


def flag(rule: int) -> str:
    """The name of the column that says whether a row counts for a rule."""
    return f"m{rule}"


def measured(session: Session, plan: Plan, table: str) -> tuple[Measured, ...]:
    """How many rows of `table` count for each rule."""
    rules = list(counted(plan))
    if not rules:
        return ()
    sums = [call("COUNT_IF", column(flag(rule))) for rule in rules]
    (row,) = session.execute(exp.select(*sums).from_(table))
    return tuple(Measured(rule, count) for rule, count in zip(rules, row, strict=True))
