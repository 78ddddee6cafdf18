"""S3 announces objects in two envelopes; their keys are encoded in two ways."""

import json
from contextlib import suppress
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.envelope import landed_objects
from headrace.domain.errors import InvalidRequest, Terminal
from headrace.domain.landed import LandedObject

HOSTILE = "aviation/runways/a b+c%20d é 飛\n\"q\" 'r'.csv"


def event_bridge(key: str, **found: object) -> str:
    detail = {
        "bucket": {"name": "landing"},
        "object": {"key": key, "size": 7, "etag": "e", "version-id": "v1", "sequencer": "0"} | found,
    }
    return json.dumps({"detail-type": "Object Created", "source": "aws.s3", "detail": detail})


def notification(key: str, event: str = "ObjectCreated:Put") -> str:
    found = {"key": quote_plus(key, safe="/"), "size": 7, "eTag": "e", "versionId": "v1"}
    record = {"eventName": event, "s3": {"bucket": {"name": "landing"}, "object": found}}
    return json.dumps({"Records": [record]})


def landed(key: str) -> LandedObject:
    return LandedObject("landing", key, "v1", "e", 7)


def test_an_event_bridge_key_is_taken_as_it_is() -> None:
    assert landed_objects(event_bridge(HOSTILE)) == (landed(HOSTILE),)


def test_a_notification_key_is_decoded_once() -> None:
    assert landed_objects(notification(HOSTILE)) == (landed(HOSTILE),)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_both_envelopes_give_the_same_object_for_any_key(key: str) -> None:
    assert landed_objects(event_bridge(key)) == landed_objects(notification(key)) == (landed(key),)


def test_an_object_without_a_version_is_known_by_etag_and_size() -> None:
    (found,) = landed_objects(event_bridge("a/b/c", **{"version-id": ""}))
    assert found.identity == "s3://landing/a/b/c?etag=e&size=7"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "landing"}),
        event_bridge("aviation/runways/", size=0),
        notification("aviation/runways/a.csv", event="ObjectRemoved:Delete"),
        json.dumps({"detail-type": "Object Deleted", "detail": {}}),
    ],
    ids=["test event", "folder marker", "removal", "deletion"],
)
def test_what_announces_no_file_is_recognised(body: str) -> None:
    assert landed_objects(body) == ()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "7",
        "{}",
        '{"detail-type": "Object Created", "detail": {"bucket": 3}}',
        '{"Records": 1}',
    ],
)
def test_anything_else_is_refused_with_a_reason(body: str) -> None:
    with pytest.raises(InvalidRequest, match="message is"):
        landed_objects(body)


@given(st.text())
def test_no_text_raises_anything_but_a_terminal_error(body: str) -> None:
    with suppress(Terminal):
        landed_objects(body)
