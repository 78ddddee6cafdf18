"""Rebuilds a dataset's tables from landing: a shadow dataset takes the same batches again, under the same
contracts, and its tables then take the place of the dataset's.

Each part can be called again at any time and goes on where the last call ended. Nobody reads the shadow
by the dataset's name; readers see the dataset before or after, each table at once.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.batch import Manifest
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import (
    CommitConflict,
    IncompatibleTable,
    InvalidRequest,
    OutcomeUnknown,
    UnknownDataset,
)
from headrace.domain.rebuild import Rebuild
from headrace.domain.zones import REBUILD, WATERMARK, TableRef, Zones
from headrace.ports import Clock, Executions, Ledger, ObjectStore, TableCatalog
from headrace.steps import records
from headrace.steps.rebuilds import begin_rebuild, end_rebuild, open_rebuild, rebuilds
from headrace.steps.wake import start_over


class RebuildDataset(Struct, frozen=True):
    """`then`: give the shadow the dataset's batches after `after` and let it run; swap its tables in, where
    all four stand at `watermark`; or give it up."""

    dataset: str
    then: Literal["run", "publish", "drop"] = "run"
    after: int = 0
    watermark: int = 0


class DatasetRebuilt(Struct, frozen=True):
    """`shadow` is empty where there is none; `watermark` is the dataset's, `copied` the last batch that the
    shadow was given, `published` whether its tables are the dataset's now."""

    shadow: str
    watermark: int = 0
    copied: int = 0
    published: bool = False


def rebuild_dataset(
    request: RebuildDataset,
    *,
    artefacts: ObjectStore,
    lake: ObjectStore,
    catalog: TableCatalog,
    ledger: Ledger,
    executions: Executions,
    clock: Clock,
    zones: Zones,
) -> DatasetRebuilt:
    dataset = DatasetId.parse(request.dataset)
    yard = _Yard(artefacts, lake, catalog, ledger, executions, clock, zones)
    yard.clear(dataset)
    if request.then == "run":
        return yard.run(dataset, request.after)
    rebuild = open_rebuild(artefacts, dataset)
    if rebuild is None:
        return _ended(request, artefacts, dataset)
    if request.then == "drop":
        yard.give_up(rebuild)
        return DatasetRebuilt(str(rebuild.shadow))
    published = yard.publish(rebuild, request.watermark)
    return DatasetRebuilt(str(rebuild.shadow), request.watermark, request.watermark, published)


def _ended(request: RebuildDataset, artefacts: ObjectStore, dataset: DatasetId) -> DatasetRebuilt:
    """What is said where no rebuild is open: the answer to an earlier call that published, if it was lost."""
    before = list(rebuilds(artefacts, dataset))
    if before and request.then == "publish":
        last, end = before[-1]
        if end and end.watermark == request.watermark:
            return DatasetRebuilt(str(last.shadow), end.watermark, end.watermark, published=True)
    return DatasetRebuilt("")


_OBJECTS = 5_000
"""Objects that one call admits to the shadow, roughly."""

_ATTEMPTS = 5


