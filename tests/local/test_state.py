"""What an account keeps when its laptop is stopped, and when it is killed."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace_local.laptop import Laptop
from tests.local.account import Account, eventually

pytestmark = [pytest.mark.laptop, pytest.mark.slow]


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    yield from _running(Laptop(tmp_path, port=0))


@pytest.fixture
def plain_laptop(tmp_path: Path) -> Iterator[Laptop]:
    yield from _running(Laptop(tmp_path, port=0, plain=True))


def _running(laptop: Laptop) -> Iterator[Laptop]:
    laptop.start()
    yield laptop
    laptop.stop()


def fill(account: Account) -> dict[str, Any]:
    """One thing of each kind, and what identifies it."""
    s3, dynamodb, glue = account.client("s3"), account.client("dynamodb"), account.client("glue")
    s3.create_bucket(Bucket="landing")
    s3.put_bucket_versioning(Bucket="landing", VersioningConfiguration={"Status": "Enabled"})
    versions = [s3.put_object(Bucket="landing", Key="a b", Body=body)["VersionId"] for body in (b"1", b"2")]
    dynamodb.create_table(
        TableName="ledger",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    item = {
        "pk": {"S": "sales/orders"},
        "batch": {"N": "7"},
        "hash": {"B": b"\x00\xff"},
        "gone": {"NULL": True},
    }
    dynamodb.put_item(TableName="ledger", Item=item)
    glue.create_database(DatabaseInput={"Name": "curated"})
    table = {"Name": "sales_orders", "Parameters": {"metadata_location": "s3://lake/1.json"}}
    glue.create_table(DatabaseName="curated", TableInput=table)
    queue, _ = account.queue()
    account.client("sqs").send_message(QueueUrl=queue, MessageBody='"waiting"')
    machine = account.machine({"Wait": {"Type": "Wait", "Seconds": 3000, "End": True}})
    execution = account.client("stepfunctions").start_execution(stateMachineArn=machine)["executionArn"]
    function = account.function("def handler(event, context): return 7")
    return {
        "versions": versions,
        "item": item,
        "queue": queue.rsplit("/", 1)[1],
        "execution": execution,
        "function": function,
    }


def assert_filled(account: Account, made: dict[str, Any]) -> None:
    s3, dynamodb, glue = account.client("s3"), account.client("dynamodb"), account.client("glue")
    bodies = [
        s3.get_object(Bucket="landing", Key="a b", VersionId=version)["Body"].read()
        for version in made["versions"]
    ]
    assert bodies == [b"1", b"2"]
    assert dynamodb.scan(TableName="ledger")["Items"] == [made["item"]]
    table = glue.get_table(DatabaseName="curated", Name="sales_orders")["Table"]
    assert table["Parameters"]["metadata_location"] == "s3://lake/1.json"
    queue = account.client("sqs").get_queue_url(QueueName=made["queue"])["QueueUrl"]
    assert account.receive(queue, 1) == ["waiting"]
    assert account.invoke(made["function"]) == 7
    # An execution that was running does not go on: it has failed, so that a reconciler can start anew.
    assert account.outcome(made["execution"]).status == "FAILED"


def test_a_stopped_account_goes_on_where_it_was(laptop: Laptop) -> None:
    made = fill(Account(laptop))
    laptop.stop()
    laptop.start()
    assert_filled(Account(laptop), made)


def failures_told_after_a_restart(laptop: Laptop) -> list[str]:
    """The executions that a status event says have failed, when one was running as the laptop stopped."""
    account = Account(laptop)
    queue, arn = account.queue()
    pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED"]}}
    account.client("events").put_rule(Name="failed", EventPattern=json.dumps(pattern))
    account.client("events").put_targets(Rule="failed", Targets=[{"Id": "queue", "Arn": arn}])
    machine = account.machine({"Wait": {"Type": "Wait", "Seconds": 3000, "End": True}})
    account.client("stepfunctions").start_execution(stateMachineArn=machine, name="interrupted")
    laptop.stop()
    laptop.start()
    account = Account(laptop)
    account.client("sqs").send_message(QueueUrl=queue, MessageBody='{"detail": {"name": "last"}}')
    told: list[str] = []
    while "last" not in told:
        told += [event["detail"]["name"] for event in account.receive(queue, 1)]
    return told


def test_an_execution_that_a_restart_ended_is_told_to_have_failed(laptop: Laptop) -> None:
    assert failures_told_after_a_restart(laptop) == ["interrupted", "last"]


def test_plain_an_execution_that_a_restart_ended_is_told_to_nobody(plain_laptop: Laptop) -> None:
    assert failures_told_after_a_restart(plain_laptop) == ["last"]


def admitted_after_a_restart(laptop: Laptop) -> bool:
    """Whether a function gets a queue's message after a start on another port."""
    account = Account(laptop)
    queue, arn = account.queue()
    told, _ = account.queue()
    function = account.function(
        "import boto3\n"
        "def handler(event, context):\n"
        f"    boto3.client('sqs').send_message(QueueUrl='{told}', MessageBody=event['Records'][0]['body'])\n"
    )
    account.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=function)
    port = laptop.endpoint
    laptop.stop()
    laptop.start()
    assert laptop.endpoint != port
    account = Account(laptop)
    account.client("sqs").send_message(QueueUrl=queue, MessageBody='"waiting"')
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        reply = account.client("sqs").receive_message(QueueUrl=told, WaitTimeSeconds=1)
        if reply.get("Messages"):
            return True
    return False


def test_a_function_gets_messages_after_a_start_on_another_port(laptop: Laptop) -> None:
    assert admitted_after_a_restart(laptop)


def test_plain_a_function_gets_no_message_after_a_start_on_another_port(plain_laptop: Laptop) -> None:
    assert not admitted_after_a_restart(plain_laptop)


def kill(laptop: Laptop) -> None:
    running = laptop.running()
    assert running
    os.kill(running.pid, signal.SIGKILL)
    eventually(lambda: laptop.running() is None)


def test_a_killed_account_goes_on_from_its_last_snapshot(laptop: Laptop) -> None:
    made = fill(Account(laptop))
    # The catalog is written last; when it is on disk, so is all that was there before.
    eventually(lambda: _holds(laptop.state / "services/glue.json", "sales_orders"))
    kill(laptop)
    laptop.start()
    assert_filled(Account(laptop), made)


def test_plain_a_killed_account_is_gone_but_for_its_objects(plain_laptop: Laptop) -> None:
    fill(Account(plain_laptop))
    kill(plain_laptop)
    plain_laptop.start()
    account = Account(plain_laptop)
    assert account.client("dynamodb").list_tables()["TableNames"] == []
    assert account.client("s3").get_object(Bucket="landing", Key="a b")["Body"].read() == b"2"


def _holds(file: Path, text: str) -> bool:
    return file.exists() and text in json.dumps(json.loads(file.read_text()))
