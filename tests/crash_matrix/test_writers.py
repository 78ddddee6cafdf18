"""Many writers of one table: real threads, each with a catalog of its own, and a service that is asked by one
at a time."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from pyiceberg.catalog.glue import GlueCatalog

from headrace.aws.backoff import backoff
from headrace.domain.errors import CommitConflict
from headrace.domain.zones import TableRef
from tests.crash_matrix.account import emulated
from tests.crash_matrix.lake_io import PROPERTIES
from tests.crash_matrix.wire import Wire
from tests.ports.tables import CONCERTS, ELPHI, spec
from tests.ports.worlds import EmulatedCatalog, EmulatedWorld

WRITERS, COMMITS = 8, 25


def catalog(world: EmulatedWorld) -> EmulatedCatalog:
    return EmulatedCatalog(GlueCatalog("glue", client=world.clients.glue, **PROPERTIES))


def writer(world: EmulatedWorld, ref: TableRef, name: str, together: Callable[[], object]) -> int:
    """Commit a file and count it, again and again; how many commits others came before."""
    ours, conflicts = catalog(world), 0
    files = [ours.parquet(ref, [{**ELPHI, "hall": f"{name} {number}"}]) for number in range(COMMITS)]
    together()
    for number, file in enumerate(files):
        waits = backoff(f"commit {number} of {name}", tries=100, longest=0.5)
        while True:
            before = {name: str(number) if number else None}
            try:
                ours.append(ref, [file], {name: str(number + 1)}, before)
                break
            except CommitConflict:
                conflicts += 1
                next(waits)
    return conflicts


@pytest.mark.slow
def test_eight_writers_of_25_commits_each_lose_none() -> None:
    names = [f"headrace.writer-{number}" for number in range(WRITERS)]
    with emulated(Wire()):
        world = EmulatedWorld("moto")
        table = spec(world, CONCERTS, "music_concerts")
        catalog(world).ensure(table)
        start = Barrier(WRITERS)
        with ThreadPoolExecutor(WRITERS) as threads:
            writing = [threads.submit(writer, world, table.ref, name, start.wait) for name in names]
            conflicts = sum(one.result() for one in writing)
        state = catalog(world).state(table.ref)
        rows = Counter(row["hall"] for row in catalog(world).rows(table.ref))
    assert {name: state.properties.get(name) for name in names} == dict.fromkeys(names, str(COMMITS))
    assert rows == Counter(f"{name} {number}" for name in names for number in range(COMMITS))
    assert conflicts > 0
