"""What events lost is found: objects, and executions that ended too early."""

import copy
import threading
from datetime import timedelta

import pytest
from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import Unavailable
from headrace.domain.landed import LandedObject
from headrace.domain.lineup import MAX_ATTEMPTS
from headrace.domain.zones import WATERMARK
from headrace.ports import VersionPage
from headrace.steps.reconcile import Reconcile, reconcile
from headrace_cli.verify import Outside, verify
from tests.fakes import FakeLedger
from tests.ports.ledgers import standing
from tests.world import World

MILLS = DatasetId("river", "mills")
GOOD = b"name,wheels\nOld Mill,2\n"
OTHER = b"name,wheels\nNew Mill,1\n"


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


# ── objects that no event announced ──────────────────────────────────────────────────────────────


def test_an_overwritten_and_a_deleted_version_are_found_too(world: World) -> None:
    lost = [world.landing.land("river/mills/a.csv", body) for body in (GOOD, OTHER)]
    announced = world.land("river/mills/a.csv", GOOD + OTHER)
    lost.append(world.landing.land("river/mills/b.csv", GOOD))
    world.landing.delete("river/mills/b.csv")
    assert world.reconcile(list_landing=True).admitted == 3
    world.rest()
    ends = {one.object: one.state.value for one in world.ledger.objects("river/mills")}
    assert ends.keys() == {announced, *lost}
    assert sorted(ends.values()) == ["LOADED", "LOADED", "QUARANTINED", "QUARANTINED"]
    assert verify(world).violations == ()


def test_versions_that_were_lost_are_judged_in_the_order_in_which_they_were_written(world: World) -> None:
    first, second = (world.landing.land("river/mills/a.csv", body) for body in (GOOD, OTHER))
    world.reconcile(list_landing=True)
    world.rest()
    ends = {one.object: one.state.value for one in world.ledger.objects("river/mills")}
    assert ends == {first: "LOADED", second: "QUARANTINED"}


def test_objects_of_no_dataset_are_refused_once(world: World) -> None:
    world.landing.land("river/weirs/a.csv", GOOD)
    world.landing.land("river/mills/folder/", b"")
    assert world.reconcile(list_landing=True).admitted == 1
    assert world.reconcile(list_landing=True).admitted == 0
    assert [one.object.key for one in world.ledger.objects("unrouted")] == ["river/weirs/a.csv"]
    assert verify(world).violations == ()


def test_a_refused_object_whose_dataset_is_there_by_now_is_taken_up(world: World, mills: str) -> None:
    landed = world.landing.land("river/weirs/a.csv", GOOD)
    world.reconcile(list_landing=True)
    world.ledger.register(DatasetId("river", "weirs"), "contracts/river/weirs/1.json")
    world.reconcile(list_landing=True)
    assert world.ledger.pending(DatasetId("river", "weirs"), 2) == [landed]
    assert world.ledger.objects("unrouted") == []


def test_a_run_ends_with_its_budget_and_the_next_one_goes_on(world: World) -> None:
    world.landing.keys_on_a_page = 2
    for name in "abcde":
        world.landing.land(f"river/mills/{name}.csv", GOOD + name.encode() + b",1\n")
    runs = [world.call(reconcile, Reconcile(list_landing=True, requests=1))]
    while runs[-1].unfinished:
        runs.append(world.call(reconcile, Reconcile()))
    assert [(run.admitted, run.requests) for run in runs] == [(2, 1), (3, 2)]
    assert world.call(reconcile, Reconcile()).requests == 0
    world.rest()
    assert set(world.states("river/mills").values()) == {"LOADED"}


def test_a_whole_search_begins_anew(world: World) -> None:
    world.landing.keys_on_a_page = 1
    for name in "bcd":
        world.landing.land(f"river/mills/{name}.csv", GOOD)
    world.call(reconcile, Reconcile(list_landing=True, requests=1))
    world.landing.land("river/mills/a.csv", GOOD)
    assert world.call(reconcile, Reconcile(list_landing=True, requests=10)).admitted == 3


def test_the_end_of_an_older_search_is_not_the_end_of_a_newer_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.landing.keys_on_a_page = 1
    for name in "bc":
        world.landing.land(f"river/mills/{name}.csv", b"name,wheels\nOld Mill,2\n")
    world.call(reconcile, Reconcile(list_landing=True, requests=1))
    list_page = world.landing.versions

    def overtaken(prefix: str, after: str = "") -> VersionPage:
        """The last page of the older search is on its way while a newer search begins."""
        page = list_page(prefix, after)
        monkeypatch.setattr(world.landing, "versions", list_page)
        world.landing.land("river/mills/a.csv", b"name,wheels\nNew Mill,1\n")
        world.landing.land("river/mills/aa.csv", b"name,wheels\nNewer Mill,1\n")
        world.call(reconcile, Reconcile(list_landing=True, requests=1))
        return page

    monkeypatch.setattr(world.landing, "versions", overtaken)
    world.call(reconcile, Reconcile())
    while world.call(reconcile, Reconcile()).unfinished:
        pass
    found = {one.object.key for one in world.ledger.objects("river/mills")}
    assert found == {f"river/mills/{name}.csv" for name in ("a", "aa", "b", "c")}


