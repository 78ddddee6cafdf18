"""The people around a simulated world, and its disasters: what is done to it from outside."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidRequest, UnknownDataset
from headrace.steps.plan_replay import PlanReplay, plan_replay
from headrace.steps.quarantined import Quarantined
from headrace.steps.reconcile import Reconcile
from headrace.steps.register_dataset import ContractText, RegisterDataset, register_dataset
from tests.fakes import FakeLedger
from tests.simulation.processes import START, LedgerTable
from tests.simulation.scenario import Deed, contract

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation


class People:
    """Those who look after a world. The methods that `do` calls are named like the kinds of deeds, take the
    deed's name and tell whether anything was done."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self._random = simulation.random
        self._versions = dict.fromkeys(simulation.scenario.datasets, 1)
        self._registering: set[str] = set()
        self._saved: dict[str, Any] = {}
        self._heard = 0

    @property
    def busy(self) -> bool:
        """Whether a contract is not yet in force that somebody wants to be."""
        return bool(self._registering)

    def plan(self, deeds: Sequence[Deed]) -> None:
        """Do each at its time."""
        for deed in deeds:
            self._simulation.scheduler.at(deed.at, partial(self._planned, deed))

    def do(self, kind: str, name: str) -> bool:
        """Do something of a kind; whether anything was done that counts."""
        done: bool = getattr(self, kind)(name)
        return done

    def hear_alerts(self) -> None:
        """Somebody looks after a dataset that has stopped, half an hour later."""
        alerts = self._simulation.world.alerts.alerts[self._heard :]
        self._heard += len(alerts)
        for subject, message in alerts:
            self._simulation.overhear(message)
            name = subject.partition(":")[0].partition("/")[2]
            if ": stopped after" in subject:
                self.look_after(name, 1800)

    def look_after(self, name: str, after: float) -> None:
        """Register the contract of a dataset again, unless somebody already does."""
        if name not in self._registering:
            self._register(name, after=after)

    # ── deeds ────────────────────────────────────────────────────────────────────────────────────

    def listing(self, _: str) -> bool:
        self._simulation.reconcile(Reconcile(list_landing=True))
        return False

    def redrive(self, _: str = "") -> bool:
        if self._simulation.buffer.redrive():
            self._simulation.faults.struck_by("redrive", "buffer")
        return False

    def compaction(self, _: str) -> bool:
        catalog = self._simulation.catalog
        return sum(catalog.compact(table) for table in sorted(catalog.tables, key=str)) > 0

    def snapshots_expired(self, _: str) -> bool:
        return self._simulation.catalog.expire() > 0

    def registration(self, _: str) -> bool:
        name = self._random.choice(self._simulation.scenario.datasets)
        self._versions[name] = min(3, self._versions[name] + 1)
        self._register(name)
        return True

    def two_workers(self, deed: str) -> bool:
        dataset = DatasetId("river", self._random.choice(self._simulation.scenario.datasets))
        self._simulation.world.executions.start(f"{dataset.slug}-{deed}", dataset)
        return True

    def ledger_lost(self, _: str) -> bool:
        self._simulation.table.ledger = self._new_ledger({})
        within = self._random.choice((10, 1200))
        for name in self._simulation.scenario.datasets:
            self._register(name, after=self._random.uniform(0, within))
        return True

    def ledger_restored(self, deed: str) -> bool:
        """Keep what the ledger holds; put it back some time later, at once where there is something kept."""
        if self._saved:
            self._restore()
            return True
        self._saved = self._ledger()
        scheduler = self._simulation.scheduler
        rest = max(0.0, self._simulation.scenario.storm - scheduler.now)
        scheduler.after(self._random.uniform(0, rest), partial(self._restore_later, deed))
        return False

    def replay(self, deed: str) -> bool:
        """Ask for a replay, again under the same id until it is taken or there is nothing to replay."""
        name, version = self._random.choice([*self._versions.items()])
        which: list[dict[str, Any]] = [
            {"all": True},
            {"batches": (1, self._random.choice((1, 2, 3)))},
            {"day": START.date().isoformat()},
            {"quarantined": Quarantined(rule=self._random.choice(("", "range")))},
            {"objects": tuple(one.upload.key for one in self._simulation.landed[:1])},
        ]
        asked = self._random.choice(which)
        contract = self._random.choice(("", "1.0.0", f"{version}.0.0"))
        self._ask(PlanReplay(f"river/{name}", deed, contract=contract, **asked))
        return True

    # ── how they go about it ─────────────────────────────────────────────────────────────────────

    def _planned(self, deed: Deed) -> None:
        if self.do(deed.kind, deed.name):
            self._simulation.faults.struck_by(deed.kind, deed.name)
        self._simulation.note(deed.name)

    def _register(self, name: str, after: float = 0.0) -> None:
        """Register the newest version of a contract, again and again until it is in force."""
        self._registering.add(name)
        scheduler = self._simulation.scheduler

        def attempt() -> None:
            text = contract(name, self._versions[name])
            request = RegisterDataset((ContractText(f"contracts/river/{name}.odcs.yaml", text),))
            process = self._simulation.invoke(register_dataset, request, f"register-{name}")

            def ended() -> None:
                if process.error:
                    scheduler.after(300, attempt)
                else:
                    self._registering.discard(name)

            process.when_ended(ended)

        scheduler.after(after, attempt)

    def _ask(self, request: PlanReplay) -> None:
        process = self._simulation.invoke(plan_replay, request, f"ask-{request.id}")

        def ended() -> None:
            if process.error and not isinstance(process.error, InvalidRequest | UnknownDataset):
                self._simulation.scheduler.after(300, lambda: self._ask(request))

        process.when_ended(ended)

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────

    def _restore_later(self, deed: str) -> None:
        self._restore()
        self._simulation.faults.struck_by("ledger_restored", deed)
        self._simulation.note(f"{deed}, the restoring")

    def _restore(self) -> None:
        simulation = self._simulation
        simulation.table = LedgerTable(self._new_ledger(self._saved))
        for name in simulation.scenario.datasets:
            if simulation.world.ledger.dataset(DatasetId("river", name)) is None:  # it was lost before
                self._register(name, after=self._random.uniform(0, 1200))

    def _ledger(self) -> dict[str, Any]:
        """What the ledger holds, by part."""
        ledger = self._simulation.world.ledger
        return {name: dict(held) for name, held in vars(ledger).items() if isinstance(held, dict)}

    def _new_ledger(self, parts: dict[str, Any]) -> FakeLedger:
        """A ledger in the place of the one that stands; what is on its way to that one is lost with it."""
        self._simulation.world.ledger = ledger = FakeLedger()
        self._simulation.ledger_replaced()
        for name, held in parts.items():
            setattr(ledger, name, dict(held))
        return ledger
