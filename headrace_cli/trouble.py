"""Says what is wrong and what to do next, worst first."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from headrace.domain.audit import trouble as audit_trouble
from headrace.domain.batch import Audit
from headrace.domain.landed import ObjectState, key_of
from headrace.domain.lineup import MAX_ATTEMPTS
from headrace_cli.history import MartStatus
from headrace_cli.render import many
from headrace_cli.scene import Lane, Scene


class Trouble(Struct, frozen=True):
    """`subject` is a dataset, a mart or a queue. What is `stuck` does not move until somebody acts."""

    subject: str
    stuck: bool
    what: str
    next: str


def diagnose(scene: Scene, recent: Sequence[Audit], marts: Sequence[MartStatus]) -> tuple[Trouble, ...]:
    """What is wrong, what is stuck first. `recent` are the datasets' audit records, without what was
    dealt with since."""
    found = [*_of_buffer(scene)]
    for lane in scene.lanes:
        found.extend(_of_lane(lane))
    for audit in recent:
        found.extend(_of_audit(audit))
    if not scene.refreshing:
        found.extend(_of_mart(mart) for mart in marts if mart.behind)
    return tuple(sorted(found, key=lambda one: not one.stuck))


def _of_buffer(scene: Scene) -> Iterator[Trouble]:
    if scene.buffer.dead:
        yield Trouble(
            "buffer",
            True,
            f"{many(scene.buffer.dead, 'message')} in the dead-letter queue: admit_objects failed on them",
            "`headrace redrive --plan` says why each died; remove the cause, then `headrace redrive`",
        )
    if scene.buffer.undelivered:
        yield Trouble(
            "undelivered",
            True,
            f"{many(scene.buffer.undelivered, 'message')} in the queue of undelivered events and calls",
            "`headrace redrive --plan` says why each died; remove the cause, then `headrace redrive`",
        )


def _of_lane(lane: Lane) -> Iterator[Trouble]:
    dataset, batch, attempt = lane.state.dataset, lane.state.next_batch, lane.state.attempt
    if not lane.unattended:
        return
    if lane.execution is None:
        yield Trouble(
            str(dataset),
            True,
            f"{many(lane.waiting, 'object')} waiting, and no execution takes them",
            "`headrace reconcile` starts one now; the schedule does every five minutes",
        )
        return
    said = ": ".join(part for part in (lane.execution.error, lane.execution.cause) if part)
    failed = f"batch {batch}: execution {lane.execution.name} is {lane.execution.status}"
    failed += f" (attempt {attempt} of {MAX_ATTEMPTS})" + (f": {said}" if said else "")
    if lane.stopped:
        after = (
            "no more attempts are made. Remove the cause, then `headrace register "
            f"contracts/{dataset}.odcs.yaml` starts over; nothing is lost, the objects wait in the ledger"
        )
    else:
        after = "`headrace reconcile` starts the next attempt now; the schedule does every five minutes"
    yield Trouble(str(dataset), True, failed, after)


def _of_audit(audit: Audit) -> Iterator[Trouble]:
    dataset = str(audit.dataset)
    for _, message in audit_trouble(audit):
        yield Trouble(
            dataset,
            False,
            message,
            f"`headrace quarantine {dataset}` shows rows and reasons; correct the files and put them again, "
            f"or correct the contract, register it, and {_replay(audit)} says what a replay would change",
        )
    if audit.personal:
        yield Trouble(
            dataset,
            False,
            f"batch {audit.batch} published what looks personal and is not masked: {_names(audit.personal)}",
            f"`headrace profile {dataset}` says why; give the columns a classification in the contract",
        )
    if audit.drifted:
        yield Trouble(
            dataset,
            False,
            f"columns of batch {audit.batch} changed against earlier batches: {_names(audit.drifted)}",
            f"`headrace profile {dataset}` says how; ask who produces the data",
        )


def _replay(audit: Audit) -> str:
    """The plan of a replay: a batch that is one has no objects of its own."""
    if not audit.replay:
        return f"`headrace replay {audit.dataset} --batch {audit.batch} --plan`"
    objects = [one for one in audit.objects if one.state is ObjectState.QUARANTINED]
    what = f"--object {key_of(objects[0].identity)}" if objects else "--all"
    return f"`headrace replay {audit.dataset} {what} --plan`"


def _names(listed: Sequence[str]) -> str:
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")


def _of_mart(mart: MartStatus) -> Trouble:
    behind = ", ".join(
        f"{name} {mart.holds.get(name, 0)} of {newest}"
        for name, newest in mart.published.items()
        if mart.holds.get(name, 0) < newest
    )
    return Trouble(
        mart.mart,
        True,
        f"the mart is behind what it reads (batches: {behind}) and no refresh runs",
        "look at the last execution of the refresh_mart state machine and remove the cause, then "
        f"`headrace register contracts/{mart.mart}.odcs.yaml` refreshes it",
    )
