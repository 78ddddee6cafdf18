"""Drives a rebuild: fills the shadow, compares it with the dataset, swaps it in.

The function does what changes anything; here it is called, awaited, and asked again where the dataset has
moved on meanwhile. Stopped anywhere, the same command goes on.
"""

import time

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidRequest
from headrace.domain.rebuild import shadow_of
from headrace.steps.rebuild_dataset import DatasetRebuilt, RebuildDataset
from headrace.steps.rebuilds import rebuilds
from headrace_cli import scene
from headrace_cli.deployment import Deployment
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.rebuild.difference import Difference, difference
from headrace_cli.register import invoke
from headrace_cli.render import note

_POLL_S = 0.5
_ROUNDS = 20
"""Times that a rebuild catches up with a dataset that moves on, before it asks for a pause."""


class RebuildPlan(Struct, frozen=True):
    """What a rebuild would go through; `shadow` names one that was begun already. The objects are those that
    landed, without requests for replays."""

    dataset: str
    batches: int
    objects: int
    rows: int
    curated: int
    quarantined: int
    shadow: str


class Rebuilt(Struct, frozen=True):
    """What became of a rebuild: the difference of each table, and whether its rows are the dataset's now."""

    dataset: str
    shadow: str
    batches: int
    differences: tuple[Difference, ...]
    published: bool

    @property
    def same(self) -> bool:
        return all(one.none for one in self.differences)


class Dropped(Struct, frozen=True):
    """The shadow that was given up; empty where none stood."""

    dataset: str
    shadow: str


def plan(deployment: Deployment, dataset: DatasetId) -> RebuildPlan:
    """Say what a rebuild would go through; changes nothing. Raises InvalidRequest where none can be."""
    state = deployment.registered(dataset)
    if state.next_batch == 1:
        raise InvalidRequest(f"{dataset} has no batch yet, so there is nothing to rebuild")
    before = list(rebuilds(deployment.artefacts, dataset))
    begun = next((rebuild for rebuild, end in before if end is None), None)
    if begun is None:
        shadow_of(dataset, len(before) + 1)
    requests = deployment.artefacts.bucket
    objects = [
        one
        for one in deployment.ledger.objects(str(dataset))
        if one.state.terminal and one.object.bucket != requests
    ]
    return RebuildPlan(
        str(dataset),
        state.next_batch - 1,
        len(objects),
        sum(one.rows for one in objects),
        sum(one.curated for one in objects),
        sum(one.quarantined for one in objects),
        str(begun.shadow) if begun else "",
    )


def drop(deployment: Deployment, dataset: DatasetId) -> Dropped:
    """Give up the rebuild that was begun, if one was."""
    return Dropped(str(dataset), _ask(deployment, RebuildDataset(str(dataset), "drop")).shadow)


def rebuild(
    deployment: Deployment, dataset: DatasetId, *, keep: bool, accept: bool, timeout: float
) -> Rebuilt:
    """Rebuild a dataset, or go on with it. Swaps only where no row differs, or with `accept`; never with
    `keep`. Raises Failure where the shadow is stuck, time is up, or the dataset does not rest."""
    deployment.registered(dataset)
    deadline = time.monotonic() + timeout
    for _ in range(_ROUNDS):
        filled = _fill(deployment, dataset, deadline)
        differences = _compare(deployment, dataset, filled)
        if deployment.registered(dataset).next_batch != filled.watermark + 1:
            continue  # it has moved on: catch up
        found = Rebuilt(str(dataset), filled.shadow, filled.watermark, differences, published=False)
        if keep or not (found.same or accept):
            return found
        swap = RebuildDataset(str(dataset), "publish", watermark=filled.watermark)
        if _ask(deployment, swap).published:
            return Rebuilt(str(dataset), filled.shadow, filled.watermark, differences, published=True)
    raise Failure(
        ExitCode.TROUBLE,
        f"{dataset} took new batches faster than its rebuild was compared, {_ROUNDS} times: let its "
        "producer pause, then run this again; it goes on where it stopped",
    )


def _ask(deployment: Deployment, request: RebuildDataset) -> DatasetRebuilt:
    return invoke(deployment, deployment.outputs.rebuild_dataset_function, request, DatasetRebuilt)


def _fill(deployment: Deployment, dataset: DatasetId, deadline: float) -> DatasetRebuilt:
    """Give the shadow all batches of the dataset, and wait until it has closed them."""
    filled = _ask(deployment, RebuildDataset(str(dataset)))
    while filled.copied < filled.watermark:
        note(f"{filled.copied:,} of {filled.watermark:,} batches given to {filled.shadow}")
        filled = _ask(deployment, RebuildDataset(str(dataset), after=filled.copied))
    shadow, told = DatasetId.parse(filled.shadow), 0
    while True:
        lane = scene.lane(deployment, shadow)
        done = lane.state.next_batch - 1
        if done > told:
            note(f"{done:,} of {filled.watermark:,} batches done in {shadow}")
            told = done
        if done == filled.watermark and lane.at_rest:
            return filled
        if lane.stopped or time.monotonic() > deadline:
            why = "is stuck" if lane.stopped else "was not filled in time"
            raise Failure(
                ExitCode.TROUBLE,
                f"{shadow} {why} at batch {lane.state.next_batch} of {filled.watermark}; {dataset} is as it "
                f"was.\n`headrace status {shadow}` says more; the same command goes on, `headrace rebuild "
                f"{dataset} --drop` gives up.",
            )
        time.sleep(_POLL_S)


def _compare(deployment: Deployment, dataset: DatasetId, filled: DatasetRebuilt) -> tuple[Difference, ...]:
    note(f"comparing all rows of {dataset} and {filled.shadow}")
    zones, shadow = deployment.zones, DatasetId.parse(filled.shadow)
    pairs = (
        (zones.quarantine(dataset), zones.quarantine(shadow)),
        (zones.curated(dataset), zones.curated(shadow)),
    )
    return tuple(difference(deployment, old, new, filled.watermark) for old, new in pairs)
