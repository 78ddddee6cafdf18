"""What a rehearsal foretells is what the replay does; and rehearsing leaves everything as it was."""

from typing import Any

import pytest

from headrace.domain.comparison import Comparison
from headrace.steps import records
from headrace.steps.compare_replay import CompareReplay, compare_replay
from headrace.steps.plan_replay import PlanReplay, plan_replay
from headrace.steps.quarantined import Quarantined
from headrace.steps.refine_unit import RefineUnit, refine_unit
from tests.steps.conftest import MILLS as CONTRACT
from tests.steps.replays import MILLS, ends, land, tables
from tests.world import World

STRICT = CONTRACT.replace("minimum: 0", "minimum: 3").replace("1.0.0", "1.1.0")
LOOSE = CONTRACT.replace("1.0.0", "1.2.0")
PICKY = CONTRACT.replace("value: 60", "value: 10").replace("1.0.0", "1.1.0")


def rehearsed(world: World, **asked: Any) -> Comparison | None:
    """What `replay.asl.yaml` does where nothing is submitted."""
    request = PlanReplay(**{"dataset": "river/mills", "id": "tried", "submit": False, **asked})
    planned = world.call(plan_replay, request)
    for unit in planned.units:
        world.call(refine_unit, RefineUnit(unit.manifest, unit.unit, rehearse=True))
    compared = world.call(compare_replay, CompareReplay(planned.requests, planned.units))
    return records.read(world.artefacts, compared.comparison, Comparison) if compared.comparison else None


@pytest.fixture
def strict(world: World) -> World:
    """Two batches under a contract that quarantines what a later one would take."""
    world.register(STRICT)
    land(world, "a", "Old Mill,2", "New Mill,5", "Bad,-1", "Tide Mill,7")
    land(world, "b", "Water Mill,9")
    return world


def test_a_rehearsal_changes_neither_tables_nor_ledger_nor_lake(strict: World) -> None:
    strict.register(LOOSE)
    before, stood, files = tables(strict), ends(strict), [*strict.lake.list("")]
    rehearsed(strict, all=True)
    assert (tables(strict), ends(strict), [*strict.lake.list("")]) == (before, stood, files)
    assert not list(strict.waiting_executions())
    assert strict.ledger.pending(MILLS, 10) == []


@pytest.mark.parametrize("asked", [{"all": True}, {"quarantined": Quarantined(rule="range")}], ids=str)
def test_what_is_foretold_under_another_contract_comes_to_pass(strict: World, asked: dict[str, Any]) -> None:
    strict.register(LOOSE)
    foretold = rehearsed(strict, **asked)
    assert foretold is not None
    assert foretold.before.states["LOADED_WITH_REJECTS"] == 1
    (change,) = foretold.changes
    assert (change.before.curated, change.before.quarantined) == (2, 2)
    assert (change.after.curated, change.after.quarantined) == (3, 1)
    strict.replay("river/mills", **asked)
    told = (change.after.state, change.after.rows, change.after.curated, change.after.quarantined)
    assert ends(strict)["a.csv"] == told


def test_under_the_same_contract_nothing_would_change(strict: World) -> None:
    foretold = rehearsed(strict, all=True)
    assert foretold is not None
    assert (foretold.objects, foretold.changed, foretold.changes) == (2, 0, ())
    assert foretold.before == foretold.after
    assert foretold.before.rows == 5


def test_a_dataset_rule_that_would_refuse_the_replay_is_told_and_nothing_would_change(world: World) -> None:
    land(world, "a", "Old Mill,2", "Bad,-1")
    world.register(PICKY)
    foretold = rehearsed(world, all=True)
    assert foretold is not None
    assert (foretold.changed, foretold.before) == (0, foretold.after)
    (broken,) = foretold.broken
    assert (broken.severity, broken.measured) == ("error", 50)


def test_what_only_the_replay_shows_is_said(world: World) -> None:
    keyed = CONTRACT.replace("required: true", "required: true, unique: true").replace("1.0.0", "2.0.0")
    land(world, "a", "Old Mill,2")
    world.register(keyed)
    foretold = rehearsed(world, all=True)
    assert foretold is not None
    assert any("repeats the name" in one for one in foretold.unseen)


def test_nothing_to_rehearse_is_nothing_to_compare(world: World) -> None:
    world.register(PICKY)
    land(world, "a", "Old Mill,2", "Bad,-1")
    assert ends(world)["a.csv"][0] == "REJECTED"
    assert rehearsed(world, all=True) is None


def test_an_object_that_is_gone_from_landing_is_left_and_told(strict: World) -> None:
    strict.register(LOOSE)
    landed = strict.ledger.objects(str(MILLS), 1)[0].object
    strict.landing.expire(landed.key)
    foretold = rehearsed(strict, all=True)
    assert foretold is not None
    (left,) = foretold.left
    assert left.startswith(f"{landed.identity}: ")
    assert foretold.changed == 0
    strict.replay("river/mills", all=True)
    assert ends(strict)["a.csv"] == ("LOADED_WITH_REJECTS", 4, 2, 2)
