"""Killed at any call, before or after its effect: what is redelivered and reconciled ends the same."""

import gzip
import io
import json
from collections import Counter
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from headrace.domain.zones import TableRef
from tests.simulation.faults import Faults, Killed, When
from tests.steps.conftest import MILLS, WHEELS
from tests.world import World, event_bridge

DATASET = DatasetId("river", "mills")
FIRST = b"name,wheels\nOld Mill,2\nBad Mill,-1\nMill on the Floss,1\n"
BODIES = {
    "river/mills/a.csv": [FIRST, FIRST, FIRST + b"Other content,7\n"],
    "river/mills/b.csv.gz": [gzip.compress(FIRST)[:-9]],
    "river/mills/c.csv": [b"name,wheels\nNew Mill,5\n"],
}
EXPECTED_STATES = Counter(LOADED_WITH_REJECTS=1, DUPLICATE=1, QUARANTINED=2, LOADED=1)


def new_world() -> tuple[World, list[LandedObject]]:
    world = World()
    world.register(MILLS, WHEELS)
    return world, [world.landing.land(key, body) for key, bodies in BODIES.items() for body in bodies]


def drive(world: World, landed: list[LandedObject]) -> None:
    """Deliver every message until it is acknowledged, and go on after each death as AWS does."""
    waiting = list(landed)
    for _ in range(10):
        try:
            while waiting:
                world.clock.advance(timedelta(seconds=1))
                world.deliver(event_bridge(waiting[0]))
                waiting.pop(0)
            world.rest()
            if not world.reconcile().woken and not list(world.waiting_executions()):
                return
        except Killed:
            for execution in world.waiting_executions():
                world.executions.stop(execution)
    pytest.fail("the world did not come to rest")


def rows(world: World, table: TableRef) -> list[tuple[str, int]]:
    """Object and position of each row that the table's files hold."""
    found = []
    for uri in world.catalog.tables[table].files:
        body = world.lake.read(uri.removeprefix("s3://lake/"))
        columns = pq.read_table(io.BytesIO(body), columns=["_object", "_row"]).to_pydict()
        found += list(zip(columns["_object"], columns["_row"], strict=True))
    return found


def verify(world: World, landed: list[LandedObject]) -> None:
    """Every row is in one table, once; every object has one end and one line in one audit record."""
    curated, quarantined = (
        rows(world, table) for table in (world.zones.curated(DATASET), world.zones.quarantine(DATASET))
    )
    everything = Counter(curated + quarantined)
    assert set(everything.values()) == {1}
    assert (len(curated), len(quarantined)) == (3, 3)
    objects = world.ledger.objects(str(DATASET))
    assert Counter(one.state.value for one in objects) == EXPECTED_STATES
    audits = [
        json.loads(world.artefacts.read(one.key))
        for one in world.artefacts.list("batches/")
        if one.key.endswith("/audit.json")
    ]
    audited = Counter(one["identity"] for audit in audits for one in audit["objects"])
    assert audited == Counter(one.identity for one in landed)
    assert sum(audit["rows"] for audit in audits) == 6
    state = world.ledger.dataset(DATASET)
    assert state is not None
    assert state.lease is None
    assert world.ledger.pending(DATASET, 1) == []
    assert world.watermark(str(DATASET)) == state.next_batch - 1 == len(audits)


def calls_of_one_run() -> list[str]:
    world, landed = new_world()
    faults = Faults(world)
    drive(world, landed)
    calls = list(faults.calls)
    verify(world, landed)
    return calls


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_call_loses_and_doubles_nothing(when: When) -> None:
    calls = calls_of_one_run()
    assert len(calls) > 50
    for at, name in enumerate(calls, 1):
        world, landed = new_world()
        Faults(world, at, when)
        drive(world, landed)
        try:
            verify(world, landed)
        except AssertionError as error:
            pytest.fail(f"killed {when} call {at}, {name}: {error}")
