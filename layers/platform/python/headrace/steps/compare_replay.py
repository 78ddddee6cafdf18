"""Says what a replay would change: the reports of its rehearsal against the objects' newest audit lines.

Objects are compared one by one, so nothing here grows with their rows.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.audit import lines
from headrace.domain.batch import ObjectAudit, UnitReport, Verdict
from headrace.domain.comparison import compare
from headrace.domain.late import comparable_keys
from headrace.domain.plan import Plan
from headrace.domain.replay import ReplayRequest, line_after
from headrace.domain.verdict import judge
from headrace.ports import ObjectStore
from headrace.steps import records
from headrace.steps.plan_batch import UnitOfWork


class CompareReplay(Struct, frozen=True):
    """The requests of one replay, by their keys, and their units, which were rehearsed."""

    requests: tuple[str, ...]
    units: tuple[UnitOfWork, ...]


class ReplayCompared(Struct, frozen=True):
    """`comparison` is the key of the comparison; empty where there was nothing to compare."""

    comparison: str


def compare_replay(request: CompareReplay, *, artefacts: ObjectStore) -> ReplayCompared:
    if not request.requests:
        return ReplayCompared("")
    units: dict[str, list[int]] = defaultdict(list)
    for unit in request.units:
        units[unit.manifest].append(unit.unit)
    parts = [_part(key, units[key], artefacts) for key in request.requests]
    comparison = compare(
        (line for part in parts for line in part.before),
        (line for part in parts for line in part.after),
        broken=(rule for part in parts for rule in (*part.verdict.failed, *part.verdict.warned)),
        left=(one for part in parts for one in part.left),
        unseen=dict.fromkeys(one for part in parts for one in part.unseen),
    )
    key = keys.comparison_key(request.requests[0])
    records.create(artefacts, key, comparison)
    return ReplayCompared(key)


class _Part(Struct, frozen=True):
    """One request: its objects' lines now and after it, in the same order."""

    before: tuple[ObjectAudit, ...]
    after: tuple[ObjectAudit, ...]
    verdict: Verdict
    left: tuple[str, ...]
    unseen: tuple[str, ...]


def _part(key: str, units: Sequence[int], artefacts: ObjectStore) -> _Part:
    request = records.read(artefacts, key, ReplayRequest)
    plan = records.read_plan(artefacts, request.contract)
    reports = [records.read(artefacts, keys.rehearsal_key(key, unit), UnitReport) for unit in units]
    verdict = judge(plan.rules, reports) if request.judged else Verdict(publish=True, rules=())
    new = {one.identity: one for one in lines(reports, verdict)} if verdict.publish else {}
    return _Part(
        before=request.standing,
        after=tuple(_after(request, one, new.get(one.identity)) for one in request.standing),
        verdict=verdict,
        left=tuple(_left(reports)) if verdict.publish else (),
        unseen=tuple(_unseen(plan, request, verdict)),
    )


def _after(request: ReplayRequest, standing: ObjectAudit, new: ObjectAudit | None) -> ObjectAudit:
    return line_after(request, standing, new) if new else standing


def _left(reports: Sequence[UnitReport]) -> Iterator[str]:
    """The objects that stay as they are, each with the reason."""
    for report in reports:
        for one in report.objects:
            if one.outcome == "left":
                yield f"{one.identity}: {one.reason}"


def _unseen(plan: Plan, request: ReplayRequest, verdict: Verdict) -> Iterator[str]:
    """What a rehearsal cannot know, for people to read."""
    for key in comparable_keys(plan):
        yield f"whether a row repeats the {', '.join(key.columns)} of a row of another unit, or of the table"
    told = {outcome.rule for outcome in verdict.rules}
    for rule in plan.rules if request.judged else ():
        if rule.name not in told:
            yield f"whether the rows keep the dataset rule {rule.name}"
    if plan.evolution == "evolve":
        yield "values of fields that the contract does not name, and evolves by"
