"""The commands that switch the laptop on and off."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.domain.errors import InvalidContract
from headrace_cli import laptop
from headrace_cli.contract.check import check
from headrace_cli.failures import ExitCode, Failure
from headrace_local import emulator
from headrace_local.laptop import PROJECT, Laptop
from tests.cli.conftest import Run
from tests.cli.deployed import Deployed

MAIN = "from headrace_cli.app import main; main()"
ON_LAPTOP = [pytest.mark.laptop]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Laptop]:
    """A laptop to which nothing was deployed."""
    one = Laptop(tmp_path, port=0, keep=False)
    one.start()
    yield one
    one.stop()


def test_the_commands_mean_the_laptop_that_stands_by_itself() -> None:
    assert (laptop.PROJECT, laptop.PORT) == (PROJECT, emulator.DEFAULT_PORT)


@pytest.mark.parametrize("command", [["up"], ["env"], ["down"], ["demo"]])
def test_aws_has_no_switch(run: Run, command: list[str]) -> None:
    ran = run("--stack", "prod", *command)
    assert ran.exit_code == ExitCode.USAGE
    assert "leave out --profile, --stack and --region" in ran.stderr


@pytest.mark.parametrize(
    ("refusal", "kind", "said"),
    [
        (
            {"errorType": "InvalidContract", "errorMessage": "a.yaml:1:1: no"},
            InvalidContract,
            "a.yaml:1:1: no",
        ),
        ({"errorType": "IncompatibleTable", "errorMessage": "b is text"}, Failure, "b is text"),
    ],
)
def test_interrupted_work_goes_on_where_a_contract_is_refused(
    contracts: Path,
    deployed: Deployed,
    capsys: pytest.CaptureFixture[str],
    refusal: dict[str, str],
    kind: type[Exception],
    said: str,
) -> None:
    deployed.function_answers(json.dumps(refusal).encode(), failed=True)
    deployed.function_answers(b'{"admitted": 2, "woken": ["sea/tides"]}')
    with pytest.raises(kind, match=said):
        laptop.go_on(deployed, check([contracts]))
    assert capsys.readouterr().err.splitlines() == [
        "the laptop runs; `--no-register` leaves contracts/ alone",
        "2 objects admitted that no event had announced",
        "interrupted batches go on: sea/tides",
    ]


class TestRunning:
    """On an emulator."""

    pytestmark = ON_LAPTOP

    def test_a_shell_takes_its_environment_and_reaches_it(self, running: Laptop) -> None:
        shell = f'eval "$("$1" -c "{MAIN}" --state "$2" env)"; exec "$1" -c "$3"'
        ask = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
        command = ["sh", "-c", shell, "sh", sys.executable, str(running.state), ask]
        environment = os.environ | {"AWS_PROFILE": "somebody", "HTTP_PROXY": "http://127.0.0.1:9"}
        ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        assert ran.stdout.strip() == emulator.ACCOUNT

    def test_without_a_stack_it_says_so(self, running: Laptop, run: Run) -> None:
        ran = run("--state", str(running.state), "status", "--json")
        assert (ran.exit_code, ran.stdout) == (ExitCode.UNREACHABLE, "")
        assert f"there is no stack headrace on the laptop at {running.endpoint}" in ran.stderr
        assert "`headrace up`" in ran.stderr

    def test_down_stops_it_and_wiping_leaves_nothing(self, running: Laptop, run: Run) -> None:
        ran = run("--state", str(running.state), "down", "--wipe")
        assert (ran.exit_code, ran.stderr) == (ExitCode.FINE, "laptop stopped, its state deleted\n")
        assert running.running() is None
        assert list(running.state.iterdir()) == []

    def test_a_taken_port_is_said_with_a_way_out(self, running: Laptop, run: Run, tmp_path: Path) -> None:
        found = running.running()
        assert found
        other = tmp_path / "other"
        ran = run("--state", str(other), "up", "--port", str(found.port))
        assert ran.exit_code == ExitCode.UNREACHABLE
        assert "`headrace up --port 0` takes a free one" in ran.stderr
