"""What a replay is asked for, what it makes of it, and what it leaves alone."""

import json
from datetime import timedelta
from typing import Any

import pytest

from headrace.domain import keys
from headrace.domain.batch import Audit, Manifest, UnitReport
from headrace.domain.errors import InvalidRequest, UnknownDataset
from headrace.domain.replay import ReplayRequest
from headrace.steps import records
from headrace.steps.plan_batch import PlanBatch, plan_batch
from headrace.steps.plan_replay import PlanReplay, ReplayPlanned, plan_replay
from headrace.steps.quarantined import Quarantined
from headrace.steps.refine_unit import RefineUnit, refine_unit
from tests.steps.conftest import MILLS as CONTRACT
from tests.steps.conftest import in_force
from tests.steps.replays import DAY, MILLS, ends, land, names, requests, table, tables
from tests.world import World

LOOSER = CONTRACT.replace("minimum: 0", "minimum: -5").replace("version: 1.0.0", "version: 1.1.0")


def planned(world: World, **asked: Any) -> ReplayPlanned:
    """Plan a replay and leave it waiting."""
    world.clock.advance(timedelta(milliseconds=1))
    return world.call(plan_replay, PlanReplay(**{"dataset": "river/mills", "id": "again", **asked}))


def audit(world: World, batch: int) -> Audit:
    return records.read(world.artefacts, keys.audit_key(MILLS, batch), Audit)


# ── what is asked for ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "say one of objects, batches, day, quarantined and all; this says nothing"),
        ({"all": True, "day": "2026-03-01"}, "this says day and all"),
        ({"all": True, "id": "../x"}, "is no id"),
        ({"objects": ("river/mills/a.csv", "river/mills/z.csv")}, "took river/mills/z.csv;"),
        (
            {"objects": ("s3://landing/river/mills/a.csv?versionId=v9",)},
            "no closed batch of river/mills took s3",
        ),
        ({"batches": (1, 3)}, "no batches 1 to 3: river/mills has closed the batches 1 to 2"),
        ({"batches": (0, 1)}, "no batches 0 to 1"),
        ({"day": "2026-03-09"}, "the batches 1 to 2, 2026-03-01 to 2026-03-02"),
        ({"day": "yesterday"}, "write YYYY-MM-DD"),
        ({"quarantined": Quarantined(rule="unique")}, "nothing to replay"),
        ({"all": True, "contract": "7.0.0"}, r"no contract of version 7.0.0; those it had are 1.0.0\+"),
    ],
    ids=str,
)
def test_what_there_is_not_is_refused_with_what_there_is(
    world: World, asked: dict[str, Any], told: str
) -> None:
    for key in "ab":
        land(world, key, f"Mill {key},2", "Bad,-1")
        world.clock.advance(DAY)
    with pytest.raises(InvalidRequest, match=told):
        planned(world, **asked)
    assert requests(world) == []


def test_a_dataset_without_batches_has_nothing_to_replay(world: World) -> None:
    with pytest.raises(InvalidRequest, match="no closed batch yet"):
        planned(world, all=True)
    with pytest.raises(UnknownDataset, match="river/weirs"):
        planned(world, dataset="river/weirs", all=True)


def test_asking_twice_under_one_id_is_asking_once(world: World) -> None:
    land(world, "a", "Old Mill,2")
    first = planned(world, all=True)
    land(world, "b", "New Mill,2")
    assert planned(world, all=True) == first
    world.rest()
    assert requests(world) == [("LOADED", "")]
    with pytest.raises(InvalidRequest, match="again names another replay of river/mills"):
        planned(world, batches=(1, 1))


def test_a_plan_begins_nothing_and_can_be_begun_as_it_is(world: World) -> None:
    land(world, "a", "Old Mill,2", "Bad,-1", "New Mill,1")
    world.register(LOOSER)
    plan = planned(world, all=True, submit=False)
    assert requests(world) == []
    assert [(one.manifest, one.unit) for one in plan.units] == [(plan.requests[0], 0)]
    held = {one.key for one in world.lake.list("")}
    for unit in plan.units:
        report = world.call(refine_unit, RefineUnit(unit.manifest, unit.unit, rehearse=True)).report
        assert report.startswith(plan.requests[0].removesuffix(".json"))
        (tried,) = records.read(world.artefacts, report, UnitReport).objects
        assert (tried.rows, tried.curated, tried.quarantined) == (3, 3, 0)
    assert {one.key for one in world.lake.list("")} == held
    assert planned(world, all=True).requests == plan.requests
    world.rest()
    assert ends(world) == {"a.csv": ("LOADED", 3, 3, 0)}


