"""A laptop of its own, and all that users, schedules and operators do to it from outside."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from botocore.exceptions import BotoCoreError

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from headrace.domain.lineup import MAX_ATTEMPTS
from headrace.steps.reconcile import Reconcile, Reconciled
from headrace.steps.register_dataset import ContractText, RegisterDataset
from headrace_cli.deployment import Target, resolve
from headrace_cli.scene import buffer_of
from headrace_cli.verify.check import verify
from headrace_cli.verify.outside import Outside
from headrace_local.deploy import deploy
from headrace_local.laptop import Laptop
from tests.front_door import rows
from tests.front_door.ear import Ear
from tests.world import event_bridge

_MESSAGES_AT_ONCE = 10
_LOOKS_S = 0.5


class FunctionDied(Exception):
    """A function that was called and waited for failed, or was killed."""


class FrontDoor:
    """A deployment on a laptop that keeps its account. Objects come in through S3, as from anybody.

    `visibility_s` is how soon the buffer gives a message of a dead worker to another; the template's 750 s
    would make each such message outlast a short run.
    """

    def __init__(self, state: Path, *, slots: int, wait_scale: float = 1.0, visibility_s: int = 750) -> None:
        self.laptop = Laptop(state, port=0, keep=True, slots=slots, wait_scale=wait_scale)
        self._visibility_s = visibility_s
        self._contracts: Mapping[DatasetId, ContractText] = {}

    @property
    def pid(self) -> int:
        """The emulator's process; the workers are its children."""
        running = self.laptop.running()
        if running is None:
            raise RuntimeError(f"the laptop on {self.laptop.state} is not running; see {self.laptop.log}")
        return running.pid

    @property
    def datasets(self) -> Sequence[DatasetId]:
        return tuple(self._contracts)

    def open(self, contracts: Mapping[DatasetId, ContractText]) -> None:
        """Start, deploy, register."""
        self._contracts = contracts
        self.laptop.start()
        deploy(self.laptop)
        self.deployment = resolve(Target(self.laptop.state))
        self.deployment.sqs.set_queue_attributes(
            QueueUrl=self.deployment.outputs.buffer_queue_url,
            Attributes={"VisibilityTimeout": str(self._visibility_s)},
        )
        self._ear = Ear(self.deployment)
        self.register(*contracts)

    def close(self) -> None:
        """Stop the laptop and delete its account."""
        self.laptop.wipe()

    def restart(self, *, crash: bool) -> None:
        """Stop and start; a `crash` kills the emulator and all it runs, as a power cut would."""
        if crash:
            pid = self.pid
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        else:
            self.laptop.stop()
        self.laptop.start()
        self.deployment = self._ear.deployment = resolve(Target(self.laptop.state))

    def register(self, *datasets: DatasetId) -> None:
        """Put contracts in force, again where they are: that starts a dataset over that was given up."""
        request = RegisterDataset(tuple(self._contracts[dataset] for dataset in datasets))
        self._invoke(self.deployment.outputs.register_dataset_function, request)

    def put(self, dataset: DatasetId, number: int, count: int) -> LandedObject:
        """Land object `number` with so many rows; the bucket announces it."""
        bucket, key = self.deployment.outputs.landing_bucket, rows.key(dataset, number)
        body = rows.body(number, count)
        reply = self.deployment.clients.s3.put_object(Bucket=bucket, Key=key, Body=body)
        return LandedObject(bucket, key, reply["VersionId"], reply["ETag"].strip('"'), len(body))

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """What lands now is announced to nobody."""
        events = self.deployment.clients.events
        (rule,) = (
            one["Name"]
            for one in events.list_rules()["Rules"]
            if "Object Created" in one.get("EventPattern", "")
        )
        events.disable_rule(Name=rule)
        try:
            yield
        finally:
            events.enable_rule(Name=rule)

    def announce(self, landed: Iterable[LandedObject]) -> None:
        """Send further events of objects that landed: what EventBridge delivers more than once."""
        messages = [event_bridge(one) for one in landed]
        for start in range(0, len(messages), _MESSAGES_AT_ONCE):
            self.deployment.sqs.send_message_batch(
                QueueUrl=self.deployment.outputs.buffer_queue_url,
                Entries=[
                    {"Id": str(place), "MessageBody": message}
                    for place, message in enumerate(messages[start : start + _MESSAGES_AT_ONCE])
                ],
            )

    def reconcile(self, *, list_landing: bool) -> Reconciled | None:
        """What the schedules do; None where its function died, or the emulator did."""
        try:
            reply = self._invoke(
                self.deployment.outputs.reconcile_function, Reconcile(list_landing=list_landing)
            )
        except (FunctionDied, BotoCoreError):
            return None
        return msgspec.json.decode(reply, type=Reconciled)

    def given_up(self) -> list[DatasetId]:
        """Datasets that only registering again will move: all their attempts failed."""
        tried = (one for one in self.deployment.ledger.datasets() if one.attempt >= MAX_ATTEMPTS)
        return [
            one.dataset
            for one in tried
            if one.lease and not self.deployment.executions.running(one.lease.execution)
        ]

    def idle(self) -> list[DatasetId]:
        """Datasets that nobody works on."""
        return [one.dataset for one in self.deployment.ledger.datasets() if one.lease is None]

    def buffered(self) -> int:
        """Messages in the buffer, those that are being admitted included."""
        buffer = buffer_of(self.deployment)
        return buffer.waiting + buffer.in_flight

    def dead(self) -> int:
        """Messages that were given up."""
        return buffer_of(self.deployment).dead

    def redrive(self) -> int:
        """Put dead messages back into the buffer, as an operator does; how many."""
        source, target = (
            self.deployment.outputs.buffer_dead_letter_queue_url,
            self.deployment.outputs.buffer_queue_url,
        )
        moved = 0
        while found := self.deployment.sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in found:
                self.deployment.sqs.send_message(QueueUrl=target, MessageBody=message["Body"])
                self.deployment.sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
                moved += 1
        return moved

    @property
    def resting(self) -> bool:
        """Upstream first: what moves on while we look is seen downstream, never missed."""
        ledger = self.deployment.ledger
        return not self.buffered() and not any(
            ledger.pending(one.dataset, 1) or one.lease for one in ledger.datasets()
        )

    def rest(self, timeout_s: float, *, every_s: float, tend: Callable[[], object]) -> None:
        """Wait until nothing moves, seen twice; calls `tend` every so often. Raises TimeoutError."""
        began = tended = time.monotonic()
        rested = 0
        while rested < 2:
            rested = rested + 1 if self.resting else 0
            now = time.monotonic()
            if now - began > timeout_s:
                raise TimeoutError(f"not at rest after {timeout_s:.0f} s: {self.standing()}")
            if now - tended > every_s:
                tend()
                tended = time.monotonic()
            time.sleep(_LOOKS_S)

    def standing(self) -> str:
        """What has not come to rest, for people to read."""
        ledger = self.deployment.ledger
        held = [one.lease.execution for one in ledger.datasets() if one.lease]
        waiting = sum(len(ledger.pending(dataset, 1000)) for dataset in self.datasets)
        return (
            f"{self.buffered()} messages in the buffer, {self.dead()} dead, {waiting} objects wait; "
            f"at work: {', '.join(held) or 'nobody'}"
        )

    def violations(self, *, told: bool) -> list[str]:
        """What `verify` finds, at rest; with `told` it counts the events that were received, too."""
        outside = Outside(
            queues={"buffer": self.buffered()},
            dead={"dead letters": self.dead()},
            events=self._ear.heard() if told else None,
        )
        found = verify(self.deployment, outside=outside)
        return [*map(str, found.violations), *found.under_way]

    def executions(self) -> dict[str, int]:
        """How many executions of `ingest` ended how."""
        pages = self.deployment.clients.stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=self.deployment.outputs.ingest_state_machine_arn
        )
        states = [execution["status"] for page in pages for execution in page["executions"]]
        return {state: states.count(state) for state in sorted(set(states))}

    def _invoke(self, function: str, request: msgspec.Struct) -> bytes:
        """The reply of a function. Raises FunctionDied where it failed."""
        answer = self.deployment.functions.invoke(FunctionName=function, Payload=msgspec.json.encode(request))
        reply = answer["Payload"].read()
        if "FunctionError" in answer:
            raise FunctionDied(f"{function}: {reply.decode()}")
        return reply
