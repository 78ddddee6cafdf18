"""Step Functions' gaps in MiniStack: Athena tasks, definitions, names, sizes, events.

Each gap is tested twice: plain MiniStack still has it, else ours can go; here it is closed.
"""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.account import ROLE, Account, Outcome, eventually, new_name

pytestmark = [pytest.mark.laptop, pytest.mark.slow]


# Athena in Step Functions


def query(account: Account, sql: str) -> Outcome:
    states = {
        "Query": {
            "Type": "Task",
            "Resource": "arn:aws:states:::athena:startQueryExecution.sync",
            "Arguments": {
                "QueryString": sql,
                "ResultConfiguration": {"OutputLocation": f"s3://{account.bucket()}/results/"},
            },
            "End": True,
        }
    }
    return account.execute(account.machine(states))


def test_plain_athena_cannot_be_run_by_a_state_machine(plain: Account) -> None:
    assert query(plain, "SELECT 1").error == "States.Runtime"


def test_a_query_task_returns_the_query_that_has_ended(account: Account) -> None:
    execution = query(account, "SELECT 1").output["QueryExecution"]
    assert (execution["Query"], execution["Status"]["State"]) == ("SELECT 1", "SUCCEEDED")
    assert execution["Status"]["SubmissionDateTime"] > 1_700_000_000_000


def test_a_query_that_fails_fails_its_task_with_the_query_as_the_cause(account: Account) -> None:
    outcome = query(account, "SELECT * FROM no_such_schema.no_such_table")
    status = json.loads(outcome.cause or "")["QueryExecution"]["Status"]
    assert (outcome.error, status["State"]) == ("States.TaskFailed", "FAILED")
    assert "no_such_schema" in status["StateChangeReason"]


def test_a_query_that_athena_refuses_fails_its_task_with_athenas_error(account: Account) -> None:
    states = {
        "Query": {
            "Type": "Task",
            "Resource": "arn:aws:states:::athena:getQueryExecution",
            "Arguments": {"QueryExecutionId": "c0ffee00-0000-4000-8000-000000000000"},
            "End": True,
        }
    }
    assert account.execute(account.machine(states)).error == "Athena.InvalidRequestException"


def seven_halves(account: Account) -> str:
    athena = account.client("athena")
    started = athena.start_query_execution(
        QueryString="SELECT 7/2", ResultConfiguration={"OutputLocation": f"s3://{account.bucket()}/results/"}
    )
    query = {"QueryExecutionId": started["QueryExecutionId"]}
    eventually(
        lambda: athena.get_query_execution(**query)["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
    )
    rows = athena.get_query_results(**query)["ResultSet"]["Rows"]
    return str(rows[1]["Data"][0]["VarCharValue"])


def test_plain_athena_divides_as_duckdb_does(plain: Account) -> None:
    assert seven_halves(plain) == "3.5"


def test_athena_divides_as_trino_does(account: Account) -> None:
    assert seven_halves(account) == "3"


# State machines


def execution_of_a_yaml_definition(account: Account) -> str:
    bucket, stack = account.bucket(), new_name()
    definition = "StartAt: Say\nStates:\n  Say: {Type: Pass, Result: '${Word}', End: true}\n"
    account.client("s3").put_object(Bucket=bucket, Key="machine.asl.yaml", Body=definition)
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": ROLE,
            "DefinitionS3Location": {"Bucket": bucket, "Key": "machine.asl.yaml"},
            "DefinitionSubstitutions": {"Word": "water"},
        },
    }
    template = {"Resources": {"Machine": machine}, "Outputs": {"Arn": {"Value": {"Ref": "Machine"}}}}
    account.client("cloudformation").create_stack(StackName=stack, TemplateBody=json.dumps(template))
    account.client("cloudformation").get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1}
    )
    described = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return account.execute(described["Outputs"][0]["OutputValue"]).status


def test_plain_a_yaml_definition_deploys_and_then_fails(plain: Account) -> None:
    assert execution_of_a_yaml_definition(plain) == "FAILED"


def test_a_yaml_definition_runs(account: Account) -> None:
    assert execution_of_a_yaml_definition(account) == "SUCCEEDED"


