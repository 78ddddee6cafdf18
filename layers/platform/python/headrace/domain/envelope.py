"""Reads the envelopes in which S3 announces a landed object.

EventBridge sends keys raw; a classic S3 notification URL-encodes them. The key is decoded
once, by the envelope it came in, and never again.
"""

from typing import Any
from urllib.parse import unquote_plus

import msgspec

from headrace.domain.errors import InvalidRequest
from headrace.domain.landed import LandedObject


class _Bucket(msgspec.Struct):
    name: str


class _EventBridgeObject(msgspec.Struct, rename="kebab"):
    key: str
    size: int = 0
    etag: str = ""
    version_id: str = ""


class _Detail(msgspec.Struct):
    bucket: _Bucket
    object: _EventBridgeObject


class _EventBridge(msgspec.Struct, rename={"detail_type": "detail-type"}):
    detail_type: str
    detail: _Detail


class _ClassicObject(msgspec.Struct, rename="camel"):
    key: str
    size: int = 0
    e_tag: str = ""
    version_id: str = ""


class _ClassicS3(msgspec.Struct):
    bucket: _Bucket
    object: _ClassicObject


class _ClassicRecord(msgspec.Struct, rename="camel"):
    event_name: str
    s3: _ClassicS3


class _Classic(msgspec.Struct, rename={"records": "Records"}):
    records: tuple[_ClassicRecord, ...]


def landed_objects(body: str) -> tuple[LandedObject, ...]:
    """The objects that one message announces; none for S3's test event, a deletion or a folder marker.

    Raises InvalidRequest for a message that is none of the envelopes S3 sends.
    """
    try:
        event: Any = msgspec.json.decode(body)
        if not isinstance(event, dict):
            raise InvalidRequest(f"the message is a JSON {type(event).__name__}, not an S3 event")
        if event.get("Event") == "s3:TestEvent":
            return ()
        if "detail-type" in event:
            return _from_event_bridge(event)
        if "Records" in event:
            return _from_notification(event)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"the message is not an S3 event: {error}") from error
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"the message is not JSON: {error}") from error
    raise InvalidRequest("the message is neither an EventBridge event nor an S3 notification")


def _from_event_bridge(event: dict[str, Any]) -> tuple[LandedObject, ...]:
    if event["detail-type"] != "Object Created":
        return ()
    detail = msgspec.convert(event, _EventBridge).detail
    found = detail.object
    return _files(LandedObject(detail.bucket.name, found.key, found.version_id, found.etag, found.size))


def _from_notification(event: dict[str, Any]) -> tuple[LandedObject, ...]:
    landed = (
        LandedObject(
            record.s3.bucket.name,
            unquote_plus(record.s3.object.key),
            record.s3.object.version_id,
            record.s3.object.e_tag,
            record.s3.object.size,
        )
        for record in msgspec.convert(event, _Classic).records
        if record.event_name.removeprefix("s3:").startswith("ObjectCreated:")
    )
    return _files(*landed)


def _files(*landed: LandedObject) -> tuple[LandedObject, ...]:
    return tuple(one for one in landed if not one.is_folder)
