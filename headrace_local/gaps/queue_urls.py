"""Gap: after a start on another port, no function gets a message of any queue.

MiniStack keeps its queues by URL, host and port included, and its Lambda poller looks for the URL of the
present port. Clients still reach such a queue, by its name; the poller does not. On AWS a queue's URL never
changes. Here the queues of an account take the URLs of the port it is started on.
"""

from typing import Any

from ministack.services import sqs


def close() -> None:
    restore = sqs._restore_state

    def restore_here(state: Any) -> None:
        restore(state)
        for (account, region, url), queue in list(sqs._queues.all_items()):
            here = sqs._queue_url_for_account(account, queue["name"])
            if here != url:
                sqs._queues.pop_scoped(account, region, url, None)
                sqs._queues.set_scoped(account, region, here, {**queue, "url": here})
        sqs._queue_name_to_url.clear()
        sqs._rebuild_queue_name_index()

    sqs._restore_state = restore_here
