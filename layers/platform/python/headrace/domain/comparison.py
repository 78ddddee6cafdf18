"""What a replay changes, or would change: the objects' lines of the audit before and after it."""

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from headrace.domain.batch import ObjectAudit, RuleOutcome

LISTED = 1000
"""The most objects that a comparison lists; it counts them all."""


class Totals(Struct, frozen=True):
    """Rows, and objects by state."""

    rows: int
    curated: int
    quarantined: int
    states: Mapping[str, int]


class ObjectChange(Struct, frozen=True):
    """One object whose state or counts are not what they were."""

    before: ObjectAudit
    after: ObjectAudit


class Comparison(Struct, frozen=True):
    """The objects of a replay before and after it. `changed` of them changed; `changes` lists the first
    LISTED. `broken` are the dataset rules that the replayed rows do not keep; one of severity `error`
    refuses the replay, and its objects stay as they are. `left` are objects that no replay can change, by
    their identities and in a rehearsal with the reason; `unseen` says what only the replay itself shows.
    """

    objects: int
    before: Totals
    after: Totals
    changed: int
    changes: tuple[ObjectChange, ...]
    broken: tuple[RuleOutcome, ...] = ()
    left: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


def compare(
    before: Iterable[ObjectAudit],
    after: Iterable[ObjectAudit],
    *,
    broken: Iterable[RuleOutcome] = (),
    left: Iterable[str] = (),
    unseen: Iterable[str] = (),
) -> Comparison:
    """Hold lines against those that stood before, in the same order."""
    then, now = tuple(before), tuple(after)
    changes = tuple(ObjectChange(*pair) for pair in zip(then, now, strict=True) if _differ(*pair))
    return Comparison(
        objects=len(now),
        before=_totals(then),
        after=_totals(now),
        changed=len(changes),
        changes=changes[:LISTED],
        broken=tuple(broken),
        left=tuple(left)[:LISTED],
        unseen=tuple(unseen),
    )


def _totals(lines: tuple[ObjectAudit, ...]) -> Totals:
    return Totals(
        sum(one.rows for one in lines),
        sum(one.curated for one in lines),
        sum(one.quarantined for one in lines),
        dict(sorted(Counter(str(one.state) for one in lines).items())),
    )


def _differ(before: ObjectAudit, after: ObjectAudit) -> bool:
    return (before.state, before.rows, before.curated, before.quarantined) != (
        after.state,
        after.rows,
        after.curated,
        after.quarantined,
    )
