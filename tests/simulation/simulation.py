"""One simulated world: from its first upload, through the storm of faults, to its rest."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.envelope import landed_objects
from headrace.domain.errors import InvalidRequest, UnknownDataset
from headrace.domain.landed import LandedObject
from headrace.runtime import Reply
from headrace.steps.plan_replay import PlanReplay, plan_replay
from headrace.steps.quarantined import Quarantined
from headrace.steps.reconcile import Reconcile, reconcile
from headrace.steps.register_dataset import ContractText, RegisterDataset, register_dataset
from tests.fakes import FakeClock, FakeExecutions, FakeLedger
from tests.simulation.buffer import Buffer
from tests.simulation.catalog import SimulatedCatalog
from tests.simulation.chaos import Faults
from tests.simulation.machine import Execution, timeouts
from tests.simulation.processes import START, Function, LedgerTable
from tests.simulation.scenario import CANARY, Deed, Landing, Scenario, contract
from tests.simulation.scheduler import Process, Scheduler
from tests.world import World, event_bridge

DAY = 86_400.0
PATIENCE = 4 * DAY
"""The longest that a world may take to come to rest once the faults have ended."""


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


class Landed(Struct, frozen=True):
    """An uploaded version, and what it holds."""

    object: LandedObject
    upload: Landing


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
        self._table = LedgerTable(self.world.ledger)
        self.buffer = Buffer(self)
        self.landed: list[Landed] = []
        self.surprises: list[str] = []
        self.trace: list[str] = []
        self.executions: dict[str, Execution] = {}
        self._versions = dict.fromkeys(scenario.datasets, 1)
        self._random = faults.random("world")
        self._names: Counter[str] = Counter()
        self._on_the_way = 0
        self._heard = 0
        self._registering: set[str] = set()
        self._saved: dict[str, Any] = {}
        self.world.landing.keys_on_a_page = self._random.choice((1, 2, 1000))
        self._listing = self._listed_after = False
        self._ledger_touched = 0.0
        self._ends, self._idle_since = 0, -1

    # ── from the start to the rest ───────────────────────────────────────────────────────────────

    def run(self) -> bool:
        """Whether the world came to rest."""
        self.world.register(*(contract(name, 1) for name in self.scenario.datasets))
        at = self.scheduler.at
        for upload in self.scenario.landings:
            at(upload.at, partial(self._land, upload))
        for deed in self.scenario.deeds:
            at(deed.at, partial(self._do, deed))
        at(self.scenario.storm, self._calm)
        at(self._random.uniform(0, 300), self._every_five_minutes)
        at(self._random.uniform(0, DAY), self._every_day)
        if not self._rests(self.scenario.storm + PATIENCE):
            return False
        if self._happens_later("old_duplicate"):
            for one in self.landed:
                self._send(one.object, self._random.uniform(0, 60))
            if not self._rests(self.scheduler.now + PATIENCE):
                return False
        if self._happens_later("ledger_expired"):
            self._ledger_expires()
            return self._rests(self.scheduler.now + PATIENCE)
        return True

    def _happens_later(self, kind: str) -> bool:
        """Whether a fault of the world at rest strikes; counted if it does."""
        if not self.faults.rates.get(kind) or self._random.random() > 0.3:
            return False
        self.faults.struck.append(f"{kind}@world#1")
        return True

    def _ledger_expires(self) -> None:
        """The lines of some objects go; what they were is in records only. A whole listing must follow."""
        ledger = self.world.ledger
        for name in self.scenario.datasets:
            closed = [one.object for one in ledger.objects(f"river/{name}") if one.object.bucket == "landing"]
            ledger.expire(DatasetId("river", name), [one for one in closed if self._random.random() < 0.5])
        self._listing = self._listed_after = False
        self._idle_since = -1

    def _rests(self, until: float) -> bool:
        while self.scheduler.now < until:
            if self._resting():
                return True
            self.scheduler.step()
        return False

    def _resting(self) -> bool:
        """Nobody works, nothing is on its way, and all of landing was listed after the faults had ended."""
        if self.scheduler.living or not self._listed_after or self._on_the_way:
            return False
        return not (self.buffer.messages or self.buffer.dead or self._registering or self._work_is_left())

    def _work_is_left(self) -> bool:
        if self._idle_since == self._ends and not self.scheduler.living:
            return False  # nothing has happened since nothing was left
        ledger = self.world.ledger
        left = any(state.lease or ledger.pending(state.dataset, 1) for state in ledger.datasets())
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
            function = Function(name, self.world, self._table, self.scheduler, self.faults, timeout)
            return function.run(step, request)

        process = self.scheduler.start(name, work)
        process.when_ended(lambda: self._ended(process))
        return process

    def start_execution(self, name: str, dataset: DatasetId) -> None:
        execution = Execution(self, name, dataset)
        self.executions[name] = execution
        self.scheduler.start(name, execution.run, after=self._random.random())
        if self.faults.strikes("aborted", name, self._random):
            self.scheduler.after(self._random.uniform(0, 20), execution.abort)

    def execution_ended(self, execution: Execution, *, failed: bool) -> None:
        self.world.executions.stop(execution.name)
        self._ends += 1
        if failed and not self.faults.strikes("status_lost", execution.name, self._random):
            self.scheduler.after(self._random.uniform(0, 5), lambda: self._reconcile(Reconcile()))

    def overhear(self, text: str) -> None:
        """What logs and histories keep of a payload."""
        if CANARY in text:
            self.surprises.append(f"I8: a payload shows what is masked: {text[:200]}")

    def _ended(self, process: Process[Any]) -> None:
        error = process.error
        self._ends += 1
        self.trace.append(
            f"{self.scheduler.now:.6f} {process.name} {type(error).__name__ if error else 'ok'}"
        )
        if isinstance(error, Exception) and not type(error).__module__.startswith("headrace."):
            self.surprises.append(f"{process.name} raised {error!r}")

    # ── landing ──────────────────────────────────────────────────────────────────────────────────

    def _land(self, upload: Landing) -> None:
        landed = self.world.landing.land(upload.key, upload.body)
        self.landed.append(Landed(landed, upload))
        faults, random = self.faults, self.faults.random(upload.name)
        if upload.name.startswith("reupload"):
            faults.struck_by("reupload", upload.name)
        if faults.strikes("drop_for_ever", upload.name, random):
            return
        wait = random.uniform(0, 2)
        if faults.strikes("reorder", upload.name, random):
            wait = random.uniform(0, 60)
        if faults.strikes("delay", upload.name, random):
            wait = random.uniform(60, 3 * 3600)
        if faults.strikes("drop_then_redeliver", upload.name, random):
            wait = random.uniform(600, 20 * 3600)
        self._send(landed, wait)
        while faults.strikes("duplicate", upload.name, random):
            self._send(landed, wait + random.choice((0, 1, 60, 7200)) * random.random())

    def _send(self, landed: LandedObject, wait: float) -> None:
        self._on_the_way += 1

        def arrive() -> None:
            self._on_the_way -= 1
            self.buffer.send(event_bridge(landed))

        self.scheduler.after(wait, arrive)

    # ── schedules ────────────────────────────────────────────────────────────────────────────────

    def _every_five_minutes(self) -> None:
        self.scheduler.after(300, self._every_five_minutes)
        if self.scenario.gentle and not self.scheduler.living and not self.buffer.messages:
            self._expect_no_work()
        if self._work_is_left() or self._listing != self._listed_after or self._random.random() < 0.05:
            self._reconcile(Reconcile())
        self._hear_alerts()
        if self.faults.over:  # the alarm on dead letters
            self._redrive()

    def _expect_no_work(self) -> None:
        """Nothing failed, and nobody works: what waits now was forgotten."""
        if self._work_is_left():
            self.surprises.append(f"I6: only reconcile finds what waits: {self.world.ledger.datasets()}")

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
        self._reconcile(Reconcile(list_landing=True, requests=self._random.choice((2, 1000))))

    def _reconcile(self, request: Reconcile, tries: int = 3) -> None:
        if self.admit_step:  # it stands alone
            self._listed_after = self.faults.over
            return
        process = self.invoke(reconcile, request, "reconcile")
        calm = self.faults.over

        def ended() -> None:
            if process.error and tries > 1:
                self.scheduler.after(60, lambda: self._reconcile(request, tries - 1))
            elif not process.error and calm:
                self._listing |= request.list_landing
                self._listed_after |= self._listing and not process.reply.unfinished

        process.when_ended(ended)

    # ── people ───────────────────────────────────────────────────────────────────────────────────

    def _hear_alerts(self) -> None:
        """Somebody looks after a dataset that has stopped, half an hour later."""
        alerts = self.world.alerts.alerts[self._heard :]
        self._heard += len(alerts)
        for subject, message in alerts:
            self.overhear(message)
            name = subject.partition(":")[0].partition("/")[2]
            if ": stopped after" in subject and name not in self._registering:
                self._register(name, after=1800)

    def _register(self, name: str, after: float = 0.0) -> None:
        """Register the newest version of a contract, again and again until it is in force."""
        self._registering.add(name)

        def attempt() -> None:
            text = contract(name, self._versions[name])
            request = RegisterDataset((ContractText(f"contracts/river/{name}.odcs.yaml", text),))
            process = self.invoke(register_dataset, request, f"register-{name}")

            def ended() -> None:
                if process.error:
                    self.scheduler.after(300, attempt)
                else:
                    self._registering.discard(name)

            process.when_ended(ended)

        self.scheduler.after(after, attempt)

    def _redrive(self) -> None:
        if self.buffer.redrive():
            self.faults.struck_by("redrive", "buffer")

    def _do(self, deed: Deed) -> None:
        getattr(self, f"_deed_{deed.kind}")(deed)
        self.trace.append(f"{self.scheduler.now:.6f} {deed.name}")

    def _struck(self, deed: Deed) -> None:
        self.faults.struck_by(deed.kind, deed.name)

    def _deed_listing(self, _: Deed) -> None:
        self._reconcile(Reconcile(list_landing=True))

    def _deed_redrive(self, _: Deed) -> None:
        self._redrive()

    def _deed_compaction(self, deed: Deed) -> None:
        tables = sorted(self.catalog.tables, key=str)
        if sum(self.catalog.compact(table) for table in tables):
            self._struck(deed)

    def _deed_snapshots_expired(self, deed: Deed) -> None:
        if self.catalog.expire():
            self._struck(deed)

    def _deed_registration(self, deed: Deed) -> None:
        name = self._random.choice(self.scenario.datasets)
        self._versions[name] = min(3, self._versions[name] + 1)
        self._register(name)
        self._struck(deed)

    def _deed_two_workers(self, deed: Deed) -> None:
        dataset = DatasetId("river", self._random.choice(self.scenario.datasets))
        self.world.executions.start(f"{dataset.slug}-{deed.name}", dataset)
        self._struck(deed)

    def _deed_ledger_lost(self, deed: Deed) -> None:
        self._table.ledger = self._new_ledger({})
        for name in self.scenario.datasets:
            self._register(name, after=self._random.uniform(0, 1200))
        self._struck(deed)

    def _deed_ledger_restored(self, deed: Deed) -> None:
        if self._saved:
            self._table = LedgerTable(self._new_ledger(self._saved))
            for name in self.scenario.datasets:
                if self.world.ledger.dataset(DatasetId("river", name)) is None:  # it was lost before
                    self._register(name, after=self._random.uniform(0, 1200))
            self._struck(deed)
            self.trace.append(f"{self.scheduler.now:.6f} {deed.name}, the restoring")
            return
        self._saved = self._ledger()
        rest = self.scenario.storm - self.scheduler.now
        self.scheduler.after(self._random.uniform(0, rest), lambda: self._deed_ledger_restored(deed))

    def _deed_replay(self, deed: Deed) -> None:
        """Ask for a replay, again under the same id until it is taken or there is nothing to replay."""
        name, version = self._random.choice([*self._versions.items()])
        which: list[dict[str, Any]] = [
            {"all": True},
            {"batches": (1, self._random.choice((1, 2, 3)))},
            {"day": START.date().isoformat()},
            {"quarantined": Quarantined(rule=self._random.choice(("", "range")))},
            {"objects": tuple(one.upload.key for one in self.landed[:1])},
        ]
        asked = self._random.choice(which)
        contract = self._random.choice(("", "1.0.0", f"{version}.0.0"))
        request = PlanReplay(f"river/{name}", deed.name, contract=contract, **asked)
        self._ask(request)
        self._struck(deed)

    def _ask(self, request: PlanReplay) -> None:
        process = self.invoke(plan_replay, request, f"ask-{request.id}")

        def ended() -> None:
            if process.error and not isinstance(process.error, InvalidRequest | UnknownDataset):
                self.scheduler.after(300, lambda: self._ask(request))

        process.when_ended(ended)

    def _ledger(self) -> dict[str, Any]:
        """What the ledger holds, by part."""
        return {name: dict(held) for name, held in vars(self.world.ledger).items() if isinstance(held, dict)}

    def _new_ledger(self, parts: dict[str, Any]) -> FakeLedger:
        """A ledger in the place of the one that stands; what is on its way to that one is lost with it."""
        self._ledger_touched = self.scheduler.now
        self._idle_since = -1
        self.world.ledger = ledger = FakeLedger()
        for name, held in parts.items():
            setattr(ledger, name, dict(held))
        return ledger
