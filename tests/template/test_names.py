"""One word per thing: folder, step, logical id, token, state and test share it."""

import importlib.util

import pytest

from tests.stack import FUNCTIONS, PROJECT, STATE_MACHINES, functions, pascal, resources, template, text

BANNERS = ("landing", "buffer", "ingest", "table", "query", "publish")


def test_every_function_of_the_template_has_a_folder_and_every_folder_a_function() -> None:
    assert set(functions()) == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_named_after_its_step(function: str) -> None:
    named = template()["Resources"][f"{pascal(function)}Function"]["Properties"]
    assert named["CodeUri"] == f"functions/{function}/"
    assert named["Role"] == {"Fn::GetAtt": [f"{pascal(function)}Role", "Arn"]}
    step = importlib.util.find_spec(f"headrace.steps.{function}")
    assert step is not None
    assert (PROJECT / "tests" / "steps" / f"test_{function}.py").is_file()


@pytest.mark.parametrize("machine", STATE_MACHINES)
def test_a_state_machine_is_named_after_its_file(machine: str) -> None:
    named = template()["Resources"][f"{pascal(machine)}StateMachine"]["Properties"]
    assert named["DefinitionUri"] == f"statemachines/{machine}.asl.yaml"
    assert machine.replace("_", "-") in text(named["Name"])


def test_every_definition_has_a_state_machine() -> None:
    files = {path.name.removesuffix(".asl.yaml") for path in (PROJECT / "statemachines").iterdir()}
    assert files == set(STATE_MACHINES)
    assert len(resources("AWS::StepFunctions::StateMachine")) == len(STATE_MACHINES)


def test_ingest_is_told_to_functions_under_the_name_it_has() -> None:
    named = template()["Resources"]["IngestStateMachine"]["Properties"]["Name"]["Fn::Sub"]
    told = template()["Resources"]["IngestName"]["Properties"]["Value"]["Fn::Sub"]
    assert told.endswith(f":stateMachine:{named}")


def test_the_template_follows_the_flow_and_keeps_to_its_budget() -> None:
    """The flow has 600 lines, and what people start by hand 60 (docs/decisions/0016)."""
    lines = (PROJECT / "template.yaml").read_text().splitlines()
    banners = {line.strip(" #─"): at for at, line in enumerate(lines) if line.startswith("  # ──")}
    assert tuple(banners) == (*BANNERS, "by hand", "what all six stand on")
    by_hand = banners["what all six stand on"] - banners["by hand"]
    assert by_hand <= 60
    assert len(lines) - by_hand <= 600
    assert max(map(len, lines)) <= 120
