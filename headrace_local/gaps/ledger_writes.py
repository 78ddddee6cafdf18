"""Gap: a conditional write of a state machine races with those of the Lambda functions.

MiniStack serves DynamoDB's API on its event loop, one request after the other, but runs the `dynamodb:*`
tasks of a state machine on the execution's own thread: check and write of the two interleave, and two
conditional updates can both succeed. Here the tasks take their turn on the loop as well.
"""

from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.services import stepfunctions


def close() -> None:
    for resource, task in list(stepfunctions._SERVICE_DISPATCH.items()):
        if resource.startswith("arn:aws:states:::dynamodb:"):
            stepfunctions._SERVICE_DISPATCH[resource] = _on_the_loop(task)


def _on_the_loop(task: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    def take_turn(resource: str, request: Any) -> Any:
        async def run(*_: object) -> Any:
            return task(resource, request)

        return app.call_service_handler_sync(run, "POST", "/", {}, b"", {})

    return take_turn
