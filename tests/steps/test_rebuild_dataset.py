"""A dataset is rebuilt from landing: the same rows come out, and only they take the place of its own."""

from typing import Any

import pytest
from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import (
    CommitConflict,
    IncompatibleTable,
    InvalidRequest,
    OutcomeUnknown,
    Unavailable,
    UnknownDataset,
)
from headrace.domain.zones import REBUILD, WATERMARK, TableRef
from headrace.steps.plan_replay import PlanReplay, plan_replay
from headrace.steps.rebuild_dataset import DatasetRebuilt, RebuildDataset, rebuild_dataset
from tests.steps.conftest import MILLS as CONTRACT
from tests.steps.lake import rows
from tests.world import World

MILLS = DatasetId("river", "mills")
SHADOW = DatasetId("river", "mills_rebuild1")
OWNER = "{name: owner, logicalType: string, customProperties: [{property: headrace.mask, value: hash}]}"
EVOLVING = CONTRACT.replace("required: true}", f"required: true, unique: true}}\n      - {OWNER}").replace(
    "customProperties:\n", "customProperties:\n  - {property: headrace.evolution, value: evolve}\n"
)


@pytest.fixture
def river() -> World:
    """Mills of four batches: rejects, a column that evolves, a rejected batch, a repeated name."""
    world = World()
    world.register(EVOLVING)
    land(world, "a", "name,wheels,owner\nOld Mill,2,Ada\n,1,Ada\nUpper Mill,3,Max\n")
    land(world, "b", "name,wheels,weir\nLower Mill,2,high\n")
    land(world, "c", "name,wheels\n,-1\n,-2\n")
    land(world, "d", "name,wheels\nOld Mill,2\nNew Mill,4\n")
    return world


def land(world: World, name: str, body: str) -> None:
    """One batch of one object."""
    world.land(f"river/mills/{name}.csv", body.encode())
    world.rest()


def run(world: World) -> DatasetRebuilt:
    """Begin a rebuild, or go on, until the shadow has caught up."""
    told = world.call(rebuild_dataset, RebuildDataset("river/mills"))
    world.rest()
    return told


def publish(world: World, watermark: int) -> bool:
    request = RebuildDataset("river/mills", "publish", watermark=watermark)
    return world.call(rebuild_dataset, request).published


def damage(world: World) -> None:
    """The row of Old Mill leaves the curated table, as it never should."""
    place = next((row["_object"], row["_row"]) for row in rows(world, "curated", MILLS) if row["_row"] == 1)
    table = world.zones.curated(MILLS)
    world.catalog.replace_rows(table, {place[0]: frozenset({place[1]})}, [], {}, {})


def test_the_shadow_has_the_rows_of_the_dataset(river: World) -> None:
    assert run(river) == DatasetRebuilt(str(SHADOW), watermark=4, copied=4)
    for zone in ("curated", "quarantine"):
        assert rows(river, zone, SHADOW) == rows(river, zone, MILLS) != []
    assert {row["_batch"] for row in rows(river, "quarantine", MILLS)} == {1, 3, 4}
    curated = (river.zones.curated(one) for one in (SHADOW, MILLS))
    assert len({tuple(river.catalog.state(table).field_ids.items()) for table in curated}) == 1


def test_what_is_published_is_the_shadow_s_and_nothing_of_it_is_left(river: World) -> None:
    damage(river)
    run(river)
    good = {zone: rows(river, zone, SHADOW) for zone in ("curated", "quarantine")}
    files = river.catalog.files(river.zones.curated(SHADOW))
    before = river.catalog.state(river.zones.curated(MILLS))
    assert len(rows(river, "curated", MILLS)) == len(good["curated"]) - 1
    assert publish(river, 4)
    assert {zone: rows(river, zone, MILLS) for zone in good} == good
    assert river.catalog.files(river.zones.curated(MILLS)) == files
    after = river.catalog.state(river.zones.curated(MILLS))
    assert after.field_ids == before.field_ids
    assert after.properties == {**before.properties, REBUILD: "1"}
    assert set(river.catalog.tables) == {river.zones.curated(MILLS), river.zones.quarantine(MILLS)}
    assert [state.dataset for state in river.ledger.datasets()] == [MILLS]
    assert river.ledger.objects(str(SHADOW)) == []


def test_keys_are_compared_with_the_rows_of_the_shadow_alone(river: World) -> None:
    damage(river)
    run(river)
    names = [row["wheels"] for row in rows(river, "curated", SHADOW)]
    assert sorted(names) == [2, 2, 3, 4]


def test_a_batch_that_comes_meanwhile_is_caught_up_with(river: World) -> None:
    run(river)
    land(river, "e", "name,wheels\nLate Mill,5\n")
    assert not publish(river, 4)
    assert not publish(river, 5)
    assert run(river).watermark == 5
    assert publish(river, 5)
    assert 5 in {row["wheels"] for row in rows(river, "curated", MILLS)}
    land(river, "f", "name,wheels\nOld Mill,6\nSixth Mill,6\n")
    assert [row["wheels"] for row in rows(river, "curated", MILLS)].count(6) == 1
    assert river.watermark("river/mills") == 6


def test_replays_are_done_again_where_they_came(river: World) -> None:
    looser = EVOLVING.replace("minimum: 0", "minimum: -9").replace("version: 1.0.0", "version: 1.1.0")
    river.register(looser)
    land(river, "e", "name,wheels\nDeep Mill,-7\n")
    river.call(plan_replay, PlanReplay("river/mills", "1", all=True))
    river.rest()
    land(river, "f", "name,wheels\nDeep Mill,-7\nNinth Mill,9\n")
    assert run(river).watermark == river.watermark("river/mills") > 6
    for zone in ("curated", "quarantine"):
        assert rows(river, zone, SHADOW) == rows(river, zone, MILLS) != []
    assert publish(river, river.watermark("river/mills"))


