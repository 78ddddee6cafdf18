"""`headrace contract diff`: what a new contract changes, and whether that breaks what stands."""

import json
from pathlib import Path

import pytest

from headrace.domain.contract.compile import compile_contract
from headrace.domain.dataset import DatasetId
from headrace.steps import records
from headrace_cli.failures import ExitCode
from tests.cli.conftest import TIDES, Run
from tests.cli.deployed import Deployed

WIDER = TIDES + "      - {name: note, logicalType: string}\n"
NARROWER = TIDES.replace("      - {name: height_m, logicalType: number}\n", "")
TIDES_ID = DatasetId("sea", "tides")


@pytest.fixture
def versions(tmp_path: Path) -> dict[str, Path]:
    """Contracts in files that are not called after their dataset."""
    texts = {"old": TIDES, "wider": WIDER, "narrower": NARROWER, "broken": TIDES.replace("number", "numbre")}
    paths = {name: tmp_path / f"{name}.yaml" for name in texts}
    for name, text in texts.items():
        paths[name].write_text(text)
    return paths


def put_in_force(deployed: Deployed, text: str) -> None:
    compiled = compile_contract(f"{TIDES_ID}.odcs.yaml", text).compiled
    key = records.write_contract(deployed.artefacts, TIDES_ID, compiled, text.encode())
    deployed.ledger.register(TIDES_ID, key)


def test_a_compatible_change_is_told_and_fine(run: Run, versions: dict[str, Path]) -> None:
    ran = run("contract", "diff", str(versions["old"]), str(versions["wider"]))
    assert ran.exit_code == ExitCode.FINE
    assert [line.split()[:3] for line in ran.stdout.splitlines() if "compatible" in line] == [
        ["compatible", "note", "new"]
    ]
    assert "can take the place of" in ran.stderr


def test_a_breaking_change_ends_in_trouble_with_the_way_on(run: Run, versions: dict[str, Path]) -> None:
    ran = run("contract", "diff", str(versions["old"]), str(versions["narrower"]))
    assert ran.exit_code == ExitCode.TROUBLE
    assert "breaking" in ran.stdout
    assert "headrace.aliases: [height_m]" in ran.stdout
    assert "would be refused" in ran.stderr


def test_what_means_the_same_changes_nothing(run: Run, versions: dict[str, Path]) -> None:
    versions["wider"].write_text("# a comment\n" + TIDES)
    ran = run("contract", "diff", str(versions["old"]), str(versions["wider"]))
    assert (ran.exit_code, ran.stdout) == (ExitCode.FINE, "")
    assert "mean the same" in ran.stderr


def test_the_answer_for_programs_lists_the_changes(run: Run, versions: dict[str, Path]) -> None:
    ran = run("contract", "diff", str(versions["old"]), str(versions["narrower"]), "--json")
    (change,) = json.loads(ran.stdout)["changes"]
    assert (change["effect"], change["where"]) == ("breaking", "height_m")


def test_the_contract_in_force_is_what_a_new_one_would_replace(
    run: Run, versions: dict[str, Path], deployed: Deployed
) -> None:
    put_in_force(deployed, WIDER)
    ran = run("contract", "diff", str(versions["old"]), "--deployed")
    assert ran.exit_code == ExitCode.TROUBLE
    assert "removed: new rows have no value in it" in ran.stdout


def test_a_problem_names_the_file_it_stands_in(run: Run, versions: dict[str, Path]) -> None:
    ran = run("contract", "diff", str(versions["old"]), str(versions["broken"]))
    assert (ran.exit_code, ran.stdout) == (ExitCode.INVALID_CONTRACT, "")
    assert ran.stderr.startswith(f"{versions['broken']}:14:")


@pytest.mark.parametrize("arguments", [["old"], ["old", "wider", "--deployed"], ["nowhere", "old"]])
def test_what_cannot_be_meant_is_a_usage_error(
    run: Run, versions: dict[str, Path], arguments: list[str], deployed: Deployed
) -> None:
    named = [str(versions.get(one, one)) for one in arguments]
    assert run("contract", "diff", *named).exit_code == ExitCode.USAGE


def test_a_dataset_that_is_not_registered_has_nothing_in_force(
    run: Run, versions: dict[str, Path], deployed: Deployed
) -> None:
    ran = run("contract", "diff", str(versions["old"]), "--deployed")
    assert ran.exit_code == ExitCode.USAGE
    assert "sea/tides is not registered" in ran.stderr
