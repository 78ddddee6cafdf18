"""Gap: nothing limits what a state hands on, and `States.ALL` catches what AWS lets nobody catch.

On AWS a state whose output exceeds 256 KiB ends the execution with `States.DataLimitExceeded`, and neither
that nor `States.Runtime` is matched by `States.ALL` or `States.TaskFailed`. MiniStack passes any size and
matches everything. Source: "Handling errors in Step Functions workflows" in the developer guide.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

_MAX_OUTPUT_BYTES = 262_144
_UNCATCHABLE = frozenset({"States.DataLimitExceeded", "States.Runtime"})
_STATES = ("_execute_pass", "_execute_task", "_execute_map", "_execute_parallel")


def close() -> None:
    for name in _STATES:
        setattr(stepfunctions, name, _limited(getattr(stepfunctions, name)))
    matches = stepfunctions._error_matches

    def matches_as_aws(error_equals: list[str], error: str) -> bool:
        return error in error_equals if error in _UNCATCHABLE else bool(matches(error_equals, error))

    stepfunctions._error_matches = matches_as_aws


def _limited(execute: Callable[..., Any]) -> Callable[..., Any]:
    def within_the_limit(*args: Any) -> Any:
        output, following = execute(*args)
        size = len(json.dumps(output, ensure_ascii=False).encode())
        if size > _MAX_OUTPUT_BYTES:
            cause = f"The state returned {size} bytes, which exceeds the limit of {_MAX_OUTPUT_BYTES}"
            raise stepfunctions._ExecutionError("States.DataLimitExceeded", cause)
        return output, following

    return within_the_limit
