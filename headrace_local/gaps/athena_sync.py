"""Gap: Step Functions has none of the `athena:` tasks, and not `startQueryExecution.sync`.

On AWS the `.sync` task waits until the query has ended and returns what GetQueryExecution replies, its dates
in epoch milliseconds. A query that failed or was cancelled fails the task with `States.TaskFailed`, that
reply as the cause; a request that Athena refuses fails it with `Athena.<error code>`. Sources: "Run Athena
queries with Step Functions" and "Handling errors" in the developer guide; machines in production that retry
ICEBERG_COMMIT_ERROR under `States.TaskFailed` and read `Cause.QueryExecution.Status`.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.services import stepfunctions

_ACTIONS = ("startQueryExecution", "stopQueryExecution", "getQueryExecution", "getQueryResults")
_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.02, 0.5


def close() -> None:
    for action in _ACTIONS:
        stepfunctions._SERVICE_DISPATCH[f"arn:aws:states:::athena:{action}"] = _task(action)


def _task(action: str) -> Callable[[str, Any], Any]:
    def run(resource: str, request: Any) -> Any:
        reply = _call(action[0].upper() + action[1:], request)
        return _finished(reply["QueryExecutionId"]) if resource.endswith(".sync") else reply

    return run


def _finished(query: str) -> dict[str, Any]:
    wait = _SHORTEST_WAIT_S
    while True:
        reply = _call("GetQueryExecution", {"QueryExecutionId": query})
        status = reply["QueryExecution"]["Status"]
        if status["State"] in _ENDED:
            break
        time.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT_S)
    for date in status.keys() & {"SubmissionDateTime", "CompletionDateTime"}:
        status[date] = round(status[date] * 1000)
    if status["State"] != "SUCCEEDED":
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(reply))
    return reply


def _call(operation: str, request: Any) -> dict[str, Any]:
    headers = {"x-amz-target": f"AmazonAthena.{operation}", "content-type": "application/x-amz-json-1.1"}
    status, _, body = app.call_service_handler_sync(
        app.SERVICE_HANDLERS["athena"], "POST", "/", headers, json.dumps(request).encode(), {}
    )
    reply: dict[str, Any] = json.loads(body or b"{}")
    if status >= 400:
        error = reply.get("__type", "AthenaException").rsplit("#", 1)[-1]
        raise stepfunctions._ExecutionError(f"Athena.{error}", reply.get("message", reply.get("Message", "")))
    return reply