def start_twice(account: Account, name: str, first: object, second: object) -> tuple[str, str]:
    """The ARNs, or the second's error."""
    machine = account.machine({"Wait": {"Type": "Wait", "Seconds": 3000, "End": True}})
    start = account.client("stepfunctions").start_execution
    one = start(stateMachineArn=machine, name=name, input=json.dumps(first))["executionArn"]
    try:
        two = start(stateMachineArn=machine, name=name, input=json.dumps(second))["executionArn"]
    except ClientError as error:
        two = error.response["Error"]["Code"]
    account.client("stepfunctions").stop_execution(executionArn=one)
    return one, two


def test_plain_a_repeated_start_is_refused(plain: Account) -> None:
    assert start_twice(plain, "sales-orders-1-1", {"batch": 1}, {"batch": 1})[1] == "ExecutionAlreadyExists"


def test_a_repeated_start_is_answered_as_the_first(account: Account) -> None:
    first, second = start_twice(account, "sales-orders-1-1", {"batch": 1}, {"batch": 1})
    assert first == second


def test_a_start_of_the_same_name_with_other_input_is_refused(account: Account) -> None:
    assert start_twice(account, "sales-orders-2-1", {"batch": 1}, {"batch": 2})[1] == "ExecutionAlreadyExists"


def start_refused(account: Account, name: str, payload: str = "{}") -> str | None:
    machine = account.machine({"Done": {"Type": "Succeed"}})
    try:
        account.client("stepfunctions").start_execution(stateMachineArn=machine, name=name, input=payload)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


UNNAMEABLE = ["n" * 81, "sales/orders-1-1", "sales orders", "sales:orders", "sales*"]


@pytest.mark.parametrize("name", UNNAMEABLE)
def test_plain_any_name_starts_an_execution(plain: Account, name: str) -> None:
    assert start_refused(plain, name) is None


@pytest.mark.parametrize("name", UNNAMEABLE)
def test_an_execution_has_a_name_that_aws_accepts(account: Account, name: str) -> None:
    assert start_refused(account, name) == "InvalidName"


def test_an_execution_takes_256_kib_and_no_more(account: Account) -> None:
    assert start_refused(account, "largest", json.dumps("x" * 262_142)) is None
    assert start_refused(account, "larger", json.dumps("x" * 262_143)) == "InvalidExecutionInput"


def hand_on(account: Account, size: int) -> Outcome:
    states = {
        "All": {
            "Type": "Map",
            "Items": [1],
            "ItemProcessor": {
                "StartAt": "One",
                "States": {"One": {"Type": "Pass", "Output": f"{{% $pad('', {size}, 'x') %}}", "End": True}},
            },
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
            "Output": "handed on",
            "End": True,
        },
        "Caught": {"Type": "Pass", "Output": "caught", "End": True},
    }
    return account.execute(account.machine(states))


def test_plain_a_state_hands_on_any_size(plain: Account) -> None:
    assert hand_on(plain, 262_144).output == "handed on"


def test_a_state_that_hands_on_more_than_256_kib_ends_the_execution(account: Account) -> None:
    assert hand_on(account, 262_000).output == "handed on"
    assert hand_on(account, 262_144).error == "States.DataLimitExceeded"


def catch_runtime_error(account: Account) -> str:
    states = {
        "Impossible": {
            "Type": "Task",
            "Resource": "arn:aws:states:::no-such-service:call",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
            "End": True,
        },
        "Caught": {"Type": "Succeed"},
    }
    return account.execute(account.machine(states)).status


def test_plain_a_runtime_error_is_caught(plain: Account) -> None:
    assert catch_runtime_error(plain) == "SUCCEEDED"


def test_a_runtime_error_is_caught_by_nobody(account: Account) -> None:
    assert catch_runtime_error(account) == "FAILED"


def put_event(account: Account, source: str) -> Outcome:
    entry = {"Source": source, "DetailType": "Dataset Updated", "Detail": {"batch": 1}}
    states = {
        "Publish": {
            "Type": "Task",
            "Resource": "arn:aws:states:::events:putEvents",
            "Arguments": {"Entries": [entry]},
            "End": True,
        }
    }
    return account.execute(account.machine(states))


def test_plain_a_refused_event_passes_for_published(plain: Account) -> None:
    assert put_event(plain, "aws.reserved").status == "SUCCEEDED"


def test_a_refused_event_fails_the_state(account: Account) -> None:
    assert put_event(account, "headrace").status == "SUCCEEDED"
    assert put_event(account, "aws.reserved").error == "EventBridge.FailedEntry"
