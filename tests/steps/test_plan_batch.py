"""A batch is its manifest: written once, read by every attempt."""

from collections.abc import Callable

import pytest

from headrace.domain import keys
from headrace.domain.batch import Manifest
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import Unavailable, UnknownDataset
from headrace.domain.landed import LandedObject, ObjectState
from headrace.steps import records
from headrace.steps.plan_batch import BatchPlanned, PlanBatch, plan_batch
from tests.fakes import FakeLedger
from tests.world import World

MILLS = DatasetId("river", "mills")
BODY = b"name,wheels\nOld Mill,2\n"


def plan(world: World) -> BatchPlanned:
    return world.call(plan_batch, PlanBatch("river/mills", "river-mills-1-1"))


def manifest(world: World, batch: int) -> Manifest:
    return records.read(world.artefacts, keys.manifest_key(MILLS, batch), Manifest)


def test_all_that_waits_becomes_one_batch_in_order(world: World) -> None:
    landed = [world.land(f"river/mills/{name}.csv", BODY) for name in "cab"]
    planned = plan(world)
    assert planned.batch == 1
    assert [entry.object for entry in manifest(world, 1).entries] == landed
    assert {one.state for one in world.ledger.objects("river/mills")} == {ObjectState.BATCHED}


def test_a_second_planner_reads_the_first_ones_manifest(world: World) -> None:
    world.land("river/mills/a.csv", BODY)
    first = plan(world)
    world.land("river/mills/late.csv", BODY)
    assert plan(world) == first
    assert [entry.object.key for entry in manifest(world, 1).entries] == ["river/mills/a.csv"]


def test_two_versions_of_one_key_are_in_two_batches(world: World) -> None:
    first = world.land("river/mills/a.csv", BODY)
    second = world.land("river/mills/a.csv", BODY + b"New Mill,1\n")
    plan(world)
    assert [entry.object for entry in manifest(world, 1).entries] == [first]
    assert world.ledger.pending(MILLS, 10) == [second]


def test_with_nothing_waiting_the_lease_is_given_back(world: World) -> None:
    world.land("river/mills/a.csv", BODY)
    world.rest()
    state = world.ledger.dataset(MILLS)
    assert state is not None
    assert state.lease is None
    assert plan(world).idle


def test_an_object_that_lands_while_the_lease_is_given_back_starts_a_new_execution(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = world.ledger.acquire(MILLS, world.clock.now())
    assert state is not None
    release = world.ledger.release

    def release_late(dataset: DatasetId, execution: str) -> None:
        world.land("river/mills/late.csv", BODY)  # its admission finds the lease taken
        assert execution not in world.executions.started or world.executions.running(execution)
        release(dataset, execution)

    world.executions.start("river-mills-1-1", MILLS)
    monkeypatch.setattr(world.ledger, "release", release_late)
    assert plan(world).idle
    assert list(world.executions.started) == ["river-mills-1-1", "river-mills-1-2"]


def test_queries_name_the_deployments_tables_and_carry_a_token_of_their_own(world: World) -> None:
    world.land("river/mills/a.csv", BODY)
    (query,) = plan(world).queries
    assert query.name == "wheels"
    assert '"curated"."river_mills"' in query.sql.lower() or "curated.river_mills" in query.sql.lower()
    assert len(query.token) == 64
    assert plan(world).queries == (query,)


def test_a_dataset_that_is_not_registered_is_refused(world: World) -> None:
    with pytest.raises(UnknownDataset, match="river/unknown"):
        world.call(plan_batch, PlanBatch("river/unknown", "x"))


def test_a_ledger_that_was_lost_learns_from_a_manifest_that_stands(world: World) -> None:
    landed = world.land("river/mills/a.csv", BODY)
    first = plan(world)
    state = world.ledger.dataset(MILLS)
    assert state
    world.ledger = FakeLedger()
    world.ledger.register(MILLS, state.contract)
    assert plan(world) == first
    assert [(one.object, one.state) for one in world.ledger.objects("river/mills")] == [
        (landed, ObjectState.BATCHED)
    ]


class _Overtaken(FakeLedger):
    """A ledger in which another call makes the batch just before this one looks what waits."""

    def __init__(self, before: FakeLedger, other: Callable[[], object]) -> None:
        super().__init__()
        vars(self).update(vars(before))
        self._before, self._other = before, other

    def pending(self, dataset: DatasetId, limit: int) -> list[LandedObject]:
        other, self._other = self._other, lambda: None
        other()
        return super().pending(dataset, limit)


def test_a_batch_that_another_call_just_made_is_not_slept_over(world: World) -> None:
    world.land("river/mills/a.csv", BODY)
    ledger = world.ledger

    def overtake() -> None:
        world.ledger = ledger
        plan(world)

    world.ledger = _Overtaken(ledger, overtake)
    planned = plan(world)
    assert (planned.idle, planned.batch) == (False, 1)
    state = ledger.dataset(MILLS)
    assert state
    assert state.lease


def test_a_ledger_that_changes_while_it_is_read_makes_no_batch(world: World) -> None:
    world.land("river/mills/a.csv", BODY)
    world.ledger = _Overtaken(world.ledger, lambda: world.ledger.register(MILLS, "contracts/other.json"))
    with pytest.raises(Unavailable, match="changed while batch 1 was planned"):
        plan(world)
    assert not [*world.artefacts.list("batches/")]
