"""`headrace contract check`: what registering would refuse, said here."""

from pathlib import Path

import pytest

from headrace.domain.errors import InvalidContract
from headrace_cli.contract.check import check
from headrace_cli.failures import ExitCode
from tests.cli.conftest import TIDES, Run


def test_a_good_contract_is_named_with_its_version_and_hash(contracts: Path, run: Run) -> None:
    ran = run("contract", "check")
    assert ran.exit_code == ExitCode.FINE
    assert ran.stdout.startswith("sea/tides 1.0.0+")


def test_a_bad_contract_is_one_problem_a_line_with_its_place(contracts: Path, run: Run) -> None:
    (contracts / "sea" / "tides.odcs.yaml").write_text(
        TIDES.replace("logicalType: number", "logicalType: numbre").replace("version: 1.0.0", "version: '?'")
    )
    ran = run("contract", "check")
    assert ran.exit_code == ExitCode.INVALID_CONTRACT
    assert ran.stdout == ""
    lines = ran.stderr.splitlines()
    assert lines[0].startswith("contracts/sea/tides.odcs.yaml:4:")
    assert lines[1].startswith("contracts/sea/tides.odcs.yaml:14:")
    assert len(lines) == 2


def test_what_is_kept_but_not_acted_on_is_a_note(contracts: Path, run: Run) -> None:
    with (contracts / "sea" / "tides.odcs.yaml").open("a") as file:
        file.write("slaProperties: [{property: latency, value: 1, unit: d}]\n")
    ran = run("contract", "check")
    assert ran.exit_code == ExitCode.FINE
    assert "contracts/sea/tides.odcs.yaml:15:" in ran.stderr


def test_a_contract_is_found_from_inside_its_folder_too(
    contracts: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(contracts / "sea")
    assert run("contract", "check", "tides.odcs.yaml").stdout.startswith("sea/tides ")


def test_a_dataset_defined_twice_is_a_problem_of_the_second(contracts: Path) -> None:
    twin = contracts.parent / "old" / "sea" / "tides.odcs.yaml"
    twin.parent.mkdir(parents=True)
    twin.write_text(TIDES)
    with pytest.raises(InvalidContract, match=r"old/sea/tides.*sea/tides is defined in contracts/sea/tides"):
        check([contracts, contracts.parent / "old"])


def test_text_that_is_not_utf_8_is_a_problem_with_its_file(contracts: Path, run: Run) -> None:
    (contracts / "sea" / "tides.odcs.yaml").write_bytes(b"kind: \xff")
    ran = run("contract", "check")
    assert ran.exit_code == ExitCode.INVALID_CONTRACT
    assert "contracts/sea/tides.odcs.yaml:1:1: not UTF-8 text (byte 6)" in ran.stderr


@pytest.mark.parametrize("path", ["elsewhere", "."])
def test_where_there_is_no_contract_is_a_usage_error(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("contract", "check", path).exit_code == ExitCode.USAGE
