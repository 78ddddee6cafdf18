"""What every ledger makes of objects."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone

import pytest

from headrace.domain.batch import Previous
from headrace.domain.landed import ObjectState
from headrace.domain.lineup import Finished
from headrace.ports import Ledger
from tests.ports.ledgers import ALBUMS, NOON, TRACKS, admitted, album, second, states
from tests.ports.worlds import World


def test_an_object_is_admitted_once(ledger: Ledger) -> None:
    assert ledger.admit(ALBUMS, album("a"), NOON)
    assert not ledger.admit(ALBUMS, album("a"), second(1))
    assert ledger.known(ALBUMS, album("a"))
    assert ledger.pending(ALBUMS, 10) == [album("a")]


def test_an_object_that_a_batch_took_never_waits(ledger: Ledger) -> None:
    assert ledger.admit(ALBUMS, album("a"), NOON, 3)
    assert not ledger.admit(ALBUMS, album("a"), NOON)
    assert ledger.pending(ALBUMS, 10) == []
    assert states(ledger) == {album("a").identity: (ObjectState.BATCHED, 3)}
    ledger.finish(ALBUMS, 3, [Finished(album("a"), ObjectState.LOADED)])
    assert states(ledger) == {album("a").identity: (ObjectState.LOADED, 3)}


def test_many_objects_are_looked_up_at_once(ledger: Ledger) -> None:
    landed = [album(f"{number:03d}") for number in range(130)]
    admitted(ledger, *landed[:120:2])
    ledger.refuse(landed[1], "no contract", NOON)
    strangers = [one for at, one in enumerate(landed) if at % 2 or at >= 120]
    assert ledger.unknown("music/albums", landed) == strangers
    assert ledger.unknown("unrouted", landed[:3]) == [landed[0], landed[2]]
    assert ledger.unknown("music/albums", []) == []


def test_a_new_version_is_a_new_object(ledger: Ledger) -> None:
    admitted(ledger, album("a", "1"), album("a", "2"))
    assert ledger.pending(ALBUMS, 10) == [album("a", "1"), album("a", "2")]


def test_datasets_do_not_share_objects(ledger: Ledger) -> None:
    admitted(ledger, album("a"))
    assert not ledger.known(TRACKS, album("a"))
    assert ledger.pending(TRACKS, 10) == []
    assert ledger.objects("music/tracks") == []


def test_objects_wait_in_the_order_of_their_admission(ledger: Ledger) -> None:
    names = ("d", "a", "c", "b")
    admitted(ledger, *(album(name) for name in names))
    assert ledger.pending(ALBUMS, 10) == [album(name) for name in names]
    assert ledger.pending(ALBUMS, 3) == [album(name) for name in names[:3]]
    assert ledger.pending(ALBUMS, 0) == []


def test_admissions_are_ordered_by_the_moment_and_not_by_its_text(ledger: Ledger) -> None:
    athens = timezone(timedelta(hours=2))
    moments = {
        "second": NOON,
        "third": NOON + timedelta(microseconds=1),
        "first": (NOON - timedelta(minutes=1)).astimezone(athens),
    }
    for name, at in moments.items():
        ledger.admit(ALBUMS, album(name), at)
    assert ledger.pending(ALBUMS, 10) == [album(name) for name in ("first", "second", "third")]


def test_objects_are_listed_batch_by_batch_and_then_what_waits(ledger: Ledger) -> None:
    admitted(ledger, *(album(name) for name in ("d", "c", "b", "a")))
    for batch, name in ((10, "b"), (9, "c"), (100, "a")):
        ledger.assign(ALBUMS, batch, [album(name)])
    listed = [(one.batch, one.object) for one in ledger.objects("music/albums")]
    assert listed == [(9, album("c")), (10, album("b")), (100, album("a")), (0, album("d"))]
    assert [one.object for one in ledger.objects("music/albums", 10)] == [album("b")]


def test_a_refused_object_is_quarantined_for_no_dataset(ledger: Ledger) -> None:
    assert ledger.refuse(album("a"), "no contract", NOON)
    assert not ledger.refuse(album("a"), "another reason", second(1))
    (refused,) = ledger.objects("unrouted")
    assert (refused.object, refused.state, refused.reason) == (
        album("a"),
        ObjectState.QUARANTINED,
        "no contract",
    )
    assert not ledger.known(ALBUMS, album("a"))


def test_a_refused_object_is_routed_once_to_the_dataset_that_takes_it(ledger: Ledger) -> None:
    ledger.refuse(album("a"), "no contract", NOON)
    ledger.refuse(album("b"), "no contract", NOON)
    assert ledger.route(ALBUMS, album("a"), second(1))
    assert not ledger.route(ALBUMS, album("a"), second(2))
    assert ledger.pending(ALBUMS, 10) == [album("a")]
    assert [one.object for one in ledger.objects("unrouted")] == [album("b")]
    assert ledger.refuse(album("a"), "refused anew", second(3))


def test_an_object_that_its_dataset_knows_only_leaves_the_unrouted(ledger: Ledger) -> None:
    ledger.refuse(album("a"), "no contract", NOON)
    admitted(ledger, album("a"))
    ledger.assign(ALBUMS, 1, [album("a")])
    assert not ledger.route(ALBUMS, album("a"), second(1))
    assert ledger.objects("unrouted") == []
    assert states(ledger) == {album("a").identity: (ObjectState.BATCHED, 1)}


def test_an_object_that_nobody_refused_is_not_routed(ledger: Ledger) -> None:
    assert not ledger.route(ALBUMS, album("a"), NOON)
    assert not ledger.known(ALBUMS, album("a"))


def test_assigned_objects_wait_no_longer(ledger: Ledger) -> None:
    admitted(ledger, album("a"), album("b"), album("c"))
    ledger.assign(ALBUMS, 1, [album("a"), album("c")])
    assert ledger.pending(ALBUMS, 10) == [album("b")]
    assert states(ledger) == {
        album("a").identity: (ObjectState.BATCHED, 1),
        album("b").identity: (ObjectState.PENDING, 0),
        album("c").identity: (ObjectState.BATCHED, 1),
    }
    assert {one.object for one in ledger.objects("music/albums", 1)} == {album("a"), album("c")}


def test_assigning_again_changes_nothing(ledger: Ledger) -> None:
    admitted(ledger, album("a"), album("b"))
    ledger.assign(ALBUMS, 1, [album("a")])
    ledger.assign(ALBUMS, 1, [album("a"), album("a"), album("b")])
    ledger.assign(ALBUMS, 2, [album("a"), album("never admitted")])
    assert states(ledger) == {
        album("a").identity: (ObjectState.BATCHED, 1),
        album("b").identity: (ObjectState.BATCHED, 1),
    }


def test_a_batched_object_is_not_admitted_anew(ledger: Ledger) -> None:
    admitted(ledger, album("a"))
    ledger.assign(ALBUMS, 1, [album("a")])
    assert not ledger.admit(ALBUMS, album("a"), second(1))
    assert ledger.pending(ALBUMS, 10) == []


def test_a_finished_object_keeps_its_end(ledger: Ledger) -> None:
    admitted(ledger, album("a"))
    ledger.assign(ALBUMS, 1, [album("a")])
    end = Finished(album("a"), ObjectState.LOADED_WITH_REJECTS, "2 rows rejected", 10, 8, 2)
    ledger.finish(ALBUMS, 1, [end])
    ledger.finish(ALBUMS, 1, [Finished(album("a"), ObjectState.REJECTED)])
    ledger.assign(ALBUMS, 2, [album("a")])
    (finished,) = ledger.objects("music/albums")
    assert (finished.state, finished.batch, finished.reason) == (end.state, 1, "2 rows rejected")
    assert (finished.rows, finished.curated, finished.quarantined) == (10, 8, 2)


def test_a_batch_finishes_only_its_own(ledger: Ledger) -> None:
    admitted(ledger, album("a"), album("b"))
    ledger.assign(ALBUMS, 1, [album("a")])
    unloaded = [Finished(album(name), ObjectState.DUPLICATE) for name in ("a", "b", "never admitted")]
    ledger.finish(ALBUMS, 2, unloaded)
    assert states(ledger) == {
        album("a").identity: (ObjectState.BATCHED, 1),
        album("b").identity: (ObjectState.PENDING, 0),
    }


def test_what_a_key_last_loaded_is_remembered(ledger: Ledger) -> None:
    admitted(ledger, album("a", "1"), album("b"), album("a", "2"))
    for batch, landed in enumerate((album("a", "1"), album("b"), album("a", "2")), 1):
        ledger.assign(ALBUMS, batch, [landed])
        content = Previous(landed.identity, f"sha of batch {batch}")
        ledger.finish(ALBUMS, batch, [Finished(landed, ObjectState.LOADED, loaded=content)])
    keys = [album("a").key, album("b").key, album("a").key, "music/albums/new.csv"]
    assert ledger.loaded_content(ALBUMS, keys) == {
        album("a").key: Previous(album("a", "2").identity, "sha of batch 3"),
        album("b").key: Previous(album("b").identity, "sha of batch 2"),
    }
    assert ledger.loaded_content(TRACKS, keys) == {}
    assert ledger.loaded_content(ALBUMS, []) == {}


def test_of_one_batch_the_later_content_of_a_key_counts(ledger: Ledger) -> None:
    first, later = album("a", "1"), album("a", "2")
    admitted(ledger, first, later)
    ledger.assign(ALBUMS, 1, [first, later])
    ended = [
        Finished(one, ObjectState.LOADED, loaded=Previous(one.identity, "sha")) for one in (first, later)
    ]
    ledger.finish(ALBUMS, 1, ended)
    assert ledger.loaded_content(ALBUMS, [first.key]) == {first.key: Previous(later.identity, "sha")}


def test_a_repeated_finish_does_not_bring_old_content_back(ledger: Ledger) -> None:
    old, new = album("a", "1"), album("a", "2")
    admitted(ledger, old, new)
    for batch, landed in ((1, old), (2, new), (1, old)):
        ledger.assign(ALBUMS, batch, [landed])
        content = Previous(landed.identity, "sha")
        ledger.finish(ALBUMS, batch, [Finished(landed, ObjectState.LOADED, loaded=content)])
    assert ledger.loaded_content(ALBUMS, [old.key]) == {old.key: Previous(new.identity, "sha")}


@pytest.mark.parametrize("name", ["k" * 1_000, "日本語🎺" * 70, "quote\"and'\n\t\\", "#pending#batch#"])
def test_any_key_is_kept_as_it_is(ledger: Ledger, name: str) -> None:
    landed = album(name)
    admitted(ledger, landed)
    ledger.assign(ALBUMS, 1, [landed])
    content = Previous(landed.identity, "sha")
    ledger.finish(ALBUMS, 1, [Finished(landed, ObjectState.LOADED, loaded=content)])
    assert [one.object for one in ledger.objects("music/albums")] == [landed]
    assert ledger.loaded_content(ALBUMS, [landed.key]) == {landed.key: content}


@pytest.mark.slow
def test_a_batch_may_be_larger_than_one_call(ledger: Ledger) -> None:
    objects = [album(f"{number:03d}") for number in range(120)]
    admitted(ledger, *objects)
    assert ledger.pending(ALBUMS, 1_000) == objects
    ledger.assign(ALBUMS, 1, objects[:70])
    ledger.assign(ALBUMS, 1, objects)
    ended = [Finished(one, ObjectState.LOADED, loaded=Previous(one.identity, one.key)) for one in objects]
    ledger.finish(ALBUMS, 1, ended[:60])
    ledger.finish(ALBUMS, 1, ended)
    assert ledger.pending(ALBUMS, 1_000) == []
    assert set(states(ledger).values()) == {(ObjectState.LOADED, 1)}
    assert len(ledger.loaded_content(ALBUMS, [one.key for one in objects])) == 120


def test_no_object_is_lost_while_others_are_assigned(world: World) -> None:
    if world.name == "moto":
        pytest.skip("moto rolls a cancelled transaction back by restoring the whole table")
    ledger = world.ledger()
    objects = [album(f"{number:02d}") for number in range(40)]

    def admit(number: int) -> bool:
        return ledger.admit(ALBUMS, objects[number % 40], second(number))

    def assign(batch: int) -> None:
        for _ in range(4):
            ledger.assign(ALBUMS, batch, ledger.pending(ALBUMS, 20))

    with ThreadPoolExecutor(6) as pool:
        planners = [pool.submit(assign, batch) for batch in (1, 2)]
        new = list(pool.map(admit, range(80)))
        for planner in planners:
            planner.result()
    assert sum(new) == 40
    listed = ledger.objects("music/albums")
    assert sorted(one.object.key for one in listed) == [one.key for one in objects]
    waiting = [one.object for one in listed if one.state is ObjectState.PENDING]
    assert ledger.pending(ALBUMS, 100) == waiting
