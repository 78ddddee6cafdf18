"""Where everything stands, with what is stuck first."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.batch import Audit, ReasonCount
from headrace.domain.dataset import DatasetId
from headrace.ports import LedgerObject
from headrace_cli import history
from headrace_cli.deployment import Deployment
from headrace_cli.history import MartStatus
from headrace_cli.recent import newest_lines, still_told
from headrace_cli.scene import Buffer, Lane, Scene, at_once, look
from headrace_cli.trouble import Trouble, diagnose
from headrace_cli.watch import verdict_of

_RECENT = 5
"""Closed batches of a dataset that are looked at; of one dataset alone they are also shown."""

_WAITING_SHOWN = 100

_A_MOMENT_S = 2.0
"""An event needs less than this to start what it starts."""


class Running(Struct, frozen=True):
    """The execution that holds a dataset's lease."""

    name: str
    status: str
    since: datetime
    attempt: int
    error: str
    cause: str


class BatchStatus(Struct, frozen=True):
    """A batch; `verdict` is `open` or what `verdict_of` says. Counts are of rows, but for `objects`. `failed`
    are the dataset rules that kept it from the tables."""

    batch: int
    verdict: str
    contract: str
    objects: int
    rows: int = 0
    curated: int = 0
    quarantined: int = 0
    reasons: tuple[ReasonCount, ...] = ()
    failed: tuple[str, ...] = ()
    closed_at: str | None = None


class DatasetStatus(Struct, frozen=True):
    """A dataset; `states` counts the objects that wait and those of the batches shown, by state."""

    dataset: str
    contract: str
    watermark: int
    waiting: int
    execution: Running | None
    states: dict[str, int]
    batches: tuple[BatchStatus, ...]


class ObjectStatus(Struct, frozen=True):
    """One landed object version and what became of it."""

    object: str
    dataset: str
    state: str
    batch: int
    rows: int = 0
    curated: int = 0
    quarantined: int = 0
    reason: str = ""


class Status(Struct, frozen=True):
    """A deployment, or one dataset of it. `objects` are those of the dataset's recent batches."""

    deployment: str
    at_rest: bool
    trouble: tuple[Trouble, ...]
    buffer: Buffer
    datasets: tuple[DatasetStatus, ...]
    marts: tuple[MartStatus, ...]
    objects: tuple[ObjectStatus, ...]
    unrouted: tuple[ObjectStatus, ...]

    @property
    def stuck(self) -> bool:
        return any(one.stuck for one in self.trouble)


class _View(Struct, frozen=True):
    """One dataset up close: its recent audit records, of which the first `shown` are shown, and, while a
    batch is open, that batch's objects. `classified` are columns of the contract in force."""

    lane: Lane
    contract: str
    classified: frozenset[str]
    audits: tuple[Audit, ...]
    shown: int
    open: tuple[LedgerObject, ...]

    @property
    def dataset(self) -> str:
        return str(self.lane.state.dataset)


def status_of(deployment: Deployment, only: DatasetId | None = None) -> Status:
    """Look at everything, or at `only` one dataset. Raises Failure where that is not registered."""
    if only:
        deployment.registered(only)
    scene, marts = _settled(deployment, only)
    shown = _RECENT if only else 1
    views = at_once(deployment, lambda lane: _view(deployment, lane, shown), scene.lanes)
    told = [audit for view in views for audit in still_told(view.audits, view.classified)]
    return Status(
        deployment=str(deployment),
        at_rest=scene.at_rest,
        trouble=diagnose(scene, told, marts),
        buffer=scene.buffer,
        datasets=tuple(map(_dataset, views)),
        marts=marts,
        objects=tuple(one for view in views for one in _objects(deployment, view)) if only else (),
        unrouted=() if only else tuple(map(_object, deployment.ledger.objects("unrouted"))),
    )


def _settled(deployment: Deployment, only: DatasetId | None) -> tuple[Scene, tuple[MartStatus, ...]]:
    """Look, and look again at what seems to be left alone: an event may be on its way to it."""
    seen = _seen(deployment, only)
    if any(lane.unattended for lane in seen[0].lanes) or any(mart.behind for mart in seen[1]):
        time.sleep(_A_MOMENT_S)
        seen = _seen(deployment, only)
    return seen


def _seen(deployment: Deployment, only: DatasetId | None) -> tuple[Scene, tuple[MartStatus, ...]]:
    scene, marts = look(deployment), history.mart_statuses(deployment)
    if only is None:
        return scene, marts
    lanes = tuple(lane for lane in scene.lanes if lane.state.dataset == only)
    return replace(scene, lanes=lanes), tuple(mart for mart in marts if str(only) in mart.published)


def _view(deployment: Deployment, lane: Lane, shown: int) -> _View:
    dataset, number = lane.state.dataset, lane.state.next_batch
    audits = tuple(islice(history.audits(deployment, dataset, number), _RECENT))
    contract = history.contract_in_force(deployment, lane.state)
    opened = tuple(deployment.ledger.objects(str(dataset), number))
    return _View(lane, contract.contract, contract.classified, audits, shown, opened)


def _dataset(view: _View) -> DatasetStatus:
    states = Counter({"PENDING": view.lane.waiting}) + Counter(str(one.state) for one in view.open)
    recent = view.audits[: view.shown]
    states.update(str(line.state) for _, line in newest_lines(recent))
    return DatasetStatus(
        dataset=view.dataset,
        contract=view.contract,
        watermark=view.lane.state.next_batch - 1,
        waiting=view.lane.waiting,
        execution=_running(view.lane),
        states=dict(states),
        batches=(*_open_batch(view), *map(_closed_batch, recent)),
    )


def _running(lane: Lane) -> Running | None:
    lease, held = lane.state.lease, lane.execution
    if lease is None or held is None:
        return None
    return Running(held.name, held.status, lease.since, lane.state.attempt, held.error, held.cause)


def _open_batch(view: _View) -> tuple[BatchStatus, ...]:
    if not view.open:
        return ()
    return (BatchStatus(view.lane.state.next_batch, "open", view.contract, len(view.open)),)


def _closed_batch(audit: Audit) -> BatchStatus:
    return BatchStatus(
        batch=audit.batch,
        verdict=verdict_of(audit),
        contract=audit.contract,
        objects=len(audit.objects),
        rows=audit.rows,
        curated=audit.curated,
        quarantined=audit.quarantined,
        reasons=audit.reasons,
        failed=tuple(f"{rule.rule}: {rule.told}" for rule in audit.verdict.failed),
        closed_at=audit.closed_at,
    )


def _objects(deployment: Deployment, view: _View) -> Iterator[ObjectStatus]:
    """What waits, what is in the open batch, then the ends of the recent batches."""
    for landed in deployment.ledger.pending(view.lane.state.dataset, _WAITING_SHOWN):
        yield ObjectStatus(landed.identity, view.dataset, "PENDING", 0)
    yield from map(_object, view.open)
    for batch, one in newest_lines(view.audits):
        yield ObjectStatus(
            one.identity,
            view.dataset,
            one.state,
            batch,
            one.rows,
            one.curated,
            one.quarantined,
            one.reason,
        )


def _object(one: LedgerObject) -> ObjectStatus:
    return ObjectStatus(
        one.object.identity,
        one.dataset,
        one.state,
        one.batch,
        one.rows,
        one.curated,
        one.quarantined,
        one.reason,
    )
