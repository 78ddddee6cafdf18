"""A whole Headrace over the real adapters and moto, driven as tests/world.py drives the fakes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.catalog.glue import GlueCatalog

from headrace.aws.eventbridge import EventBridgeBus
from headrace.aws.glue_iceberg import GlueTableCatalog
from headrace.aws.s3 import S3ObjectStore
from headrace.aws.sns import SnsAlerts
from headrace.aws.stepfunctions import StepFunctionsExecutions
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import (
    CommitConflict,
    HeadraceError,
    OutcomeUnknown,
    Retryable,
    Throttled,
    Unavailable,
)
from headrace.domain.landed import LandedObject
from headrace.runtime import Reply
from headrace_cli.verify import Place
from tests.crash_matrix.account import account, checking
from tests.crash_matrix.lake_io import PROPERTIES
from tests.crash_matrix.stack import Stack
from tests.crash_matrix.wire import Killed, Wire
from tests.world import World, event_bridge

Step = Callable[..., Any]

_RETRIED = {"commit_batch": (Throttled, Unavailable, CommitConflict, OutcomeUnknown)}
"""What the state machine retries in place; the first two for every other step."""
_OF_COMMANDS = (ClientError, BotoCoreError)
FAILURES = (Killed, HeadraceError, *_OF_COMMANDS)
"""What the end of an invocation, or of a command, may be while faults strike."""
_TRIES = 9
_STORES = ("landing", "lake", "artefacts")
_TURNS = 12


class Stopped(Exception):
    """The execution was stopped while a step of it ran, so its next step is never called."""


class Restless(Exception):
    """Something still waits or runs after as many turns as AWS would have to take."""


class Machine(StepFunctionsExecutions):
    """The `ingest` state machine as moto keeps it: executions that run until they are stopped."""

    def __init__(self, client: Any, arn: str) -> None:
        super().__init__(client, arn)
        self.machine = arn

    @property
    def started(self) -> dict[str, DatasetId]:
        """The executions that run now."""
        listed = self._client.list_executions(stateMachineArn=self.machine, statusFilter="RUNNING")
        found = {}
        for one in listed["executions"]:
            described = self._client.describe_execution(executionArn=one["executionArn"])
            found[one["name"]] = DatasetId.parse(json.loads(described["input"])["dataset"])
        return found

    def stop(self, name: str) -> None:
        arn = f"{self.machine.replace(':stateMachine:', ':execution:')}:{name}"
        self._client.stop_execution(executionArn=arn)


class Flow(World):
    """Steps are invoked one at a time, and one that fails is retried as its state machine retries it.

    `boundary` is called before each invocation. `queue` holds the messages that nobody has acknowledged.
    `restarts`: a killed step is invoked again in the same execution, and not only by its next attempt.
    """

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire
        self.queue: list[str] = []
        self.restarts = False
        self.boundary: Callable[[Step, Any], None] = lambda *_: None
        self._under_way = ""
        adapters = _adapters()
        vars(self).update(adapters)
        self.stack = Stack(self, adapters["executions"].machine)

    def call(self, step: Callable[..., Reply], request: Any) -> Reply:
        self.boundary(step, request)
        execution = self._under_way
        reply = self._insist(step, request)
        if execution and not self.executions.running(execution):
            raise Stopped
        return reply

    def once(self, step: Callable[..., Reply], request: Any) -> Reply:
        """Invoke a step once, in a process of its own."""
        with self.wire.invocation():
            return super().call(step, request)

    def _insist(self, step: Callable[..., Reply], request: Any) -> Reply:
        for _ in range(_TRIES - 1):
            try:
                return self.once(step, request)
            except _RETRIED.get(step.__name__, (Throttled, Unavailable)):
                continue
            except Killed:
                if not self.restarts:
                    raise
        return self.once(step, request)

    def run(self, execution: str) -> None:
        """To its end, or to the step that fails it."""
        outer, self._under_way = self._under_way, execution
        try:
            super().run(execution)
        except Stopped:
            return
        except FAILURES:
            self.executions.stop(execution)
        finally:
            self._under_way = outer

    def land(self, key: str, body: bytes) -> LandedObject:
        """Put an object; its message waits in the queue."""
        landed = self.landing.land(key, body)
        self.queue.append(event_bridge(landed))
        return landed

    def come_to_rest(self) -> None:
        """Deliver, run and reconcile until nothing is left to do; raises Restless where that never ends."""
        for _ in range(_TURNS):
            self.queue = [message for message in self.queue if not self._acknowledged(message)]
            self.rest()
            self.clock.advance(timedelta(hours=1))
            if self._reconciled() and not self.queue and not list(self.waiting_executions()):
                return
        raise Restless

    def take_over(self, step: Step, request: Any) -> None:
        """What others do while the step under way hangs: its execution is given up, or where it is of none
        it is invoked a second time; its message is delivered again, and all comes to rest."""
        outer, self._under_way = self._under_way, ""
        if outer:
            self.executions.stop(outer)
        else:
            with suppress(*FAILURES):
                self.once(step, request)
        self.come_to_rest()
        self._under_way = outer

    def insist(self, request: Callable[[], object]) -> None:
        """What a person does whose command fails and may pass later: the same again."""
        for _ in range(_TURNS):
            with suppress(Killed, Retryable, *_OF_COMMANDS):
                request()
                return
        raise Restless

    @contextmanager
    def shown(self) -> Iterator[Place]:
        """The world as the checker looks at it."""
        with checking() as client:
            stores = {name: S3ObjectStore(client, getattr(self, name).bucket) for name in _STORES}
            yield cast(Place, SimpleNamespace(**{**vars(self), **stores}))

    def waiting_executions(self) -> Iterator[str]:
        return iter(sorted(self.executions.started))

    def _acknowledged(self, message: str) -> bool:
        self.clock.advance(timedelta(milliseconds=1))
        try:
            return self.deliver(message) == []
        except FAILURES:
            return False

    def _reconciled(self) -> bool:
        """Whether reconciling found nothing to do."""
        try:
            found = self.reconcile(list_landing=True)
        except FAILURES:
            return False
        return not found.woken and not found.admitted


def _adapters() -> dict[str, Any]:
    """The product's adapters over a new account."""
    emulated = account()
    clients = emulated.clients
    clients.events.create_event_bus(Name="headrace")
    topic = clients.sns.create_topic(Name="alerts")["TopicArn"]
    for database in ("curated", "quarantine", "marts"):
        clients.glue.create_database(DatabaseInput={"Name": database})
    sleeper = {"StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "Seconds": 86_400, "End": True}}}
    machine = clients.stepfunctions.create_state_machine(
        name="ingest", definition=json.dumps(sleeper), roleArn="arn:aws:iam::000000000000:role/ingest"
    )["stateMachineArn"]
    return {
        "landing": emulated.bucket(),
        "lake": emulated.bucket(versioned=False),
        "artefacts": emulated.bucket(versioned=False),
        "ledger": emulated.ledger(),
        "catalog": GlueTableCatalog(GlueCatalog("glue", client=clients.glue, **PROPERTIES)),
        "executions": Machine(clients.stepfunctions, machine),
        "events": EventBridgeBus(clients.events, "headrace"),
        "alerts": SnsAlerts(clients.sns, topic),
        "masking_keys": emulated.masking_keys(),
    }
