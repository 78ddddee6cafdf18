"""What the records promise of a dataset: manifests and audit records, read from the first batch on."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import DecodeError, Struct

from headrace.domain import keys
from headrace.domain.batch import Audit, Manifest, ObjectAudit, OutputFile, Replay, UnitReport
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from headrace.ports import ObjectStore
from headrace.steps import records
from headrace_cli.verify.findings import Findings, Invariant

_AHEAD, _AT_ONCE = 64, 8
"""Batches whose records are in memory together, and requests that are under way together."""


class Promise(Struct, frozen=True):
    """What the tables and the ledger must show of an object: the newest line about it, in the audit record
    of batch `audited`. `batch` first took it, and its rows are of that batch."""

    object: LandedObject
    line: ObjectAudit
    batch: int
    audited: int


class Books:
    """The records of a dataset, batch by batch."""

    def __init__(self, dataset: DatasetId, artefacts: ObjectStore, findings: Findings) -> None:
        self.promises: dict[str, Promise] = {}
        self.requests: dict[str, int] = {}
        self.files: dict[str, OutputFile] = {}
        self.told: set[int] = set()
        self.open: set[str] = set()
        self.closed = 0
        self._dataset, self._artefacts, self._findings = dataset, artefacts, findings

    def read(self, next_batch: int) -> None:
        """Take in the batches that the ledger says are closed, and those beyond that are."""
        for manifest, audit in self._records(range(1, next_batch)):
            self.closed += 1
            self._take(self.closed, manifest, audit)
        while audit := self._audit(self.closed + 1):
            self.closed += 1
            self._take(self.closed, self._manifest(self.closed), audit)

    def open_batch(self, batch: int) -> bool:
        """Note the objects of a batch that is not closed yet; whether there is one."""
        manifest = self._manifest(batch)
        if manifest is None:
            return False
        self.open |= {entry.object.identity for entry in manifest.entries}
        if manifest.replay:
            self.open.add(manifest.replay.request.identity)
        return True

    def reports_name(self, key: str) -> bool:
        """Whether a work unit's report names a data file: one of a refining that did not count, too."""
        where = keys.report_of(self._dataset, key)
        report = self._find(where, UnitReport) if where else None
        return report is not None and any(file.key == key for file in (*report.curated, *report.quarantine))

    def _records(self, batches: Sequence[int]) -> Iterator[tuple[Manifest | None, Audit | None]]:
        """Manifest and audit record of each batch; of many, some are read at the same time."""
        for start in range(0, len(batches), _AHEAD):
            some = batches[start : start + _AHEAD]
            if len(batches) < _AHEAD:
                yield from ((self._manifest(batch), self._audit(batch)) for batch in some)
                continue
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                manifests, audits = pool.map(self._manifest, some), pool.map(self._audit, some)
                yield from zip(manifests, audits, strict=True)

    def _take(self, batch: int, manifest: Manifest | None, audit: Audit | None) -> None:
        if manifest is None or audit is None:
            missing = "manifest" if manifest is None else "audit record"
            self._violated("I2", f"batch {batch} is closed, and no {missing} of it can be read", batch)
            return
        self._findings.batches += 1
        self.files |= {file.key: file for file in audit.files}
        if audit.verdict.publish and (audit.curated or audit.replay):
            self.told.add(batch)
        if manifest.replay:
            self._answered(manifest.replay, audit)
        self._sums(audit)
        self._lines(manifest, audit)

    def _answered(self, replay: Replay, audit: Audit) -> None:
        """The end of a replay's request."""
        identity = replay.request.identity
        self.requests[identity] = audit.batch
        if audit.replay is None or audit.replay.identity != identity:
            self._violated(
                "I2", f"audit record {audit.batch} has no line for the request it answers", identity
            )

    def _lines(self, manifest: Manifest, audit: Audit) -> None:
        landed = {entry.object.identity: entry.object for entry in manifest.entries}
        lines = Counter(line.identity for line in audit.objects)
        for identity in sorted(name for name, times in lines.items() if times > 1):
            self._violated("I2", f"audit record {audit.batch} has several lines for an object", identity)
        for identity in sorted(lines.keys() - landed.keys()):
            self._violated(
                "I2", f"audit record {audit.batch} tells of an object not in its manifest", identity
            )
        if not manifest.replay:
            for identity in sorted(landed.keys() - lines.keys()):
                self._violated("I2", f"audit record {audit.batch} lacks an object of its manifest", identity)
        for line in audit.objects:
            if line.identity in landed:
                self._promise(line, landed[line.identity], audit.batch, replayed=bool(manifest.replay))

    def _promise(self, line: ObjectAudit, landed: LandedObject, batch: int, *, replayed: bool) -> None:
        if line.rows != line.curated + line.quarantined:
            what = f"{line.rows} rows are not {line.curated} curated + {line.quarantined} quarantined"
            self._violated("I3", what, f"{line.identity} in audit record {batch}")
        if not line.state.terminal:
            self._violated("I2", f"audit record {batch} ends an object as {line.state}", line.identity)
        before = self.promises.get(line.identity)
        if replayed and before is None:
            self._violated("I2", f"batch {batch} replays an object that no batch took", line.identity)
        elif before and not replayed:
            self._violated("I2", f"batches {before.batch} and {batch} both took an object", line.identity)
        self.promises[line.identity] = Promise(landed, line, before.batch if before else batch, batch)

    def _sums(self, audit: Audit) -> None:
        """A batch's counts are those of its lines; a replay's are of the rows replayed alone."""
        record = keys.audit_key(self._dataset, audit.batch)
        if audit.rows != audit.curated + audit.quarantined:
            what = f"{audit.rows} rows are not {audit.curated} curated + {audit.quarantined} quarantined"
            self._violated("I3", what, record)
        if audit.replay:
            return
        for name in ("rows", "curated", "quarantined"):
            total = sum(getattr(line, name) for line in audit.objects)
            if total != getattr(audit, name):
                what = f"it says {getattr(audit, name)} {name}, and its lines {total}"
                self._violated("I3", what, record)

    def _manifest(self, batch: int) -> Manifest | None:
        return self._find(keys.manifest_key(self._dataset, batch), Manifest)

    def _audit(self, batch: int) -> Audit | None:
        return self._find(keys.audit_key(self._dataset, batch), Audit)

    def _find(self, key: str, kind: type[records.Record]) -> records.Record | None:
        try:
            return records.find(self._artefacts, key, kind)
        except DecodeError as error:
            self._violated("I2", f"a record cannot be read: {error}", key)
            return None

    def _violated(self, invariant: Invariant, what: str, evidence: object) -> None:
        self._findings.violated(invariant, self._dataset, what, evidence)
