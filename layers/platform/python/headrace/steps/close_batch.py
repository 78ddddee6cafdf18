"""Closes a batch: audit record, events, terminal states; then goes on, or gives the lease back.

Everything is idempotent and in an order that lets a later attempt finish what an earlier one began:
the ledger moves to the next batch last.
"""

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.audit import audit_of, finished_objects, trouble
from headrace.domain.batch import Audit, Manifest, Verdict
from headrace.ports import Alerts, Clock, EventBus, Executions, Ledger, Metrics, ObjectStore
from headrace.steps import records
from headrace.steps.commit_batch import BatchCommitted
from headrace.steps.wake import rest


class CloseBatch(Struct, frozen=True):
    """`round` counts the batches of this execution, from 1."""

    manifest: str
    execution: str
    round: int


class BatchClosed(Struct, frozen=True):
    """`waiting`: more objects wait, and this execution keeps the lease to take them."""

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
    audit = _audit(manifest, artefacts, clock)
    if audit.verdict.publish and audit.curated:
        events.publish("Dataset Updated", _updated(audit))
    for subject, message in trouble(audit):
        alerts.alert(subject, message)
    metrics.count("RowsCurated", audit.curated, dataset)
    metrics.count("RowsQuarantined", audit.quarantined, dataset)
    metrics.count("ObjectsClosed", len(audit.objects), dataset)
    ledger.finish(dataset, manifest.batch, finished_objects(manifest, audit))
    ledger.advance(dataset, manifest.batch)
    if request.round < ROUNDS and ledger.pending(dataset, 1):
        return BatchClosed(waiting=True)
    rest(dataset, request.execution, ledger=ledger, executions=executions, clock=clock)
    return BatchClosed(waiting=False)


def _audit(manifest: Manifest, artefacts: ObjectStore, clock: Clock) -> Audit:
    """The batch's audit record: the one that stands, where an earlier attempt wrote it."""
    dataset, batch = manifest.dataset, manifest.batch
    verdict = records.read(artefacts, keys.verdict_key(dataset, batch), Verdict)
    committed = records.read(artefacts, keys.commits_key(dataset, batch), BatchCommitted)
    audit = audit_of(
        manifest,
        contract=records.read_plan(artefacts, manifest.contract).contract,
        verdict=verdict,
        reports=records.read_reports(artefacts, manifest, rejected=not verdict.publish),
        tables=committed.tables,
        closed_at=clock.now().isoformat(),
    )
    return records.create(artefacts, keys.audit_key(dataset, batch), audit)


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
