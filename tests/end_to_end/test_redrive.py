"""A thousand dead letters come to their ends by one command; what cannot be handled is kept, not lost."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from headrace.domain.landed import LandedObject
from tests.end_to_end.conftest import PROJECT, Headrace

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

MESSAGES = 1_000
RUNWAYS = PROJECT / "examples/aviation/runways/runways.csv"
BROKEN = ("{broken", "[]", '{"detail-type": "Object Created", "detail": {"bucket": {"name": "landing"}}}')


@contextmanager
def without_events(headrace: Headrace) -> Iterator[None]:
    """What lands meanwhile is announced to nobody."""
    events = headrace.deployment.clients.events
    rules = [rule["Name"] for rule in events.list_rules()["Rules"] if "LandedRule" in rule["Name"]]
    assert rules
    for rule in rules:
        events.disable_rule(Name=rule)
    yield
    for rule in rules:
        events.enable_rule(Name=rule)


def land(headrace: Headrace, count: int, key: str) -> list[dict[str, Any]]:
    """Objects of a row each, and the events that S3 would announce them with."""
    s3, bucket = headrace.deployment.clients.s3, headrace.deployment.outputs.landing_bucket
    header, *lines = RUNWAYS.read_text(encoding="utf-8").splitlines(keepends=True)

    def put(number: int) -> dict[str, Any]:
        name, body = key.format(number), (header + lines[number % len(lines)]).encode()
        answer = s3.put_object(Bucket=bucket, Key=name, Body=body)
        found = {"key": name, "size": len(body), "etag": answer["ETag"].strip('"')}
        found["version-id"] = answer["VersionId"]
        detail = {"bucket": {"name": bucket}, "object": found}
        return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(put, range(count)))


def send(headrace: Headrace, queue: str, *bodies: object) -> None:
    entries = [
        {"Id": str(number), "MessageBody": body if isinstance(body, str) else json.dumps(body)}
        for number, body in enumerate(bodies)
    ]
    for start in range(0, len(entries), 10):
        headrace.deployment.sqs.send_message_batch(QueueUrl=queue, Entries=entries[start : start + 10])  # type: ignore[arg-type]


def redrive(headrace: Headrace, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(headrace("redrive", "--json", *words, timeout=400))
    return found


def test_a_thousand_dead_letters_are_told_sent_back_and_followed_to_their_ends(headrace: Headrace) -> None:
    names = headrace.deployment.outputs
    with without_events(headrace):
        landed = land(headrace, MESSAGES, "aviation/runways/{:04d}.csv")
    send(headrace, names.buffer_dead_letter_queue_url, *landed, *BROKEN, landed[0])
    assert headrace.objects("aviation/runways") == []

    planned = redrive(headrace, "--plan")
    told = {(group["to"], group["why"]): group["messages"] for group in planned["groups"]}
    assert told.pop(("record", "the message is not JSON")) == 1
    assert sum(count for (to, _), count in told.items() if to == "record") == 2
    assert sum(count for (to, _), count in told.items() if to == "buffer") == MESSAGES + 1
    assert headrace.objects("aviation/runways") == []

    started = time.monotonic()
    done = redrive(headrace)
    elapsed = time.monotonic() - started
    assert elapsed < 300
    assert (done["left"], done["waiting"]) == (0, 0)
    assert sum(done["ends"].values()) == MESSAGES
    assert {one.state for one in headrace.objects("aviation/runways")} <= {"LOADED", "LOADED_WITH_REJECTS"}
    assert headrace.conserved("aviation/runways") == MESSAGES
    kept = [json.loads(headrace.deployment.artefacts.read(one.key)) for one in _records(headrace)]
    assert {one["letter"]["body"] for one in kept} == set(BROKEN)
    assert redrive(headrace)["groups"] == []


def _records(headrace: Headrace) -> list[LandedObject]:
    return list(headrace.deployment.artefacts.list("dead_letters/"))


def test_undelivered_events_find_their_way(headrace: Headrace) -> None:
    """An S3 event goes to the buffer; an execution's end is what reconcile looks for; an update starts a
    refresh; and what nobody takes is kept."""
    names = headrace.deployment.outputs
    with without_events(headrace):
        landed = land(headrace, 3, "aviation/runways/late-{}.csv")
    status = {"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": {}}
    update = {
        "source": "headrace",
        "detail-type": "Dataset Updated",
        "detail": {"dataset": "aviation/runways"},
    }
    send(headrace, names.undelivered_queue_url, *landed, status, update, {"source": "aws.ec2"})
    before = len(_records(headrace))
    done = redrive(headrace, "--queue", "undelivered")
    assert {group["to"]: group["messages"] for group in done["groups"]} == {
        "buffer": 3,
        "reconcile": 1,
        "refresh_mart": 1,
        "record": 1,
    }
    assert sum(done["ends"].values()) == 3
    assert done["refreshes"] == {"SUCCEEDED": 1}
    assert len(_records(headrace)) == before + 1
    headrace.at_rest()


def test_an_object_that_came_before_its_contract_is_redriven_and_then_taken_up(
    headrace: Headrace, tmp_path: Path
) -> None:
    names = headrace.deployment.outputs
    with without_events(headrace):
        landed = land(headrace, 2, "aviation/strips/{}.csv")
    send(headrace, names.buffer_dead_letter_queue_url, *landed)
    done = redrive(headrace)
    (group,) = done["groups"]
    assert group["why"].startswith("no contract is registered for aviation/strips")
    assert done["ends"] == {"QUARANTINED": 2}
    contract = (PROJECT / "contracts/aviation/runways.odcs.yaml").read_text()
    (tmp_path / "aviation").mkdir()
    path = tmp_path / "aviation/strips.odcs.yaml"
    path.write_text(contract.replace("runways", "strips"))
    headrace("register", path)
    headrace.at_rest()
    assert len(headrace.objects("aviation/strips")) == 2
    assert headrace.conserved("aviation/strips") == 2
    assert not [one for one in headrace.objects("unrouted") if "strips" in one.object.key]