def test_a_large_replay_is_several_batches_in_the_order_of_the_objects(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.domain.packing.BATCH_OBJECTS", 2)
    monkeypatch.setattr("headrace.domain.packing.UNIT_OBJECTS", 1)
    for key in "abcde":
        land(world, key, f"Mill {key},2", "Bad,-1")
    before = tables(world)
    plan = world.replay("river/mills", all=True)
    replayed = [records.read(world.artefacts, key, ReplayRequest) for key in plan.requests]
    assert [[entry.object.key[-5] for entry in one.entries] for one in replayed] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]
    assert [one.object.key for one in world.ledger.objects("river/mills")[5:]] == [*plan.requests]
    manifest = records.read(world.artefacts, keys.manifest_key(MILLS, 8), Manifest)
    assert (manifest.last_replay, len(manifest.units)) == (7, 1)
    assert tables(world) == before


def test_what_lands_meanwhile_waits_for_a_batch_of_its_own(world: World) -> None:
    land(world, "a", "Old Mill,2")
    world.land("river/mills/b.csv", b"name,wheels\nNew Mill,2\n")
    planned(world, all=True)
    world.land("river/mills/c.csv", b"name,wheels\nTide Mill,2\n")
    world.rest()
    batches = [
        [landed.key.rpartition("/")[2] for landed in manifest.taken]
        for manifest in (
            records.read(world.artefacts, keys.manifest_key(MILLS, batch), Manifest) for batch in (2, 3, 4)
        )
    ]
    assert batches == [["b.csv"], ["00000.json"], ["c.csv"]]
    assert names(world) == ["New Mill", "Old Mill", "Tide Mill"]


# ── contracts ────────────────────────────────────────────────────────────────────────────────────


def test_a_replay_may_go_by_an_older_version(world: World) -> None:
    land(world, "a", "Old Mill,2", "New Mill,-1")
    world.register(LOOSER)
    land(world, "b", "Tide Mill,-2", "Water Mill,5")
    world.replay("river/mills", batches=(2, 2), contract="1.0.0")
    assert names(world) == ["Old Mill", "Water Mill"]
    assert {row["_contract"].partition("+")[0] for row in table(world, "curated")} == {"1.0.0"}


def test_a_version_that_several_contracts_had_must_be_named_in_full(world: World) -> None:
    land(world, "a", "Old Mill,2", "New Mill,-1")
    for least in ("-5", "-6"):
        world.register(CONTRACT.replace("minimum: 0", f"minimum: {least}"))
    world.register(LOOSER.replace("1.1.0", "1.2.0"))
    with pytest.raises(InvalidRequest, match=r"3 contracts of version 1\.0\.0: name one of 1\.0\.0"):
        planned(world, all=True, contract="1.0.0")
    label = table(world, "curated")[0]["_contract"]
    world.replay("river/mills", all=True, contract=label)
    assert names(world) == ["Old Mill"]


def test_columns_that_a_contract_evolved_by_later_change_no_row(world: World) -> None:
    world.register(CONTRACT + "  - {property: headrace.evolution, value: evolve}\n")
    land(world, "a", "Old Mill,2", "Bad,-1")
    world.land("river/mills/b.csv", b"name,wheels,height\nNew Mill,2,3\n")
    world.rest()
    world.land("river/mills/c.csv", b"name,wheels,colour\nTide Mill,2,red\n")
    world.rest()
    before, stood = tables(world), world.ledger.dataset(MILLS)
    plan = world.replay("river/mills", all=True)
    assert len(plan.requests) == 3
    assert tables(world) == before
    after = world.ledger.dataset(MILLS)
    assert stood
    assert after
    assert after.contract == stood.contract


# ── what is left alone ───────────────────────────────────────────────────────────────────────────


def test_an_object_gone_from_landing_stays_as_it_stands(world: World) -> None:
    land(world, "a", "Old Mill,2", "Bad,-1")
    land(world, "b", "New Mill,2", "Bad,-1")
    world.landing.expire("river/mills/a.csv")
    world.register(LOOSER)
    for asked in ({"all": True}, {"quarantined": Quarantined()}):
        world.replay("river/mills", **asked)
    assert ends(world) == {"a.csv": ("LOADED_WITH_REJECTS", 2, 1, 1), "b.csv": ("LOADED", 2, 2, 0)}
    assert names(world) == ["Bad", "New Mill", "Old Mill"]
    assert requests(world)[0] == ("LOADED", "1 of 2 objects are left as they stand")


