"""Finds landed object versions that the ledger does not know, overwritten and deleted ones too.

A run has a budget of requests and of time; where it ends early, its place is kept in the artefacts bucket and
the next run goes on from there. Finding an object that is in flight is harmless: admission is idempotent.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.ports import Clock, Ledger, ObjectStore, Version
from headrace.steps import records
from headrace.steps.admit_objects import admit
from headrace.steps.inventory import inventoried, newest_inventory
from headrace.steps.listing import Part, Position, listed
from headrace.steps.recall import restore
from headrace.steps.route import route_refused

_TIME = timedelta(minutes=10)
"""How long one run looks for objects: well below the function's time-out."""

_AT_ONCE = 5000
"""Unknown versions that are held in memory before they are admitted."""

_A_MOMENT = timedelta(microseconds=1)


class Search(Struct, frozen=True):
    """What one run of a search may take. `whole`: it begins anew; otherwise it goes on where the last one
    stopped, if it did. `inventory` is the prefix of S3's inventory in the artefacts bucket; empty: the
    landing bucket is listed."""

    whole: bool
    requests: int
    inventory: str = ""


class Searched(Struct, frozen=True):
    """Objects admitted (those refused are among them) and restored from older records, how many of both
    each dataset has, the requests that it took, and whether the search is to go on."""

    admitted: int = 0
    restored: int = 0
    found: tuple[tuple[DatasetId, int], ...] = ()
    requests: int = 0
    unfinished: bool = False


def search_landing(
    search: Search, *, landing: ObjectStore, artefacts: ObjectStore, ledger: Ledger, clock: Clock
) -> Searched:
    """Raises InvalidRequest where there is no inventory of the landing bucket under its prefix."""
    number = _newest(artefacts)
    if search.whole:
        number += 1
        records.create(artefacts, keys.search_key(number), _Place(_beginning(search, artefacts)))
    position = _place(number, artefacts)
    if position is None:
        return Searched()
    run = _Run({state.dataset for state in ledger.datasets()}, artefacts, ledger, clock)
    if search.whole:
        route_refused(run.datasets, ledger=ledger, clock=clock)
    deadline = clock.now() + _TIME
    requests, following = 0, None
    for part in _parts(position, landing, artefacts):
        requests, following = requests + part.requests, part.next
        run.look(part.versions)
        over = following is not None and (requests >= search.requests or clock.now() >= deadline)
        if over or following is None or len(run.unknown) >= _AT_ONCE:
            run.take()
            artefacts.write(keys.search_key(number), records.encode(_Place(following)))
        if over:
            break
    return Searched(
        run.admitted, run.restored, tuple(sorted(run.found.items())), requests, following is not None
    )


class _Place(Struct, frozen=True):
    """Where a search goes on; None where it has ended. Each search keeps its own, so that one that ends
    late ends no other. Two that begin at once are one: it lists all that had landed when they did."""

    next: Position | None


def _newest(artefacts: ObjectStore) -> int:
    """The number of the search that was begun last; 0 where none was."""
    return max((keys.search_of(one.key) for one in artefacts.list(keys.SEARCHES)), default=0)


def _place(number: int, artefacts: ObjectStore) -> Position | None:
    return records.read(artefacts, keys.search_key(number), _Place).next if number else None


def _beginning(search: Search, artefacts: ObjectStore) -> Position:
    return newest_inventory(artefacts, search.inventory) if search.inventory else Position()


def _parts(position: Position, landing: ObjectStore, artefacts: ObjectStore) -> Iterator[Part]:
    if position.inventory:
        return inventoried(artefacts, landing.bucket, position)
    return listed(landing, "", position)


class _Run:
    """One run: what it has found and not yet admitted, and what it has done."""

    def __init__(
        self, datasets: Collection[DatasetId], artefacts: ObjectStore, ledger: Ledger, clock: Clock
    ) -> None:
        self.datasets = datasets
        self.unknown: list[tuple[DatasetId | None, Version]] = []
        self.admitted = self.restored = 0
        self.found: Counter[DatasetId] = Counter()
        self._artefacts, self._ledger, self._clock = artefacts, ledger, clock

    def look(self, versions: Sequence[Version]) -> None:
        """Keep those of these versions that the ledger does not know."""
        by_owner: defaultdict[DatasetId | None, list[Version]] = defaultdict(list)
        for version in versions:
            if not version.object.is_folder:
                owner = DatasetId.of_key(version.object.key)
                by_owner[owner if owner in self.datasets else None].append(version)
        for owner, theirs in by_owner.items():
            landed = [version.object for version in theirs]
            unknown = set(self._ledger.unknown(str(owner) if owner else "unrouted", landed))
            self.unknown += [(owner, version) for version in theirs if version.object in unknown]

    def take(self) -> None:
        """Restore what older batches know, and admit the rest: of each key, what was written first."""
        by_owner: defaultdict[DatasetId | None, list[Version]] = defaultdict(list)
        for owner, version in self.unknown:
            by_owner[owner].append(version)
        for owner, versions in by_owner.items():
            if owner is None:
                self._refuse(versions)
            else:
                self._take(owner, versions)
        self.unknown.clear()

    def _refuse(self, versions: Sequence[Version]) -> None:
        for version in versions:
            admit(version.object, ledger=self._ledger, artefacts=self._artefacts, clock=self._clock)
        self.admitted += len(versions)

    def _take(self, dataset: DatasetId, versions: Sequence[Version]) -> None:
        restored = restore(
            dataset, versions, ledger=self._ledger, artefacts=self._artefacts, clock=self._clock
        )
        lost = [version for version in versions if version.object.identity not in restored]
        for version, at in _in_order(lost):
            self._ledger.admit(dataset, version.object, at)
        self.restored += len(restored)
        self.admitted += len(lost)
        self.found[dataset] += len(versions)


def _in_order(versions: Sequence[Version]) -> Iterator[tuple[Version, datetime]]:
    """Each version with the moment since which it waits: when it was written, and after those of its key
    that are older, though S3 tells seconds only. A listing has the newest of a key first."""
    last: dict[str, datetime] = {}
    oldest_first = list(reversed(versions))
    oldest_first.sort(key=lambda one: one.written)
    for version in oldest_first:
        key = version.object.key
        last[key] = max(version.written, last[key] + _A_MOMENT) if key in last else version.written
        yield version, last[key]
