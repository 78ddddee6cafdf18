"""Killed at any call, before or after its effect: what is redelivered and reconciled ends the same."""

import gzip
import io
import json
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from headrace.domain.zones import TableRef
from headrace.steps.plan_replay import PlanReplay, plan_replay
from headrace.steps.quarantined import Quarantined
from tests.simulation.faults import Faults, Killed, When
from tests.steps.conftest import MILLS, WHEELS
from tests.world import World, event_bridge

DATASET = DatasetId("river", "mills")
FIRST = b"name,wheels\nOld Mill,2\nBad Mill,-1\nMill on the Floss,1\n"
KEYED = (
    MILLS.replace("required: true", "required: true, unique: true")
    + "  - {property: headrace.evolution, value: evolve}\n"
)


READS = {
    *("read", "open", "list", "key", "token_key"),
    *("state", "dataset", "datasets", "pending", "loaded_content", "objects", "known", "running"),
}


class Scenario(Struct, frozen=True):
    """Objects by key, landed `before` the kills begin and while they go on, and what must come of all. The
    replays are asked for while they go on, after `registered` has come in force."""

    contract: str
    bodies: dict[str, list[bytes]]
    states: dict[str, int]
    curated: int
    quarantined: int
    before: dict[str, list[bytes]] = {}
    objects_a_unit: int = 1000
    registered: str = ""
    replays: tuple[PlanReplay, ...] = ()


SCENARIOS = {
    "objects of all ends": Scenario(
        MILLS,
        {
            "river/mills/a.csv": [FIRST, FIRST, FIRST + b"Other content,7\n"],
            "river/mills/b.csv.gz": [gzip.compress(FIRST)[:-9]],
            "river/mills/c.csv": [b"name,wheels\nNew Mill,5\n"],
        },
        {"LOADED_WITH_REJECTS": 1, "DUPLICATE": 1, "QUARANTINED": 2, "LOADED": 1},
        curated=3,
        quarantined=3,
    ),
    "keys and new fields": Scenario(
        KEYED,
        {
            "river/mills/b.csv": [b"name,wheels\nNew Mill,1\nOld Mill,2\n"],
            "river/mills/c.csv": [b"name,wheels,height\nNew Mill,1,3\nWater Mill,1,2.5\n"],
        },
        {"LOADED_WITH_REJECTS": 2, "LOADED": 1},
        curated=3,
        quarantined=2,
        before={"river/mills/a.csv": [b"name,wheels\nOld Mill,2\n"]},
        objects_a_unit=1,
    ),
    "a replay under another contract": Scenario(
        MILLS,
        {"river/mills/d.csv": [b"name,wheels\nTide Mill,5\n"]},
        {"LOADED": 4, "QUARANTINED": 1},
        curated=5,
        quarantined=1,
        before={
            "river/mills/a.csv": [FIRST],
            "river/mills/b.csv.gz": [gzip.compress(FIRST)[:-9]],
            "river/mills/c.csv": [b"name,wheels\nNew Mill,5\n"],
        },
        registered=MILLS.replace("minimum: 0", "minimum: -1").replace("version: 1.0.0", "version: 1.1.0"),
        replays=(PlanReplay("river/mills", "rows", quarantined=Quarantined()),),
    ),
}


def new_world(scenario: Scenario) -> tuple[World, list[LandedObject]]:
    """The world, and the objects that are to be announced to it."""
    world = World()
    world.register(scenario.contract, WHEELS)
    drive(world, land(world, scenario.before))
    if scenario.registered:
        world.register(scenario.registered)
    return world, land(world, scenario.bodies)


def land(world: World, bodies: dict[str, list[bytes]]) -> list[LandedObject]:
    return [world.landing.land(key, body) for key, versions in bodies.items() for body in versions]


def drive(world: World, landed: list[LandedObject], replays: Sequence[PlanReplay] = ()) -> None:
    """Deliver every message until it is acknowledged, ask for every replay until it is planned, and go on
    after each death as AWS does."""
    waiting, asked = list(landed), list(replays)
    for _ in range(10):
        try:
            while waiting:
                world.clock.advance(timedelta(seconds=1))
                world.deliver(event_bridge(waiting[0]))
                waiting.pop(0)
            while asked:
                world.clock.advance(timedelta(seconds=1))
                world.call(plan_replay, asked[0])
                asked.pop(0)
            world.rest()
            if not world.reconcile().woken and not list(world.waiting_executions()):
                return
        except Killed:
            for execution in world.waiting_executions():
                world.executions.stop(execution)
    pytest.fail("the world did not come to rest")


def rows(world: World, table: TableRef) -> list[dict[str, Any]]:
    """Every row that the table's files hold."""
    found = []
    for uri in world.catalog.tables[table].files:
        body = world.lake.read(uri.removeprefix("s3://lake/"))
        found += pq.read_table(io.BytesIO(body)).to_pylist()
    return found


def verify(world: World, scenario: Scenario) -> None:
    """Every row is in one table, once; every object has one end and one line in one audit record."""
    curated, quarantined = (
        rows(world, table) for table in (world.zones.curated(DATASET), world.zones.quarantine(DATASET))
    )
    everything = Counter((row["_object"], row["_row"]) for row in curated + quarantined)
    assert set(everything.values()) == {1}
    assert (len(curated), len(quarantined)) == (scenario.curated, scenario.quarantined)
    assert set(Counter(row["name"] for row in curated).values()) == {1}
    objects = world.ledger.objects(str(DATASET))
    assert Counter(one.state.value for one in objects) == scenario.states
    audits = [
        json.loads(world.artefacts.read(one.key))
        for one in world.artefacts.list("batches/")
        if one.key.endswith("/audit.json")
    ]
    lines = [one for audit in audits for one in (*audit["objects"], audit["replay"]) if one]
    assert {one["identity"] for one in lines} == {one.object.identity for one in objects}
    if not scenario.replays:
        assert len(lines) == len(objects)
    newest = {one["identity"]: one for one in lines}
    assert {one.object.identity: (one.state, one.rows, one.curated, one.quarantined) for one in objects} == {
        identity: (one["state"], one["rows"], one["curated"], one["quarantined"])
        for identity, one in newest.items()
    }
    landed = [one for identity, one in newest.items() if identity.startswith("s3://landing/")]
    assert sum(one["rows"] for one in landed) == scenario.curated + scenario.quarantined
    state = world.ledger.dataset(DATASET)
    assert state is not None
    assert state.lease is None
    assert world.ledger.pending(DATASET, 1) == []
    assert world.watermark(str(DATASET)) == state.next_batch - 1 == len(audits)


def calls_of_one_run(scenario: Scenario) -> list[str]:
    world, landed = new_world(scenario)
    faults = Faults(world)
    drive(world, landed, scenario.replays)
    calls = list(faults.calls)
    verify(world, scenario)
    return calls


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_kill_at_any_call_loses_and_doubles_nothing(
    scenario: Scenario, when: When, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.domain.packing.UNIT_OBJECTS", scenario.objects_a_unit)
    calls = calls_of_one_run(scenario)
    assert len(calls) > 50
    for at, name in enumerate(calls, 1):
        if when == "after" and name.partition(".")[2] in READS:
            continue  # the same as before the next call
        world, landed = new_world(scenario)
        Faults(world, at, when)
        drive(world, landed, scenario.replays)
        try:
            verify(world, scenario)
        except AssertionError as error:
            pytest.fail(f"killed {when} call {at}, {name}: {error}")
