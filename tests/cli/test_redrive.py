"""Dead letters: said why, sent back, followed; and never lost, wherever the command ends."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from headrace_cli import redrive, redrive_follow
from headrace_cli.failures import ExitCode
from headrace_cli.redrive import Redriven
from tests.cli.conftest import Run
from tests.cli.deployed import NOW, Deployed, loaded

RECONCILED = b'{"admitted": 2, "woken": []}'
STATUS_CHANGE = {
    "source": "aws.states",
    "detail-type": "Step Functions Execution Status Change",
    "detail": {},
}
UPDATED = {"source": "headrace", "detail-type": "Dataset Updated", "detail": {"dataset": "aviation/runways"}}


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redrive_follow, "_POLL_S", 0.01)
    monkeypatch.setattr("headrace_cli.redrive_queue._WAIT_S", 0)


def event(key: str, bucket: str = "landing") -> dict[str, Any]:
    version = f"version-of-{key.rpartition('/')[2]}"
    found = {"key": key, "size": 10, "etag": "etag", "version-id": version}
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": bucket}, "object": found},
    }


def die(deployed: Deployed, *bodies: object, queue: str = "buffer", **attributes: str) -> None:
    names = deployed.outputs
    url = names.buffer_dead_letter_queue_url if queue == "buffer" else names.undelivered_queue_url
    for body in bodies:
        deployed.sqs.send_message(
            QueueUrl=url,
            MessageBody=body if isinstance(body, str) else json.dumps(body),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )


def texts(deployed: Deployed, url: str) -> list[str]:
    """What can be received from a queue now; it is received."""
    found = []
    while messages := deployed.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages]
    return sorted(found)


def dead(deployed: Deployed) -> list[str]:
    return texts(deployed, deployed.outputs.buffer_dead_letter_queue_url)


def sent_back(deployed: Deployed) -> list[str]:
    return texts(deployed, deployed.outputs.buffer_queue_url)


def kept(deployed: Deployed) -> Mapping[str, Any]:
    return {one.key: json.loads(deployed.artefacts.read(one.key)) for one in deployed.artefacts.list("dead")}


def groups(found: Redriven) -> dict[tuple[str, str], tuple[int, str]]:
    return {(one.queue, one.to): (one.messages, one.why) for one in found.groups}


def test_a_plan_says_why_and_changes_nothing(deployed: Deployed, run: Run) -> None:
    deployed.register()
    die(deployed, event("aviation/runways/a.csv"), event("aviation/runways/b.csv"), "{broken")
    ran = run("redrive", "--plan", "--json")
    found = json.loads(ran.stdout)
    assert ran.exit_code == ExitCode.FINE
    assert found["planned"] is True
    first, second = found["groups"]
    assert (first["messages"], first["objects"], first["to"]) == (2, 2, "buffer")
    assert first["why"].startswith("nothing is wrong with the message")
    assert (second["to"], second["why"]) == ("record", "the message is not JSON")
    assert second["example"].startswith("the message is not JSON: ")
    assert len(dead(deployed)) == 3
    assert sent_back(deployed) == []
    assert kept(deployed) == {}


def test_good_messages_go_back_to_the_buffer_and_broken_ones_become_records(deployed: Deployed) -> None:
    deployed.register()
    good = [event(f"aviation/runways/{n}.csv") for n in range(25)]
    die(deployed, *good, "{broken", event("aviation/runways/a.csv", bucket="elsewhere"))
    found = redrive.redrive(deployed, timeout=0)
    assert (found.waiting, found.left) == (25, 0)
    assert sent_back(deployed) == sorted(map(json.dumps, good))
    assert dead(deployed) == []
    records = kept(deployed).values()
    assert sorted(record["why"] for record in records) == [
        "it announces an object of bucket elsewhere, not of landing",
        "the message is not JSON",
    ]
    assert "{broken" in [record["letter"]["body"] for record in records]


def test_objects_are_followed_to_their_ends_and_those_of_before_are_told(deployed: Deployed) -> None:
    deployed.register()
    before, now, waits = (deployed.land(name) for name in ("before.csv", "now.csv", "waits.csv"))
    deployed.close(1, loaded(before))
    die(deployed, *(event(one.key) for one in (before, now, waits)))
    follow = redrive_follow.Follow(deployed)
    deployed.close(2, loaded(now), loaded(waits, quarantined=1))
    assert all(follow.known(one) for one in (before, now, waits))
    follow.expect([before, now, waits])
    followed = follow.wait(5)
    assert followed.ends == {redrive_follow.BEFORE: 1, "LOADED": 1, "LOADED_WITH_REJECTS": 1}
    assert followed.waiting == 0


def test_what_the_ledger_has_already_is_told_so(deployed: Deployed) -> None:
    deployed.register()
    landed = deployed.land("a.csv")
    deployed.close(1, loaded(landed))
    die(deployed, event(landed.key))
    found = redrive.redrive(deployed, timeout=5)
    assert groups(found)["buffer", "buffer"][1].startswith("the ledger has its objects already")
    assert (found.ends, found.waiting) == ({redrive_follow.BEFORE: 1}, 0)


def test_an_object_that_no_dataset_takes_ends_as_unrouted(deployed: Deployed) -> None:
    stray = LandedObject("landing", "stray.csv", "version-of-stray.csv", "etag", 10)
    deployed.ledger.refuse(stray, "the key does not start with <domain>/<dataset>/", NOW)
    die(deployed, event("stray.csv"))
    found = redrive.redrive(deployed, timeout=5)
    assert found.ends == {"QUARANTINED": 1}
    assert found.told == (f"QUARANTINED {stray.identity}: the key does not start with <domain>/<dataset>/",)


def test_a_dataset_registered_meanwhile_is_followed_like_any_other(deployed: Deployed) -> None:
    weirs = DatasetId("river", "weirs")
    follow = redrive_follow.Follow(deployed)
    deployed.register(weirs)
    landed = deployed.land("a.csv", weirs)
    follow.expect([landed])
    deployed.close(1, loaded(landed), dataset=weirs)
    assert follow.wait(5).ends == {"LOADED": 1}


def test_waiting_ends_where_only_a_person_can_move_the_dataset(deployed: Deployed) -> None:
    deployed.register()
    landed = deployed.land("a.csv")
    deployed.exhaust()
    die(deployed, event(landed.key))
    assert redrive.redrive(deployed, timeout=600).waiting == 1


def test_undelivered_events_are_made_up_for_by_one_reconcile(deployed: Deployed) -> None:
    deployed.register()
    for _ in range(3):
        die(deployed, STATUS_CHANGE, queue="undelivered", ERROR_CODE="NO_PERMISSIONS")
    with deployed.function_answers(RECONCILED) as functions:
        found = redrive.redrive(deployed, timeout=5)
        functions.assert_no_pending_responses()
    assert groups(found) == {
        ("undelivered", "reconcile"): (
            3,
            "EventBridge could not deliver it (NO_PERMISSIONS) to reconcile",
        )
    }
    assert texts(deployed, deployed.outputs.undelivered_queue_url) == []


def test_messages_stay_where_reconcile_fails(deployed: Deployed, run: Run) -> None:
    die(deployed, STATUS_CHANGE, queue="undelivered")
    with deployed.function_answers(b'{"errorType": "Unavailable", "errorMessage": "no"}', failed=True):
        ran = run("redrive")
    assert ran.exit_code == ExitCode.TROUBLE
    assert "failed with Unavailable" in ran.stderr
    assert texts(deployed, deployed.outputs.undelivered_queue_url) == [json.dumps(STATUS_CHANGE)]


def test_a_refresh_that_was_not_delivered_is_started_once(deployed: Deployed) -> None:
    deployed.register()
    die(deployed, UPDATED, UPDATED, queue="undelivered", ERROR_CODE="THROTTLING")
    redrive.redrive(deployed, timeout=0)
    machine = deployed.outputs.refresh_mart_state_machine_arn
    started = deployed.clients.stepfunctions.list_executions(stateMachineArn=machine)["executions"]
    assert len(started) == 1
    told = deployed.clients.stepfunctions.describe_execution(executionArn=started[0]["executionArn"])
    assert json.loads(told["input"]) == UPDATED
    assert texts(deployed, deployed.outputs.undelivered_queue_url) == []


def test_one_queue_alone_is_redriven_where_it_is_named(deployed: Deployed, run: Run) -> None:
    die(deployed, "{broken")
    die(deployed, "{broken too", queue="undelivered")
    assert run("redrive", "--queue", "undelivered").exit_code == ExitCode.FINE
    assert dead(deployed) == ["{broken"]
    assert run("redrive", "--queue", "lost").exit_code == ExitCode.USAGE


@pytest.mark.parametrize("operation", ["SendMessageBatch", "DeleteMessageBatch"])
def test_a_redrive_that_fails_gives_every_message_back(deployed: Deployed, operation: str) -> None:
    deployed.register()
    bodies = sorted(json.dumps(event(f"aviation/runways/{n}.csv")) for n in range(30))
    die(deployed, *bodies)

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)

    calls = deployed.sqs.meta.events
    calls.register(f"before-call.sqs.{operation}", refuse)
    with pytest.raises(ClientError):
        redrive.redrive(deployed, timeout=0)
    calls.unregister(f"before-call.sqs.{operation}", refuse)
    assert dead(deployed) == bodies


def test_a_message_that_sqs_does_not_accept_stays_and_is_told(
    deployed: Deployed, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.register()
    die(deployed, event("aviation/runways/a.csv"))
    monkeypatch.setattr(redrive, "send", lambda *_: [])
    ran = run("redrive", "--timeout", "0")
    assert ran.exit_code == ExitCode.TROUBLE
    assert "left in their queue: 1 message" in ran.stderr
    assert len(dead(deployed)) == 1


def test_people_are_told_what_lies_there_and_where_it_goes(deployed: Deployed, run: Run) -> None:
    stray = LandedObject("landing", "stray.csv", "version-of-stray.csv", "etag", 10)
    deployed.ledger.refuse(stray, "the key does not start with <domain>/<dataset>/", NOW)
    die(deployed, event("stray.csv"), "{broken")
    planned = run("redrive", "--plan").stdout
    assert "buffer: 1 message of 1 object: goes back to the buffer" in planned
    assert "such as: s3://landing/stray.csv?versionId=version-of-stray.csv" in planned
    done = run("redrive").stdout
    assert "buffer: 1 message: kept as a record under dead_letters/" in done
    assert "received up to 2 times, looks of this command too; the oldest sent 20" in done
    assert "objects: 1 QUARANTINED\n" in done
    assert f"  QUARANTINED {stray.identity}: the key does not start with <domain>/<dataset>/\n" in done
    assert "no dead letters" in run("redrive").stdout
