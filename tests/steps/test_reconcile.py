"""What events lost is found: objects, and executions that ended too early."""

from datetime import timedelta

from headrace.domain.dataset import DatasetId
from headrace.domain.lineup import MAX_ATTEMPTS
from tests.world import World

MILLS = DatasetId("river", "mills")
GOOD = b"name,wheels\nOld Mill,2\n"


def test_an_object_nobody_announced_is_found_by_listing(world: World) -> None:
    world.landing.land("river/mills/a.csv", GOOD)
    found = world.reconcile(list_landing=True)
    assert (found.admitted, found.woken) == (1, ("river/mills",))
    world.rest()
    assert world.states("river/mills") == {"river/mills/a.csv": "LOADED"}
    assert world.reconcile(list_landing=True).admitted == 0


def test_an_execution_that_died_is_followed_by_a_new_attempt(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    world.executions.stop("river-mills-1-1")
    assert world.reconcile().woken == ("river/mills",)
    world.rest()
    assert list(world.executions.started) == ["river-mills-1-1", "river-mills-1-2"]
    assert world.watermark("river/mills") == 1


def test_the_pauses_between_attempts_grow(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    minutes = []
    for attempt in range(1, 6):
        world.executions.stop(f"river-mills-1-{attempt}")
        waited = 0
        while not world.reconcile().woken:
            world.clock.advance(timedelta(minutes=1))
            waited += 1
        minutes.append(waited)
    assert minutes == [0, 1, 2, 4, 8]


def test_an_operator_waits_for_no_pause(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    for attempt in (1, 2):
        world.executions.stop(f"river-mills-1-{attempt}")
        assert world.reconcile(list_landing=True).woken == ("river/mills",)


def test_a_running_execution_is_left_alone(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    assert world.reconcile().woken == ()


def test_after_too_many_attempts_people_are_told_and_registering_starts_over(
    world: World, mills: str
) -> None:
    world.land("river/mills/a.csv", GOOD)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        world.executions.stop(f"river-mills-1-{attempt}")
        world.clock.advance(timedelta(hours=2))
        world.reconcile()
    assert len(world.executions.started) == MAX_ATTEMPTS
    ((subject, message),) = world.alerts.alerts
    assert subject == f"river/mills: stopped after {MAX_ATTEMPTS} attempts"
    assert "register the contract again" in message

    world.register(mills)
    world.rest()
    assert world.states("river/mills") == {"river/mills/a.csv": "LOADED"}


def test_a_dataset_that_rests_is_not_woken(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    world.rest()
    assert world.reconcile().woken == ()
