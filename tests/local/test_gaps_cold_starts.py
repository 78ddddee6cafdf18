"""Lambda's cold starts: workers are forked from a process that has loaded the libraries.

The gap is tested twice: plain MiniStack still has it, else ours can go; here it is closed.
"""

import os
import signal
from pathlib import Path

import pytest

from tests.local.account import Account, eventually

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

LOOKS_AROUND = """
import os, subprocess, sys
def handler(event, context):
    return {
        "parent": os.getppid(),
        "pid": os.getpid(),
        "folder": os.getcwd(),
        "beside": __file__,
        "function": os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        "ours": [name for name in sys.modules if name.split(".")[0] == "headrace"],
        "child": subprocess.run(["false"]).returncode,
        "streams": sorted(os.listdir("/proc/self/fd"), key=int)[:3],
    }
"""


def has_the_emulator_as_its_parent(account: Account) -> bool:
    running = account.laptop.running()
    assert running
    return bool(account.invoke(account.function(LOOKS_AROUND))["parent"] == running.pid)


def test_plain_the_emulator_starts_an_interpreter_for_each_worker(plain: Account) -> None:
    assert has_the_emulator_as_its_parent(plain)


def test_a_worker_is_forked_from_an_interpreter_that_has_the_libraries(account: Account) -> None:
    assert not has_the_emulator_as_its_parent(account)


def test_two_workers_share_their_parent_and_nothing_of_the_project(account: Account) -> None:
    first, second = (account.invoke(account.function(LOOKS_AROUND)) for _ in range(2))
    assert first["parent"] == second["parent"]
    assert first["pid"] != second["pid"]
    assert first["function"] != second["function"]
    assert first["ours"] == second["ours"] == []


def test_a_forked_worker_finds_what_a_started_one_finds(account: Account, plain: Account) -> None:
    forked, started = (one.invoke(one.function(LOOKS_AROUND)) for one in (account, plain))
    assert forked["beside"] == f"{forked['folder']}/code.py"
    assert started["beside"] == f"{started['folder']}/code.py"
    assert forked["child"] == started["child"] == 1
    assert forked["streams"] == started["streams"] == ["0", "1", "2"]


def kill(pid: int) -> None:
    """Kill a process, and wait until nothing is left of it but its number."""
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not Path(f"/proc/{pid}/cwd").exists())


def test_a_worker_that_was_killed_is_replaced(account: Account) -> None:
    function = account.function(LOOKS_AROUND)
    before = account.invoke(function)["pid"]
    kill(before)
    assert account.invoke(function)["pid"] != before


def test_functions_start_after_the_process_they_are_forked_from_is_gone(account: Account) -> None:
    before = account.invoke(account.function(LOOKS_AROUND))["parent"]
    kill(before)
    assert account.invoke(account.function(LOOKS_AROUND))["parent"] != before
