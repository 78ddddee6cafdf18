"""The verdict is kept as a record that says what was measured."""

import json
from typing import Any

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from tests.world import World

MILLS = DatasetId("river", "mills")


def verdict(world: World, body: bytes) -> dict[str, Any]:
    world.land("river/mills/a.csv", body)
    world.rest()
    found: dict[str, Any] = json.loads(world.artefacts.read(keys.verdict_key(MILLS, 1)))
    return found


def test_a_good_batch_is_published(world: World) -> None:
    assert verdict(world, b"name,wheels\nOld Mill,2\n")["publish"] is True


def test_too_many_bad_rows_reject_the_batch_with_the_figure(world: World) -> None:
    found = verdict(world, b"name,wheels\nOld Mill,-1\n,1\nNew Mill,3\n")
    assert found["publish"] is False
    (rule,) = found["rules"]
    assert round(rule["measured"], 1) == 66.7
