"""A dead-letter queue: messages are taken in tens, and each is deleted or given back."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from headrace.domain.dead_letters import DeadLetter, Queue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_AT_ONCE = 10
"""Messages of one call to SQS."""

_BATCH_BYTES = 1_000_000
"""Of the texts of one call, of which SQS takes 1 MiB."""

_HIDDEN_S = 960
"""Longer than `reconcile`, which some messages wait for: until then nobody else is given them."""

_WAIT_S = 2
"""SQS asks all its servers only where it may wait."""


class Taken(Struct, frozen=True):
    """A message that is hidden from others until it is deleted or given back; `receipt` is SQS's handle."""

    letter: DeadLetter
    receipt: str


class DeadLetterQueue:
    """One queue; its methods may be called from several threads."""

    def __init__(self, client: "SQSClient", url: str, name: Queue) -> None:
        self._client, self._url, self._name = client, url, name

    def take(self) -> list[Taken]:
        """At most ten messages; none where none is left."""
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_AT_ONCE,
            VisibilityTimeout=_HIDDEN_S,
            WaitTimeSeconds=_WAIT_S,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            MessageAttributeNames=["All"],
        )
        return [Taken(self._letter(one), one["ReceiptHandle"]) for one in answer.get("Messages", ())]

    def delete(self, taken: Sequence[Taken]) -> None:
        """Delete messages; one that SQS does not delete comes back, which is harmless."""
        for some in tens(taken):
            self._client.delete_message_batch(
                QueueUrl=self._url,
                Entries=[{"Id": str(n), "ReceiptHandle": one.receipt} for n, one in enumerate(some)],
            )

    def give_back(self, taken: Sequence[Taken]) -> None:
        """Let others be given messages at once."""
        for some in tens(taken):
            self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": one.receipt, "VisibilityTimeout": 0}
                    for n, one in enumerate(some)
                ],
            )

    def _letter(self, message: "MessageTypeDef") -> DeadLetter:
        system, own = message.get("Attributes", {}), message.get("MessageAttributes", {})
        sent = datetime.fromtimestamp(int(system.get("SentTimestamp", "0")) / 1000, UTC)
        return DeadLetter(
            queue=self._name,
            id=message["MessageId"],
            body=message["Body"],
            receives=int(system.get("ApproximateReceiveCount", "0")),
            sent_at=sent.isoformat(timespec="milliseconds"),
            attributes={name: value.get("StringValue", "") for name, value in own.items()},
        )


def send(client: "SQSClient", url: str, taken: Sequence[Taken]) -> list[Taken]:
    """Send the texts of messages to a queue; returns those that it accepted."""
    accepted = []
    for some in _batches(taken):
        answer = client.send_message_batch(
            QueueUrl=url,
            Entries=[{"Id": str(n), "MessageBody": one.letter.body} for n, one in enumerate(some)],
        )
        accepted += [some[int(one["Id"])] for one in answer.get("Successful", ())]
    return accepted


def tens(taken: Sequence[Taken]) -> Iterator[list[Taken]]:
    """As many as one call to SQS takes."""
    left = iter(taken)
    while some := list(islice(left, _AT_ONCE)):
        yield some


def _batches(taken: Sequence[Taken]) -> Iterator[list[Taken]]:
    """As many as one call takes, by their number and by their bytes."""
    some: list[Taken] = []
    filled = 0
    for one in taken:
        size = len(one.letter.body.encode())
        if some and (len(some) == _AT_ONCE or filled + size > _BATCH_BYTES):
            yield some
            some, filled = [], 0
        some.append(one)
        filled += size
    if some:
        yield some
