"""What only the DynamoDB ledger can show: collisions, pages, and answers that are partial or lost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headrace.aws.dynamodb import DynamoLedger
from headrace.domain.batch import Previous
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import Refused, Throttled, Unavailable
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import Finished, Lease
from tests.ports.faults import leave_over, lose_answer, meanwhile, refuse
from tests.ports.ledgers import advance
from tests.ports.worlds import EmulatedWorld

ALBUMS = DatasetId("music", "albums")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A = LandedObject("landing", "music/albums/a.csv", "1", "c0ffee", 42)
B = LandedObject("landing", "music/albums/b.csv", "1", "c0ffee", 42)


pytestmark = pytest.mark.usefixtures("impatient")


def ledger_of(world: EmulatedWorld) -> DynamoLedger:
    ledger = DynamoLedger(world.clients.dynamodb, world.table())
    ledger.register(ALBUMS, "contracts/1.json")
    return ledger


def cancelled(*codes: str) -> dict[str, Any]:
    return {"CancellationReasons": [{"Code": code} for code in codes]}


@pytest.mark.parametrize(
    "reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]
)
def test_a_transaction_that_collides_is_tried_again(moto: EmulatedWorld, reason: str) -> None:
    ledger = ledger_of(moto)
    reasons = cancelled("None", reason)
    refuse(moto.clients.dynamodb, "TransactWriteItems", "TransactionCanceledException", times=3, **reasons)
    assert ledger.admit(ALBUMS, A, NOON)
    assert ledger.pending(ALBUMS, 10) == [A]


def test_a_transaction_that_always_collides_is_given_up(moto: EmulatedWorld) -> None:
    ledger = ledger_of(moto)
    reasons = cancelled("TransactionConflict", "None")
    refuse(moto.clients.dynamodb, "TransactWriteItems", "TransactionCanceledException", times=99, **reasons)
    with pytest.raises(Throttled, match=r"admit s3://landing/music/albums/a\.csv"):
        ledger.admit(ALBUMS, A, NOON)


def test_a_transaction_that_can_never_succeed_is_not_tried_again(moto: EmulatedWorld) -> None:
    ledger = ledger_of(moto)
    reasons = cancelled("ValidationError", "None")
    refuse(moto.clients.dynamodb, "TransactWriteItems", "TransactionCanceledException", **reasons)
    with pytest.raises(Refused, match="ValidationError"):
        ledger.admit(ALBUMS, A, NOON)
    assert not ledger.known(ALBUMS, A)


def test_a_collision_beside_a_condition_that_fails_loses_nobody(moto: EmulatedWorld) -> None:
    ledger = ledger_of(moto)
    for landed in (A, B):
        ledger.admit(ALBUMS, landed, NOON)
    ledger.assign(ALBUMS, 1, [A])
    reasons = cancelled("ConditionalCheckFailed", "None", "TransactionConflict", "None")
    refuse(moto.clients.dynamodb, "TransactWriteItems", "TransactionCanceledException", **reasons)
    ledger.assign(ALBUMS, 2, [A, B])
    assert {one.object: one.batch for one in ledger.objects("music/albums")} == {A: 1, B: 2}


def test_what_a_lookup_left_over_is_asked_for_again(moto: EmulatedWorld) -> None:
    ledger = ledger_of(moto)
    ledger.admit(ALBUMS, A, NOON)
    ledger.assign(ALBUMS, 1, [A])
    loaded = Previous(A.identity, "sha")
    ledger.finish(ALBUMS, 1, [Finished(A, ObjectState.LOADED, loaded=loaded)])
    leave_over(moto.clients.dynamodb, times=3)
    assert ledger.loaded_content(ALBUMS, [A.key]) == {A.key: loaded}
    leave_over(moto.clients.dynamodb, times=99)
    with pytest.raises(Throttled, match="look up"):
        ledger.loaded_content(ALBUMS, [A.key])


def test_a_listing_goes_on_after_each_page(moto: EmulatedWorld) -> None:
    ledger = ledger_of(moto)
    objects = [LandedObject("landing", f"music/albums/{n}.csv", "1", "c0ffee", 42) for n in range(5)]
    for number, landed in enumerate(objects):
        ledger.admit(ALBUMS, landed, NOON + timedelta(seconds=number))

    def shorten_page(params: dict[str, Any], **_: Any) -> None:
        params["Limit"] = 2

    moto.clients.dynamodb.meta.events.register("provide-client-params.dynamodb.Query", shorten_page)
    assert ledger.pending(ALBUMS, 4) == objects[:4]
    assert [one.object for one in ledger.objects("music/albums")] == objects


def test_a_lease_lost_between_read_and_write_is_looked_at_again(moto: EmulatedWorld) -> None:
    ledger = ledger_of(moto)
    rival = DynamoLedger(EmulatedWorld("moto").clients.dynamodb, ledger._table.name)
    later = NOON + timedelta(seconds=1)
    meanwhile(moto.clients.dynamodb, "UpdateItem", lambda: rival.acquire(ALBUMS, NOON))
    assert ledger.acquire(ALBUMS, later) is None
    rival.release(ALBUMS, "music-albums-1-1")
    meanwhile(moto.clients.dynamodb, "UpdateItem", lambda: advance(rival, 1))
    taken = ledger.acquire(ALBUMS, later)
    assert taken
    assert taken.lease == Lease("music-albums-2-1", later)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ProvisionedThroughputExceededException", 400, Throttled),
        ("InternalServerError", 500, Unavailable),
        ("ResourceNotFoundException", 400, Refused),
    ],
)
@pytest.mark.parametrize(
    "operation", ["GetItem", "Query", "UpdateItem", "TransactWriteItems", "BatchGetItem"]
)
def test_an_error_of_the_service_is_one_of_ours(
    moto: EmulatedWorld, operation: str, code: str, status: int, expected: type[Exception]
) -> None:
    ledger = ledger_of(moto)
    uses: dict[str, Callable[[], object]] = {
        "GetItem": lambda: ledger.dataset(ALBUMS),
        "Query": lambda: ledger.pending(ALBUMS, 1),
        "UpdateItem": lambda: ledger.release(ALBUMS, "music-albums-1-1"),
        "TransactWriteItems": lambda: ledger.admit(ALBUMS, A, NOON),
        "BatchGetItem": lambda: ledger.loaded_content(ALBUMS, [A.key]),
    }
    refuse(moto.clients.dynamodb, operation, code, status=status)
    with pytest.raises(expected, match=code):
        uses[operation]()


@pytest.mark.laptop
def test_writes_whose_answers_were_lost_read_as_what_they_did(laptop: EmulatedWorld) -> None:
    ledger = ledger_of(laptop)
    for operation in ("TransactWriteItems", "UpdateItem"):
        lose_answer(laptop.clients.dynamodb, operation)
    assert ledger.admit(ALBUMS, A, NOON)
    taken = ledger.acquire(ALBUMS, NOON)
    assert taken
    assert taken.lease == Lease("music-albums-1-1", NOON)
    assert ledger.dataset(ALBUMS) == taken


@pytest.mark.laptop
def test_an_admission_that_never_answers_has_still_been_made(laptop: EmulatedWorld) -> None:
    ledger = ledger_of(laptop)
    lose_answer(laptop.clients.dynamodb, "TransactWriteItems", times=99)
    with pytest.raises(Unavailable, match=r"admit s3://landing/music/albums/a\.csv"):
        ledger.admit(ALBUMS, A, NOON)
    assert ledger.pending(ALBUMS, 10) == [A]
