"""Gap: a message that arrives while another is deleted can be lost.

MiniStack delivers S3 and EventBridge events to SQS on threads of their own. They append to the queue's list
without the lock under which the Lambda poller and its deletions replace that list: what is appended in
between is gone. Here every writer of a queue takes that one lock; on AWS no message is lost either.
"""

import threading
from collections.abc import Callable
from inspect import iscoroutinefunction
from types import ModuleType
from typing import Any

from ministack.services import eventbridge, s3, sns, sqs

_WRITERS: tuple[tuple[ModuleType, str], ...] = (
    (eventbridge, "_dispatch_to_sqs"),
    (s3, "_deliver_event_to_sqs"),
    (sns, "_deliver_to_sqs"),
    (sqs, "_act_send_message"),
    (sqs, "_expire_retained"),
    (sqs, "_dlq_sweep"),
    (sqs, "_collect_msgs"),
)


def close() -> None:
    # Reentrant: the poller holds it already when it sweeps and collects.
    sqs._queues_lock = threading.RLock()
    for module, name in _WRITERS:
        setattr(module, name, _under_the_lock(getattr(module, name)))
    for action, act in list(sqs._HANDLERS.items()):
        if not iscoroutinefunction(act):
            sqs._HANDLERS[action] = _under_the_lock(act)


def _under_the_lock(write: Callable[..., Any]) -> Callable[..., Any]:
    def locked(*args: Any, **kwargs: Any) -> Any:
        with sqs._queues_lock:
            return write(*args, **kwargs)

    return locked
