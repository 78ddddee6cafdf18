"""One object that cannot be read costs one row in quarantine, whatever it is, and no neighbour notices."""

from collections import Counter

import pytest

from headrace.domain.dataset import DatasetId
from tests.poison import CONTRACT, DELETED, GOOD, POISON, good
from tests.world import World

pytestmark = pytest.mark.slow

WHEELS = DatasetId("river", "wheels")


@pytest.mark.parametrize("name", [*POISON, DELETED])
def test_one_in_a_batch_of_five_hundred_costs_itself_alone(name: str) -> None:
    world = World()
    landed = [world.landing.land(f"river/wheels/{number:03d}.csv", good(number)) for number in range(GOOD)]
    poison = world.landing.land(f"river/wheels/{name}", POISON[name]() if name in POISON else good(1))
    landed.insert(GOOD // 2, poison)
    world.register(CONTRACT.format(name="wheels"))
    if name == DELETED:
        world.landing.erase(poison)
    assert world.announce(*landed) == []
    world.rest()
    ended = world.ledger.objects("river/wheels")
    assert Counter(str(one.state) for one in ended) == {"LOADED": GOOD, "QUARANTINED": 1}
    (refused,) = (one for one in ended if one.state == "QUARANTINED")
    assert (refused.object, refused.rows, refused.quarantined) == (poison, 1, 1)
    assert len(refused.reason) > 20
    assert {one.batch for one in ended} == {1}
    assert world.watermark("river/wheels") == 1
