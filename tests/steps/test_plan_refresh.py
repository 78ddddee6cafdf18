"""A mart is computed again only when what it reads moved on."""

from headrace.domain.freshness import Freshness
from headrace.steps.plan_refresh import PlanRefresh, RefreshPlanned, plan_refresh
from headrace.steps.publish_mart import PublishMart, publish_mart
from tests.steps.conftest import WHEELS
from tests.steps.stages import fill_stage
from tests.world import World

GOOD = b"name,wheels\nOld Mill,2\n"


def plan(world: World, dataset: str = "river/mills") -> RefreshPlanned:
    return world.call(plan_refresh, PlanRefresh(dataset, "refresh-1"))


def test_an_update_makes_the_mart_stale(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    world.rest()
    (refresh,) = plan(world).refreshes
    assert refresh.mart == "river/wheels"
    assert refresh.freshness.sources == {"river/mills": 1}
    assert refresh.sql.upper().startswith("CREATE TABLE")
    assert refresh.stage.name in refresh.sql
    assert "river_mills" in refresh.sql


def test_a_mart_that_holds_as_much_is_not_computed_again(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    world.rest()
    (refresh,) = plan(world).refreshes
    fill_stage(world, refresh)
    world.call(publish_mart, PublishMart(refresh.mart, refresh.stage, refresh.freshness))
    assert plan(world).refreshes == ()
    assert plan(world, "river/wheels").refreshes == ()


def test_a_registered_mart_is_computed_at_once(world: World) -> None:
    (refresh,) = plan(world, "river/wheels").refreshes
    assert refresh.freshness.sources == {"river/mills": 0}


def test_more_marts_than_a_reply_may_hold_are_planned_in_turn_each_once(world: World) -> None:
    long = " OR ".join(f"wheels = {number}" for number in range(1000, 2000))
    names = [f"mart{number}" for number in range(12)]
    for name in names:
        text = WHEELS.replace("river.mills", f"river.mills WHERE {long}").replace(
            "wheels\nversion", "x\nversion"
        )
        world.register(text.replace("name: wheels\nschema", f"name: {name}\nschema"))
    planned: list[str] = []
    after = ""
    while True:
        reply = world.call(plan_refresh, PlanRefresh("river/mills", "refresh-1", after))
        assert sum(len(refresh.sql) for refresh in reply.refreshes) <= 100_000
        planned += [refresh.mart for refresh in reply.refreshes]
        if not reply.after:
            break
        after = reply.after
    assert planned == sorted([*(f"river/{name}" for name in names), "river/wheels"])


def test_freshness_survives_a_tables_properties() -> None:
    one = Freshness("contracts/x.json", {"river/mills": 3})
    assert Freshness.of(one.as_properties()) == one
    assert Freshness.of({}) is None
