"""Readers see a mart before or after a refresh, and never an older one after a newer one."""

import pytest
from msgspec.structs import replace

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import OutcomeUnknown
from headrace.domain.zones import WATERMARK
from headrace.steps.plan_refresh import PlanRefresh, Refresh, plan_refresh
from headrace.steps.publish_mart import MartPublished, PublishMart, publish_mart
from tests.fake_tables import FakeTable
from tests.steps.stages import fill_stage
from tests.world import World

WHEELS = DatasetId("river", "wheels")


def planned(world: World, execution: str) -> Refresh:
    reply = world.call(plan_refresh, PlanRefresh("river/wheels", execution))
    return reply.refreshes[0]


def after(refresh: Refresh, batch: int) -> Refresh:
    """The same refresh as if planned when its source had this watermark."""
    return replace(refresh, freshness=replace(refresh.freshness, sources={"river/mills": batch}))


def publish(world: World, refresh: Refresh) -> MartPublished:
    return world.call(publish_mart, PublishMart(refresh.mart, refresh.stage, refresh.freshness))


def mart(world: World) -> FakeTable:
    return world.catalog.tables[world.zones.mart(WHEELS)]


def updates(world: World) -> list[object]:
    return [detail["id"] for kind, detail in world.events.events if kind == "Dataset Updated"]


def test_the_stage_becomes_the_mart_and_is_forgotten(world: World) -> None:
    refresh = planned(world, "one")
    files = fill_stage(world, refresh)
    assert publish(world, refresh).published
    assert mart(world).files == files
    assert refresh.stage not in world.catalog.tables
    assert updates(world) == ["river/wheels:1"]


def test_publishing_twice_says_the_same_twice(world: World) -> None:
    refresh = planned(world, "one")
    fill_stage(world, refresh)
    publish(world, refresh)
    before = mart(world)
    assert publish(world, refresh).published
    assert mart(world) == before
    assert updates(world) == ["river/wheels:1", "river/wheels:1"]


def test_an_overtaken_refresh_publishes_nothing(world: World) -> None:
    old, new = after(planned(world, "old"), 1), after(planned(world, "new"), 2)
    fill_stage(world, old)
    files = fill_stage(world, new)
    assert publish(world, new).published
    assert not publish(world, old).published
    assert mart(world).files == files
    assert mart(world).properties[WATERMARK] == "1"


def test_a_refresh_under_a_contract_that_was_replaced_publishes_nothing(world: World) -> None:
    refresh = planned(world, "one")
    fill_stage(world, refresh)
    world.ledger.register_mart(WHEELS, "contracts/newer.json", [DatasetId("river", "mills")])
    assert not publish(world, refresh).published
    assert mart(world).files == ()


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "lost"])
def test_a_swap_whose_answer_is_lost_is_decided_by_the_table(
    world: World, monkeypatch: pytest.MonkeyPatch, applied: bool
) -> None:
    refresh = planned(world, "one")
    files = fill_stage(world, refresh)
    swap = world.catalog.replace
    lost: list[object] = []

    def swap_and_lose_the_first_answer(*args: object) -> int:
        if lost:
            return swap(*args)  # type: ignore[arg-type]
        lost.append(args)
        if applied:
            swap(*args)  # type: ignore[arg-type]
        raise OutcomeUnknown("the answer was lost")

    monkeypatch.setattr(world.catalog, "replace", swap_and_lose_the_first_answer)
    assert publish(world, refresh).published
    assert mart(world).files == files
    assert mart(world).properties[WATERMARK] == "1"
