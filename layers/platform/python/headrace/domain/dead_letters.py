"""Why a message lies in a dead-letter queue, and where it can be handled; read from the message itself.

The buffer's dead-letter queue holds S3 events on which `admit_objects` failed too often. The undelivered
queue holds what EventBridge could not hand over (its attributes `TARGET_ARN` and `ERROR_CODE` say to whom
and why), the same of its Scheduler (also `SCHEDULE_ARN`), and Lambda's records of calls that failed.
"""

import hashlib
from collections.abc import Container, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.envelope import landed_objects
from headrace.domain.errors import InvalidRequest
from headrace.domain.landed import LandedObject

Queue = Literal["buffer", "undelivered"]
Handler = Literal["buffer", "reconcile", "refresh_mart", "record"]
"""Who can handle a message; `record`: nobody can, so it is kept as a record."""

FIT = "nothing is wrong with the message: what it needed did not answer when it was tried"


class DeadLetter(Struct, frozen=True):
    """A message of a dead-letter queue. `attributes` are its sender's; `receives` counts its deliveries,
    those before it died too; `sent_at` is in ISO 8601, UTC."""

    queue: Queue
    id: str
    body: str
    receives: int
    sent_at: str
    attributes: Mapping[str, str] = {}


class Diagnosis(Struct, frozen=True):
    """`why` it died is the same text for all that died of it; `detail` is of this message alone.

    `objects` are those of the landing bucket that it announces.
    """

    to: Handler
    why: str
    detail: str = ""
    objects: tuple[LandedObject, ...] = ()


class Names(Struct, frozen=True):
    """What a deployment's messages name: its landing bucket and its function `reconcile`."""

    landing: str
    reconcile: str


class DeadLetterRecord(Struct, frozen=True):
    """What is kept of a message that nobody can handle."""

    letter: DeadLetter
    why: str
    detail: str


def record_key(letter: DeadLetter) -> str:
    """Where the record of a message is kept: the same text of the same queue is kept once."""
    return f"dead_letters/{letter.queue}/{hashlib.sha256(letter.body.encode()).hexdigest()}.json"


def diagnose(letter: DeadLetter, names: Names, registered: Container[DatasetId]) -> Diagnosis:
    """`registered` are the datasets that take objects now."""
    event = _decoded(letter.body)
    if letter.queue == "undelivered" and isinstance(event, dict):
        return _undelivered(letter, event, names, registered)
    return _announcement(letter, names, registered)


def _undelivered(
    letter: DeadLetter, event: Mapping[str, Any], names: Names, registered: Container[DatasetId]
) -> Diagnosis:
    if "requestContext" in event:
        return _failed_call(event, names)
    failed = _delivery_failed(letter.attributes)
    detail = letter.attributes.get("ERROR_MESSAGE", "")
    if _from_schedule(letter, event, names) or event.get("source") == "aws.states":
        return Diagnosis("reconcile", f"{failed} to reconcile", detail)
    if event.get("source") == "headrace" and isinstance(event.get("detail"), dict):
        return Diagnosis("refresh_mart", f"{failed} to refresh_mart", detail)
    if event.get("source") == "aws.s3":
        found = _announcement(letter, names, registered)
        return Diagnosis(found.to, f"{failed} to the buffer", detail, found.objects) if _fit(found) else found
    return Diagnosis("record", "it is an event that nothing of this deployment takes", failed)


def _delivery_failed(attributes: Mapping[str, str]) -> str:
    reason = attributes.get("ERROR_CODE") or "no error code"
    exhausted = attributes.get("EXHAUSTED_RETRY_CONDITION")
    return f"EventBridge could not deliver it ({reason}{f', {exhausted}' if exhausted else ''})"


def _from_schedule(letter: DeadLetter, event: Mapping[str, Any], names: Names) -> bool:
    target = letter.attributes.get("TARGET_ARN", "")
    return event.get("source") == "aws.scheduler" or (
        "SCHEDULE_ARN" in letter.attributes and _function_of(target) == names.reconcile
    )


def _failed_call(event: Mapping[str, Any], names: Names) -> Diagnosis:
    """Lambda's record of an asynchronous call."""
    context, answer = _part(event, "requestContext"), _part(event, "responsePayload")
    function = _function_of(str(context.get("functionArn", "")))
    error = answer.get("errorType") or context.get("condition") or "no reason given"
    why = f"function {function or '(unnamed)'} failed with {error}"
    to: Handler = "reconcile" if function == names.reconcile else "record"
    return Diagnosis(to, why, str(answer.get("errorMessage", "")))


def _part(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = event.get(name)
    return part if isinstance(part, dict) else {}


def _function_of(arn: str) -> str:
    """The name in a function's ARN, without version or alias; empty for another ARN."""
    return arn.partition(":function:")[2].partition(":")[0]


def _announcement(letter: DeadLetter, names: Names, registered: Container[DatasetId]) -> Diagnosis:
    """What S3 says landed."""
    try:
        announced = landed_objects(letter.body)
    except InvalidRequest as error:
        return Diagnosis("record", str(error).partition(":")[0], str(error))
    if not announced:
        return Diagnosis("buffer", "it announces no object, and is only acknowledged")
    ours = tuple(one for one in announced if one.bucket == names.landing)
    if not ours:
        bucket = announced[0].bucket
        return Diagnosis("record", f"it announces an object of bucket {bucket}, not of {names.landing}")
    return Diagnosis("buffer", _why(ours, registered), objects=ours)


def _why(objects: tuple[LandedObject, ...], registered: Container[DatasetId]) -> str:
    for one in objects:
        dataset = DatasetId.of_key(one.key)
        if dataset is None:
            return "the key names no dataset: the object ends as unrouted"
        if dataset not in registered:
            return (
                f"no contract is registered for {dataset}: the object ends as unrouted, "
                "and registering one takes it up"
            )
    return FIT


def _fit(found: Diagnosis) -> bool:
    return found.why == FIT


def _decoded(body: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
