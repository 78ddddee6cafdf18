"""Gap: a function never gets more than 10 messages of a queue at once, whatever its `BatchSize` says.

AWS's poller fills a batch from several receives, up to 10,000 messages. So does this one, from what waits in
the queue, which it looks through once a batch: MiniStack's receive looks at every message that waits, five
times. It does not wait for `MaximumBatchingWindowInSeconds` to pass, so batches of a trickle are smaller.
"""

from typing import Any

from ministack.services import sqs

_MOST = 10_000


def close() -> None:
    sqs._receive_messages_for_esm = _receive_batch


def _receive_batch(queue_url: str, limit: int) -> list[dict[str, Any]]:
    with sqs._queues_lock:
        queue = sqs._get_q(queue_url)
        sqs._expire_retained(queue)
        sqs._dlq_sweep(queue)
        hidden_s = int(queue["attributes"].get("VisibilityTimeout", "30"))
        batch: list[dict[str, Any]] = sqs._collect_msgs(queue, min(limit, _MOST), hidden_s)
        return batch
