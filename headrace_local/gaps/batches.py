"""Gap: a function never gets more than 10 messages of a queue at once, whatever its `BatchSize` says.

AWS's poller fills a batch from several receives, up to 10,000 messages. So does this one, from what waits in
the queue; it does not wait for `MaximumBatchingWindowInSeconds` to pass, so batches of a trickle are smaller.
"""

from typing import Any

from ministack.services import sqs


def close() -> None:
    receive = sqs._receive_messages_for_esm

    def receive_batch(queue_url: str, limit: int) -> list[dict[str, Any]]:
        batch: list[dict[str, Any]] = []
        while len(batch) < limit and (more := receive(queue_url, limit - len(batch))):
            batch += more
        return batch

    sqs._receive_messages_for_esm = receive_batch
