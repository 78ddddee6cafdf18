"""An object that came before its contract is taken up when the contract comes, once."""

from datetime import datetime

import pytest

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from tests.world import World

WEIRS = DatasetId("river", "weirs")
ROWS = b"name,wheels\nOld Mill,2\n"


@pytest.fixture
def weirs(mills: str) -> str:
    """A contract like that of river/mills."""
    return mills.replace("mills", "weirs")


def test_what_landed_before_its_contract_is_loaded_once_that_is_registered(world: World, weirs: str) -> None:
    early = [world.land(f"river/weirs/{name}.csv", ROWS) for name in "abc"]
    stray = world.land("river/dams/a.csv", ROWS)
    assert {one.object for one in world.ledger.objects("unrouted")} == {*early, stray}
    world.register(weirs)
    assert [one.object for one in world.ledger.objects("unrouted")] == [stray]
    world.rest()
    ended = {one.object: str(one.state) for one in world.ledger.objects("river/weirs")}
    assert ended == dict.fromkeys(early, "LOADED")
    assert world.watermark("river/weirs") == 1


def test_registering_again_takes_nothing_up_twice(world: World, weirs: str) -> None:
    early = world.land("river/weirs/a.csv", ROWS)
    world.register(weirs)
    world.rest()
    world.register(weirs)
    world.announce(early)
    world.rest()
    assert [one.object for one in world.ledger.objects("river/weirs")] == [early]
    assert world.watermark("river/weirs") == 1


def test_an_object_that_its_dataset_knows_already_leaves_the_unrouted(world: World, weirs: str) -> None:
    early = world.land("river/weirs/a.csv", ROWS)
    world.ledger.admit(WEIRS, early, world.clock.now())
    world.register(weirs)
    assert world.ledger.objects("unrouted") == []
    assert world.ledger.pending(WEIRS, 10) == [early]


def test_an_object_refused_while_its_contract_is_registered_is_not_forgotten(
    world: World, weirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = world.ledger.refuse

    def register_then_refuse(landed: LandedObject, reason: str, at: datetime) -> bool:
        world.register(weirs)
        return refuse(landed, reason, at)

    monkeypatch.setattr(world.ledger, "refuse", register_then_refuse)
    early = world.land("river/weirs/a.csv", ROWS)
    assert world.ledger.objects("unrouted") == []
    assert world.ledger.pending(WEIRS, 10) == [early]
    assert "river-weirs-1-1" in world.executions.started
