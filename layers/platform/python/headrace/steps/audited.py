"""What became of a dataset's objects, by manifests and audit records: they outlive the ledger."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.batch import Audit, Entry, Manifest, ObjectAudit
from headrace.domain.dataset import DatasetId
from headrace.domain.replay import ReplayRequest
from headrace.ports import ObjectStore
from headrace.steps import records

_SKEW = timedelta(hours=1)
"""By so much the clocks that closed two batches may differ, at most."""


class AuditedObject(Struct, frozen=True):
    """An object with its newest audit line. `entry` is that of its first manifest, with its batch;
    `contracts` are the keys of the compiled contracts that its rows went by, the newest first: several where
    a replay was of some rows alone."""

    entry: Entry
    line: ObjectAudit
    contracts: tuple[str, ...]


class _Replayed(Struct, frozen=True):
    """What replays made of an object; `whole` where the oldest of them that counts was of all its rows."""

    line: ObjectAudit
    contracts: tuple[str, ...]
    whole: bool

    def after(self, contract: str, *, whole: bool) -> "_Replayed":
        """The same, with what an older replay made of it."""
        return self if self.whole else replace(self, contracts=(*self.contracts, contract), whole=whole)


class Audited:
    """The batches of a dataset up to `last`, which are all closed."""

    def __init__(self, artefacts: ObjectStore, dataset: DatasetId, last: int) -> None:
        self._artefacts, self._dataset, self.last = artefacts, dataset, last
        self._closed: dict[int, datetime] = {}
        self._amended: dict[str, _Replayed] = {}
        self._replay: int | None = None  # the newest replay whose lines are not among `_amended`

    @classmethod
    def below(cls, artefacts: ObjectStore, dataset: DatasetId, watermark: int) -> "Audited":
        """Up to the last batch that is closed, where `watermark` is the last that is committed."""
        last = watermark
        while last and records.find(artefacts, keys.audit_key(dataset, last), Audit) is None:
            last -= 1
        return cls(artefacts, dataset, last)

    def manifest(self, batch: int) -> Manifest:
        return records.read(self._artefacts, keys.manifest_key(self._dataset, batch), Manifest)

    def audit(self, batch: int) -> Audit:
        return records.read(self._artefacts, keys.audit_key(self._dataset, batch), Audit)

    def closed_on(self, day: date) -> list[int]:
        """The batches closed on this UTC day, found without looking at those of other days."""
        begin = datetime.combine(day, time(), UTC)
        end = begin + timedelta(days=1)
        numbers = range(1, self.last + 1)
        first, behind = (
            bisect_left(numbers, moment, key=self.closed_at) for moment in (begin - _SKEW, end + _SKEW)
        )
        return [batch for batch in numbers[first:behind] if begin <= self.closed_at(batch) < end]

    def objects(self, batch: int) -> Iterator[AuditedObject]:
        """The objects that this batch took from landing, in the order of its manifest; none of a replay."""
        manifest = self.manifest(batch)
        if manifest.replay:
            return
        audit = self.audit(batch)
        contract = _contract(manifest, audit)
        lines = {line.identity: line for line in audit.objects}
        newer = self._newer(batch)
        for entry in manifest.entries:
            identity = entry.object.identity
            replayed = newer.get(identity)
            found = (
                replayed.after(contract, whole=True)
                if replayed
                else _Replayed(lines[identity], (contract,), whole=True)
            )
            contracts = tuple(dict.fromkeys(found.contracts))
            yield AuditedObject(replace(entry, batch=batch), found.line, contracts)

    def _newer(self, batch: int) -> Mapping[str, _Replayed]:
        """What replays after this batch made of each object."""
        if self._replay is None:
            newest = self.manifest(self.last)
            self._replay = newest.batch if newest.replay else newest.last_replay
        while self._replay > batch:
            manifest, audit = self.manifest(self._replay), self.audit(self._replay)
            in_part, contract = self._in_part(manifest), _contract(manifest, audit)
            for line in audit.objects:
                whole = line.identity not in in_part
                newer = self._amended.get(line.identity)
                self._amended[line.identity] = (
                    newer.after(contract, whole=whole) if newer else _Replayed(line, (contract,), whole)
                )
            self._replay = manifest.last_replay
        return self._amended

    def _in_part(self, manifest: Manifest) -> Collection[str]:
        """The objects of which a replay took some rows alone."""
        if manifest.replay is None or not manifest.replay.rows:
            return ()
        request = records.read(self._artefacts, manifest.replay.request.key, ReplayRequest)
        return {line.identity for line in request.standing if request.takes_part(line)}

    def closed_at(self, batch: int) -> datetime:
        """When the batch was closed, in UTC."""
        if batch not in self._closed:
            self._closed[batch] = datetime.fromisoformat(self.audit(batch).closed_at)
        return self._closed[batch]


def _contract(manifest: Manifest, audit: Audit) -> str:
    """The key of the compiled contract that a batch was published or rejected under."""
    return audit.verdict.contract or manifest.contract
