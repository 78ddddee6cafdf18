"""Each gap of MiniStack twice: plain MiniStack still has it (else ours can go), and here it is closed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError

from headrace_local import emulator
from headrace_local.laptop import Laptop
from tests.local.account import ROLE, Account, Outcome, eventually, new_name

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

FAILING = """
import os
class UnreadableObject(Exception): pass
def handler(event, context):
    if event == "fail": raise UnreadableObject("row 7")
    if event == "leave": os._exit(1)
    return os.getpid()
"""


def invocation(function: str, payload: object = None) -> dict[str, object]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": payload},
        "End": True,
    }


# Lambda's errors


def caught_by_name(account: Account) -> str:
    states = {
        "Read": {
            **invocation(account.function(FAILING), "fail"),
            "Catch": [{"ErrorEquals": ["UnreadableObject"], "Next": "Quarantine"}],
        },
        "Quarantine": {"Type": "Succeed"},
    }
    return account.execute(account.machine(states)).status


def test_plain_an_error_is_not_caught_by_its_class_name(plain: Account) -> None:
    assert caught_by_name(plain) == "FAILED"


def test_an_error_is_caught_by_its_class_name(account: Account) -> None:
    assert caught_by_name(account) == "SUCCEEDED"


def test_the_cause_of_a_failed_task_is_the_error_as_the_runtime_reports_it(account: Account) -> None:
    outcome = account.execute(account.machine({"Read": invocation(account.function(FAILING), "fail")}))
    cause = json.loads(outcome.cause or "")
    assert (cause["errorType"], cause["errorMessage"]) == ("UnreadableObject", "row 7")
    assert "raise UnreadableObject" in cause["stackTrace"][-1]


def survives_an_error(account: Account) -> bool:
    function = account.function(FAILING)
    before = account.invoke(function)
    account.invoke(function, "fail")
    return bool(account.invoke(function) == before)


def test_plain_an_error_costs_a_cold_start(plain: Account) -> None:
    assert not survives_an_error(plain)


def test_an_error_costs_no_cold_start(account: Account) -> None:
    assert survives_an_error(account)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("raise KeyError('HEADRACE_LEDGER')", "KeyError"),
        ("import no_such_module", "Runtime.ImportModuleError"),
        ("def handler(:", "Runtime.UserCodeSyntaxError"),
        ("def run(event, context): pass", "Runtime.HandlerNotFound"),
    ],
)
def test_a_function_that_cannot_be_loaded_says_why_by_name(account: Account, code: str, name: str) -> None:
    assert account.invoke(account.function(code))["errorType"] == name


def test_a_function_that_leaves_its_process_has_exited(account: Account) -> None:
    function = account.function(FAILING)
    assert account.invoke(function, "leave")["errorType"] == "Runtime.ExitError"
    assert isinstance(account.invoke(function), int)


# Lambda's concurrency

SLOW = """
import time
def handler(event, context):
    began = time.time()
    time.sleep(0.8)
    return [began, time.time()]
