"""What a replay makes of objects that are at their end."""

from headrace.domain.batch import Previous
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import Finished
from headrace.ports import Ledger
from tests.ports.ledgers import ALBUMS, admitted, album, states


def loaded(landed: LandedObject, batch: int = 0, rows: int = 0) -> Finished:
    content = Previous(landed.identity, "sha")
    return Finished(landed, ObjectState.LOADED, "", rows, rows, 0, content, batch)


def ended(ledger: Ledger, batch: int, *objects: Finished) -> None:
    ledger.assign(ALBUMS, batch, [one.object for one in objects])
    ledger.finish(ALBUMS, batch, objects)


def test_a_replay_gives_objects_a_new_end(ledger: Ledger) -> None:
    admitted(ledger, album("a"))
    ended(ledger, 1, Finished(album("a"), ObjectState.REJECTED, "a rule", rows=3, quarantined=3))
    ledger.amend(ALBUMS, 2, [loaded(album("a"), batch=1, rows=3)])
    (one,) = ledger.objects("music/albums")
    assert (one.state, one.batch, one.amended, one.reason) == (ObjectState.LOADED, 1, 2, "")
    assert (one.rows, one.curated, one.quarantined) == (3, 3, 0)
    assert ledger.loaded_content(ALBUMS, [album("a").key]) == {
        album("a").key: Previous(album("a").identity, "sha")
    }


def test_an_older_replay_does_not_take_a_newer_ones_word_back(ledger: Ledger) -> None:
    admitted(ledger, album("a"))
    ended(ledger, 1, loaded(album("a"), rows=3))
    gone = Finished(album("a"), ObjectState.QUARANTINED, "unreadable", quarantined=1, batch=1)
    ledger.amend(ALBUMS, 3, [gone])
    ledger.amend(ALBUMS, 2, [loaded(album("a"), batch=1, rows=3)])
    ledger.amend(ALBUMS, 3, [gone])
    assert states(ledger) == {album("a").identity: (ObjectState.QUARANTINED, 1)}
    assert ledger.loaded_content(ALBUMS, [album("a").key]) == {}


def test_a_replay_amends_only_what_is_at_its_end_in_that_batch(ledger: Ledger) -> None:
    admitted(ledger, album("a"), album("b"))
    ledger.assign(ALBUMS, 1, [album("a")])
    before = ledger.objects("music/albums")
    ledger.amend(ALBUMS, 2, [loaded(album(name), batch=1) for name in "abc"])
    ended(ledger, 1, loaded(album("a")))
    ledger.amend(ALBUMS, 2, [loaded(album("a"), batch=7, rows=9)])
    assert [one.state for one in before] == [ObjectState.BATCHED, ObjectState.PENDING]
    assert [(one.state, one.amended) for one in ledger.objects("music/albums")] == [
        (ObjectState.LOADED, 0),
        (ObjectState.PENDING, 0),
    ]


def test_what_another_version_of_the_key_loaded_stays(ledger: Ledger) -> None:
    old, new = album("a", "1"), album("a", "2")
    admitted(ledger, old, new)
    ended(ledger, 1, Finished(old, ObjectState.REJECTED))
    ended(ledger, 2, loaded(new))
    key = old.key
    ledger.amend(ALBUMS, 3, [loaded(old, batch=1), loaded(new, batch=2)])
    assert ledger.loaded_content(ALBUMS, [key])[key].identity == new.identity
    ledger.amend(ALBUMS, 4, [Finished(old, ObjectState.REJECTED, batch=1)])
    assert ledger.loaded_content(ALBUMS, [key])[key].identity == new.identity
    ledger.amend(ALBUMS, 5, [loaded(old, batch=1), Finished(new, ObjectState.REJECTED, batch=2)])
    assert ledger.loaded_content(ALBUMS, [key])[key].identity == old.identity
