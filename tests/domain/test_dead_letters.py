"""Why a message died is read from the message, and so is who can handle it."""

import json
from typing import Any

import pytest

from headrace.domain.dataset import DatasetId
from headrace.domain.dead_letters import FIT, DeadLetter, Diagnosis, Names, Queue, diagnose, record_key

NAMES = Names("landing", "headrace-reconcile")
REGISTERED = {DatasetId("river", "mills")}
RECONCILE = "arn:aws:lambda:us-east-1:123456789012:function:headrace-reconcile"


def letter(body: object, queue: Queue = "buffer", **attributes: str) -> DeadLetter:
    text = body if isinstance(body, str) else json.dumps(body)
    return DeadLetter(queue, "m-1", text, 5, "2026-11-20T06:31:21+00:00", attributes)


def created(key: str = "river/mills/a.csv", bucket: str = "landing") -> dict[str, Any]:
    detail = {"bucket": {"name": bucket}, "object": {"key": key, "size": 3, "etag": "e", "version-id": "v1"}}
    return {"detail-type": "Object Created", "source": "aws.s3", "detail": detail}


def diagnosed(body: object, queue: Queue = "buffer", **attributes: str) -> Diagnosis:
    return diagnose(letter(body, queue, **attributes), NAMES, REGISTERED)


def test_a_good_event_died_because_something_did_not_answer() -> None:
    found = diagnosed(created())
    assert (found.to, found.why) == ("buffer", FIT)
    assert [one.identity for one in found.objects] == ["s3://landing/river/mills/a.csv?versionId=v1"]


@pytest.mark.parametrize(
    ("body", "to", "why"),
    [
        ("{broken", "record", "the message is not JSON"),
        ("[1, 2]", "record", "the message is a JSON list, not an S3 event"),
        ({"detail-type": "Object Created", "detail": {}}, "record", "the message is not an S3 event"),
        ({"hello": 1}, "record", "the message is neither an EventBridge event nor an S3 notification"),
        (created(bucket="elsewhere"), "record", "it announces an object of bucket elsewhere, not of landing"),
        ({"Event": "s3:TestEvent"}, "buffer", "it announces no object, and is only acknowledged"),
        (created("a.csv"), "buffer", "the key names no dataset: the object ends as unrouted"),
    ],
)
def test_what_is_wrong_with_a_message_of_the_buffer(body: object, to: str, why: str) -> None:
    found = diagnosed(body)
    assert (found.to, found.why) == (to, why)


def test_an_unregistered_dataset_is_named() -> None:
    found = diagnosed(created("river/weirs/a.csv"))
    assert found.to == "buffer"
    assert found.why.startswith("no contract is registered for river/weirs: ")


def test_two_broken_messages_have_one_reason_and_a_detail_each() -> None:
    first, second = diagnosed("{"), diagnosed('{"a": nil}')
    assert first.why == second.why
    assert first.detail != second.detail


@pytest.mark.parametrize(
    ("body", "attributes", "to", "why"),
    [
        (created(), {"ERROR_CODE": "THROTTLING"}, "buffer", "(THROTTLING) to the buffer"),
        (
            {"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": {}},
            {"ERROR_CODE": "NO_PERMISSIONS", "TARGET_ARN": RECONCILE},
            "reconcile",
            "EventBridge could not deliver it (NO_PERMISSIONS) to reconcile",
        ),
        (
            {"list_landing": True},
            {
                "SCHEDULE_ARN": "arn:aws:scheduler:us-east-1:123456789012:schedule/default/daily",
                "TARGET_ARN": RECONCILE,
                "ERROR_CODE": "AWS.Scheduler.InternalServerError",
                "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
            },
            "reconcile",
            "(AWS.Scheduler.InternalServerError, MaximumRetryAttempts) to reconcile",
        ),
        ({"source": "aws.scheduler", "detail": "{}"}, {}, "reconcile", "(no error code) to reconcile"),
        (
            {"source": "headrace", "detail-type": "Dataset Updated", "detail": {"dataset": "river/mills"}},
            {"ERROR_CODE": "THROTTLING"},
            "refresh_mart",
            "EventBridge could not deliver it (THROTTLING) to refresh_mart",
        ),
        ({"source": "aws.ec2"}, {}, "record", "it is an event that nothing of this deployment takes"),
        ("not json", {}, "record", "the message is not JSON"),
    ],
)
def test_an_undelivered_event_is_told_with_its_error_and_goes_where_it_was_meant_to(
    body: object, attributes: dict[str, str], to: str, why: str
) -> None:
    found = diagnosed(body, "undelivered", **attributes)
    assert found.to == to
    assert found.why.endswith(why)


@pytest.mark.parametrize(
    ("function", "to"),
    [(RECONCILE, "reconcile"), (f"{RECONCILE}:$LATEST", "reconcile"), ("arn:x:function:other", "record")],
)
def test_a_failed_call_names_its_function_and_its_error(function: str, to: str) -> None:
    body = {
        "requestContext": {"functionArn": function, "condition": "RetriesExhausted"},
        "requestPayload": {},
        "responsePayload": {"errorType": "Unavailable", "errorMessage": "DynamoDB did not answer"},
    }
    found = diagnosed(body, "undelivered")
    assert (found.to, found.detail) == (to, "DynamoDB did not answer")
    assert found.why.endswith(" failed with Unavailable")


def test_a_call_that_gave_no_answer_is_told_with_its_condition() -> None:
    body = {
        "requestContext": {"functionArn": RECONCILE, "condition": "EventAgeExceeded"},
        "requestPayload": {},
    }
    assert diagnosed(body, "undelivered").why == "function headrace-reconcile failed with EventAgeExceeded"


def test_the_same_text_of_the_same_queue_has_one_record() -> None:
    assert record_key(letter("x")) == record_key(letter("x"))
    assert (
        len({record_key(letter("x")), record_key(letter("y")), record_key(letter("x", "undelivered"))}) == 3
    )
