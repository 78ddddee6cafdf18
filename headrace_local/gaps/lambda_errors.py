"""Gap: every error of a function is called `Runtime.HandlerError`, and every error costs a cold start.

On AWS the error's name is the Python exception's class (what a state machine's Retry and Catch match), its
payload is `{errorMessage, errorType, requestId, stackTrace}`, and the environment lives on. MiniStack's
worker reports text only and is killed after it. Here the worker hands the payload back as a result of its
own kind, and only where the invocation leaves the pool is it an error again.

A function that cannot be loaded is named as AWS's runtime names it (`Runtime.ImportModuleError`,
`Runtime.HandlerNotFound`, `Runtime.UserCodeSyntaxError`, else the exception's class), one that leaves the
process `Runtime.ExitError`.
"""

import json
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_ERROR = "headrace.error"
_INIT_FAILED = "Worker init failed: "
_DIED = ("Worker process died", "Worker process exited immediately")

# What MiniStack's worker script does with an exception of the handler, and of loading it.
_RAISED = (
    '_real_stdout.write(json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc()})'
    ' + "\\n")'
)
_NOT_LOADED = '_real_stdout.write(json.dumps({"status": "error", "error": str(e)}) + "\\n")'

_AS_RESULT = (
    "traceback.print_exc(); _real_stdout.write(json.dumps("
    '{"status": "ok", "result": {"' + _ERROR + '": {"errorMessage": str(e), "errorType": type(e).__name__, '
    '"requestId": context.aws_request_id, "stackTrace": traceback.format_tb(e.__traceback__)[1:]}}}) + "\\n")'
)
_AS_PAYLOAD = (
    '_names = {ImportError: "Runtime.ImportModuleError", SyntaxError: "Runtime.UserCodeSyntaxError"}; '
    '_name = "Runtime.HandlerNotFound" if isinstance(e, AttributeError) and e.name == handler_name else '
    "next((n for t, n in _names.items() if isinstance(e, t)), type(e).__name__); "
    '_real_stdout.write(json.dumps({"status": "error", "error": json.dumps({"errorMessage": str(e), '
    '"errorType": _name, "stackTrace": traceback.format_tb(e.__traceback__)[1:]})}) + "\\n")'
)


def close() -> None:
    script = _replaced(lambda_runtime._PYTHON_WORKER_SCRIPT, _RAISED, _AS_RESULT)
    lambda_runtime._PYTHON_WORKER_SCRIPT = _replaced(script, _NOT_LOADED, _AS_PAYLOAD)
    execute = lambda_svc._execute_function_warm

    def execute_and_name(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        result: dict[str, Any] = execute(func, event, request_id)
        body = result.get("body")
        if isinstance(body, dict) and set(body) == {_ERROR}:
            return {**result, "body": body[_ERROR], "error": True}
        if result.get("error") and isinstance(body, dict):
            return {**result, "body": _named(body, request_id)}
        return result

    lambda_svc._execute_function_warm = execute_and_name


def _named(body: dict[str, Any], request_id: str) -> dict[str, Any]:
    message = str(body.get("errorMessage", ""))
    if message.startswith(_INIT_FAILED):
        return {**json.loads(message.removeprefix(_INIT_FAILED)), "requestId": request_id}
    if message.startswith(_DIED):
        return {
            "errorMessage": f"RequestId: {request_id} Error: Runtime exited without providing a reason",
            "errorType": "Runtime.ExitError",
        }
    return body


def _replaced(script: str, old: str, new: str) -> str:
    if script.count(old) != 1:
        raise RuntimeError("MiniStack's Lambda worker changed: gaps/lambda_errors.py must follow it")
    return script.replace(old, new)
