"""One simulated world: from its first upload, through the storm of faults, to its rest."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.envelope import landed_objects
from headrace.runtime import Reply
from headrace.steps.reconcile import Reconcile, reconcile
from tests.fakes import FakeClock, FakeExecutions
from tests.simulation.buffer import Buffer
from tests.simulation.catalog import SimulatedCatalog
from tests.simulation.chaos import Faults
from tests.simulation.machine import Execution, timeouts
from tests.simulation.meanwhile import Meanwhile
from tests.simulation.people import People
from tests.simulation.processes import START, Function, LedgerTable
from tests.simulation.producers import Landed, Producers
from tests.simulation.scenario import CANARY, Scenario, contract
from tests.simulation.scheduler import Process, Scheduler
from tests.world import World

DAY = 86_400.0
PATIENCE = 4 * DAY
"""The longest that a world may take to come to rest once the faults have ended."""

RUNAWAY = 3000
"""Functions and executions that ended, ten times as many as any world needs: it will never come to rest."""


class SimulatedClock(FakeClock):
    """The true time."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(START)
        self._scheduler = scheduler

    def now(self) -> datetime:
        return START + timedelta(seconds=self._scheduler.now)


class SimulatedExecutions(FakeExecutions):
    """Executions that really run, in simulated time."""

    def __init__(self, simulation: "Simulation") -> None:
        super().__init__()
        self._simulation = simulation

    def start(self, name: str, dataset: DatasetId) -> bool:
        if name in self.started:
            return super().start(name, dataset)
        self._simulation.start_execution(name, dataset)
        return super().start(name, dataset)


class Work(Struct, frozen=True):
    """A function that runs, and what it was asked."""

    process: Process[Any]
    step: Callable[..., Any]
    request: Any


