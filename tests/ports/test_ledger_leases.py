"""What every ledger makes of datasets, leases and marts."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import UnknownDataset
from headrace.domain.lineup import DatasetState, Lease, MartState
from headrace.ports import Ledger
from tests.ports.ledgers import ALBUMS, NOON, TRACKS, advance, second, standing


def test_a_new_dataset_starts_at_batch_one(ledger: Ledger) -> None:
    ledger.register(ALBUMS, "contracts/1.json")
    assert standing(ledger) == DatasetState(ALBUMS, "contracts/1.json", next_batch=1, attempt=0)
    assert ledger.dataset(TRACKS) is None


def test_a_contract_takes_the_place_of_the_one_it_was_made_from(ledger: Ledger) -> None:
    assert not ledger.register(ALBUMS, "contracts/2.json", instead_of="contracts/1.json")
    assert ledger.dataset(ALBUMS) is None
    assert ledger.register(ALBUMS, "contracts/1.json")
    assert ledger.register(ALBUMS, "contracts/2.json", instead_of="contracts/1.json")
    assert not ledger.register(ALBUMS, "contracts/3.json", instead_of="contracts/1.json")
    assert standing(ledger) == DatasetState(ALBUMS, "contracts/2.json", 1, 0)


def test_registering_again_changes_the_contract_alone(ledger: Ledger) -> None:
    ledger.register(ALBUMS, "contracts/1.json")
    ledger.acquire(ALBUMS, NOON)
    advance(ledger, 1)
    ledger.register(ALBUMS, "contracts/2.json")
    lease = Lease("music-albums-1-1", NOON)
    assert standing(ledger) == DatasetState(ALBUMS, "contracts/2.json", 2, 0, lease)


def test_datasets_come_by_name(ledger: Ledger) -> None:
    for dataset in (TRACKS, DatasetId("music1", "a"), ALBUMS, DatasetId("aviation", "runways")):
        ledger.register(dataset, "contracts/1.json")
    names = [str(state.dataset) for state in ledger.datasets()]
    assert names == ["aviation/runways", "music/albums", "music/tracks", "music1/a"]


def test_a_lease_names_its_execution_and_counts_the_attempt(ledger: Ledger) -> None:
    ledger.register(ALBUMS, "contracts/1.json")
    taken = ledger.acquire(ALBUMS, NOON)
    assert taken == ledger.dataset(ALBUMS)
    lease = Lease("music-albums-1-1", NOON)
    assert standing(ledger) == DatasetState(ALBUMS, "contracts/1.json", 1, 1, lease)


def test_a_lease_that_is_taken_is_not_given(ledger: Ledger) -> None:
    ledger.register(ALBUMS, "contracts/1.json")
    taken = ledger.acquire(ALBUMS, NOON)
    assert ledger.acquire(ALBUMS, second(1)) is None
    assert ledger.acquire(ALBUMS, second(1), instead_of="music-albums-1-0") is None
    assert ledger.dataset(ALBUMS) == taken


def test_a_lease_is_taken_over_from_the_execution_named(ledger: Ledger) -> None:
    ledger.register(ALBUMS, "contracts/1.json")
    ledger.acquire(ALBUMS, NOON)
    taken = ledger.acquire(ALBUMS, second(1), instead_of="music-albums-1-1")
    assert taken
    assert taken.lease == Lease("music-albums-1-2", second(1))


def test_a_free_lease_is_given_whomever_it_should_replace(ledger: Ledger) -> None:
    ledger.register(ALBUMS, "contracts/1.json")
    taken = ledger.acquire(ALBUMS, NOON, instead_of="music-albums-1-7")
    assert taken
    assert taken.lease == Lease("music-albums-1-1", NOON)


def test_an_unregistered_dataset_cannot_be_leased(ledger: Ledger) -> None:
    with pytest.raises(UnknownDataset, match="music/albums"):
        ledger.acquire(ALBUMS, NOON)


def test_only_the_holder_gives_a_lease_back(ledger: Ledger) -> None:
    ledger.register(ALBUMS, "contracts/1.json")
    taken = ledger.acquire(ALBUMS, NOON)
    ledger.release(ALBUMS, "music-albums-1-2")
    assert ledger.dataset(ALBUMS) == taken
    ledger.release(ALBUMS, "music-albums-1-1")
    ledger.release(ALBUMS, "music-albums-1-1")
    assert standing(ledger) == DatasetState(ALBUMS, "contracts/1.json", 1, 1)


def test_a_dataset_advances_from_its_own_batch_only(ledger: Ledger) -> None:
    ledger.register(ALBUMS, "contracts/1.json")
    ledger.acquire(ALBUMS, NOON)
    for batch in (2, 1, 1):
        advance(ledger, batch)
    lease = Lease("music-albums-1-1", NOON)
    assert standing(ledger) == DatasetState(ALBUMS, "contracts/1.json", 2, 0, lease)


def test_a_dataset_that_is_registered_anew_does_not_advance_for_the_one_before(ledger: Ledger) -> None:
    ledger.register(ALBUMS, "contracts/1.json")
    before = ledger.dataset(ALBUMS)
    ledger.forget(ALBUMS)
    ledger.register(ALBUMS, "contracts/1.json")
    assert before
    ledger.advance(ALBUMS, 1, before.registration)
    assert standing(ledger) == DatasetState(ALBUMS, "contracts/1.json", 1, 0)
    ledger.register(ALBUMS, "contracts/2.json")
    advance(ledger, 1)
    assert standing(ledger) == DatasetState(ALBUMS, "contracts/2.json", 2, 0)


def test_nothing_is_made_of_a_dataset_that_is_not_registered(ledger: Ledger) -> None:
    advance(ledger, 1)
    ledger.release(ALBUMS, "music-albums-1-1")
    assert ledger.datasets() == []


def test_of_many_that_want_a_lease_one_gets_it(ledger: Ledger) -> None:
    ledger.register(ALBUMS, "contracts/1.json")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: ledger.acquire(ALBUMS, second(number)), range(8)))
    taken = [answer for answer in answers if answer]
    assert taken == [ledger.dataset(ALBUMS)]


# ── marts ────────────────────────────────────────────────────────────────────────────────────────


def test_a_mart_is_found_by_what_it_reads_now(ledger: Ledger) -> None:
    top, daily = DatasetId("music", "top"), DatasetId("music", "daily")
    ledger.register_mart(top, "contracts/1.json", [ALBUMS, TRACKS])
    ledger.register_mart(daily, "contracts/1.json", [ALBUMS])
    ledger.register_mart(top, "contracts/2.json", [TRACKS, daily])
    assert ledger.mart(top) == MartState(top, "contracts/2.json", (TRACKS, daily))
    assert ledger.mart(ALBUMS) is None
    assert [state.mart for state in ledger.marts()] == [daily, top]
    assert [state.mart for state in ledger.marts_reading(ALBUMS)] == [daily]
    assert [state.mart for state in ledger.marts_reading(TRACKS)] == [top]
    assert ledger.datasets() == []
