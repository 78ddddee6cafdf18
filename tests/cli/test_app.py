"""What holds for every command: exit codes, one message, no traceback, a quick start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from headrace.domain.errors import InvalidContract, InvalidRequest, MissingArtefact, Refused, Throttled
from headrace_cli import app
from headrace_cli.failures import ExitCode, Failure
from tests.cli.conftest import Run
from tests.cli.deployed import Deployed

DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (Failure(ExitCode.TROUBLE, "it failed"), ExitCode.TROUBLE, "it failed"),
        (InvalidContract(("a.yaml:1:1: no", "b.yaml:1:1: no")), ExitCode.INVALID_CONTRACT, "b.yaml:1:1: no"),
        (InvalidRequest("no dataset"), ExitCode.USAGE, "no dataset"),
        (Throttled("read ledger"), ExitCode.UNREACHABLE, "Then try again."),
        (Refused("read ledger: AccessDenied"), ExitCode.UNREACHABLE, "read ledger: AccessDenied"),
        (MissingArtefact("no manifest"), ExitCode.TROUBLE, "no manifest"),
        (DENIED, ExitCode.UNREACHABLE, "DescribeStacks: AccessDenied not you"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), ExitCode.UNREACHABLE, "127.0.0.1:9"),
        (NoCredentialsError(), ExitCode.UNREACHABLE, "Unable to locate credentials"),
        (ZeroDivisionError("by zero"), ExitCode.BUG, "This is a bug in headrace"),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted"),
    ],
)
def test_every_error_ends_in_its_exit_code_and_one_message(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: ExitCode, message: str
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(app, "resolve", fail)
    ran = run("status", "--json")
    assert (ran.exit_code, ran.stdout) == (code, "")
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "`headrace up` starts it, and work that was begun goes on by itself"),
        (("--stack", "prod"), "Is it there, and can you reach it?"),
    ],
)
def test_what_cannot_be_reached_is_said_with_what_to_do_there(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: str
) -> None:
    def fail(_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.setattr(app, "resolve", fail)
    ran = run(*options, "status")
    assert ran.exit_code == ExitCode.UNREACHABLE
    assert said in ran.stderr


@pytest.mark.parametrize("asked", [{"args": ["--debug"]}, {"env": {"HEADRACE_DEBUG": "1"}}])
def test_debugging_shows_the_traceback_before_the_message(
    run: Run, monkeypatch: pytest.MonkeyPatch, asked: dict[str, object]
) -> None:
    monkeypatch.setattr(app, "resolve", lambda _: 1 // 0)
    arguments = asked.get("args", [])
    assert isinstance(arguments, list)
    ran = run(*arguments, "status", env=asked.get("env"))
    assert ran.stderr.index("Traceback") < ran.stderr.index("This is a bug in headrace")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--region", "eu-west-1", "status"],
        ["status", "Aviation/Runways"],
        ["query"],
        ["quarantine", "aviation/runways", "--limit", "0"],
        ["put", "x.csv"],
        ["up", "--port", "70000"],
        ["--stack", "prod", "up"],
        ["--profile", "ops", "down"],
        ["--stack", "prod", "demo"],
        ["fly"],
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(deployed: Deployed, run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.exit_code == ExitCode.USAGE
    assert ran.stdout == ""
    assert ran.stderr != ""


@pytest.mark.parametrize("command", [["status", "--json"], ["query", "SELECT 1"], ["env"], ["watch"]])
def test_without_a_laptop_every_command_says_how_to_start_one(tmp_path: Path, command: list[str]) -> None:
    ran = headrace("--state", str(tmp_path), *command)
    assert (ran.returncode, ran.stdout) == (ExitCode.UNREACHABLE, "")
    assert "`headrace up` starts it" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_stopping_what_does_not_run_is_fine(tmp_path: Path, run: Run) -> None:
    ran = run("--state", str(tmp_path), "down")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (ExitCode.FINE, "", "the laptop was not running\n")


def test_help_needs_neither_boto3_nor_the_engines() -> None:
    script = (
        "import sys, headrace_cli.app as a\n"
        "try: a.app(['--help'], prog_name='headrace')\n"
        "except SystemExit: pass\n"
        "import json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(json.loads(ran.stdout.splitlines()[-1]))
    assert "headrace_cli" in loaded
    assert not loaded & {
        "boto3",
        "botocore",
        "duckdb",
        "pyarrow",
        "pyiceberg",
        "sqlglot",
        "rich",
        "ministack",
    }


def headrace(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from headrace_cli.app import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
