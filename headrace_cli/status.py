"""Where everything stands, with what is stuck first."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.batch import Audit, ObjectAudit, ReasonCount
from headrace.domain.dataset import DatasetId
from headrace.ports import LedgerObject
from headrace_cli import history
from headrace_cli.deployment import Deployment
from headrace_cli.history import MartStatus
from headrace_cli.scene import Buffer, Lane, Scene, at_once, look
from headrace_cli.trouble import Trouble, diagnose
from headrace_cli.watch import verdict_of

_RECENT = 5
"""Batches shown of one dataset."""

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
    """A batch; `verdict` is `open` or what `verdict_of` says. Counts are of rows, but for `objects`."""

    batch: int
    verdict: str
    contract: str
    objects: int
    rows: int = 0
    curated: int = 0
    quarantined: int = 0
    reasons: tuple[ReasonCount, ...] = ()
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
    """One dataset up close: its recent audit records and, while a batch is open, that batch's objects."""

    lane: Lane
    contract: str
    audits: tuple[Audit, ...]
    open: tuple[LedgerObject, ...]

    @property
    def dataset(self) -> str:
        return str(self.lane.state.dataset)


def status_of(deployment: Deployment, only: DatasetId | None = None) -> Status:
    """Look at everything, or at `only` one dataset. Raises Failure where that is not registered."""
    if only:
        deployment.registered(only)
    scene, marts = _settled(deployment, only)
    batches = _RECENT if only else 1
    views = at_once(deployment, lambda lane: _view(deployment, lane, batches), scene.lanes)
    return Status(
        deployment=str(deployment),
        at_rest=scene.at_rest,
        trouble=diagnose(scene, [view.audits[0] for view in views if view.audits], marts),
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


def _view(deployment: Deployment, lane: Lane, batches: int) -> _View:
    dataset, number = lane.state.dataset, lane.state.next_batch
    audits = tuple(islice(history.audits(deployment, dataset, number), batches))
    contract = history.contract_id(deployment, lane.state.contract)
    return _View(lane, contract, audits, tuple(deployment.ledger.objects(str(dataset), number)))


def _dataset(view: _View) -> DatasetStatus:
    states = Counter({"PENDING": view.lane.waiting}) + Counter(str(one.state) for one in view.open)
    states.update(str(line.state) for _, line in _newest(view.audits))
    return DatasetStatus(
        dataset=view.dataset,
        contract=view.contract,
        watermark=view.lane.state.next_batch - 1,
        waiting=view.lane.waiting,
        execution=_running(view.lane),
        states=dict(states),
        batches=(*_open_batch(view), *map(_closed_batch, view.audits)),
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
        closed_at=audit.closed_at,
    )


def _objects(deployment: Deployment, view: _View) -> Iterator[ObjectStatus]:
    """What waits, what is in the open batch, then the ends of the recent batches."""
    for landed in deployment.ledger.pending(view.lane.state.dataset, _WAITING_SHOWN):
        yield ObjectStatus(landed.identity, view.dataset, "PENDING", 0)
    yield from map(_object, view.open)
    for batch, one in _newest(view.audits):
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


def _newest(audits: Sequence[Audit]) -> Iterator[tuple[int, ObjectAudit]]:
    """The objects' lines with the batch that gave them: of an object that was replayed only the last one.
    `audits` are newest first."""
    seen: set[str] = set()
    for audit in audits:
        for line in audit.objects:
            if line.identity not in seen:
                seen.add(line.identity)
                yield audit.batch, line


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
