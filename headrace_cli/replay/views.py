"""What a replay changed, or would change, as people read it."""

from collections.abc import Iterator

from headrace.domain.batch import ObjectAudit
from headrace.domain.comparison import Comparison, Totals
from headrace.domain.landed import ObjectState
from headrace_cli.render import console, many, note, plain, table
from headrace_cli.replay.replaying import Replayed

_OBJECTS_SHOWN = 20


def show_replay(found: Replayed) -> None:
    """The counts before and after, then the objects that changed, then what was left out and why."""
    say = console().out
    if found.comparison is None:
        say(f"{found.dataset}: nothing to replay")
    else:
        for line in _heading(found, found.comparison):
            say(plain(line))
        table(
            ("", "before", "after"),
            _counts(found.comparison.before, found.comparison.after),
            right=(False, True, True),
        )
        _show_changes(found.comparison)
        for line in _rules(found, found.comparison):
            say(plain(line))
    for left in found.left_out:
        say(plain(f"left out: {many(left.objects, 'object')} of batch {left.batch}: {left.why}"))
    if found.planned:
        note("this is a plan: nothing was changed; the same command without --plan replays")


def _heading(found: Replayed, comparison: Comparison) -> Iterator[str]:
    batches = "1 batch" if found.batches == 1 else f"{found.batches:,} batches"
    about = f"{many(comparison.objects, 'object')} of {batches}"
    yield f"{found.dataset}: {about} {_done(found)} under contract {found.contract_now}"
    if found.requests:
        yield f"as batch {', '.join(str(one.batch) for one in found.requests)}"
    then = [one for one in found.contract_then if one != found.contract_now]
    yield f"published under {', '.join(found.contract_then)}" if then else "the contract is the same"
    for one in found.contract_changes:
        yield from (f"  since {one.then}: {change}" for change in one.changes)


def _done(found: Replayed) -> str:
    if found.planned:
        return "would be replayed"
    if not found.refused:
        return "replayed"
    return "partly replayed" if any(one.state == ObjectState.LOADED for one in found.requests) else "refused"


def _counts(before: Totals, after: Totals) -> Iterator[tuple[str, str, str]]:
    for name in ("rows", "curated", "quarantined"):
        yield name, f"{getattr(before, name):,}", f"{getattr(after, name):,}"
    for state in sorted({*before.states, *after.states}):
        yield f"objects {state}", f"{before.states.get(state, 0):,}", f"{after.states.get(state, 0):,}"


def _show_changes(comparison: Comparison) -> None:
    if not comparison.changed:
        note(f"none of {many(comparison.objects, 'object')} changes in state or counts")
        return
    shown = comparison.changes[:_OBJECTS_SHOWN]
    table(
        ("object", "before", "after"),
        ((one.before.identity, _line(one.before), _line(one.after)) for one in shown),
        title=f"{many(comparison.changed, 'object')} with another state or other counts",
    )
    if comparison.changed > len(shown):
        note(f"{comparison.changed - len(shown):,} more; --json lists up to 1,000")


def _line(one: ObjectAudit) -> str:
    return f"{one.state} {one.curated:,} + {one.quarantined:,}"


def _rules(found: Replayed, comparison: Comparison) -> Iterator[str]:
    for rule in comparison.broken:
        end = "would refuse" if found.planned else "refused"
        what = (
            f"{end} the replay of its batch; nothing of it changes" if rule.severity == "error" else "warns"
        )
        yield f"dataset rule {rule.rule} {what}: {rule.told}"
    for one in comparison.left[:_OBJECTS_SHOWN]:
        yield f"left as it stands: {one}"
    if comparison.unseen:
        yield "only the replay itself shows: " + "; ".join(comparison.unseen)
