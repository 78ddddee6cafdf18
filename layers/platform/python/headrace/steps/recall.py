"""Gives the ledger back what it lost, from the records: it is a cache of what tables and records prove.

`recall` takes a dataset forward over whole batches; `restore` brings back single objects of batches that the
ledger is past. Both are idempotent, and neither touches a table.
"""

from collections.abc import Container, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.audit import amended_objects, finished_objects
from headrace.domain.batch import Audit, Manifest
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from headrace.domain.lineup import Finished
from headrace.domain.zones import Zones
from headrace.ports import Clock, Ledger, ObjectStore, TableCatalog, Version
from headrace.steps import records
from headrace.steps.wake import begun
from headrace.steps.widen import keep_widened


def recall(
    dataset: DatasetId,
    *,
    ledger: Ledger,
    artefacts: ObjectStore,
    catalog: TableCatalog,
    clock: Clock,
    zones: Zones,
) -> int:
    """Take the ledger forward over the batches that records and both tables show closed; how many.

    A batch is closed for sure, and its events are told, where the next one's manifest stands. One that is
    not, or that a table lacks, is left: it runs again from its manifest. Killed anywhere, the next call goes
    on: the ledger moves on from a batch last.
    """
    recalled = 0
    committed: int | None = None
    while state := ledger.dataset(dataset):
        batch = state.next_batch
        audit = records.find(artefacts, keys.audit_key(dataset, batch), Audit)
        if audit is None or not begun(dataset, batch + 1, artefacts):
            break
        if committed is None:
            committed = _committed(dataset, catalog, zones)
        if committed < batch:
            break
        manifest = records.read(artefacts, keys.manifest_key(dataset, batch), Manifest)
        settle(manifest, manifest.taken, finished_objects(manifest, audit), ledger, clock.now())
        if amended := amended_objects(manifest, audit):
            ledger.amend(dataset, batch, amended)
        if audit.verdict.publish and audit.verdict.contract:
            keep_widened(dataset, audit.verdict.contract, artefacts=artefacts, ledger=ledger)
        ledger.advance(dataset, batch, state.registration)
        recalled += 1
    return recalled


def settle(
    manifest: Manifest,
    objects: Sequence[LandedObject],
    finished: Sequence[Finished],
    ledger: Ledger,
    at: datetime,
) -> None:
    """Let the ledger show what a batch made of these of its objects, whatever it knows of them yet."""
    dataset, batch = manifest.dataset, manifest.batch
    placed = {one.object.identity for one in ledger.objects(str(dataset), batch)}
    astray = [landed for landed in objects if landed.identity not in placed]
    for landed in ledger.unknown(str(dataset), astray):
        ledger.admit(dataset, landed, at, batch)
    ledger.assign(dataset, batch, astray)
    ledger.finish(dataset, batch, finished)


def _committed(dataset: DatasetId, catalog: TableCatalog, zones: Zones) -> int:
    """The last batch that both tables hold."""
    tables = (zones.quarantine(dataset), zones.curated(dataset))
    return min(catalog.state(table).watermark for table in tables)


SKEW = timedelta(hours=1)
"""By how much the clocks of S3 and of a function may differ: more than they ever did."""


def restore(
    dataset: DatasetId,
    found: Sequence[Version],
    *,
    ledger: Ledger,
    artefacts: ObjectStore,
    clock: Clock,
) -> set[str]:
    """Give objects that the ledger does not know the end that an older batch gave them; the identities of
    those that one did.

    An object is in no batch that was closed before it was written, so only the audit records since then are
    read, newest first, until all are found.
    """
    state = ledger.dataset(dataset)
    left = {one.object.identity for one in found}
    since = min((one.written for one in found), default=clock.now()) - SKEW
    told: list[tuple[Manifest, Audit]] = []
    for batch in range(state.next_batch - 1 if state and left else 0, 0, -1):
        audit = records.find(artefacts, keys.audit_key(dataset, batch), Audit)
        if audit is None:
            continue  # lost too: it must not hide what older ones say
        if datetime.fromisoformat(audit.closed_at) < since:
            break
        if here := left & {line.identity for line in audit.objects}:
            manifest = records.read(artefacts, keys.manifest_key(dataset, batch), Manifest)
            told.append((manifest, audit))
            left -= set() if manifest.replay else here
            if not left:
                break
    restored = {one.object.identity for one in found} - left
    _put_back(dataset, told, restored, ledger, clock.now())
    return restored


def _put_back(
    dataset: DatasetId,
    told: Sequence[tuple[Manifest, Audit]],
    restored: Container[str],
    ledger: Ledger,
    at: datetime,
) -> None:
    """Settle objects in their batches, the oldest first. Content that the ledger knows of a key stays: it is
    of a newer object than one that was lost."""
    entries = (entry.object for manifest, _ in told for entry in manifest.entries)
    names = sorted({landed.key for landed in entries if landed.identity in restored})
    known = ledger.loaded_content(dataset, names)
    for manifest, audit in reversed(told):
        objects = [landed for landed in manifest.taken if landed.identity in restored]
        ended = (*finished_objects(manifest, audit), *amended_objects(manifest, audit))
        finished = [
            replace(one, loaded=None) if one.object.key in known else one
            for one in ended
            if one.object.identity in restored
        ]
        if manifest.replay:
            ledger.amend(dataset, manifest.batch, finished)
        else:
            settle(manifest, objects, finished, ledger, at)
