"""Contracts, once checked, are put in force by the deployment: all, or none."""

import json
from pathlib import Path

from headrace_cli.failures import ExitCode
from tests.cli.conftest import TIDES, Run
from tests.cli.deployed import Deployed


def test_registering_shows_what_is_in_force(contracts: Path, deployed: Deployed, run: Run) -> None:
    answer = {"registered": [{"dataset": "sea/tides", "contract": "1.0.0+abc", "notes": ["a note"]}]}
    asked: list[bytes] = []
    deployed.functions.meta.events.register(
        "provide-client-params.lambda.Invoke", lambda params, **_: asked.append(params["Payload"])
    )
    with deployed.function_answers(json.dumps(answer).encode()):
        ran = run("register")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (ExitCode.FINE, "sea/tides 1.0.0+abc\n", "a note\n")
    assert json.loads(asked[0]) == {"contracts": [{"path": "contracts/sea/tides.odcs.yaml", "text": TIDES}]}


def test_a_contract_that_the_deployment_refuses_is_an_invalid_one(
    contracts: Path, deployed: Deployed, run: Run
) -> None:
    refusal = {"errorType": "InvalidContract", "errorMessage": "a.yaml:1:1: no\nb.yaml:2:1: neither"}
    with deployed.function_answers(json.dumps(refusal).encode(), failed=True):
        ran = run("register")
    assert ran.exit_code == ExitCode.INVALID_CONTRACT
    assert ran.stderr == "a.yaml:1:1: no\nb.yaml:2:1: neither\n"


def test_a_function_that_fails_says_with_what(contracts: Path, deployed: Deployed, run: Run) -> None:
    refusal = {"errorType": "IncompatibleTable", "errorMessage": "height_m is text in the table"}
    with deployed.function_answers(json.dumps(refusal).encode(), failed=True):
        ran = run("register")
    assert ran.exit_code == ExitCode.TROUBLE
    assert "function register failed with IncompatibleTable: height_m is text in the table" in ran.stderr


def test_reconcile_says_what_it_found(deployed: Deployed, run: Run) -> None:
    with deployed.function_answers(b'{"admitted": 2, "woken": ["sea/tides"]}'):
        assert run("reconcile").stdout == "2 objects admitted; woken: sea/tides\n"
