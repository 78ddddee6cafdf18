"""Turns all that waits for a dataset into its next batch: a manifest that is written once.

The manifest makes the batch: whoever reads batch N, in whatever attempt, does the same work under
the same contract.
"""

import hashlib
from collections.abc import Sequence
from itertools import takewhile

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.batch import Entry, Manifest, WorkUnit
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import Unavailable, UnknownDataset
from headrace.domain.landed import LandedObject
from headrace.domain.late import needs_one_unit
from headrace.domain.lineup import DatasetState
from headrace.domain.packing import BATCH_OBJECTS, pack
from headrace.domain.plan import Plan
from headrace.domain.replay import ReplayRequest, manifest_of
from headrace.domain.zones import Zones
from headrace.engines.trino import qualify
from headrace.ports import Clock, Executions, Ledger, ObjectStore
from headrace.steps import records
from headrace.steps.superseded import superseded
from headrace.steps.wake import rest


class PlanBatch(Struct, frozen=True):
    """`execution` is the name under which the dataset's lease is held."""

    dataset: str
    execution: str


class UnitOfWork(Struct, frozen=True):
    """The request of one refine call."""

    manifest: str
    unit: int


class StatementToRun(Struct, frozen=True):
    """`token` is Athena's ClientRequestToken: the same batch and statement give the same one."""

    name: str
    sql: str
    token: str


class BatchPlanned(Struct, frozen=True):
    """`idle`: nothing waited, and the lease was given back."""

    idle: bool
    batch: int = 0
    manifest: str = ""
    units: tuple[UnitOfWork, ...] = ()
    queries: tuple[StatementToRun, ...] = ()


def plan_batch(
    request: PlanBatch,
    *,
    ledger: Ledger,
    artefacts: ObjectStore,
    executions: Executions,
    clock: Clock,
    zones: Zones,
) -> BatchPlanned:
    dataset = DatasetId.parse(request.dataset)
    state = ledger.dataset(dataset)
    if state is None:
        raise UnknownDataset(f"{dataset} has no registered contract; register it and run again")
    key = keys.manifest_key(dataset, state.next_batch)
    manifest = records.find(artefacts, key, Manifest)
    new = _new_manifest(state, ledger, artefacts) if manifest is None else None
    if new and ledger.dataset(dataset) != state:
        raise Unavailable(f"the ledger of {dataset} changed while batch {state.next_batch} was planned")
    if manifest is None:
        # Where nothing waits, another call may just have made the batch of it.
        manifest = records.create(artefacts, key, new) if new else records.find(artefacts, key, Manifest)
    if manifest is None:
        rest(
            dataset,
            request.execution,
            ledger=ledger,
            artefacts=artefacts,
            executions=executions,
            clock=clock,
        )
        return BatchPlanned(idle=True)
    if manifest is not new:
        _learn(manifest, ledger, clock)
    ledger.assign(dataset, manifest.batch, manifest.taken)
    plan = records.read_plan(artefacts, manifest.contract)
    return BatchPlanned(
        idle=False,
        batch=manifest.batch,
        manifest=key,
        units=tuple(UnitOfWork(key, unit.index) for unit in manifest.units),
        queries=_queries(plan, manifest, zones.with_stand_in(plan.dataset, dataset)),
    )


def _learn(manifest: Manifest, ledger: Ledger, clock: Clock) -> None:
    """Let a ledger that was lost or put back know what a batch that stands took from it."""
    for landed in ledger.unknown(str(manifest.dataset), manifest.taken):
        ledger.admit(manifest.dataset, landed, clock.now(), manifest.batch)


def _new_manifest(state: DatasetState, ledger: Ledger, artefacts: ObjectStore) -> Manifest | None:
    """The manifest of what waits now. `state` was read before: what waits then is in no older batch.

    A replay request is a batch of its own, and what waits behind it waits on.
    """
    waiting = ledger.pending(state.dataset, BATCH_OBJECTS)
    if waiting and waiting[0].bucket == artefacts.bucket:
        return _replay(state, waiting[0], ledger, artefacts)
    plan = records.read_plan(artefacts, state.contract)
    entries = _one_per_key([*takewhile(lambda landed: landed.bucket != artefacts.bucket, waiting)])
    units = pack([landed.size for landed in entries], one_unit=needs_one_unit(plan))
    taken = entries[: sum(len(unit) for unit in units)]
    if not taken:
        return None
    before = ledger.loaded_content(state.dataset, [landed.key for landed in taken])
    return Manifest(
        dataset=state.dataset,
        batch=state.next_batch,
        contract=state.contract,
        entries=tuple(Entry(landed, before.get(landed.key)) for landed in taken),
        units=tuple(WorkUnit(index, unit) for index, unit in enumerate(units)),
        last_replay=_last_replay(state, artefacts),
    )


def _replay(state: DatasetState, landed: LandedObject, ledger: Ledger, artefacts: ObjectStore) -> Manifest:
    """The batch of a request, without what was overtaken since it was made: rows that another replay moved,
    and objects whose key another version was loaded from."""
    request = records.read(artefacts, landed.key, ReplayRequest)
    plan = records.read_plan(artefacts, request.contract)
    last_replay = _last_replay(state, artefacts)
    without: set[str] = set()
    if request.rows:
        for earlier in records.replays(artefacts, state.dataset, last_replay, request.last):
            without |= {entry.object.identity for entry in earlier.entries}
    standing = zip(request.entries, request.standing, strict=True)
    without |= superseded(state.dataset, standing, plan.reupload, ledger)
    return manifest_of(
        request, landed, plan, batch=state.next_batch, last_replay=last_replay, without=without
    )


def _last_replay(state: DatasetState, artefacts: ObjectStore) -> int:
    """The newest replay before the next batch; 0 where there is none."""
    key = keys.manifest_key(state.dataset, state.next_batch - 1)
    before = records.find(artefacts, key, Manifest) if state.next_batch > 1 else None
    if before is None:
        return 0
    return before.batch if before.replay else before.last_replay


def _one_per_key(waiting: Sequence[LandedObject]) -> list[LandedObject]:
    """The first waiting version of each key. The others wait on: a re-upload is judged against what
    the version before it became."""
    return list({landed.key: landed for landed in reversed(waiting)}.values())[::-1]


def _queries(plan: Plan, manifest: Manifest, zones: Zones) -> tuple[StatementToRun, ...]:
    statements = []
    for query in plan.queries:
        sql = qualify(query.sql, zones.curated)
        identity = f"{manifest.dataset}:{manifest.batch}:{sql}"
        statements.append(StatementToRun(query.name, sql, hashlib.sha256(identity.encode()).hexdigest()))
    return tuple(statements)
