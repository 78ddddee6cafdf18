"""Follows a deployment while batches move, until it rests."""

import time
from collections.abc import Callable, Iterable, Iterator

from headrace.domain.batch import Audit
from headrace_cli import history
from headrace_cli.deployment import Deployment
from headrace_cli.render import age, many
from headrace_cli.scene import Lane, Scene, look

_POLL_S = 0.5


def scenes(deployment: Deployment, timeout: float | None) -> Iterator[Scene]:
    """One scene after another, until `timeout` seconds have passed (None: for ever)."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        yield look(deployment)
        if deadline is not None and time.monotonic() > deadline:
            return
        time.sleep(_POLL_S)


def follow(
    deployment: Deployment,
    show: Callable[[Scene, Iterable[Audit]], None],
    *,
    timeout: float | None,
    until_idle: bool,
) -> Scene:
    """Show every scene with the batches closed since the one before; returns the last.

    `until_idle` ends it at rest, seen twice (between two stages an event may be on its way), and when nothing
    but a person will move what is left.
    """
    rested = False
    before: Scene | None = None
    for scene in scenes(deployment, timeout):
        show(scene, [audit for lane in scene.lanes for audit in _closed(deployment, before, lane)])
        if until_idle and (any(lane.stopped for lane in scene.lanes) or (rested and scene.at_rest)):
            return scene
        rested, before = scene.at_rest, scene
    return scene


def _closed(deployment: Deployment, before: Scene | None, lane: Lane) -> Iterator[Audit]:
    """Audit records of a dataset's batches closed since the scene before, oldest first."""
    if before is None:
        return
    known = {one.state.dataset: one.state.next_batch for one in before.lanes}
    first = known.get(lane.state.dataset, 1)
    new = []
    for audit in history.audits(deployment, lane.state.dataset, lane.state.next_batch):
        if audit.batch < first:
            break
        new.append(audit)
    yield from reversed(new)


def what_it_does(lane: Lane) -> str:
    """What a dataset does now, in a few words."""
    lease, held = lane.state.lease, lane.execution
    if lease and held:
        attempt = f", attempt {lane.state.attempt}" if lane.state.attempt > 1 else ""
        return f"batch {lane.state.next_batch} {held.status.lower()}, begun {age(lease.since)} ago{attempt}"
    return "waits" if lane.waiting else "at rest"


def verdict_of(audit: Audit) -> str:
    """`published`, `rejected`, and of a replay `replayed` or `refused`."""
    if audit.replay:
        return "replayed" if audit.verdict.publish else "refused"
    return "published" if audit.verdict.publish else "rejected"


def closed_batch(audit: Audit) -> str:
    """A closed batch in one line."""
    return (
        f"{audit.dataset}: batch {audit.batch} {verdict_of(audit)}: {many(len(audit.objects), 'object')}, "
        f"{many(audit.rows, 'row')} = {audit.curated:,} curated + {audit.quarantined:,} quarantined"
    )
