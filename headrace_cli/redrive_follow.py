"""Follows what was sent back until every object, and every refresh, has come to its end."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState
from headrace.ports import LedgerObject
from headrace_cli import scene
from headrace_cli.deployment import Deployment

_POLL_S = 0.5

_TOLD = 20
"""Objects that are named at most."""

BEFORE = "BEFORE"
"""In place of a state: the object had come to its end in an earlier batch, and stays as it was."""


class Followed(Struct, frozen=True):
    """Ends by state, what became of objects that were not loaded, refreshes by status, and what had not come
    to its end in time."""

    ends: Mapping[str, int]
    told: tuple[str, ...]
    refreshes: Mapping[str, int]
    waiting: int


class Follow:
    """What is awaited. `registered` are the datasets that took objects when this was made."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._ledger, self._executions = deployment.ledger, deployment.clients.stepfunctions
        # No batch below these can be one that an awaited object gets into from now on.
        self._next = {state.dataset: state.next_batch for state in self._ledger.datasets()}
        self.registered = frozenset(self._next)
        self._awaited: dict[str, LandedObject] = {}
        self._known: set[str] = set()
        self._refreshes: set[str] = set()
        self._ends: Counter[str] = Counter()
        self._told: list[str] = []

    def known(self, landed: LandedObject) -> bool:
        """Whether the ledger has the object, under the dataset that it landed for."""
        dataset = DatasetId.of_key(landed.key)
        if dataset is None or not self._ledger.known(dataset, landed):
            return False
        self._known.add(landed.identity)
        return True

    def expect(self, objects: Iterable[LandedObject]) -> None:
        self._awaited.update((one.identity, one) for one in objects)

    def start_refresh(self, event: str) -> None:
        """Start refresh_mart with an event that did not reach it; once, however often it is called."""
        machine = self._deployment.outputs.refresh_mart_state_machine_arn
        name = f"redrive-{hashlib.sha256(event.encode()).hexdigest()[:40]}"
        with suppress(self._executions.exceptions.ExecutionAlreadyExists):
            self._executions.start_execution(stateMachineArn=machine, name=name, input=event)
        self._refreshes.add(f"{machine.replace(':stateMachine:', ':execution:')}:{name}")

    def wait(self, timeout: float) -> Followed:
        """Until all has come to its end, time is up, or only datasets that wait for a person are left."""
        deadline = time.monotonic() + timeout
        while True:
            moving = self._look()
            statuses = Counter(map(self._status, self._refreshes))
            waiting = len(self._awaited) + statuses["RUNNING"]
            if not waiting or time.monotonic() > deadline or not (moving or statuses["RUNNING"]):
                return Followed(dict(self._ends), tuple(self._told), dict(statuses), waiting)
            time.sleep(_POLL_S)

    def _status(self, execution: str) -> str:
        return self._executions.describe_execution(executionArn=execution)["status"]

    def _look(self) -> bool:
        """Count the objects that have come to their end; whether the others may still move by themselves."""
        by: dict[DatasetId | None, list[LandedObject]] = {}
        registered = {state.dataset for state in self._ledger.datasets()}
        for landed in self._awaited.values():
            dataset = DatasetId.of_key(landed.key)
            by.setdefault(dataset if dataset in registered else None, []).append(landed)
        unrouted = by.get(None, [])
        if unrouted:
            refused = {one.object.identity: one for one in self._ledger.objects("unrouted")}
            for landed in unrouted:
                if landed.identity in refused:
                    self._end(refused[landed.identity])
        moving = [self._look_at(dataset, objects) for dataset, objects in by.items() if dataset]
        return bool(unrouted) or any(moving)

    def _look_at(self, dataset: DatasetId, objects: list[LandedObject]) -> bool:
        """Count a dataset's; whether the dataset may move on. What waits is read first: it leaves for a
        batch, and is then seen there."""
        waiting = {one.identity for one in self._ledger.pending(dataset, scene.COUNTED)}
        lane = scene.lane(self._deployment, dataset)
        batches = range(self._next.get(dataset, 1), lane.state.next_batch + 1)
        placed = {
            one.object.identity: one for batch in batches for one in self._ledger.objects(str(dataset), batch)
        }
        all_seen = len(waiting) < scene.COUNTED
        for landed in objects:
            known = placed.get(landed.identity)
            if known is not None and known.state.terminal:
                self._end(known)
            elif known is None and all_seen and landed.identity in self._known - waiting:
                self._count(BEFORE, landed.identity)
        self._next[dataset] = lane.state.next_batch
        return not lane.stopped

    def _end(self, one: LedgerObject) -> None:
        """Count the end of an awaited object, and say which it is where it was not loaded."""
        identity = one.object.identity
        self._count(one.state.value, identity)
        if one.state in (ObjectState.QUARANTINED, ObjectState.REJECTED) and len(self._told) < _TOLD:
            self._told.append(f"{one.state} {identity}: {one.reason}")

    def _count(self, state: str, identity: str) -> None:
        del self._awaited[identity]
        self._ends[state] += 1
