"""An object is in the ledger, and its dataset awake, before its message is acknowledged."""

import json

import pytest

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import Unavailable
from headrace.domain.landed import LandedObject
from headrace.domain.lineup import MAX_ATTEMPTS
from tests.world import World, event_bridge

MILLS = DatasetId("river", "mills")


def test_an_object_waits_in_the_ledger_and_an_execution_is_started(world: World) -> None:
    landed = world.land("river/mills/a.csv", b"name,wheels\nOld Mill,2\n")
    assert world.ledger.pending(MILLS, 10) == [landed]
    assert list(world.executions.started) == ["river-mills-1-1"]


def test_one_execution_serves_all_that_lands_meanwhile(world: World) -> None:
    for number in range(20):
        world.land(f"river/mills/{number}.csv", b"name,wheels\nOld Mill,2\n")
    assert list(world.executions.started) == ["river-mills-1-1"]
    assert len(world.ledger.pending(MILLS, 100)) == 20


def test_the_same_event_twice_is_one_object(world: World) -> None:
    landed = world.land("river/mills/a.csv", b"name,wheels\n")
    assert world.announce(landed, landed) == []
    assert world.ledger.pending(MILLS, 10) == [landed]


def test_repetitions_are_asked_about_at_once_and_write_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = [world.land(f"river/mills/{number}.csv", b"name,wheels\n") for number in range(5)]
    monkeypatch.setattr(world.ledger, "admit", None)
    assert world.announce(*landed, landed[0]) == []
    assert world.ledger.pending(MILLS, 10) == landed


def test_a_ledger_that_cannot_be_asked_does_not_keep_a_message_from_being_admitted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> list[LandedObject]:
        raise Unavailable("DynamoDB does not answer")

    monkeypatch.setattr(world.ledger, "unknown", unknown)
    landed = world.land("river/mills/a.csv", b"name,wheels\n")
    assert world.announce(landed) == []
    assert world.ledger.pending(MILLS, 10) == [landed]


def test_a_repetition_wakes_a_dataset_that_its_first_admission_did_not(world: World) -> None:
    landed = world.landing.land("river/mills/a.csv", b"name,wheels\n")
    world.ledger.admit(MILLS, landed, world.clock.now())
    assert list(world.executions.started) == []
    assert world.announce(landed) == []
    assert list(world.executions.started) == ["river-mills-1-1"]


def test_events_that_come_again_when_all_is_done_start_nothing_and_use_up_no_attempt(world: World) -> None:
    landed = world.land("river/mills/a.csv", b"name,wheels\nOld Mill,2\n")
    world.rest()
    for _ in range(MAX_ATTEMPTS):
        assert world.announce(landed) == []
        world.rest()
    assert list(world.executions.started) == ["river-mills-1-1"]
    state = world.ledger.dataset(MILLS)
    assert state
    assert (state.next_batch, state.attempt, state.lease) == (2, 0, None)


def test_a_broken_message_comes_back_alone(world: World) -> None:
    landed = world.landing.land("river/mills/a.csv", b"name,wheels\n")
    assert world.deliver("not json", event_bridge(landed), "[]") == ["0", "2"]
    assert world.ledger.pending(MILLS, 10) == [landed]


def test_a_test_event_and_a_foreign_bucket_are_acknowledged(world: World) -> None:
    foreign = event_bridge(LandedObject("elsewhere", "river/mills/a.csv", "v1", "e", 1))
    assert world.deliver(json.dumps({"Event": "s3:TestEvent"}), foreign) == []
    assert world.ledger.objects("river/mills") == []


@pytest.mark.parametrize("key", ["river/unknown/a.csv", "a.csv", "River/mills/a.csv"])
def test_an_object_no_dataset_takes_ends_with_a_reason_and_a_record(world: World, key: str) -> None:
    landed = world.land(key, b"x")
    (refused,) = world.ledger.objects("unrouted")
    assert (refused.object, refused.state) == (landed, "QUARANTINED")
    assert "is taken up" in refused.reason or "upload it under" in refused.reason
    (record,) = world.artefacts.list("unrouted/")
    assert json.loads(world.artefacts.read(record.key))["identity"] == landed.identity


def test_a_dataset_that_cannot_be_woken_keeps_its_messages_and_not_the_others(
    world: World, mills: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.register(mills.replace("mills", "weirs"))
    start = world.executions.start

    def start_but_not_weirs(name: str, dataset: DatasetId) -> bool:
        if dataset.name == "weirs":
            raise Unavailable("Step Functions does not answer")
        return start(name, dataset)

    monkeypatch.setattr(world.executions, "start", start_but_not_weirs)
    weirs = world.landing.land("river/weirs/a.csv", b"name,wheels\n")
    mill = world.landing.land("river/mills/a.csv", b"name,wheels\n")
    assert world.announce(weirs, mill) == ["0"]
    assert list(world.executions.started) == ["river-mills-1-1"]

    monkeypatch.undo()
    assert world.announce(weirs) == []
    assert "river-weirs-1-1" in world.executions.started


def test_an_object_whose_dataset_a_ledger_that_was_put_back_forgot_is_acknowledged(world: World) -> None:
    forgotten = DatasetId("river", "weirs")
    landed = world.landing.land("river/weirs/a.csv", b"name\n")
    world.ledger.admit(forgotten, landed, world.clock.now())
    assert world.announce(landed) == []
    assert world.ledger.pending(forgotten, 10) == [landed]