def test_the_next_rebuild_has_a_shadow_and_files_of_its_own(river: World) -> None:
    for number in (1, 2):
        assert run(river).shadow == f"river/mills_rebuild{number}"
        assert publish(river, 4)
        files = river.catalog.files(river.zones.curated(MILLS))
        assert all(f"/river/mills_rebuild{number}/" in uri for uri in files)


def test_a_shadow_that_is_given_up_leaves_the_dataset_as_it_was(river: World) -> None:
    before = river.catalog.state(river.zones.curated(MILLS))
    run(river)
    river.call(rebuild_dataset, RebuildDataset("river/mills", "drop"))
    assert river.catalog.state(river.zones.curated(MILLS)) == before
    assert [state.dataset for state in river.ledger.datasets()] == [MILLS]
    assert river.call(rebuild_dataset, RebuildDataset("river/mills", "drop")) == DatasetRebuilt("")
    assert not publish(river, 4)


def test_a_rebuild_that_is_swapped_in_by_half_is_not_given_up(
    river: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(river)
    replace_files = river.catalog.replace

    def quarantine_only(ref: TableRef, *given: Any, **options: Any) -> int:
        if ref == river.zones.curated(MILLS):
            raise Unavailable("the catalog does not answer")
        return replace_files(ref, *given, **options)

    with monkeypatch.context() as outage:
        outage.setattr(river.catalog, "replace", quarantine_only)
        with pytest.raises(Unavailable):
            publish(river, 4)
    with pytest.raises(InvalidRequest, match=r"rebuild river/mills --accept"):
        river.call(rebuild_dataset, RebuildDataset("river/mills", "drop"))
    assert publish(river, 4)


def test_a_rebuild_that_was_published_says_so_when_it_is_asked_again(river: World) -> None:
    run(river)
    assert publish(river, 4)
    assert publish(river, 4)
    assert not publish(river, 5)


def test_a_shadow_that_is_being_filled_is_not_given_up(river: World) -> None:
    river.call(rebuild_dataset, RebuildDataset("river/mills"))
    with pytest.raises(InvalidRequest, match="river-mills_rebuild1-1-1"):
        river.call(rebuild_dataset, RebuildDataset("river/mills", "drop"))
    river.rest()
    assert publish(river, 4)


def test_an_execution_that_died_is_followed_by_another(river: World) -> None:
    river.call(rebuild_dataset, RebuildDataset("river/mills"))
    (dead,) = river.waiting_executions()
    river.executions.stop(dead)
    assert run(river).copied == 4
    assert publish(river, 4)


def test_many_objects_are_given_in_portions(river: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.steps.rebuild_dataset._OBJECTS", 1)
    copied = 0
    while copied < 4:
        told = river.call(rebuild_dataset, RebuildDataset("river/mills", after=copied))
        assert told.copied == copied + 1
        copied = told.copied
    river.rest()
    assert publish(river, 4)


def test_a_table_whose_columns_changed_is_not_swapped_in(river: World) -> None:
    run(river)
    river.register(EVOLVING.replace(f"- {OWNER}", f"- {OWNER}\n      - {{name: built, logicalType: date}}"))
    with pytest.raises(IncompatibleTable, match="begin anew"):
        run(river)
    river.call(rebuild_dataset, RebuildDataset("river/mills", "drop"))
    assert run(river).shadow == "river/mills_rebuild2"
    assert publish(river, 4)


@pytest.mark.parametrize("error", [CommitConflict, OutcomeUnknown])
def test_a_swap_whose_answer_is_lost_is_tried_until_it_is_known(
    river: World, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    run(river)
    swap, answers = river.catalog.replace, iter([True, False, True, False])

    def faulty(*args: object, **named: object) -> int:
        done = 0 if error is CommitConflict else swap(*args, **named)  # type: ignore[arg-type]  # as it was called
        if next(answers):
            raise error("injected")
        return done or swap(*args, **named)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(river.catalog, "replace", faulty)
    assert publish(river, 4)
    assert rows(river, "curated", MILLS)


def test_a_call_that_dies_while_it_clears_away_is_finished_by_the_next(
    river: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(river)
    with monkeypatch.context() as patch:
        patch.setattr(river.ledger, "forget", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish(river, 4)
    assert river.ledger.dataset(SHADOW)
    assert river.call(rebuild_dataset, RebuildDataset("river/mills", "drop")) == DatasetRebuilt("")
    assert river.ledger.dataset(SHADOW) is None


def test_what_cannot_be_rebuilt_is_said(world: World) -> None:
    with pytest.raises(UnknownDataset, match="river/sluices"):
        world.call(rebuild_dataset, RebuildDataset("river/sluices"))
    with pytest.raises(InvalidRequest, match="no batch"):
        world.call(rebuild_dataset, RebuildDataset("river/mills"))
    long = DatasetId("river", "m" * 33)
    world.ledger.register(long, "contracts/1.json")
    table = world.zones.curated(MILLS)
    world.catalog.tables[world.zones.curated(long)] = replace(
        world.catalog.tables[table], properties={WATERMARK: "1"}
    )
    with pytest.raises(InvalidRequest, match="40 characters"):
        world.call(rebuild_dataset, RebuildDataset(str(long)))
    assert not list(world.artefacts.list(keys.rebuild_prefix(long)))
