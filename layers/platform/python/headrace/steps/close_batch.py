"""Closes a batch: audit record, events, terminal states; then goes on, or gives the lease back.

Everything is idempotent and in an order that lets a later attempt finish what an earlier one began:
the ledger moves to the next batch last.
"""

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.audit import amended_objects, audit_of, finished_objects, of_replay, trouble
from headrace.domain.batch import Audit, Manifest, Verdict
from headrace.domain.batch_profile import BatchProfile
from headrace.domain.replay import ReplayRequest
from headrace.ports import Alerts, Clock, EventBus, Executions, Ledger, Metrics, ObjectStore
from headrace.steps import records
from headrace.steps.commit_batch import BatchCommitted
from headrace.steps.profiling import keep_profile, warn_of_personal_data
from headrace.steps.recall import settle
from headrace.steps.wake import rest, waits
from headrace.steps.widen import keep_widened


class CloseBatch(Struct, frozen=True):
    """`round` counts the batches of this execution, from 1."""

    manifest: str
    execution: str
    round: int


class BatchClosed(Struct, frozen=True):
    """`waiting`: there is more work, and this execution keeps the lease to do it."""

    waiting: bool


ROUNDS = 10
"""Batches of one execution: 10 rounds of 200 units stay below Step Functions' 25,000 history events."""


def close_batch(
    request: CloseBatch,
    *,
    artefacts: ObjectStore,
    ledger: Ledger,
    executions: Executions,
    events: EventBus,
    alerts: Alerts,
    metrics: Metrics,
    clock: Clock,
) -> BatchClosed:
    manifest = records.read(artefacts, request.manifest, Manifest)
    dataset = manifest.dataset
    state = ledger.dataset(dataset)
    audit, profile = _closing(manifest, artefacts, clock)
    if audit.verdict.publish and (audit.curated or audit.replay):
        events.publish("Dataset Updated", _updated(audit))
    for subject, message in trouble(audit):
        alerts.alert(subject, message)
    if profile:
        warn_of_personal_data(profile, artefacts=artefacts, alerts=alerts)
        metrics.count("ColumnsDrifted", len(profile.drifted), dataset)
    _count(audit, metrics)
    settle(manifest, manifest.taken, finished_objects(manifest, audit), ledger, clock.now())
    if amended := amended_objects(manifest, audit):
        ledger.amend(dataset, manifest.batch, amended)
    if audit.verdict.publish and audit.verdict.contract:
        keep_widened(dataset, audit.verdict.contract, artefacts=artefacts, ledger=ledger)
    if state:
        ledger.advance(dataset, manifest.batch, state.registration)
    leased = state and state.lease and state.lease.execution == request.execution
    if leased and request.round < ROUNDS and waits(dataset, ledger=ledger, artefacts=artefacts):
        return BatchClosed(waiting=True)
    rest(
        dataset,
        request.execution,
        ledger=ledger,
        artefacts=artefacts,
        executions=executions,
        clock=clock,
    )
    return BatchClosed(waiting=False)


def _count(audit: Audit, metrics: Metrics) -> None:
    if audit.replay:
        metrics.count("RowsReplayed", audit.rows, audit.dataset)
    else:
        metrics.count("RowsCurated", audit.curated, audit.dataset)
        metrics.count("RowsQuarantined", audit.quarantined, audit.dataset)
        metrics.count("ObjectsClosed", len(audit.objects), audit.dataset)


def _closing(manifest: Manifest, artefacts: ObjectStore, clock: Clock) -> tuple[Audit, BatchProfile | None]:
    """The batch's audit record and profile: those that stand, where an earlier attempt wrote them."""
    dataset, batch = manifest.dataset, manifest.batch
    verdict = records.read(artefacts, keys.verdict_key(dataset, batch), Verdict)
    committed = records.read(artefacts, keys.commits_key(dataset, batch), BatchCommitted)
    contract = records.read_plan(artefacts, verdict.contract or manifest.contract).contract
    reports = records.read_committed(artefacts, manifest, verdict)
    profile = None
    if manifest.replay is None:
        profile = keep_profile(dataset, batch, contract, reports, artefacts=artefacts)
    audit = audit_of(
        manifest,
        contract=contract,
        verdict=verdict,
        reports=reports,
        tables=committed.tables,
        profile=profile,
        closed_at=clock.now().isoformat(),
    )
    if manifest.replay:
        request = records.read(artefacts, manifest.replay.request.key, ReplayRequest)
        audit = of_replay(audit, manifest.replay.request, request)
    return records.create(artefacts, keys.audit_key(dataset, batch), audit), profile


def _updated(audit: Audit) -> dict[str, object]:
    return {
        "id": f"{audit.dataset}:{audit.batch}",
        "dataset": str(audit.dataset),
        "batch": audit.batch,
        "contract": audit.contract,
        "rows": audit.curated,
        "tables": {table.table: table.snapshot_id for table in audit.tables},
        "audit": keys.audit_key(audit.dataset, audit.batch),
    }
