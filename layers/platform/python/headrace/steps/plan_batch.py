"""Turns all that waits for a dataset into its next batch: a manifest that is written once.

The manifest makes the batch: whoever reads batch N, in whatever attempt, does the same work under
the same contract.
"""

import hashlib
from collections.abc import Sequence

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.batch import Entry, Manifest, WorkUnit
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import MissingArtefact, UnknownDataset
from headrace.domain.landed import LandedObject
from headrace.domain.late import needs_one_unit
from headrace.domain.lineup import DatasetState
from headrace.domain.packing import pack
from headrace.domain.plan import Plan
from headrace.domain.zones import Zones
from headrace.engines.trino import qualify
from headrace.ports import Clock, Executions, Ledger, ObjectStore
from headrace.steps import records
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
    try:
        manifest = records.read(artefacts, key, Manifest)
    except MissingArtefact:
        new = _new_manifest(state, ledger, artefacts)
        if new is None:
            rest(dataset, request.execution, ledger=ledger, executions=executions, clock=clock)
            return BatchPlanned(idle=True)
        manifest = records.create(artefacts, key, new)
    ledger.assign(dataset, manifest.batch, [entry.object for entry in manifest.entries])
    plan = records.read_plan(artefacts, manifest.contract)
    return BatchPlanned(
        idle=False,
        batch=manifest.batch,
        manifest=key,
        units=tuple(UnitOfWork(key, unit.index) for unit in manifest.units),
        queries=_queries(plan, manifest, zones),
    )


def _new_manifest(state: DatasetState, ledger: Ledger, artefacts: ObjectStore) -> Manifest | None:
    """The manifest of what waits now. `state` was read before: what waits then is in no older batch."""
    plan = records.read_plan(artefacts, state.contract)
    entries = _one_per_key(ledger.pending(state.dataset, BATCH_OBJECTS))
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
    )


BATCH_OBJECTS = 2000
"""The most objects of one batch: its manifest stays below 1 MB."""


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
