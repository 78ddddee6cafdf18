"""`ingest` as Step Functions runs it: the states of `ingest.asl.yaml`, its Retry blocks and its time-outs.

What the states do is written out here, because an interpreter of JSONata would cost more than all the
steps; a test holds it against the definition.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.runtime import Reply
from headrace.steps.close_batch import CloseBatch, close_batch
from headrace.steps.commit_batch import CommitBatch, commit_batch
from headrace.steps.judge_batch import JudgeBatch, judge_batch
from headrace.steps.plan_batch import BatchPlanned, PlanBatch, plan_batch
from headrace.steps.refine_unit import RefineUnit, refine_unit
from tests.simulation.processes import PAYLOAD, Killed
from tests.simulation.scheduler import Process
from tests.stack import definition, functions

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation


class Retrier(Struct, frozen=True):
    """One entry of a Retry block; seconds."""

    errors: frozenset[str]
    interval: float
    rate: float
    longest: float
    attempts: int


class Task(Struct, frozen=True):
    """What Step Functions knows of a Task state; seconds."""

    timeout: float
    retriers: tuple[Retrier, ...]


class StateFailed(Exception):
    """A state failed with this error, by name."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error)
        self.error, self.cause = error, cause


class Stopped(Exception):
    """The execution, or the Map around this state, is over."""


class Branch:
    """A line of states: an execution's own, or one item of a Map."""

    def __init__(self, name: str, random: Random, parent: "Branch | None" = None) -> None:
        self.name, self.random = name, random
        self.stopped = False
        self._parent = parent

    def go_on(self) -> None:
        """Raises Stopped where this line is over."""
        if self.stopped:
            raise Stopped
        if self._parent:
            self._parent.go_on()


@cache
def tasks() -> dict[str, Task]:
    """Every Task state of `ingest`, by name."""
    return {name: _task(state) for name, state in states(definition("ingest")["States"])}