"""


def map_over(account: Account, function: str, invocations: int, **fields: object) -> Outcome:
    iteration = {**invocation(function), "Output": "{% $states.result.Payload %}", **fields}
    states = {
        "All": {
            "Type": "Map",
            "Items": list(range(invocations)),
            "ItemProcessor": {"StartAt": "One", "States": {"One": iteration}},
            "End": True,
        }
    }
    return account.execute(account.machine(states))


def most_at_once(account: Account, invocations: int) -> int:
    spans: list[tuple[float, float]] = map_over(account, account.function(SLOW), invocations).output
    return max(sum(began <= moment < ended for began, ended in spans) for moment, _ in spans)


def test_plain_as_many_functions_run_at_once_as_are_invoked(plain: Account) -> None:
    assert most_at_once(plain, 4) > 2


def test_no_more_functions_run_at_once_than_there_are_slots(account: Account) -> None:
    assert most_at_once(account, 4) <= account.laptop.slots


def test_a_function_that_waits_for_another_does_not_wait_for_its_own_slot(account: Account) -> None:
    inner = account.function("def handler(event, context): return 7")
    outer = account.function(
        "import boto3\n"
        "def handler(event, context):\n"
        f"    return int(boto3.client('lambda').invoke(FunctionName='{inner}')['Payload'].read())\n"
    )
    assert map_over(account, outer, 3).output == [7, 7, 7]


def test_waiting_for_a_slot_does_not_use_up_the_time_of_a_task(account: Account) -> None:
    assert map_over(account, account.function(SLOW), 8, TimeoutSeconds=3).status == "SUCCEEDED"


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


# Events and queues


def arrivals(account: Account) -> tuple[str, str]:
    """A versioned bucket, and a queue that gets its EventBridge events."""
    bucket, (url, arn) = account.bucket(), account.queue()
    s3, events = account.client("s3"), account.client("events")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    events.put_rule(Name=bucket, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=bucket, Targets=[{"Id": "queue", "Arn": arn}])
    return bucket, url


def land_in_every_way(account: Account) -> tuple[dict[str, str], dict[str, str | None]]:
    """The versions S3 gave three objects, and those their events name."""
    bucket, queue = arrivals(account)
    s3 = account.client("s3")
    given = {"put": s3.put_object(Bucket=bucket, Key="put", Body=b"1")["VersionId"]}
    given["copied"] = s3.copy_object(
        Bucket=bucket, Key="copied", CopySource={"Bucket": bucket, "Key": "put"}
    )["VersionId"]
    upload = {"Bucket": bucket, "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"2")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    given["parts"] = s3.complete_multipart_upload(**upload, MultipartUpload=parts)["VersionId"]
    objects = [event["detail"]["object"] for event in account.receive(queue, 3)]
    return given, {landed["key"]: landed.get("version-id") for landed in objects}


def test_plain_an_event_does_not_name_the_version(plain: Account) -> None:
    _, named = land_in_every_way(plain)
    assert named == {"put": None, "copied": None, "parts": None}


def test_an_event_names_the_version_that_arrived(account: Account) -> None:
    given, named = land_in_every_way(account)
    assert named == given


HOSTILE_KEYS = [
    "sales/orders/a b+c%20d%2F.csv",
    "sales/orders/línea ü 漢字 🌊.csv",
    "sales/orders/new\nline\ttab.csv",
    "sales/orders/\"quoted\" 'and' <tagged> & {{%}}.csv",
    "sales//orders/./../up.csv",
]


def test_a_hostile_key_arrives_as_it_was_given(account: Account) -> None:
    bucket, queue = arrivals(account)
    for key in HOSTILE_KEYS:
        account.client("s3").put_object(Bucket=bucket, Key=key, Body=b"1")
    keys = [event["detail"]["object"]["key"] for event in account.receive(queue, len(HOSTILE_KEYS))]
    assert sorted(keys) == sorted(HOSTILE_KEYS)


def largest_batch(account: Account, messages: int) -> int:
    """The most messages one invocation got of those that waited, at a batch size of 100."""
    source, source_arn = account.queue()
    told, _ = account.queue()
    function = account.function(
        "import boto3\n"
        "def handler(event, context):\n"
        "    size = str(len(event['Records']))\n"
        f"    boto3.client('sqs').send_message(QueueUrl='{told}', MessageBody=size)\n"
    )
    for number in range(messages):
        account.client("sqs").send_message(QueueUrl=source, MessageBody=str(number))
    account.client("lambda").create_event_source_mapping(
        EventSourceArn=source_arn, FunctionName=function, BatchSize=100, MaximumBatchingWindowInSeconds=1
    )
    sizes: list[int] = []
    while sum(sizes) < messages:
        sizes += account.receive(told, 1)
    return max(sizes)


def test_plain_a_batch_has_ten_messages_at_most(plain: Account) -> None:
    assert largest_batch(plain, 25) == 10


def test_a_batch_has_as_many_messages_as_its_size_allows(account: Account) -> None:
    assert largest_batch(account, 25) == 25


def test_a_message_whose_record_failed_comes_back_alone(account: Account) -> None:
    source, source_arn = account.queue()
    account.client("sqs").set_queue_attributes(QueueUrl=source, Attributes={"VisibilityTimeout": "3"})
    told, _ = account.queue()
    function = account.function(
        "import boto3, json\n"
        "seen = set()\n"
        "def handler(event, context):\n"
        "    bodies = [record['body'] for record in event['Records']]\n"
        f"    boto3.client('sqs').send_message(QueueUrl='{told}', MessageBody=json.dumps(bodies))\n"
        "    bad = [r['messageId'] for r in event['Records'] if r['body'] == 'bad' and 'bad' not in seen]\n"
        "    seen.update(bodies)\n"
        "    return {'batchItemFailures': [{'itemIdentifier': name} for name in bad]}\n"
    )
    account.invoke(function, {"Records": []})  # else its cold start might outlast the visibility timeout
    for body in ("good", "bad", "better"):
        account.client("sqs").send_message(QueueUrl=source, MessageBody=body)
    account.client("lambda").create_event_source_mapping(
        EventSourceArn=source_arn, FunctionName=function, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    assert account.receive(told, 3) == [[], ["good", "bad", "better"], ["bad"]]
    counted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    eventually(
        lambda: (
            set(
                account.client("sqs")
                .get_queue_attributes(QueueUrl=source, AttributeNames=counted)["Attributes"]
                .values()
            )
            == {"0"}
        )
    )


# Deployments


def versions_seen_around_a_deployment(laptop: Laptop, platform: Path) -> tuple[int, int]:
    """What a warm function sees of the project's code before and after it changed and was deployed."""
    module = platform / "platform_of_the_project.py"
    module.write_text("VERSION = 1")
    with patch.dict(os.environ, {"PYTHONPATH": str(platform)}):
        laptop.start()
    account = Account(laptop)
    function = account.function(
        "import platform_of_the_project\n"
        "def handler(event, context): return platform_of_the_project.VERSION\n"
    )
    before = account.invoke(function)
    module.write_text("VERSION = 22")
    account.client("cloudformation").create_change_set(
        StackName=new_name(),
        ChangeSetName="any",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}',
    )
    return before, account.invoke(function)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Laptop]:
    laptop = Laptop(tmp_path / "own", port=0, keep=False)
    yield laptop
    laptop.stop()


