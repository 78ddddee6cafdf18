"""What holds for every state machine, and no linter sees."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import cfnlint
import pytest
import yaml

from headrace.domain import errors
from tests.stack import FUNCTIONS, PROJECT, STATE_MACHINES, definition, functions, pascal, template

BY_AWS = {
    "Athena.InternalServerException",
    "Athena.SdkClientException",
    "Athena.TooManyRequestsException",
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "States.ALL",
    "States.TaskFailed",
    "States.Timeout",
}
RETRYABLE = {error.__name__ for error in errors.Retryable.__subclasses__()}
JSON_PATH = {"InputPath", "OutputPath", "Parameters", "ResultPath", "ResultSelector", "ItemsPath", "Iterator"}
OF_A_COMMIT = {"CommitConflict", "OutcomeUnknown"}

Machine = Mapping[str, Any]


def machines(machine: Machine) -> Iterator[Machine]:
    """The machine, and those inside its Maps."""
    yield machine
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            yield from machines(state["ItemProcessor"])


SCOPES = [(name, scope) for name in STATE_MACHINES for scope in machines(definition(name))]
STATES = [(name, state, body) for name, scope in SCOPES for state, body in scope["States"].items()]
TASKS = [(name, state, body) for name, state, body in STATES if body["Type"] == "Task"]


def following(state: Mapping[str, Any]) -> set[str]:
    rules = [*state.get("Choices", []), *state.get("Catch", []), state]
    return {rule[key] for rule in rules for key in ("Next", "Default") if key in rule}


def reached(scope: Machine, start: str) -> set[str]:
    seen: set[str] = set()
    ahead = {start}
    while ahead:
        seen |= ahead
        ahead = set().union(*(following(scope["States"][name]) for name in ahead)) - seen
    return seen


def step_of(task: Mapping[str, Any]) -> str | None:
    return next((name for name in FUNCTIONS if task["Resource"] == f"${{{pascal(name)}FunctionArn}}"), None)


@pytest.mark.parametrize(("machine", "scope"), SCOPES)
def test_every_state_that_is_named_is_there_and_every_state_can_be_reached(
    machine: str, scope: Machine
) -> None:
    assert reached(scope, scope["StartAt"]) == set(scope["States"])


@pytest.mark.parametrize(("machine", "state", "body"), STATES)
def test_a_state_is_named_in_one_way_and_goes_somewhere_or_ends(
    machine: str, state: str, body: dict[str, Any]
) -> None:
    assert re.fullmatch(r"([A-Z][a-z]+)+", state)
    assert not JSON_PATH & body.keys()
    assert (body["Type"] in {"Succeed", "Fail"}) or body.get("End") or following(body)


@pytest.mark.parametrize("machine", STATE_MACHINES)
def test_a_state_machine_says_what_it_promises_and_speaks_jsonata(machine: str) -> None:
    whole = definition(machine)
    assert whole["Comment"]
    assert whole["QueryLanguage"] == "JSONata"


@pytest.mark.parametrize(("machine", "state", "body"), TASKS)
def test_a_task_is_bounded_retried_and_caught(machine: str, state: str, body: dict[str, Any]) -> None:
    assert body["TimeoutSeconds"] > 0
    assert body["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    for retrier in body["Retry"]:
        assert retrier["MaxAttempts"] >= 1
        assert retrier["BackoffRate"] > 1
        assert retrier["IntervalSeconds"] <= retrier["MaxDelaySeconds"]
        assert retrier["JitterStrategy"] == "FULL"
        assert "States.ALL" not in retrier["ErrorEquals"]


@pytest.mark.parametrize(("machine", "state", "body"), TASKS)
def test_an_error_that_is_retried_or_caught_exists(machine: str, state: str, body: dict[str, Any]) -> None:
    for rule in [*body["Retry"], *body["Catch"]]:
        assert set(rule["ErrorEquals"]) <= BY_AWS | RETRYABLE


@pytest.mark.parametrize(("machine", "state", "body"), TASKS)
def test_a_task_retries_what_its_step_says_may_pass(machine: str, state: str, body: dict[str, Any]) -> None:
    step = step_of(body)
    if step is None:
        return
    retried = {error for retrier in body["Retry"] for error in retrier["ErrorEquals"]}
    commits = step in {"commit_batch", "publish_mart"}
    assert retried & RETRYABLE == (RETRYABLE if commits else RETRYABLE - OF_A_COMMIT)


@pytest.mark.parametrize(("machine", "state", "body"), TASKS)
def test_a_task_outlasts_its_function_so_that_lambda_names_the_error(
    machine: str, state: str, body: dict[str, Any]
) -> None:
    step = step_of(body)
    if step is not None:
        assert body["TimeoutSeconds"] == functions()[step]["Timeout"] + 30


@pytest.mark.parametrize(("machine", "state", "body"), TASKS)
def test_a_function_is_called_by_the_state_that_has_its_name(
    machine: str, state: str, body: dict[str, Any]
) -> None:
    step = step_of(body)
    if step is not None:
        assert state == pascal(step) or (step, state) == ("refine_unit", "RejectUnit")


@pytest.mark.parametrize(("machine", "scope"), SCOPES)
def test_whatever_follows_an_alert_fails(machine: str, scope: Machine) -> None:
    if "AlertOperators" in scope["States"]:
        ends = [
            scope["States"][name]["Type"]
            for name in reached(scope, "AlertOperators")
            if not following(scope["States"][name])
        ]
        assert set(ends) == {"Fail"}


@pytest.mark.parametrize("machine", STATE_MACHINES)
def test_every_failure_of_the_machine_itself_is_told_to_the_operators(machine: str) -> None:
    for state in definition(machine)["States"].values():
        if state["Type"] in {"Task", "Map"} and "sns" not in state.get("Resource", ""):
            assert [rule["Next"] for rule in state["Catch"]] == ["AlertOperators"]


@pytest.mark.parametrize("machine", STATE_MACHINES)
def test_every_token_is_substituted_and_every_substitution_used(machine: str) -> None:
    written = (PROJECT / "statemachines" / f"{machine}.asl.yaml").read_text()
    resource = template()["Resources"][f"{pascal(machine)}StateMachine"]
    given = resource["Properties"]["DefinitionSubstitutions"]
    assert set(re.findall(r"\$\{(\w+)\}", written)) == set(given)
    for token, value in given.items():
        if token.endswith("FunctionArn"):
            assert value == {"Fn::GetAtt": [token.removesuffix("Arn"), "Arn"]}


@pytest.mark.parametrize("machine", STATE_MACHINES)
def test_no_account_or_region_is_written_down(machine: str) -> None:
    written = (PROJECT / "statemachines" / f"{machine}.asl.yaml").read_text()
    assert set(re.findall(r"arn:\S+", written)) <= {
        "arn:aws:states:::athena:startQueryExecution.sync",
        "arn:aws:states:::sns:publish",
    }


@pytest.mark.parametrize("machine", STATE_MACHINES)
def test_a_definition_has_no_yaml_aliases_because_cloudformation_reads_it_itself(machine: str) -> None:
    written = (PROJECT / "statemachines" / f"{machine}.asl.yaml").read_text()
    assert not [event for event in yaml.parse(written) if isinstance(event, yaml.AliasEvent)]


def lint(machine: Machine) -> list[str]:
    """What cfn-lint's schema of the language says of a definition, its tokens replaced by some ARN."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:any"
    resource = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/any", "Definition": machine},
    }
    stack = re.sub(r"\$\{\w+\}", arn, json.dumps({"Resources": {"Machine": resource}}))
    return [match.message for match in cfnlint.lint_all(stack)]


@pytest.mark.parametrize("machine", STATE_MACHINES)
def test_a_definition_keeps_to_the_schema_of_the_language(machine: str) -> None:
    assert lint(definition(machine)) == []


def test_the_schema_of_the_language_sees_a_mistake() -> None:
    broken = definition("refresh_mart")
    broken["States"]["PlanRefresh"]["TimeoutSecond"] = 1
    assert any("TimeoutSecond" in message for message in lint(broken))
