"""What moves in a deployment right now: leases, waiting objects, the buffer, mart refreshes."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.lineup import MAX_ATTEMPTS, DatasetState
from headrace_cli.deployment import Deployment

COUNTED = 10_000
"""Waiting objects are counted up to here: what comes after changes no decision."""

_AT_ONCE = 8

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Execution(Struct, frozen=True):
    """An execution of a state machine; `status` is Step Functions' own, UNKNOWN where it never started."""

    name: str
    status: str
    error: str = ""
    cause: str = ""

    @property
    def running(self) -> bool:
        return self.status == "RUNNING"


class Buffer(Struct, frozen=True):
    """Messages in the queues, as SQS estimates them. `dead` ones were given up on by admit_objects,
    `undelivered` events and calls found no taker."""

    waiting: int
    in_flight: int
    dead: int
    undelivered: int

    @property
    def empty(self) -> bool:
        return not (self.waiting or self.in_flight)


class Lane(Struct, frozen=True):
    """One dataset: where it stands, what waits for it, and the execution that holds its lease."""

    state: DatasetState
    waiting: int
    execution: Execution | None = None

    @property
    def at_rest(self) -> bool:
        return not (self.waiting or self.state.lease)

    @property
    def unattended(self) -> bool:
        """Something is to be done and no execution does it; a moment later one may."""
        return not self.at_rest and not (self.execution and self.execution.running)

    @property
    def stopped(self) -> bool:
        """Nothing will move it but a person."""
        return self.unattended and bool(self.state.lease) and self.state.attempt >= MAX_ATTEMPTS


class Scene(Struct, frozen=True):
    """The whole deployment at one moment; `refreshing` counts running mart refreshes."""

    lanes: tuple[Lane, ...]
    buffer: Buffer
    refreshing: int

    @property
    def at_rest(self) -> bool:
        return self.buffer.empty and not self.refreshing and all(lane.at_rest for lane in self.lanes)


def look(deployment: Deployment) -> Scene:
    """Upstream first: what moves on while we look is seen downstream, never missed."""
    buffer = buffer_of(deployment)
    names = [state.dataset for state in deployment.ledger.datasets()]
    lanes = at_once(deployment, lambda name: lane(deployment, name), names)
    return Scene(lanes, buffer, _refreshing(deployment))


def at_once(
    deployment: Deployment, ask: Callable[[Asked], Answer], names: Iterable[Asked]
) -> tuple[Answer, ...]:
    """Ask about many things at a time, in order; threads may share clients, but not make them."""
    _ = deployment.clients.stepfunctions, deployment.ledger, deployment.artefacts
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(ask, names))


def lane(deployment: Deployment, dataset: DatasetId) -> Lane:
    """What waits is counted before the lease is read: it leaves the one only under the other."""
    waiting = len(deployment.ledger.pending(dataset, COUNTED))
    state = deployment.registered(dataset)
    held = _execution(deployment, state.lease.execution) if state.lease else None
    return Lane(state, waiting, held)


def _execution(deployment: Deployment, name: str) -> Execution:
    machine = deployment.outputs.ingest_state_machine_arn
    client = deployment.clients.stepfunctions
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    try:
        found = client.describe_execution(executionArn=arn)
    except client.exceptions.ExecutionDoesNotExist:
        return Execution(name, "UNKNOWN")
    return Execution(name, found["status"], found.get("error", ""), message(found.get("cause", "")))


def message(cause: str) -> str:
    """What the cause of a failed execution says: a Lambda's is a JSON document around its message."""
    try:
        said = msgspec.json.decode(cause)
    except msgspec.DecodeError:
        return cause
    return str(said.get("errorMessage", cause)) if isinstance(said, dict) else cause


def _refreshing(deployment: Deployment) -> int:
    machine = deployment.outputs.refresh_mart_state_machine_arn
    pages = deployment.clients.stepfunctions.get_paginator("list_executions")
    found = pages.paginate(stateMachineArn=machine, statusFilter="RUNNING")
    return sum(len(page["executions"]) for page in found)


def buffer_of(deployment: Deployment) -> Buffer:
    """The queues now."""
    names = deployment.outputs
    waiting, in_flight = _depth(deployment, names.buffer_queue_url)
    dead, undelivered = (
        sum(_depth(deployment, queue))
        for queue in (names.buffer_dead_letter_queue_url, names.undelivered_queue_url)
    )
    return Buffer(waiting, in_flight, dead, undelivered)


def _depth(deployment: Deployment, queue: str) -> tuple[int, int]:
    """Messages to be received, and received but not yet deleted."""
    found = deployment.sqs.get_queue_attributes(
        QueueUrl=queue,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ],
    )["Attributes"]
    delayed = int(found.get("ApproximateNumberOfMessagesDelayed", "0"))
    waiting = int(found["ApproximateNumberOfMessages"]) + delayed
    return waiting, int(found["ApproximateNumberOfMessagesNotVisible"])