def test_rows_that_another_replay_moved_meanwhile_are_left_to_it(world: World) -> None:
    land(world, "a", "Old Mill,2", "Bad,-1", "New Mill,4")
    land(world, "b", "Tide Mill,3", "Worse,-2")
    world.register(LOOSER)
    planned(world, id="first", objects=("river/mills/a.csv",))
    planned(world, id="second", quarantined=Quarantined())
    world.rest()
    assert ends(world) == {"a.csv": ("LOADED", 3, 3, 0), "b.csv": ("LOADED", 2, 2, 0)}
    assert requests(world) == [("LOADED", ""), ("LOADED", "1 of 2 objects are left as they stand")]
    assert len(table(world, "curated")) == 5
    assert table(world, "quarantine") == []


def test_only_one_version_of_a_key_is_loaded_where_the_contract_wants_one(world: World) -> None:
    strict = CONTRACT.replace("value: 60", "value: 10")
    world.register(strict)
    for line in ("Old Mill,2", "New Mill,3"):
        land(world, "a", line, "Bad,-1")
    land(world, "b", "Tide Mill,1", "Bad,-1")
    land(world, "b", "Tide Mill,2")
    assert [one.state for one in world.ledger.objects("river/mills")] == [*["REJECTED"] * 3, "LOADED"]
    world.register(CONTRACT.replace("version: 1.0.0", "version: 1.1.0"))
    plan = world.replay("river/mills", all=True)
    assert [(one.batch, one.objects) for one in plan.left_out] == [(1, 1), (3, 1)]
    assert names(world) == ["New Mill", "Tide Mill"]


def test_a_version_that_was_loaded_while_a_replay_waited_keeps_its_key(world: World) -> None:
    world.register(CONTRACT.replace("value: 60", "value: 10"))
    land(world, "a", "Old Mill,2", "Bad,-1")
    world.register(CONTRACT.replace("version: 1.0.0", "version: 1.1.0"))
    planned(world, all=True, submit=False)
    land(world, "a", "New Mill,3")
    assert planned(world, all=True).objects == 1
    world.rest()
    assert names(world) == ["New Mill"]
    assert requests(world) == [("LOADED", "1 of 1 objects are left as they stand")]


# ── what is kept of it ───────────────────────────────────────────────────────────────────────────


def test_the_audit_of_a_replay_names_its_request_and_the_objects_new_lines(world: World) -> None:
    land(world, "a", "Old Mill,2", "Bad,-1", "New Mill,-9", "Tide Mill,3")
    world.register(LOOSER)
    plan = world.replay("river/mills", quarantined=Quarantined())
    found = audit(world, 2)
    assert found.replay
    assert (found.rows, found.curated, found.quarantined) == (2, 1, 1)
    assert found.replay.identity.startswith(f"s3://artefacts/{plan.requests[0]}?etag=")
    assert [(one.state, one.rows, one.curated, one.quarantined) for one in found.objects] == [
        ("LOADED_WITH_REJECTS", 4, 3, 1)
    ]
    updates = [detail for kind, detail in world.events.events if kind == "Dataset Updated"]
    assert [one["id"] for one in updates] == ["river/mills:1", "river/mills:2"]
    assert world.metrics.counts["RowsReplayed", MILLS] == 2
    assert world.metrics.counts["RowsCurated", MILLS] == 2
    later = world.replay("river/mills", all=True)
    assert (later.rows, later.curated, later.quarantined) == (4, 3, 1)


def test_a_replay_asks_records_alone_what_became_of_objects(world: World) -> None:
    land(world, "a", "Old Mill,2", "Bad,-1")
    land(world, "b", "New Mill,2")
    before = tables(world)
    state = world.ledger.dataset(MILLS)
    assert state
    lost = World()
    world.ledger = lost.ledger
    world.ledger.register(MILLS, state.contract)
    for batch in (1, 2):
        anew = world.ledger.dataset(MILLS)
        assert anew
        world.ledger.advance(MILLS, batch, anew.registration)
    world.replay("river/mills", day="2026-03-01")
    assert tables(world) == before
    assert world.watermark("river/mills") == 3


def test_a_batch_planned_before_a_replay_was_asked_for_is_not_its_own(world: World) -> None:
    land(world, "a", "Old Mill,2")
    in_force(world, MILLS)
    world.land("river/mills/b.csv", b"name,wheels\nNew Mill,2\n")
    world.call(plan_batch, PlanBatch("river/mills", "river-mills-2-1"))
    plan = planned(world, all=True)
    assert plan.objects == 1
    world.rest()
    assert (
        json.loads(world.artefacts.read(keys.manifest_key(MILLS, 3)))["replay"]["request"]["key"]
        == (plan.requests[0])
    )
