"""What the tests do in an emulated account, through boto3 alone."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import boto3

from headrace_local.laptop import Laptop

T = TypeVar("T")
ROLE = "arn:aws:iam::000000000000:role/any"


@dataclass(frozen=True)
class Outcome:
    """How an execution ended."""

    status: str
    output: Any
    error: str | None
    cause: str | None


@dataclass(frozen=True)
class Account:
    """The account of a running laptop; every name it gives is new, so tests do not meet."""

    laptop: Laptop
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            connect: Any = boto3.client
            self._clients[service] = connect(
                service,
                endpoint_url=self.laptop.endpoint,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                region_name="us-east-1",
            )
        return self._clients[service]

    def function(self, code: str, *, timeout_s: int = 30) -> str:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("code.py", code)
        name = new_name()
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="code.handler",
            Role=ROLE,
            Timeout=timeout_s,
            Code={"ZipFile": archive.getvalue()},
        )
        return name

    def invoke(self, function: str, event: object = None) -> Any:
        reply = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        return json.loads(reply["Payload"].read())

    def machine(self, states: Mapping[str, object], **fields: object) -> str:
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **fields}
        reply = self.client("stepfunctions").create_state_machine(
            name=new_name(), definition=json.dumps(definition), roleArn=ROLE
        )
        return str(reply["stateMachineArn"])

    def execute(self, machine: str, payload: object = None) -> Outcome:
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps(payload)
        )
        return self.outcome(started["executionArn"])

    def outcome(self, execution: str) -> Outcome:
        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        found = eventually(ended)
        output = json.loads(found["output"]) if "output" in found else None
        return Outcome(found["status"], output, found.get("error"), found.get("cause"))

    def bucket(self) -> str:
        name = new_name()
        self.client("s3").create_bucket(Bucket=name)
        return name

    def queue(self) -> tuple[str, str]:
        """A queue's URL and ARN."""
        url = self.client("sqs").create_queue(QueueName=new_name())["QueueUrl"]
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, attributes["Attributes"]["QueueArn"]

    def receive(self, queue: str, count: int) -> list[Any]:
        """The bodies of the next `count` messages, each parsed as JSON."""
        bodies: list[Any] = []

        def received() -> bool:
            reply = self.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
            for message in reply.get("Messages", []):
                self.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                bodies.append(json.loads(message["Body"]))
            return len(bodies) >= count

        eventually(received)
        return bodies


def new_name() -> str:
    return f"t{uuid.uuid4().hex[:12]}"


def eventually(check: Callable[[], T | None], *, timeout_s: float = 30.0) -> T:
    """The first truthy value of `check`."""
    deadline = time.monotonic() + timeout_s
    while not (value := check()):
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s"
        time.sleep(0.02)
    return value
