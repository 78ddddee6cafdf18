"""What only the DynamoDB ledger can show: what it does when the service answers late, partly or not at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headrace.aws.dynamodb import DynamoLedger
from headrace.domain.batch import Previous
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import Refused, Throttled, Unavailable
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import Finished, Lease
from tests.ports.faults import answer, lose_answer, meanwhile, refuse
from tests.ports.worlds import EmulatedWorld

ALBUMS = DatasetId("music", "albums")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A = LandedObject("landing", "music/albums/a.csv", "1", "c0ffee", 42)
B = LandedObject("landing", "music/albums/b.csv", "1", "c0ffee", 42)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


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
    with pytest.raises(Throttled, match="admit s3://landing/music/albums/a.csv"):
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
    table = ledger._table
    key = {"pk": {"S": "key#music/albums#4a3c"}, "sk": {"S": "loaded"}}
    nothing = {"Responses": {table: []}}
    (asked,) = _keys_asked_for(moto, ledger)
    assert asked.keys() == key.keys()
    left = {**nothing, "UnprocessedKeys": {table: {"Keys": [asked], "ConsistentRead": True}}}
    answer(moto.clients.dynamodb, "BatchGetItem", left, times=2)
    assert ledger.loaded_content(ALBUMS, [A.key]) == {A.key: loaded}
    answer(moto.clients.dynamodb, "BatchGetItem", left, times=99)
    with pytest.raises(Throttled, match="look up"):
        ledger.loaded_content(ALBUMS, [A.key])


def _keys_asked_for(world: EmulatedWorld, ledger: DynamoLedger) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = []

    def listen(params: dict[str, Any], **_: Any) -> None:
        asked.extend(params["RequestItems"][ledger._table]["Keys"])

    event = "provide-client-params.dynamodb.BatchGetItem"
    world.clients.dynamodb.meta.events.register(event, listen)
    ledger.loaded_content(ALBUMS, [A.key])
    world.clients.dynamodb.meta.events.unregister(event, listen)
    return asked


def test_a_lease_lost_between_read_and_write_is_looked_at_again(moto: EmulatedWorld) -> None:
    ledger = ledger_of(moto)
    rival = DynamoLedger(EmulatedWorld("moto").clients.dynamodb, ledger._table)
    later = NOON + timedelta(seconds=1)
    meanwhile(moto.clients.dynamodb, "UpdateItem", lambda: rival.acquire(ALBUMS, NOON))
    assert ledger.acquire(ALBUMS, later) is None
    rival.release(ALBUMS, "music-albums-1-1")
    meanwhile(moto.clients.dynamodb, "UpdateItem", lambda: rival.advance(ALBUMS, 1))
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
    uses = {
        "GetItem": lambda: ledger.dataset(ALBUMS),
        "Query": lambda: ledger.pending(ALBUMS, 1),
        "UpdateItem": lambda: ledger.advance(ALBUMS, 1),
        "TransactWriteItems": lambda: ledger.admit(ALBUMS, A, NOON),
        "BatchGetItem": lambda: ledger.loaded_content(ALBUMS, [A.key]),
    }
    refuse(moto.clients.dynamodb, operation, code, status=status)
    with pytest.raises(expected, match=code):
        uses[operation]()


@pytest.mark.laptop
@pytest.mark.xdist_group("ports on the laptop")
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
@pytest.mark.xdist_group("ports on the laptop")
def test_an_admission_that_never_answers_has_still_been_made(laptop: EmulatedWorld) -> None:
    ledger = ledger_of(laptop)
    lose_answer(laptop.clients.dynamodb, "TransactWriteItems", times=99)
    with pytest.raises(Unavailable, match="admit s3://landing/music/albums/a.csv"):
        ledger.admit(ALBUMS, A, NOON)
    assert ledger.pending(ALBUMS, 10) == [A]
