"""Of a dataset's recent audit records, what nobody has dealt with since."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from headrace.domain.batch import Audit, ObjectAudit, Verdict
from headrace.domain.landed import ObjectState, key_of


def newest_lines(audits: Sequence[Audit]) -> Iterator[tuple[int, ObjectAudit]]:
    """The objects' lines with the batch that gave them: of an object that was replayed only the last one.
    `audits` are newest first."""
    seen: set[str] = set()
    for audit in audits:
        for line in audit.objects:
            if line.identity not in seen:
                seen.add(line.identity)
                yield audit.batch, line


def still_told(audits: Sequence[Audit], classified: AbstractSet[str]) -> Iterator[Audit]:
    """The records without what was dealt with since. `audits` are one dataset's, newest first.

    An object is dealt with where it was replayed, or its key landed again; a rejected batch where all its
    objects are; a refused replay where another one came after it; a rule that warned, and drift, where a
    newer batch was judged; a column that looks personal where it is `classified` by now, and of several
    batches the newest tells of it.
    """
    current = set(newest_lines(audits))
    keys: set[str] = set()
    judged: set[str] = set()
    told = set(classified)
    replayed = drift_seen = False
    for audit in audits:
        left = tuple(
            line
            for line in audit.objects
            if (audit.batch, line) in current and key_of(line.identity) not in keys
        )
        if not (audit.replay and replayed and not audit.verdict.publish):
            yield replace(
                audit,
                verdict=_verdict(audit, left, judged),
                objects=left,
                personal=tuple(path for path in audit.personal if not _told(path, told)),
                drifted=() if audit.replay or drift_seen else audit.drifted,
            )
        told |= set(audit.personal)
        if audit.replay:
            replayed = True
            continue
        keys |= {key_of(line.identity) for line in audit.objects}
        judged |= {rule.rule for rule in audit.verdict.rules}
        drift_seen = drift_seen or bool(audit.profile)


def _told(path: str, told: AbstractSet[str]) -> bool:
    """Whether this is told of: a field inside a column (`column.field`) is with its column."""
    return path in told or path.partition(".")[0] in told


def _verdict(audit: Audit, left: Sequence[ObjectAudit], judged: AbstractSet[str]) -> Verdict:
    """The verdict without rules that warned and were judged again; a rejection that is dealt with is none."""
    rules = tuple(rule for rule in audit.verdict.rules if rule.severity == "error" or rule.rule not in judged)
    rejected = [line for line in audit.objects if line.state is ObjectState.REJECTED] or audit.objects
    dealt_with = bool(rejected) and set(left).isdisjoint(rejected)
    if audit.verdict.publish or audit.replay or not dealt_with:
        return replace(audit.verdict, rules=rules)
    return Verdict(publish=True, rules=tuple(rule for rule in rules if rule.severity != "error"))
