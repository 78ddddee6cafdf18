"""Gap: StartExecution refuses what AWS repeats, and accepts what AWS refuses.

For a standard workflow AWS answers a name that is already running with the same input as it answered the
first time; MiniStack refuses it. AWS refuses names of more than 80 characters or with a space, a wildcard
or one of `"#%\\^|~`$&,;:/<>{}[]` (`InvalidName`) and input above 256 KiB (`InvalidExecutionInput`);
MiniStack takes both. Source: the StartExecution page of the Step Functions API reference.
"""

import re
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import stepfunctions

_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_MAX_INPUT_BYTES = 262_144


def close() -> None:
    start = stepfunctions._start_execution

    def start_once(request: dict[str, Any]) -> Any:
        name, payload = request.get("name"), request.get("input", "{}")
        if name is not None and not _NAME.fullmatch(name):
            return error_response_json("InvalidName", f"Invalid Name: '{name}'", 400)
        if len(payload.encode()) > _MAX_INPUT_BYTES:
            return error_response_json("InvalidExecutionInput", "Input exceeds 262144 bytes", 400)
        running = _running(request.get("stateMachineArn", ""), name)
        if running and running["input"] == payload:
            return json_response({"executionArn": running["executionArn"], "startDate": running["startDate"]})
        return start(request)

    stepfunctions._start_execution = start_once


def _running(machine_ref: str, name: str | None) -> dict[str, Any] | None:
    machine = stepfunctions._resolve_state_machine_arn(machine_ref)
    if machine is None or name is None:
        return None
    arn = f"arn:aws:states:{get_region()}:{get_account_id()}:execution:{machine.rsplit(':', 1)[-1]}:{name}"
    execution: dict[str, Any] | None = stepfunctions._executions.get(arn)
    return execution if execution and execution["status"] == "RUNNING" else None
