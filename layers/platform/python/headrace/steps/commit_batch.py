"""Commits a batch: one Iceberg commit per table, fenced by the watermark in the table itself.

Quarantine first, then curated. Whatever happened before, a table takes batch N exactly once: only
when its watermark is N - 1, in the same commit that sets it to N. Of a replay, the rows whose place the
new ones take leave in that commit too.
"""

from collections.abc import Sequence

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.batch import Committed, Manifest, OutputFile, Verdict
from headrace.domain.errors import CommitConflict, OutcomeUnknown, OutOfOrder
from headrace.domain.landed import Rows
from headrace.domain.zones import WATERMARK, TableRef, Zones
from headrace.ports import ObjectStore, TableCatalog
from headrace.steps import records
from headrace.steps.replayed import leaving


class CommitBatch(Struct, frozen=True):
    """`manifest` is the manifest's key."""

    manifest: str


class BatchCommitted(Struct, frozen=True):
    """What the batch added to each table; kept as the batch's commit record too."""

    tables: tuple[Committed, ...]


def commit_batch(
    request: CommitBatch, *, artefacts: ObjectStore, lake: ObjectStore, catalog: TableCatalog, zones: Zones
) -> BatchCommitted:
    manifest = records.read(artefacts, request.manifest, Manifest)
    dataset, batch = manifest.dataset, manifest.batch
    verdict = records.read(artefacts, keys.verdict_key(dataset, batch), Verdict)
    reports = records.read_committed(artefacts, manifest, verdict)
    gone = leaving(artefacts, manifest, reports) if reports else {}
    quarantine = [file for report in reports for file in report.quarantine]
    curated = [file for report in reports for file in report.curated]
    committed = BatchCommitted(
        (
            _commit(zones.quarantine(dataset), batch, quarantine, gone, lake=lake, catalog=catalog),
            _commit(zones.curated(dataset), batch, curated, gone, lake=lake, catalog=catalog),
        )
    )
    return records.create(artefacts, keys.commits_key(dataset, batch), committed)


_ATTEMPTS = 5


def _commit(
    table: TableRef,
    batch: int,
    files: Sequence[OutputFile],
    gone: Rows,
    *,
    lake: ObjectStore,
    catalog: TableCatalog,
) -> Committed:
    rows = sum(file.rows for file in files)
    uris = [f"s3://{lake.bucket}/{file.key}" for file in files]
    for _ in range(_ATTEMPTS):
        state = catalog.state(table)
        watermark = state.watermark
        if watermark >= batch:
            newest = state.snapshot_id if watermark == batch and (files or gone) else 0
            return Committed(str(table), newest, rows)
        if watermark < batch - 1:
            raise OutOfOrder(
                f"batch {batch} of {table} cannot be committed: its watermark is {watermark}, "
                f"so batch {watermark + 1} must be committed first"
            )
        expected = {WATERMARK: state.properties.get(WATERMARK)}
        try:
            if gone:
                snapshot = catalog.replace_rows(table, gone, uris, {WATERMARK: str(batch)}, expected)
            else:
                snapshot = catalog.append(table, uris, {WATERMARK: str(batch)}, expected)
        except (CommitConflict, OutcomeUnknown):
            continue  # only the table knows what came of it: read it again
        return Committed(str(table), snapshot, rows)
    raise CommitConflict(f"{table} changed under {_ATTEMPTS} attempts to commit batch {batch}")
