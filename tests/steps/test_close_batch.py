"""Closing a batch leaves an audit record, terminal states, an event, and the lease where it belongs."""

import json
from typing import Any

import pytest

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import Unavailable
from headrace.steps.close_batch import ROUNDS
from headrace.steps.plan_batch import PlanBatch, plan_batch
from tests.fakes import FakeLedger
from tests.world import World

MILLS = DatasetId("river", "mills")
GOOD = b"name,wheels\nOld Mill,2\n"


def audit(world: World, batch: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.artefacts.read(keys.audit_key(MILLS, batch)))
    return found


def test_the_audit_record_accounts_for_every_row(world: World) -> None:
    world.land("river/mills/a.csv", GOOD + b"Bad Mill,-1\n")
    world.land("river/mills/b.csv", GOOD)
    world.rest()
    found = audit(world)
    assert (found["rows"], found["curated"], found["quarantined"]) == (3, 2, 1)
    assert found["reasons"] == [{"column": "wheels", "rule": "range", "rows": 1}]
    assert world.states("river/mills") == {
        "river/mills/a.csv": "LOADED_WITH_REJECTS",
        "river/mills/b.csv": "LOADED",
    }


def test_one_event_tells_that_the_dataset_was_updated(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    world.rest()
    updates = [detail for kind, detail in world.events.events if kind == "Dataset Updated"]
    assert [(one["id"], one["rows"]) for one in updates] == [("river/mills:1", 1)]


def test_unreadable_objects_are_told_to_people_without_their_content(world: World) -> None:
    world.land("river/mills/a.csv", b"\x1f\x8b\x08secret")
    world.rest()
    ((subject, message),) = world.alerts.alerts
    assert subject == "river/mills: 1 object quarantined"
    assert message.startswith("These objects of batch 1 were quarantined whole:\n- s3://landing/river/mills")
    assert "river/mills/a.csv" in message
    assert "secret" not in message


def test_a_rejected_batch_publishes_nothing_and_quarantines_every_row(world: World) -> None:
    world.land("river/mills/a.csv", GOOD + b"Bad Mill,-1\n,3\n")
    world.rest()
    found = audit(world)
    assert (found["rows"], found["curated"], found["quarantined"]) == (3, 0, 3)
    assert world.states("river/mills") == {"river/mills/a.csv": "REJECTED"}
    assert [kind for kind, _ in world.events.events] == ["Mart Registered"]
    assert world.watermark("river/mills") == 1
    assert any("rejected" in subject for subject, _ in world.alerts.alerts)


def test_the_next_batch_follows_in_the_same_execution(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    execution = next(world.waiting_executions())
    planned_before = world.ledger.dataset(MILLS)
    assert planned_before is not None
    world.land("river/mills/a.csv", GOOD + b"New Mill,1\n")
    world.run(execution)
    assert list(world.executions.started) == ["river-mills-1-1"]
    assert world.watermark("river/mills") == 2


def test_an_execution_hands_over_before_its_history_is_full(world: World) -> None:
    for number in range(25):
        world.land("river/mills/same-key.csv", GOOD + b"Mill,%d\n" % number)
    world.rest()
    assert len(world.executions.started) == 3
    assert world.watermark("river/mills") == 25


@pytest.mark.parametrize("port", ["events", "alerts"])
def test_closing_that_failed_half_way_is_finished_by_the_next_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    world.land("river/mills/a.csv", GOOD)
    world.land("river/mills/b.csv", b"\x1f\x8b\x08")

    def fail(*_: object) -> None:
        raise Unavailable("no answer")

    monkeypatch.setattr(getattr(world, port), "publish" if port == "events" else "alert", fail)
    with pytest.raises(Unavailable):
        world.rest()
    monkeypatch.undo()
    world.executions.stop("river-mills-1-1")
    assert world.reconcile().woken == ("river/mills",)
    world.rest()
    assert list(world.executions.started) == ["river-mills-1-1", "river-mills-1-2"]
    assert world.watermark("river/mills") == 1
    assert world.states("river/mills") == {"river/mills/a.csv": "LOADED", "river/mills/b.csv": "QUARANTINED"}


def test_a_ledger_that_was_lost_meanwhile_learns_what_became_of_the_objects(world: World) -> None:
    landed = world.land("river/mills/a.csv", GOOD)
    planned = world.call(plan_batch, PlanBatch("river/mills", "river-mills-1-1"))
    state = world.ledger.dataset(MILLS)
    assert state
    world.ledger = FakeLedger()
    world.ledger.register(MILLS, state.contract)
    world.run_batch(planned, "river-mills-1-1", 1)
    world.announce(landed)
    world.rest()
    assert world.states("river/mills") == {"river/mills/a.csv": "LOADED"}
    assert world.watermark("river/mills") == 1


def test_a_ledger_that_is_lost_just_before_it_moves_on_is_not_taken_beyond_the_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = world.land("river/mills/a.csv", GOOD)
    advance = FakeLedger.advance

    def of_another_ledger(_: FakeLedger, dataset: DatasetId, batch: int, registration: str) -> None:
        """The table is deleted, made anew and registered while the call is on its way."""
        monkeypatch.setattr(FakeLedger, "advance", advance)
        state = world.ledger.dataset(dataset)
        assert state
        world.ledger = FakeLedger()
        world.ledger.register(dataset, state.contract)
        world.ledger.advance(dataset, batch, registration)

    monkeypatch.setattr(FakeLedger, "advance", of_another_ledger)
    world.rest()
    world.announce(landed)
    world.reconcile()
    world.rest()
    assert world.states("river/mills") == {"river/mills/a.csv": "LOADED"}
    assert world.watermark("river/mills") == 1
    state = world.ledger.dataset(MILLS)
    assert state
    assert state.next_batch == 2


def test_an_execution_whose_lease_was_taken_over_leaves_what_waits_to_the_other(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    planned = world.call(plan_batch, PlanBatch("river/mills", "river-mills-1-1"))
    taken = world.ledger.acquire(MILLS, world.clock.now(), "river-mills-1-1")
    assert taken
    world.land("river/mills/b.csv", GOOD)
    assert not world.run_batch(planned, "river-mills-1-1", 1)
    state = world.ledger.dataset(MILLS)
    assert state
    assert (state.next_batch, state.lease) == (2, taken.lease)
    assert [landed.key for landed in world.ledger.pending(MILLS, 2)] == ["river/mills/b.csv"]


def test_one_wake_up_takes_a_ledger_that_was_lost_through_all_batches_that_stand(world: World) -> None:
    for number in range(ROUNDS + 2):
        world.land("river/mills/same-key.csv", GOOD + b"Mill,%d\n" % number)
        world.rest()
    state = world.ledger.dataset(MILLS)
    assert state
    assert state.next_batch == ROUNDS + 3
    world.ledger = FakeLedger()
    world.ledger.register(MILLS, state.contract)
    ran_before = len(world.executions.started)
    assert world.reconcile().woken == ("river/mills",)
    world.rest()
    again = world.ledger.dataset(MILLS)
    assert again
    assert (again.next_batch, again.lease) == (state.next_batch, None)
    assert len(world.executions.started) == ran_before + 2
    assert len(world.ledger.objects("river/mills")) == ROUNDS + 2
