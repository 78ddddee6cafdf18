"""Gap: an execution that a restart ended has failed, but nobody is told.

As it loads its state, MiniStack marks what was running when it stopped as FAILED, without the status event
that every other failure sends and without the last entry of the history. Here it fails like any other, so
that what listens to failures (`reconcile`) starts the next attempt. On AWS no execution is lost this way.
"""

from typing import Any

from ministack.services import stepfunctions

_ERROR = "States.ServiceRestart"


def close() -> None:
    restore = stepfunctions._restore_state

    def restore_and_tell(data: dict[str, Any]) -> None:
        restore(data)
        for execution in stepfunctions._executions.all_values():
            if execution.get("error") == _ERROR and execution["events"][-1]["type"] != "ExecutionFailed":
                stepfunctions._fail_execution(execution, _ERROR, "The laptop was stopped while it ran")

    stepfunctions._restore_state = restore_and_tell
