"""Gap: as many functions run at once as are invoked, each in a process of its own.

On AWS each has a computer of its own; on a laptop a Map over 40 work units would start 40 interpreters on two
cores. Here invocations wait for one of `slots` places instead of being throttled, since what a throttle
would start (retries, visibility timeouts) would only add load. The wait does not count towards a task's
TimeoutSeconds. What a running function invokes does not wait: it would wait for its own caller.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from ministack.services import lambda_svc, stepfunctions

_placed: ContextVar[bool] = ContextVar("placed", default=False)


def close(slots: int) -> None:
    places = threading.BoundedSemaphore(slots)
    dispatch, invoke = lambda_svc._execute_function_dispatch, stepfunctions._invoke_resource_with_timeout

    @contextmanager
    def place() -> Iterator[None]:
        if _placed.get() or lambda_svc._invoke_depth.get() > 1:
            yield
            return
        with places:
            # State machines and queues invoke at depth 0; from 1, what the function calls shows as deeper.
            tokens = _placed.set(True), lambda_svc._invoke_depth.set(1)
            try:
                yield
            finally:
                _placed.reset(tokens[0])
                lambda_svc._invoke_depth.reset(tokens[1])

    def dispatch_in_turn(*args: Any) -> Any:
        with place():
            return dispatch(*args)

    def invoke_in_turn(resource: str, request: Any, timeout: float) -> Any:
        with place() if ":lambda:" in resource else nullcontext():
            return invoke(resource, request, timeout)

    lambda_svc._execute_function_dispatch = dispatch_in_turn
    stepfunctions._invoke_resource_with_timeout = invoke_in_turn