def test_a_run_ends_before_the_functions_time_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.landing.keys_on_a_page = 1
    for name in "abc":
        world.landing.land(f"river/mills/{name}.csv", GOOD)
    look = world.landing.versions

    def slowly(prefix: str, after: str = "") -> VersionPage:
        world.clock.advance(timedelta(minutes=6))
        return look(prefix, after)

    monkeypatch.setattr(world.landing, "versions", slowly)
    found = world.reconcile(list_landing=True)
    assert (found.admitted, found.requests, found.unfinished) == (2, 2, True)


def test_what_a_search_found_and_cost_is_counted(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    world.landing.land("river/mills/b.csv", GOOD)
    world.reconcile(list_landing=True)
    world.reconcile()
    assert world.metrics.counts["ObjectsFound", MILLS] == 1
    assert world.metrics.counts["ListRequests", None] == 1


# ── a ledger that lost something ─────────────────────────────────────────────────────────────────


def forget(world: World, *landed: LandedObject) -> None:
    """Let the ledger lose single objects, and what it knows of their keys."""
    for one in landed:
        world.ledger._placed.pop(("river/mills", one.fingerprint))
        world.ledger._loaded.pop((MILLS, one.key), None)


def loaded(world: World) -> list[LandedObject]:
    """Three batches: two versions of one key among them."""
    landed = []
    for key, body in (("a", GOOD), ("b", OTHER), ("a", OTHER)):
        landed.append(world.land(f"river/mills/{key}.csv", body))
        world.clock.advance(timedelta(hours=3))
        world.rest()
    return landed


def test_an_object_that_the_ledger_lost_is_restored_and_not_loaded_again(world: World) -> None:
    first, second, _ = loaded(world)
    before = {one.object: one for one in world.ledger.objects("river/mills")}
    contents = world.ledger.loaded_content(MILLS, [first.key, second.key])
    forget(world, first, second)
    found = world.reconcile(list_landing=True)
    assert (found.admitted, found.restored, found.woken) == (0, 2, ())
    assert {one.object: one for one in world.ledger.objects("river/mills")} == before
    assert world.ledger.loaded_content(MILLS, [first.key, second.key]) == contents
    assert verify(world).violations == ()


def test_only_the_records_since_an_object_was_written_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded(world)
    world.landing.land("river/mills/new.csv", GOOD + b"New Mill,3\n")
    reads: list[str] = []
    read = world.artefacts.read

    def noted(key: str, version_id: str = "") -> bytes:
        reads.append(key)
        return read(key, version_id)

    monkeypatch.setattr(world.artefacts, "read", noted)
    assert world.reconcile(list_landing=True).admitted == 1
    assert [key for key in reads if key.endswith("audit.json")] == [
        keys.audit_key(MILLS, 3),  # closed as the object was written
        keys.audit_key(MILLS, 2),  # three hours before that, so no older one
    ]


def test_a_ledger_lost_whole_is_recalled_when_the_contract_is_registered(world: World, mills: str) -> None:
    loaded(world)
    world.land("river/elsewhere/x.csv", GOOD)
    before = world.ledger
    ran = len(world.executions.started)
    world.ledger = FakeLedger()
    world.register(mills)
    state = world.ledger.dataset(MILLS)
    assert state is not None
    assert state.next_batch == 3
    world.rest()
    assert standing(world.ledger, MILLS) == standing(before, MILLS)
    assert world.ledger.objects("river/mills") == before.objects("river/mills")
    assert len(world.executions.started) == ran + 1
    world.reconcile(list_landing=True)
    world.rest()
    assert verify(world, outside=Outside(events=world.events.events)).violations == ()
    assert world.watermark("river/mills") == 3
    again = world.land("river/mills/b.csv", OTHER)
    world.rest()
    assert {one.object: one.state.value for one in world.ledger.objects("river/mills")}[again] == "DUPLICATE"


def test_a_batch_that_a_table_lost_is_not_recalled(world: World, mills: str) -> None:
    loaded(world)
    curated = world.zones.curated(MILLS)
    table = world.catalog.tables[curated]
    properties = {**table.properties, WATERMARK: "1"}
    world.catalog.tables[curated] = replace(table, files=table.files[:1], properties=properties)
    world.ledger = FakeLedger()
    world.register(mills)
    state = world.ledger.dataset(MILLS)
    assert state is not None
    assert state.next_batch == 2
    world.reconcile(list_landing=True)
    world.rest()
    assert verify(world).violations == ()


def test_a_ledger_put_back_while_all_was_at_rest_runs_its_batches_again(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    world.rest()
    earlier = copy.deepcopy(world.ledger.__dict__ | {"_lock": None})
    world.land("river/mills/b.csv", OTHER)
    world.rest()
    world.ledger.__dict__.update(earlier | {"_lock": threading.RLock()})
    assert world.reconcile().woken == ("river/mills",)
    world.rest()
    assert verify(world).violations == ()
    assert world.watermark("river/mills") == 2


def test_a_batch_whose_events_may_not_be_told_is_not_recalled(
    world: World, mills: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Unavailable("the bus does not answer")

    world.land("river/mills/a.csv", GOOD)
    (execution,) = world.waiting_executions()
    monkeypatch.setattr(world.events, "publish", die)
    with pytest.raises(Unavailable):
        world.run(execution)
    monkeypatch.undo()
    world.executions.stop(execution)
    world.register(mills)
    world.rest()
    assert verify(world, outside=Outside(events=world.events.events)).violations == ()
