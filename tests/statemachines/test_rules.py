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
OF_THE_CALLER = {"InvalidRequest", "UnknownDataset"}
"""What is wrong with a request that a person made: they hear of it themselves."""

Machine = Mapping[str, Any]
State = Mapping[str, Any]


def machines(machine: Machine) -> Iterator[Machine]:
    """The machine, and those inside its Maps."""
    yield machine
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            yield from machines(state["ItemProcessor"])


SCOPES = {
    f"{name}-{scope['StartAt']}": scope for name in STATE_MACHINES for scope in machines(definition(name))
}
STATES = {
    f"{scope.split('-')[0]}-{name}": (name, state)
    for scope, machine in SCOPES.items()
    for name, state in machine["States"].items()
}
TASKS = {key: (name, state) for key, (name, state) in STATES.items() if state["Type"] == "Task"}
CALLS = {
    key: (name, state, step)
    for key, (name, state) in TASKS.items()
    for step in FUNCTIONS
    if state["Resource"] == f"${{{pascal(step)}FunctionArn}}"
}

each_machine = pytest.mark.parametrize("machine", STATE_MACHINES)
each_scope = pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
each_state = pytest.mark.parametrize(("name", "state"), STATES.values(), ids=STATES)
each_task = pytest.mark.parametrize(("name", "task"), TASKS.values(), ids=TASKS)
each_call = pytest.mark.parametrize(("name", "task", "step"), CALLS.values(), ids=CALLS)


def following(state: State) -> set[str]:
    rules = [*state.get("Choices", []), *state.get("Catch", []), state]
    return {rule[key] for rule in rules for key in ("Next", "Default") if key in rule}


def reached(scope: Machine, start: str) -> set[str]:
    seen: set[str] = set()
    ahead = {start}
    while ahead:
        seen |= ahead
        ahead = set().union(*(following(scope["States"][name]) for name in ahead)) - seen
    return seen


@each_scope
def test_every_state_that_is_named_is_there_and_every_state_can_be_reached(scope: Machine) -> None:
    assert reached(scope, scope["StartAt"]) == set(scope["States"])


@each_state
def test_a_state_is_named_in_one_way_and_goes_somewhere_or_ends(name: str, state: State) -> None:
    assert re.fullmatch(r"([A-Z][a-z]+)+", name)
    assert not JSON_PATH & state.keys()
    assert state["Type"] in {"Succeed", "Fail"} or state.get("End") or following(state)


@each_machine
def test_a_state_machine_says_what_it_promises_and_speaks_jsonata(machine: str) -> None:
    whole = definition(machine)
    assert whole["Comment"]
    assert whole["QueryLanguage"] == "JSONata"


@each_task
def test_a_task_is_bounded_retried_and_caught(name: str, task: State) -> None:
    assert task["TimeoutSeconds"] > 0
    assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    for retrier in task["Retry"]:
        assert retrier["MaxAttempts"] >= 1
        assert retrier["BackoffRate"] > 1
        assert retrier["IntervalSeconds"] <= retrier["MaxDelaySeconds"]
        assert retrier["JitterStrategy"] == "FULL"
        assert "States.ALL" not in retrier["ErrorEquals"]


@each_task
def test_an_error_that_is_retried_or_caught_exists(name: str, task: State) -> None:
    for rule in [*task["Retry"], *task["Catch"]]:
        assert set(rule["ErrorEquals"]) <= BY_AWS | RETRYABLE | OF_THE_CALLER
    assert {error.__name__ for error in errors.Terminal.__subclasses__()} >= OF_THE_CALLER


@each_call
def test_a_task_retries_what_its_step_says_may_pass(name: str, task: State, step: str) -> None:
    retried = {error for retrier in task["Retry"] for error in retrier["ErrorEquals"]}
    commits = step in {"commit_batch", "publish_mart"}
    assert retried & RETRYABLE == (RETRYABLE if commits else RETRYABLE - OF_A_COMMIT)


@each_call
def test_a_task_outlasts_its_function_so_that_lambda_names_the_error(
    name: str, task: State, step: str
) -> None:
    assert task["TimeoutSeconds"] == functions()[step]["Timeout"] + 30


@each_call
def test_a_function_is_called_by_the_state_that_has_its_name(name: str, task: State, step: str) -> None:
    other_names = {"refine_unit": {"RefineUnitAgain", "RejectUnit", "RehearseUnit"}}
    assert name in {pascal(step), *other_names.get(step, ())}


@each_scope
def test_whatever_follows_an_alert_fails(scope: Machine) -> None:
    if "AlertOperators" in scope["States"]:
        ends = [
            scope["States"][name]["Type"]
            for name in reached(scope, "AlertOperators")
            if not following(scope["States"][name])
        ]
        assert set(ends) == {"Fail"}


@each_machine
def test_every_failure_of_the_machine_itself_is_told_to_the_operators(machine: str) -> None:
    for state in definition(machine)["States"].values():
        if state["Type"] in {"Task", "Map"} and "sns" not in state.get("Resource", ""):
            told = [rule for rule in state["Catch"] if not set(rule["ErrorEquals"]) <= OF_THE_CALLER]
            assert [rule["Next"] for rule in told] == ["AlertOperators"]


@each_machine
def test_every_token_is_substituted_and_every_substitution_used(machine: str) -> None:
    written = (PROJECT / "statemachines" / f"{machine}.asl.yaml").read_text()
    resource = template()["Resources"][f"{pascal(machine)}StateMachine"]
    given = resource["Properties"]["DefinitionSubstitutions"]
    assert set(re.findall(r"\$\{(\w+)\}", written)) == set(given)
    for token, value in given.items():
        if token.endswith("FunctionArn"):
            assert value == {"Fn::GetAtt": [token.removesuffix("Arn"), "Arn"]}


@each_machine
def test_no_account_or_region_is_written_down(machine: str) -> None:
    written = (PROJECT / "statemachines" / f"{machine}.asl.yaml").read_text()
    assert set(re.findall(r"arn:\S+", written)) <= {
        "arn:aws:states:::athena:startQueryExecution.sync",
        "arn:aws:states:::sns:publish",
    }


@each_machine
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


@each_machine
def test_a_definition_keeps_to_the_schema_of_the_language(machine: str) -> None:
    assert lint(definition(machine)) == []


def test_the_schema_of_the_language_sees_a_mistake() -> None:
    broken = definition("refresh_mart")
    broken["States"]["PlanRefresh"]["TimeoutSecond"] = 1
    assert any("TimeoutSecond" in message for message in lint(broken))
