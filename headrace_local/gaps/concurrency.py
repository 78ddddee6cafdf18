"""Gap: as many functions run at once as are invoked, each in a process of its own.

On AWS each has a computer of its own; on a laptop a Map over 40 work units would start 40 interpreters on two
cores. Here invocations wait for one of `slots` places instead of being throttled, since what a throttle
would start (retries, visibility timeouts) would only add load. An invocation made by a running function
does not wait: it would wait for its own caller.
"""

import threading
from typing import Any

from ministack.services import lambda_svc


def close(slots: int) -> None:
    places = threading.BoundedSemaphore(slots)
    dispatch = lambda_svc._execute_function_dispatch

    def dispatch_in_turn(*args: Any) -> Any:
        if lambda_svc._invoke_depth.get() > 1:
            return dispatch(*args)
        # State machines and queues invoke at depth 0; at 1, what the function calls in turn shows as deeper.
        token = lambda_svc._invoke_depth.set(1)
        try:
            with places:
                return dispatch(*args)
        finally:
            lambda_svc._invoke_depth.reset(token)

    lambda_svc._execute_function_dispatch = dispatch_in_turn
