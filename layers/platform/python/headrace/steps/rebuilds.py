"""The records of a dataset's rebuilds: which one is open, and how the others ended."""

from collections.abc import Iterator

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.rebuild import Rebuild, RebuildEnd, shadow_of
from headrace.ports import Clock, Ledger, ObjectStore
from headrace.steps import records


def rebuilds(artefacts: ObjectStore, dataset: DatasetId) -> Iterator[tuple[Rebuild, RebuildEnd | None]]:
    """Every rebuild of a dataset with its end, oldest first."""
    number = 1
    while rebuild := records.find(artefacts, keys.rebuild_key(dataset, number), Rebuild):
        yield rebuild, records.find(artefacts, keys.rebuild_end_key(dataset, number), RebuildEnd)
        number += 1


def open_rebuild(artefacts: ObjectStore, dataset: DatasetId) -> Rebuild | None:
    """The rebuild that has not ended, if there is one."""
    return next((rebuild for rebuild, end in rebuilds(artefacts, dataset) if end is None), None)


def begin_rebuild(artefacts: ObjectStore, ledger: Ledger, clock: Clock, dataset: DatasetId) -> Rebuild:
    """The open rebuild, or a new one whose shadow no dataset of the ledger has the name of."""
    number = 1
    for rebuild, end in rebuilds(artefacts, dataset):
        if end is None:
            return rebuild
        number = rebuild.number + 1
    shadow = shadow_of(dataset, number)
    while ledger.dataset(shadow):
        shadow = shadow_of(shadow, number)
    new = Rebuild(dataset, number, shadow, clock.now().isoformat())
    return records.create(artefacts, keys.rebuild_key(dataset, number), new)


def end_rebuild(artefacts: ObjectStore, clock: Clock, rebuild: Rebuild, watermark: int) -> None:
    """Say that the rows of the shadow are the dataset's up to batch `watermark`; 0: it is given up."""
    end = RebuildEnd(watermark, clock.now().isoformat())
    records.create(artefacts, keys.rebuild_end_key(rebuild.dataset, rebuild.number), end)
