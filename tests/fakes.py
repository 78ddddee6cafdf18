"""The ports in memory: what the step tests and the simulation run on, proved by tests/ports.

Every fake is thread-safe, one call at a time, and keeps its state in plain attributes for tests to read.
"""

import hashlib
import io
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Self
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.batch import Previous
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import MissingArtefact, UnknownDataset
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import DatasetState, Finished, Lease, MartState
from headrace.ports import LedgerObject, Version, VersionPage


class OneAtATime:
    """Takes a lock of the instance in each public method."""

    _lock: threading.RLock

    def __new__(cls, *_: Any, **__: Any) -> Self:
        instance = super().__new__(cls)
        instance._lock = threading.RLock()
        return instance

    def __init_subclass__(cls) -> None:
        for name, member in list(vars(cls).items()):
            if callable(member) and not name.startswith("_"):
                setattr(cls, name, _locked(member))


def _locked(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(self: OneAtATime, *args: Any, **named: Any) -> Any:
        with self._lock:
            return method(self, *args, **named)

    return call


class FakeClock:
    """A clock that moves when told to."""

    def __init__(self, now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        self.time += by


class FakeObjectStore(OneAtATime):
    """A bucket; `versioned` as the landing bucket is. Others `land`, `delete` and `expire` what it holds."""

    def __init__(self, bucket: str, *, versioned: bool = True, clock: FakeClock | None = None) -> None:
        self.bucket = bucket
        self.keys_on_a_page = 1000
        self._versioned = versioned
        self._clock = clock or FakeClock()
        self._written: dict[tuple[str, str], datetime] = {}
        self._numbers = count(1)
        self._versions: dict[str, list[tuple[LandedObject, bytes | None]]] = defaultdict(list)

    def land(self, key: str, body: bytes) -> LandedObject:
        version = f"v{next(self._numbers)}" if self._versioned else ""
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        landed = LandedObject(self.bucket, key, version, etag, len(body))
        if not self._versioned:
            self._versions[key].clear()
        self._versions[key].append((landed, body))
        self._written[key, version] = self._clock.now()
        return landed

    def delete(self, key: str) -> None:
        marker = LandedObject(self.bucket, key, f"v{next(self._numbers)}", "", 0)
        self._versions[key].append((marker, None))

    def erase(self, landed: LandedObject) -> None:
        """Delete this version for good, as a lifecycle rule does."""
        self._versions[landed.key] = [one for one in self._versions[landed.key] if one[0] != landed]

    def expire(self, key: str) -> None:
        """Take away all versions of a key, as a lifecycle rule does."""
        self._versions.pop(key)

    def read(self, key: str, version_id: str = "") -> bytes:
        versions = self._versions.get(key, [])
        for landed, body in reversed(versions):
            if version_id in ("", landed.version_id):
                if body is None:
                    break
                return body
        raise MissingArtefact(f"read s3://{self.bucket}/{key} {version_id}: there is none")

    def open(self, key: str, version_id: str = "") -> BinaryIO:
        return io.BytesIO(self.read(key, version_id))

    def write(self, key: str, body: bytes | Path) -> None:
        self.land(key, body.read_bytes() if isinstance(body, Path) else body)

    def create(self, key: str, body: bytes) -> bool:
        try:
            return self.read(key) == body
        except MissingArtefact:
            self.land(key, body)
            return True

    def list(self, prefix: str) -> Iterator[LandedObject]:
        page = self._listed(prefix, "", most=sys.maxsize)
        return iter([version.object for version in page.versions if version.newest])

    def versions(self, prefix: str, after: str = "") -> VersionPage:
        return self._listed(prefix, after, self.keys_on_a_page)

    def _listed(self, prefix: str, after: str, most: int) -> VersionPage:
        start = after.encode()
        keys = sorted(key.encode() for key in self._versions if key.startswith(prefix))
        left = [key.decode() for key in keys if key > start]
        versions = [
            Version(landed, self._written[key, landed.version_id], newest=at == 0)
            for key in left[:most]
            for at, (landed, body) in enumerate(reversed(self._versions[key]))
            if body is not None
        ]
        return VersionPage(tuple(versions), left[most - 1] if len(left) > most else "")


class _Placed(Struct, frozen=True):
    admitted: datetime
    object: LedgerObject


class FakeLedger(OneAtATime):
    """A ledger; `objects` lists it as the real one does: batches in order, then what waits."""

    def __init__(self) -> None:
        self._datasets: dict[DatasetId, DatasetState] = {}
        self._marts: dict[DatasetId, MartState] = {}
        self._placed: dict[tuple[str, str], _Placed] = {}
        self._loaded: dict[tuple[DatasetId, str], Previous] = {}

    def register(self, dataset: DatasetId, contract: str, instead_of: str | None = None) -> bool:
        standing = self._datasets.get(dataset)
        if instead_of is not None and (standing is None or standing.contract != instead_of):
            return False
        standing = standing or DatasetState(dataset, contract, 1, 0, registration=uuid4().hex)
        self._datasets[dataset] = replace(standing, contract=contract)
        return True

    def dataset(self, dataset: DatasetId) -> DatasetState | None:
        return self._datasets.get(dataset)

    def datasets(self) -> list[DatasetState]:
        return [self._datasets[dataset] for dataset in sorted(self._datasets)]

    def register_mart(self, mart: DatasetId, contract: str, reads: Sequence[DatasetId]) -> None:
        self._marts[mart] = MartState(mart, contract, tuple(reads))

    def mart(self, mart: DatasetId) -> MartState | None:
        return self._marts.get(mart)

    def marts(self) -> list[MartState]:
        return [self._marts[mart] for mart in sorted(self._marts)]

    def marts_reading(self, dataset: DatasetId) -> list[MartState]:
        return [mart for mart in self.marts() if dataset in mart.reads]

    def admit(self, dataset: DatasetId, landed: LandedObject, at: datetime, batch: int = 0) -> bool:
        state = ObjectState.BATCHED if batch else ObjectState.PENDING
        return self._remember(str(dataset), landed, at, state, "", batch)

    def refuse(self, landed: LandedObject, reason: str, at: datetime) -> bool:
        return self._remember("unrouted", landed, at, ObjectState.QUARANTINED, reason)

    def route(self, dataset: DatasetId, landed: LandedObject, at: datetime) -> bool:
        if self._placed.pop(("unrouted", landed.fingerprint), None) is None:
            return False
        return self.admit(dataset, landed, at)

    def known(self, dataset: DatasetId, landed: LandedObject) -> bool:
        return (str(dataset), landed.fingerprint) in self._placed

    def unknown(self, dataset: str, landed: Sequence[LandedObject]) -> list[LandedObject]:
        return [one for one in landed if (dataset, one.fingerprint) not in self._placed]

    def pending(self, dataset: DatasetId, limit: int) -> list[LandedObject]:
        waiting = [one.object for one in self.objects(str(dataset)) if one.state is ObjectState.PENDING]
        return waiting[:limit]

    def loaded_content(self, dataset: DatasetId, keys: Sequence[str]) -> Mapping[str, Previous]:
        return {key: self._loaded[dataset, key] for key in keys if (dataset, key) in self._loaded}

    def assign(self, dataset: DatasetId, batch: int, objects: Sequence[LandedObject]) -> None:
        for landed in objects:
            self._move(dataset, landed, (ObjectState.PENDING, 0), state=ObjectState.BATCHED, batch=batch)

    def finish(self, dataset: DatasetId, batch: int, objects: Sequence[Finished]) -> None:
        last = {one.object.key: one for one in objects if one.loaded}
        for one in {one.object.fingerprint: one for one in objects}.values():
            counts = {name: getattr(one, name) for name in ("reason", "rows", "curated", "quarantined")}
            leaving = (ObjectState.BATCHED, batch)
            ended = self._move(dataset, one.object, leaving, state=one.state, **counts)
            if ended and one.loaded and last[one.object.key] is one:
                self._loaded[dataset, one.object.key] = one.loaded

    def amend(self, dataset: DatasetId, batch: int, objects: Sequence[Finished]) -> None:
        for one in reversed(objects):
            placed = self._placed.get((str(dataset), one.object.fingerprint))
            if placed is None or placed.object.batch != one.batch or not placed.object.state.terminal:
                continue
            if placed.object.amended < batch:
                counts = {name: getattr(one, name) for name in ("reason", "rows", "curated", "quarantined")}
                amended = replace(placed.object, state=one.state, amended=batch, **counts)
                self._placed[str(dataset), one.object.fingerprint] = replace(placed, object=amended)
            if placed.object.amended <= batch:
                self._reload(dataset, one)

    def _reload(self, dataset: DatasetId, one: Finished) -> None:
        """Change the loaded content of a key, unless it is another object's."""
        key = dataset, one.object.key
        standing = self._loaded.get(key)
        if standing and standing.identity != one.object.identity:
            return
        if one.loaded:
            self._loaded[key] = one.loaded
        else:
            self._loaded.pop(key, None)

    def advance(self, dataset: DatasetId, batch: int, registration: str) -> None:
        standing = self._datasets.get(dataset)
        if standing and (standing.next_batch, standing.registration) == (batch, registration):
            self._datasets[dataset] = replace(standing, next_batch=batch + 1, attempt=0)

    def acquire(self, dataset: DatasetId, at: datetime, instead_of: str | None = None) -> DatasetState | None:
        standing = self._datasets.get(dataset)
        if standing is None:
            raise UnknownDataset(f"{dataset} is not registered: register its contract first")
        if standing.lease and standing.lease.execution != instead_of:
            return None
        attempt = standing.attempt + 1
        lease = Lease(f"{dataset.slug}-{standing.next_batch}-{attempt}", at)
        self._datasets[dataset] = replace(standing, attempt=attempt, lease=lease)
        return self._datasets[dataset]

    def release(self, dataset: DatasetId, execution: str) -> None:
        standing = self._datasets.get(dataset)
        if standing and standing.lease and standing.lease.execution == execution:
            self._datasets[dataset] = replace(standing, lease=None)

    def forget(self, dataset: DatasetId) -> None:
        self._placed = {key: one for key, one in self._placed.items() if key[0] != str(dataset)}
        self._loaded = {key: one for key, one in self._loaded.items() if key[0] != dataset}
        self._datasets.pop(dataset, None)

    def expire(self, dataset: DatasetId, landed: Sequence[LandedObject]) -> None:
        """Lose what is known of some objects, as nothing in Headrace does."""
        for one in landed:
            self._placed.pop((str(dataset), one.fingerprint), None)
            self._loaded.pop((dataset, one.key), None)

    def objects(self, dataset: str, batch: int | None = None) -> list[LedgerObject]:
        ours = [(key[1], placed) for key, placed in self._placed.items() if key[0] == dataset]
        ended = [(p.object.batch, f, p.object) for f, p in ours if p.object.state is not ObjectState.PENDING]
        waiting = [(p.admitted, f, p.object) for f, p in ours if p.object.state is ObjectState.PENDING]
        listed = [one[2] for one in sorted(ended, key=lambda o: o[:2])]
        listed += [one[2] for one in sorted(waiting, key=lambda o: o[:2])]
        return [one for one in listed if batch is None or one.batch == batch]

    def _remember(
        self,
        dataset: str,
        landed: LandedObject,
        at: datetime,
        state: ObjectState,
        reason: str,
        batch: int = 0,
    ) -> bool:
        new = _Placed(at, LedgerObject(landed, dataset, state, batch, reason, 0, 0, 0))
        return self._placed.setdefault((dataset, landed.fingerprint), new) is new

    def _move(
        self, dataset: DatasetId, landed: LandedObject, leaving: tuple[ObjectState, int], **change: Any
    ) -> bool:
        """Change an object that stands in this state and batch; whether it did."""
        placed = self._placed.get((str(dataset), landed.fingerprint))
        if placed is None or (placed.object.state, placed.object.batch) != leaving:
            return False
        moved = replace(placed, object=replace(placed.object, **change))
        self._placed[str(dataset), landed.fingerprint] = moved
        return True


class FakeExecutions(OneAtATime):
    """State machine executions: `started` by name, running until `stop`."""

    def __init__(self) -> None:
        self.started: dict[str, DatasetId] = {}
        self.stopped: set[str] = set()

    def start(self, name: str, dataset: DatasetId) -> bool:
        self.started.setdefault(name, dataset)
        return name not in self.stopped

    def known(self, name: str) -> bool:
        return name in self.started

    def running(self, name: str) -> bool:
        return name in self.started and name not in self.stopped

    def stop(self, name: str) -> None:
        self.stopped.add(name)


class FakeEventBus(OneAtATime):
    """A bus; `events` are detail type and detail, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Mapping[str, object]]] = []

    def publish(self, detail_type: str, detail: Mapping[str, object]) -> None:
        self.events.append((detail_type, dict(detail)))


class FakeAlerts(OneAtATime):
    """A topic; `alerts` are subject and message, in order."""

    def __init__(self) -> None:
        self.alerts: list[tuple[str, str]] = []

    def alert(self, subject: str, message: str) -> None:
        self.alerts.append((" ".join(subject.split())[:100], message))


class FakeMetrics(OneAtATime):
    """Metrics; `counts` sums them by name and dataset."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, DatasetId | None]] = Counter()

    def count(self, name: str, value: float, dataset: DatasetId | None = None) -> None:
        self.counts[name, dataset] += value  # type: ignore[assignment]  # Counter is typed for int alone


class FakeMaskingKeys:
    """Keys derived from `secret`."""

    def __init__(self, secret: str = "millrace") -> None:
        self.secret = secret

    def key(self, dataset: DatasetId) -> bytes:
        return hashlib.sha256(f"{self.secret}:{dataset}".encode()).digest()

    def token_key(self) -> bytes:
        return hashlib.sha256(f"{self.secret}:".encode()).digest()
