"""Gap: a state machine's `events:putEvents` succeeds although an event was refused.

On AWS a reply whose `FailedEntryCount` is not 0 fails the state with `EventBridge.FailedEntry`, the reply
as its cause (Step Functions developer guide, "Add EventBridge events with Step Functions").
"""

import json
from typing import Any

from ministack.services import stepfunctions

_RESOURCE = "arn:aws:states:::events:putEvents"


def close() -> None:
    put = stepfunctions._SERVICE_DISPATCH[_RESOURCE]

    def put_all(resource: str, request: Any) -> Any:
        reply = put(resource, request)
        if reply["FailedEntryCount"]:
            raise stepfunctions._ExecutionError("EventBridge.FailedEntry", json.dumps(reply))
        return reply

    stepfunctions._SERVICE_DISPATCH[_RESOURCE] = put_all