class _Yard:
    """Where shadows are made, filled, swapped in and cleared away."""

    def __init__(
        self,
        artefacts: ObjectStore,
        lake: ObjectStore,
        catalog: TableCatalog,
        ledger: Ledger,
        executions: Executions,
        clock: Clock,
        zones: Zones,
    ) -> None:
        self._artefacts, self._lake, self._catalog, self._zones = artefacts, lake, catalog, zones
        self._ledger, self._executions, self._clock = ledger, executions, clock

    def run(self, dataset: DatasetId, after: int) -> DatasetRebuilt:
        """Begin a rebuild, or go on with it."""
        state = self._ledger.dataset(dataset)
        if state is None:
            raise UnknownDataset(f"{dataset} has no registered contract, so there is nothing to rebuild")
        watermark = self._watermark(self._zones.curated(dataset))
        if not watermark:
            raise InvalidRequest(f"{dataset} has no batch yet, so there is nothing to rebuild")
        rebuild = begin_rebuild(self._artefacts, self._ledger, self._clock, dataset)
        self._stand(rebuild)
        self._ledger.register(rebuild.shadow, state.contract)
        standing = self._ledger.dataset(rebuild.shadow)
        first = max(after + 1, standing.next_batch if standing else 1)
        copied = self._copy(rebuild, first, watermark)
        start_over(
            rebuild.shadow,
            ledger=self._ledger,
            artefacts=self._artefacts,
            executions=self._executions,
            clock=self._clock,
        )
        return DatasetRebuilt(str(rebuild.shadow), watermark, copied)

    def publish(self, rebuild: Rebuild, watermark: int) -> bool:
        """Swap the shadow's tables in. False where a table is not at `watermark`, or the shadow not at rest:
        then it has to run on."""
        shadow = self._ledger.dataset(rebuild.shadow)
        if shadow is None or shadow.lease or shadow.next_batch != watermark + 1:
            return False
        pairs = [(self._home(rebuild, zone), self._shadow(rebuild, zone)) for zone in _ZONES]
        if any(self._watermark(table) != watermark for _, table in pairs):
            return False
        if not all(self._swapped(rebuild, home, table, watermark) for home, table in pairs):
            return False
        self.end(rebuild, watermark)
        return True

    def give_up(self, rebuild: Rebuild) -> None:
        """End a rebuild of which no table has taken the rows: the other one must take them, too."""
        for zone in _ZONES:
            home = self._home(rebuild, zone)
            if self._catalog.state(home).properties.get(REBUILD) == str(rebuild.number):
                raise InvalidRequest(
                    f"{home} has the rows of {rebuild.shadow} already, and the other table may not: it "
                    f"cannot be given up. `headrace rebuild {rebuild.dataset} --accept` finishes the swap"
                )
        self.end(rebuild, 0)

    def end(self, rebuild: Rebuild, watermark: int) -> None:
        """Close the rebuild's record, then clear its shadow away."""
        shadow = self._ledger.dataset(rebuild.shadow)
        if shadow and shadow.lease and self._executions.running(shadow.lease.execution):
            raise InvalidRequest(
                f"{rebuild.shadow} is still being filled by execution {shadow.lease.execution}: wait until "
                "it is at rest, or stop that execution, then try again"
            )
        end_rebuild(self._artefacts, self._clock, rebuild, watermark)
        self.clear(rebuild.dataset)

    def clear(self, dataset: DatasetId) -> None:
        """Forget the shadows of rebuilds that have ended; what they wrote stays in the lake."""
        for rebuild, end in rebuilds(self._artefacts, dataset):
            if end and self._ledger.dataset(rebuild.shadow):
                for zone in _ZONES:
                    self._catalog.drop(self._shadow(rebuild, zone))
                self._ledger.forget(rebuild.shadow)

    def _stand(self, rebuild: Rebuild) -> None:
        """Make the shadow's tables stand, with the columns of the dataset's."""
        for zone in _ZONES:
            home = self._home(rebuild, zone)
            location = f"s3://{self._lake.bucket}/{zone}/{rebuild.shadow}"
            shadow = self._catalog.clone(self._shadow(rebuild, zone), home, location)
            if shadow.field_ids != self._catalog.state(home).field_ids:
                raise IncompatibleTable(
                    f"the columns of {home} have changed since its rebuild began: give it up and begin anew"
                )

    def _copy(self, rebuild: Rebuild, first: int, last: int) -> int:
        """Give the shadow batches as they are, and their objects to its ledger; returns the last one given.
        A batch stands before its objects wait: the shadow never makes one of its own."""
        admitted = 0
        for batch in range(first, last + 1):
            manifest = records.read(self._artefacts, keys.manifest_key(rebuild.dataset, batch), Manifest)
            ours = replace(manifest, dataset=rebuild.shadow)
            records.create(self._artefacts, keys.manifest_key(rebuild.shadow, batch), ours)
            for landed in manifest.taken:
                self._ledger.admit(rebuild.shadow, landed, self._clock.now())
            admitted += len(manifest.taken)
            if admitted >= _OBJECTS:
                return batch
        return last

    def _swapped(self, rebuild: Rebuild, home: TableRef, shadow: TableRef, watermark: int) -> bool:
        """Whether the table holds the shadow's files, by this call or an earlier one; not where it has moved
        on from `watermark`."""
        taken = {REBUILD: str(rebuild.number)}
        for _ in range(_ATTEMPTS):
            if self._watermark(home) != watermark:
                return False
            try:
                self._catalog.replace(home, shadow, taken, {WATERMARK: str(watermark)}, keep_columns=True)
            except (CommitConflict, OutcomeUnknown):
                continue  # only the table knows what came of it: read it again
            return True
        raise CommitConflict(f"{home} changed under {_ATTEMPTS} attempts to give it the rows of {shadow}")

    def _watermark(self, table: TableRef) -> int:
        return self._catalog.state(table).watermark

    def _home(self, rebuild: Rebuild, zone: "_Zone") -> TableRef:
        return _table(self._zones, zone, rebuild.dataset)

    def _shadow(self, rebuild: Rebuild, zone: "_Zone") -> TableRef:
        return _table(self._zones, zone, rebuild.shadow)


_Zone = Literal["quarantine", "curated"]
_ZONES: tuple[_Zone, ...] = ("quarantine", "curated")
"""In the order of every commit."""


def _table(zones: Zones, zone: _Zone, dataset: DatasetId) -> TableRef:
    return zones.quarantine(dataset) if zone == "quarantine" else zones.curated(dataset)
