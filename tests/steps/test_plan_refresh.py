"""A mart is computed again only when what it reads moved on."""

from headrace.domain.freshness import Freshness
from headrace.steps.plan_refresh import PlanRefresh, RefreshPlanned, plan_refresh
from headrace.steps.publish_mart import PublishMart, publish_mart
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


def test_freshness_survives_a_tables_properties() -> None:
    one = Freshness("contracts/x.json", {"river/mills": 3})
    assert Freshness.of(one.as_properties()) == one
    assert Freshness.of({}) is None