def states(some: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every Task state among some and those inside them."""
    for name, state in some.items():
        if state["Type"] == "Task":
            yield name, state
        if state["Type"] == "Map":
            yield from states(state["ItemProcessor"]["States"])


def _task(state: dict[str, Any]) -> Task:
    retriers = tuple(
        Retrier(
            frozenset(one["ErrorEquals"]),
            one["IntervalSeconds"],
            one["BackoffRate"],
            one.get("MaxDelaySeconds", 86400),
            one["MaxAttempts"],
        )
        for one in state.get("Retry", ())
    )
    return Task(state["TimeoutSeconds"], retriers)


@cache
def timeouts() -> dict[str, float]:
    """The time-out of each function in seconds, by its step's name."""
    return {name: float(written["Timeout"]) for name, written in functions().items()}


class Execution:
    """One execution of `ingest`."""

    def __init__(self, simulation: "Simulation", name: str, dataset: DatasetId) -> None:
        self.name, self.dataset = name, dataset
        self.running = True
        self._simulation = simulation
        self._main = Branch(name, simulation.faults.random(name))

    def abort(self) -> None:
        """Stop it from outside; its functions go on."""
        if self.running:
            self._main.stopped = True
            self._end(failed=True)

    def run(self) -> None:
        try:
            self._batches()
        except Stopped:
            return
        except StateFailed as failure:
            self._alert(failure)
            if self.running:
                self._end(failed=True)
            return
        if self.running:
            self._end(failed=False)

    def _end(self, *, failed: bool) -> None:
        self.running = False
        self._simulation.execution_ended(self, failed=failed)

    def _alert(self, failure: StateFailed) -> None:
        message = f"Execution {self.name} for {self.dataset} failed with {failure.error} {failure.cause}"
        self._simulation.world.alerts.alert(f"{self.dataset}: ingest failed", message)

    # ── the states ───────────────────────────────────────────────────────────────────────────────

    def _batches(self) -> None:
        number = 1
        while True:
            request = PlanBatch(str(self.dataset), self.name)
            planned = self._state(self._main, "PlanBatch", plan_batch, request)
            if planned.idle:
                return
            number, waiting = self._batch(planned, number)
            if not waiting:
                return
            number += 1

    def _batch(self, planned: BatchPlanned, number: int) -> tuple[int, bool]:
        """From a manifest to its audit record: the round it ended in, and whether more waits."""
        units = [RefineUnit(one.manifest, one.unit) for one in planned.units]
        self._map("RefineUnit", units)
        judged = self._state(self._main, "JudgeBatch", judge_batch, JudgeBatch(planned.manifest))
        if judged.again:
            late = [RefineUnit(planned.manifest, unit, again=True) for unit in judged.again]
            self._map("RefineUnitAgain", late)
            number += 1
            again = JudgeBatch(planned.manifest, again=True)
            judged = self._state(self._main, "JudgeBatch", judge_batch, again)
        if not judged.publish:
            rejected = [RefineUnit(one.manifest, one.unit, rejected=True) for one in judged.rejected]
            self._map("RejectUnit", rejected)
            number += 1
        self._state(self._main, "CommitBatch", commit_batch, CommitBatch(planned.manifest))
        if judged.publish:
            for _ in planned.queries:
                self._query()
        request = CloseBatch(planned.manifest, self.name, number)
        closed = self._state(self._main, "CloseBatch", close_batch, request)
        return number, closed.waiting

    def _map(self, state: str, requests: Sequence[RefineUnit]) -> None:
        """Run all at once; the first failure ends the others."""
        whole = Branch(self.name, self._main.random, self._main)

        def item(request: RefineUnit) -> Process[None]:
            name = f"{self.name}/{state}-{request.unit}"
            branch = Branch(name, self._simulation.faults.random(name), whole)
            work = lambda: self._item(branch, state, request)  # noqa: E731 - it is named beside it
            return self._simulation.scheduler.start(name, work)

        items = [item(request) for request in requests]
        self._simulation.scheduler.join_all(items)
        whole.stopped = True
        self._main.go_on()
        for error in (one.error for one in items if one.ended and one.error):
            raise error

    def _item(self, branch: Branch, state: str, request: RefineUnit) -> None:
        self._state(branch, state, refine_unit, request)

    def _query(self) -> None:
        branch = self._main

        def attempt() -> None:
            self._simulation.scheduler.sleep(branch.random.uniform(1, 30))
            branch.go_on()
            if self._simulation.faults.strikes("query_failed", f"{self.name}:RunQuery", branch.random):
                causes = ("Athena.QueryFailed", "Athena.TooManyRequestsException", "States.Timeout")
                raise StateFailed(branch.random.choice(causes), "RunQuery")

        self._retried(branch, "RunQuery", attempt)

    # ── a state ──────────────────────────────────────────────────────────────────────────────────

    def _state(self, branch: Branch, state: str, step: Callable[..., Reply], request: Any) -> Reply:
        return self._retried(branch, state, lambda: self._invoke(branch, state, step, request))

    def _retried(self, branch: Branch, state: str, attempt: Callable[[], Reply]) -> Reply:
        used: Counter[int] = Counter()
        while True:
            try:
                return attempt()
            except StateFailed as failure:
                wait = _wait(tasks()[state].retriers, failure.error, used, branch.random)
                if wait is None:
                    raise
                self._simulation.scheduler.sleep(wait)
                branch.go_on()

    def _invoke(self, branch: Branch, state: str, step: Callable[..., Reply], request: Any) -> Reply:
        simulation, random = self._simulation, branch.random
        where = f"{branch.name}:{state}"
        patience = tasks()[state].timeout
        if simulation.faults.strikes("two_workers", where, random):
            simulation.invoke(step, request, where)
        if simulation.faults.strikes("abandoned", where, random):
            patience = random.uniform(0, 2)
        process = simulation.invoke(step, request, where)
        ended = simulation.scheduler.join(process, patience)
        branch.go_on()
        if not ended:
            own = patience == tasks()[state].timeout and not process.abandoned
            raise StateFailed("States.Timeout" if own else "Lambda.SdkClientException", state)
        if process.error:
            raise StateFailed(error_name(process.error), state)
        self._check_payload(process.reply, where, random)
        return process.reply

    def _check_payload(self, reply: Any, where: str, random: Random) -> None:
        payload = msgspec.json.encode(reply)
        self._simulation.overhear(payload.decode())
        if len(payload) > PAYLOAD or self._simulation.faults.strikes("oversize", where, random):
            raise StateFailed("States.DataLimitExceeded", where)


def error_name(error: BaseException) -> str:
    """What Step Functions calls a function's end."""
    return error.error if isinstance(error, Killed | StateFailed) else type(error).__name__


def _wait(retriers: Sequence[Retrier], error: str, used: Counter[int], random: Random) -> float | None:
    """The pause before the next try; None where there is none."""
    for number, one in enumerate(retriers):
        if one.errors & {error, "States.ALL"} or (
            "States.TaskFailed" in one.errors and error not in ("States.Timeout", "States.DataLimitExceeded")
        ):
            if used[number] == one.attempts:
                return None
            used[number] += 1
            longest = min(one.interval * one.rate ** (used[number] - 1), one.longest)
            return longest * random.random()
    return None
