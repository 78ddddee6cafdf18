"""Lambda's gaps in MiniStack: error names, and how many functions run at once.

Each gap is tested twice: plain MiniStack still has it, else ours can go; here it is closed.
"""

import json

import pytest

from tests.local.account import Account, Outcome

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

FAILING = """
import os
class UnreadableObject(Exception): pass
def handler(event, context):
    if event == "fail": raise UnreadableObject("row 7")
    if event == "leave": os._exit(1)
    return os.getpid()
"""


def invocation(function: str, payload: object = None) -> dict[str, object]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": payload},
        "End": True,
    }


# Lambda's errors


def caught_by_name(account: Account) -> str:
    states = {
        "Read": {
            **invocation(account.function(FAILING), "fail"),
            "Catch": [{"ErrorEquals": ["UnreadableObject"], "Next": "Quarantine"}],
        },
        "Quarantine": {"Type": "Succeed"},
    }
    return account.execute(account.machine(states)).status


def test_plain_an_error_is_not_caught_by_its_class_name(plain: Account) -> None:
    assert caught_by_name(plain) == "FAILED"


def test_an_error_is_caught_by_its_class_name(account: Account) -> None:
    assert caught_by_name(account) == "SUCCEEDED"


def test_the_cause_of_a_failed_task_is_the_error_as_the_runtime_reports_it(account: Account) -> None:
    outcome = account.execute(account.machine({"Read": invocation(account.function(FAILING), "fail")}))
    cause = json.loads(outcome.cause or "")
    assert (cause["errorType"], cause["errorMessage"]) == ("UnreadableObject", "row 7")
    assert "raise UnreadableObject" in cause["stackTrace"][-1]


def survives_an_error(account: Account) -> bool:
    function = account.function(FAILING)
    before = account.invoke(function)
    account.invoke(function, "fail")
    return bool(account.invoke(function) == before)


def test_plain_an_error_costs_a_cold_start(plain: Account) -> None:
    assert not survives_an_error(plain)


def test_an_error_costs_no_cold_start(account: Account) -> None:
    assert survives_an_error(account)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("raise KeyError('HEADRACE_LEDGER')", "KeyError"),
        ("import no_such_module", "Runtime.ImportModuleError"),
        ("def handler(:", "Runtime.UserCodeSyntaxError"),
        ("def run(event, context): pass", "Runtime.HandlerNotFound"),
    ],
)
def test_a_function_that_cannot_be_loaded_says_why_by_name(account: Account, code: str, name: str) -> None:
    assert account.invoke(account.function(code))["errorType"] == name


def test_a_function_that_leaves_its_process_has_exited(account: Account) -> None:
    function = account.function(FAILING)
    assert account.invoke(function, "leave")["errorType"] == "Runtime.ExitError"
    assert isinstance(account.invoke(function), int)


# Lambda's concurrency

SLOW = """
import time
def handler(event, context):
    began = time.time()
    time.sleep(0.8)
    return [began, time.time()]
"""


def map_over(account: Account, function: str, invocations: int, **fields: object) -> Outcome:
    iteration = {**invocation(function), "Output": "{% $states.result.Payload %}", **fields}
    states = {
        "All": {
            "Type": "Map",
            "Items": list(range(invocations)),
            "ItemProcessor": {"StartAt": "One", "States": {"One": iteration}},
            "End": True,
        }
    }
    return account.execute(account.machine(states))


def most_at_once(account: Account, invocations: int) -> int:
    spans: list[tuple[float, float]] = map_over(account, account.function(SLOW), invocations).output
    return max(sum(began <= moment < ended for began, ended in spans) for moment, _ in spans)


def test_plain_as_many_functions_run_at_once_as_are_invoked(plain: Account) -> None:
    assert most_at_once(plain, 4) > 2


def test_no_more_functions_run_at_once_than_there_are_slots(account: Account) -> None:
    assert most_at_once(account, 4) <= account.laptop.slots


def test_a_function_that_waits_for_another_does_not_wait_for_its_own_slot(account: Account) -> None:
    inner = account.function("def handler(event, context): return 7")
    outer = account.function(
        "import boto3\n"
        "def handler(event, context):\n"
        f"    return int(boto3.client('lambda').invoke(FunctionName='{inner}')['Payload'].read())\n"
    )
    assert map_over(account, outer, 3).output == [7, 7, 7]


def test_waiting_for_a_slot_does_not_use_up_the_time_of_a_task(account: Account) -> None:
    assert map_over(account, account.function(SLOW), 8, TimeoutSeconds=3).status == "SUCCEEDED"