class Simulation:
    """A world under a scenario. `surprises` are what no step may do: raise what is no error of Headrace, or
    show what is masked."""

    def __init__(
        self, scenario: Scenario, faults: Faults, admit_step: Callable[..., Any] | None = None
    ) -> None:
        self.scenario, self.faults, self.admit_step = scenario, faults, admit_step
        self.scheduler = Scheduler()
        self.world = World()
        self.world.clock = SimulatedClock(self.scheduler)
        for bucket in (self.world.landing, self.world.lake, self.world.artefacts):
            bucket._clock = self.world.clock
        self.catalog = SimulatedCatalog(self.world.lake)
        self.world.catalog = self.catalog
        self.world.executions = SimulatedExecutions(self)
        self.table = LedgerTable(self.world.ledger)
        self.buffer = Buffer(self)
        self.surprises: list[str] = []
        self.trace: list[str] = []
        self.executions: dict[str, Execution] = {}
        self.random = faults.random("world")
        self._names: Counter[str] = Counter()
        self.world.landing.keys_on_a_page = self.random.choice((1, 2, 1000))
        self._listing = self._listed_after = False
        self._ledger_touched = 0.0
        self._ends, self._idle_since = 0, -1
        self.people, self.producers = People(self), Producers(self)
        self.working: dict[str, Work] = {}
        self._wakers: dict[str, set[str]] = {}
        self._meanwhile = Meanwhile(self)

    @property
    def landed(self) -> list[Landed]:
        return self.producers.landed

    # ── from the start to the rest ───────────────────────────────────────────────────────────────

    def run(self) -> bool:
        """Whether the world came to rest."""
        self.world.register(*(contract(name, 1) for name in self.scenario.datasets))
        at = self.scheduler.at
        self.producers.plan(self.scenario.landings)
        self.people.plan(self.scenario.deeds)
        at(self.scenario.storm, self._calm)
        at(self.random.uniform(0, 300), self._every_five_minutes)
        at(self.random.uniform(0, DAY), self._every_day)
        if not self._rests(self.scenario.storm + PATIENCE):
            return False
        if self._happens_later("old_duplicate"):
            self.producers.announce_all_again()
            if not self._rests(self.scheduler.now + PATIENCE):
                return False
        if self._happens_later("ledger_expired"):
            self._ledger_expires()
            return self._rests(self.scheduler.now + PATIENCE)
        return True

    def _happens_later(self, kind: str) -> bool:
        """Whether a fault of the world at rest strikes; counted if it does."""
        if not self.faults.rates.get(kind) or self.random.random() > 0.3:
            return False
        self.faults.struck.append(f"{kind}@world#1")
        return True

    def _ledger_expires(self) -> None:
        """The lines of some objects go; what they were is in records only. A whole listing must follow."""
        ledger = self.world.ledger
        for name in self.scenario.datasets:
            closed = [one.object for one in ledger.objects(f"river/{name}") if one.object.bucket == "landing"]
            ledger.expire(DatasetId("river", name), [one for one in closed if self.random.random() < 0.5])
        self._listing = self._listed_after = False
        self._idle_since = -1

    def _rests(self, until: float) -> bool:
        while self.scheduler.now < until and self._ends < RUNAWAY:
            if self._resting():
                return True
            self.scheduler.step()
        return False

    def _resting(self) -> bool:
        """Nobody works, nothing is on its way, and all of landing was listed after the faults had ended."""
        if self.scheduler.living or not self._listed_after or self.producers.on_the_way:
            return False
        return not (self.buffer.messages or self.buffer.dead or self.people.busy or self._work_is_left())

    def _work_is_left(self) -> bool:
        if self._idle_since == self._ends and not self.scheduler.living:
            return False  # nothing has happened since nothing was left
        ledger = self.world.ledger
        manifests = {one.key for one in self.world.artefacts.list("batches/")}
        left = any(
            state.lease
            or ledger.pending(state.dataset, 1)
            or keys.manifest_key(state.dataset, state.next_batch) in manifests
            for state in ledger.datasets()
        )
        self._idle_since = -1 if left else self._ends
        return left

    def _calm(self) -> None:
        self.faults.over = True

    # ── functions and executions ─────────────────────────────────────────────────────────────────

    def invoke(self, step: Callable[..., Reply], request: Any, name: str) -> Process[Reply]:
        """Start a function; several of one name are told apart."""
        self._names[name] += 1
        name = f"{name}:{self._names[name]}"
        timeout = timeouts().get(step.__name__, 300.0)

        def work() -> Reply:
            function = Function(
                name, self.world, self.table, self.scheduler, self.faults, timeout, self._meanwhile
            )
            return function.run(step, request)

        process = self.scheduler.start(name, work)
        self.working[name] = Work(process, step, request)
        process.when_ended(lambda: self._ended(process))
        return process

    def start_execution(self, name: str, dataset: DatasetId) -> None:
        execution = Execution(self, name, dataset)
        self.executions[name] = execution
        self.scheduler.start(name, execution.run, after=self.random.random())
        if self.faults.strikes("aborted", name, self.random):
            self.scheduler.after(self.random.uniform(0, 20), execution.abort)

    def execution_ended(self, execution: Execution, *, failed: bool) -> None:
        self.world.executions.stop(execution.name)
        self._ends += 1
        if failed and self.scenario.focus and self.scenario.focus.eager and not self.faults.over:
            self.people.look_after(execution.dataset.name, self.random.uniform(0, 10))
        if failed and not self.faults.strikes("status_lost", execution.name, self.random):
            self.scheduler.after(self.random.uniform(0, 5), lambda: self.reconcile(Reconcile()))

    def note(self, line: str) -> None:
        """Keep what happened now for those who read a failing run."""
        self.trace.append(f"{self.scheduler.now:.6f} {line}")

    def ledger_replaced(self) -> None:
        """Another ledger stands: what was known of the former one is void."""
        self._ledger_touched = self.scheduler.now
        self._idle_since = -1

    def overhear(self, text: str) -> None:
        """What logs and histories keep of a payload."""
        if CANARY in text:
            self.surprises.append(f"I8: a payload shows what is masked: {text[:200]}")

    def _ended(self, process: Process[Any]) -> None:
        error = process.error
        del self.working[process.name]
        if self.scenario.gentle:
            self._expect_nothing_forgotten()
        self._ends += 1
        self.note(f"{process.name} {type(error).__name__ if error else 'ok'}")
        if isinstance(error, Exception) and not type(error).__module__.startswith("headrace."):
            self.surprises.append(f"{process.name} raised {error!r}")

    # ── schedules ────────────────────────────────────────────────────────────────────────────────

    def _every_five_minutes(self) -> None:
        self.scheduler.after(300, self._every_five_minutes)
        if self._work_is_left() or self._listing != self._listed_after or self.random.random() < 0.05:
            self.reconcile(Reconcile())
        self.people.hear_alerts()
        if self.faults.over:  # the alarm on dead letters
            self.people.redrive()

    def _expect_nothing_forgotten(self) -> None:
        """Where no function fails, whoever lets objects wait without a lease wakes their dataset before it
        ends itself."""
        ledger = self.world.ledger
        for state in ledger.datasets():
            if state.lease or not ledger.pending(state.dataset, 1):
                self._wakers.pop(str(state.dataset), None)
                continue
            wakers = self._wakers.setdefault(str(state.dataset), {*self.working})
            wakers &= self.working.keys()
            if not wakers and not self.surprises:
                self.surprises.append(f"I6: only reconcile finds what waits: {state}")

    def acknowledged(self, body: str, received: float) -> None:
        """A message is deleted: what it announces must be in the ledger by now."""
        for landed in landed_objects(body):
            dataset = DatasetId.of_key(landed.key)
            claims = [self.world.ledger.known(dataset, landed)] if dataset else []
            refused = [one.object for one in self.world.ledger.objects("unrouted")]
            if received > self._ledger_touched and not any(claims) and landed not in refused:
                self.surprises.append(f"I2: {landed.identity} was acknowledged and nobody has claimed it")

    def _every_day(self) -> None:
        self.scheduler.after(DAY, self._every_day)
        self.reconcile(Reconcile(list_landing=True, requests=self.random.choice((2, 1000))))

    def _search_has_ended(self) -> bool:
        """Whether the newest search of landing has: a run that overlaps it may have had nothing to do."""
        *_, newest = self.world.artefacts.list("searches/")
        return json.loads(self.world.artefacts.read(newest.key))["next"] is None

    def reconcile(self, request: Reconcile, tries: int = 3) -> None:
        if self.admit_step:  # it stands alone
            self._listed_after = self.faults.over
            return
        process = self.invoke(reconcile, request, "reconcile")
        calm = self.faults.over

        def ended() -> None:
            if process.error and tries > 1:
                self.scheduler.after(60, lambda: self.reconcile(request, tries - 1))
            elif not process.error and calm:
                self._listing |= request.list_landing
                self._listed_after |= self._listing and self._search_has_ended()

        process.when_ended(ended)