@pytest.fixture
def own_plain(tmp_path: Path) -> Iterator[Laptop]:
    laptop = Laptop(tmp_path / "plain", port=0, keep=False, plain=True)
    yield laptop
    laptop.stop()


def test_plain_a_deployment_does_not_reach_a_warm_function(own_plain: Laptop, tmp_path: Path) -> None:
    assert versions_seen_around_a_deployment(own_plain, tmp_path) == (1, 1)


def test_a_deployment_reaches_a_warm_function(own: Laptop, tmp_path: Path) -> None:
    assert versions_seen_around_a_deployment(own, tmp_path) == (1, 22)


# What only shows inside the process

SEAMS = """
import asyncio, json, sys, threading, time, types
from ministack import app
from ministack.core.arn import parse_arn
from ministack.services import dynamodb, eventbridge, glue, sqs, stepfunctions
if sys.argv[1] == "closed":
    from headrace_local.gaps import close_all
    close_all(slots=2)

taken = []
class Lock:
    def __enter__(self): taken.append(threading.current_thread())
    def __exit__(self, *_): pass
sqs._queues_lock = Lock()
eventbridge._dispatch_to_sqs(parse_arn("arn:aws:sqs:us-east-1:000000000000:none"), "{}")

ran_on = []
def update(request):
    ran_on.append(threading.current_thread())
    return 200, {}, b"{}"
dynamodb._update_item = update
async def main():
    app._MAIN_LOOP = asyncio.get_running_loop()
    task = stepfunctions._SERVICE_DISPATCH["arn:aws:states:::dynamodb:updateItem"]
    await asyncio.to_thread(task, "arn:aws:states:::dynamodb:updateItem", {})
asyncio.run(main())

glue._create_database({"DatabaseInput": {"Name": "curated"}})
glue._create_table({"DatabaseName": "curated", "TableInput": {"Name": "orders"}})
commit = {"DatabaseName": "curated", "TableInput": {"Name": "orders"}, "VersionId": "1"}
answers = []
other = threading.Thread(target=lambda: answers.append(glue._update_table(commit)[0]))
def between_check_and_write():
    glue.time = time
    other.start()
    other.join(timeout=0.5)
    return time.time()
glue.time = types.SimpleNamespace(time=between_check_and_write)
answers.append(glue._update_table(commit)[0])
other.join()

print(json.dumps({
    "locked": bool(taken),
    "on_the_loop": ran_on == [threading.main_thread()],
    "winners": answers.count(200),
}))
"""


Seams = dict[str, dict[str, int]]


@pytest.fixture(scope="module")
def seams(tmp_path_factory: pytest.TempPathFactory) -> Seams:
    variables = emulator.environment(tmp_path_factory.mktemp("seams"), 1, keep=False, wait_scale=0)
    variables["TMPDIR"] = str(tmp_path_factory.mktemp("temporary"))

    def run(gaps: str) -> dict[str, int]:
        ran = subprocess.run(
            [sys.executable, "-c", SEAMS, gaps], env=variables, capture_output=True, text=True, check=True
        )
        found: dict[str, int] = json.loads(ran.stdout)
        return found

    return {gaps: run(gaps) for gaps in ("open", "closed")}


def test_plain_an_event_is_put_into_its_queue_without_the_queues_lock(seams: Seams) -> None:
    assert not seams["open"]["locked"]


def test_an_event_is_put_into_its_queue_under_the_queues_lock(seams: Seams) -> None:
    assert seams["closed"]["locked"]


def test_plain_a_machines_ledger_write_does_not_take_its_turn(seams: Seams) -> None:
    assert not seams["open"]["on_the_loop"]


def test_a_machines_ledger_write_takes_its_turn(seams: Seams) -> None:
    assert seams["closed"]["on_the_loop"]


def test_plain_two_commits_from_one_version_of_a_table_both_win(seams: Seams) -> None:
    assert seams["open"]["winners"] == 2


def test_one_of_two_commits_from_one_version_of_a_table_wins(seams: Seams) -> None:
    assert seams["closed"]["winners"] == 1
