"""Contracts: checked here, registered there, all or none."""

import json
from pathlib import Path

import pytest

from headrace.domain.errors import InvalidContract
from headrace_cli.failures import ExitCode
from headrace_cli.register import check
from tests.cli.conftest import Run
from tests.cli.deployed import Deployed

TIDES = """\
kind: DataContract
apiVersion: v3.1.0
id: sea-tides
version: 1.0.0
status: active
domain: sea
name: tides
servers:
  - {server: landing, type: s3, location: "s3://landing/sea/tides/", format: csv}
schema:
  - name: tides
    properties:
      - {name: harbour, logicalType: string, required: true}
      - {name: height_m, logicalType: number}
"""


@pytest.fixture
def contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "contracts"
    (folder / "sea").mkdir(parents=True)
    (folder / "sea" / "tides.odcs.yaml").write_text(TIDES)
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_good_contract_is_named_with_its_version_and_hash(contracts: Path, run: Run) -> None:
    ran = run("check")
    assert ran.exit_code == ExitCode.FINE
    assert ran.stdout.startswith("sea/tides 1.0.0+")


def test_a_bad_contract_is_one_problem_a_line_with_its_place(contracts: Path, run: Run) -> None:
    (contracts / "sea" / "tides.odcs.yaml").write_text(
        TIDES.replace("logicalType: number", "logicalType: numbre").replace("version: 1.0.0", "version: '?'")
    )
    ran = run("check")
    assert ran.exit_code == ExitCode.INVALID_CONTRACT
    assert ran.stdout == ""
    lines = ran.stderr.splitlines()
    assert lines[0].startswith("contracts/sea/tides.odcs.yaml:4:")
    assert lines[1].startswith("contracts/sea/tides.odcs.yaml:14:")
    assert len(lines) == 2


def test_a_contract_is_found_from_inside_its_folder_too(
    contracts: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(contracts / "sea")
    assert run("check", "tides.odcs.yaml").stdout.startswith("sea/tides ")


def test_a_dataset_defined_twice_is_a_problem_of_the_second(contracts: Path) -> None:
    twin = contracts.parent / "old" / "sea" / "tides.odcs.yaml"
    twin.parent.mkdir(parents=True)
    twin.write_text(TIDES)
    with pytest.raises(InvalidContract, match=r"old/sea/tides.*sea/tides is defined in contracts/sea/tides"):
        check([contracts, contracts.parent / "old"])


def test_text_that_is_not_utf_8_is_a_problem_with_its_file(contracts: Path, run: Run) -> None:
    (contracts / "sea" / "tides.odcs.yaml").write_bytes(b"kind: \xff")
    ran = run("check")
    assert ran.exit_code == ExitCode.INVALID_CONTRACT
    assert "contracts/sea/tides.odcs.yaml:1:1: not UTF-8 text (byte 6)" in ran.stderr


@pytest.mark.parametrize("path", ["elsewhere", "."])
def test_where_there_is_no_contract_is_a_usage_error(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("check", path).exit_code == ExitCode.USAGE


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
