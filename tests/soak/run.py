"""Lands many objects on a laptop, announces them repeatedly in any order, and tells what came of them."""

import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from random import Random

from msgspec import Struct, field

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from tests.front_door import rows
from tests.front_door.command import Say
from tests.front_door.evidence import Compared, compare
from tests.front_door.front_door import FrontDoor
from tests.soak.memory import Memory, Trend, disk

_TELLS_EVERY_S = 15
_CHUNK = 100
_LATE_CHUNK = 2_000
_RESTS_WITHIN_S = 4 * 3600


class Asked(Struct, frozen=True):
    """How much lands and is announced.

    `drop` is the percentage of objects whose events never come, `late` of events that come again when all
    objects are at their ends.
    """

    objects: int
    events: int
    rows: int
    seed: int
    drop: float = 0
    late: float = 0
    datasets: int = 4
    slots: int = 2


class Outcome(Struct):
    """What it took, and what came of the rows. `found` were admitted by one cycle of the reconciler.

    `emulator` is its memory all the while: it holds the account, which grows with every object; `late` is
    the same from `at_rest_s` on, when nothing but repeated events passes.
    """

    landed_s: float = 0
    at_rest_s: float = 0
    drained_s: float = 0
    delivered: int = 0
    dropped: int = 0
    found: int = 0
    batches: int = 0
    executions: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    emulator: Trend = field(default_factory=lambda: Trend(0, 0, 0))
    late: Trend = field(default_factory=lambda: Trend(0, 0, 0))
    worker: Trend = field(default_factory=lambda: Trend(0, 0, 0))
    workers: Trend = field(default_factory=lambda: Trend(0, 0, 0))
    disk: int = 0
    compared: Compared = field(default_factory=Compared)
    violations: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Everything that must not be, as lines to read."""
        return [*self.compared.examples, *self.violations]


def run(asked: Asked, state: Path, say: Say) -> Outcome:
    """Raises TimeoutError where it does not come to rest."""
    door = FrontDoor(state, slots=asked.slots)
    names = [DatasetId("river", f"mills_{number}") for number in range(asked.datasets)]
    try:
        door.open({name: rows.contract(name) for name in names})
        flood = _Flood(asked, door, say)
        watching = Memory(door.pid)
        watching.start()
        try:
            flood.pour()
        finally:
            watching.stop()
        outcome = flood.outcome
        outcome.emulator = watching.trend("emulator")
        outcome.late = watching.trend("emulator", since=outcome.at_rest_s)
        outcome.worker, outcome.workers = watching.trend("largest_worker"), watching.trend("workers")
        outcome.disk = disk(state)
        _look(door, flood.landed, outcome)
        return outcome
    finally:
        door.close()


def _look(door: FrontDoor, landed: Mapping[DatasetId, dict[int, int]], outcome: Outcome) -> None:
    ledger = door.deployment.ledger
    outcome.executions = door.executions()
    outcome.batches = sum(one.next_batch - 1 for one in ledger.datasets())
    outcome.violations += door.violations(told=True)
    outcome.compared = sum((compare(door.deployment, name, landed[name]) for name in landed), Compared())
    for name in landed:
        for one in ledger.objects(str(name)):
            outcome.states[one.state.value] = outcome.states.get(one.state.value, 0) + 1


class _Flood:
    """One run: puts, further events, and the wait until all are through."""

    def __init__(self, asked: Asked, door: FrontDoor, say: Say) -> None:
        self.landed: Mapping[DatasetId, dict[int, int]] = defaultdict(dict)
        self.outcome = Outcome()
        self._asked, self._door, self._say = asked, door, say
        self._random = Random(asked.seed)
        self._began = self._told = 0.0
        order = list(range(asked.objects))
        self._random.shuffle(order)
        silent = round(asked.objects * asked.drop / 100)
        self._silent, self._heard = order[:silent], order[silent:]
        self._late = min(round(asked.events * asked.late / 100), asked.events - len(self._heard))
        self._standing: list[LandedObject] = []

    def pour(self) -> None:
        """Land, announce, drain; one cycle of the reconciler for what nobody announced; the late events."""
        self._began = time.monotonic()
        if self._silent:
            with self._door.deaf():
                for number in self._silent:
                    self._land(number)
        self._pour_heard()
        self.outcome.landed_s = time.monotonic() - self._began
        self._drain()
        if self._silent:
            self._find()
        self.outcome.at_rest_s = time.monotonic() - self._began
        self._repeat()
        self.outcome.drained_s = time.monotonic() - self._began

    def _pour_heard(self) -> None:
        extra = self._asked.events - self._late - len(self._heard)
        standing, sent = self._standing, 0
        for start in range(0, len(self._heard), _CHUNK):
            standing += [self._land(number) for number in self._heard[start : start + _CHUNK]]
            due = extra * len(standing) // len(self._heard)
            self._door.announce(self._random.choices(standing, k=due - sent))
            sent = due
            self._tell(f"{len(standing)} objects landed, {len(standing) + sent} events")
        self.outcome.delivered = len(standing) + sent + self._late
        self.outcome.dropped = len(self._silent)

    def _repeat(self) -> None:
        for start in range(0, self._late, _LATE_CHUNK):
            few = min(_LATE_CHUNK, self._late - start)
            self._door.announce(self._random.choices(self._standing, k=few))
            self._drain()

    def _land(self, number: int) -> LandedObject:
        dataset = self._door.datasets[number % self._asked.datasets]
        count = self._asked.rows // self._asked.objects
        self.landed[dataset][number] = count
        return self._door.put(dataset, number, count)

    def _drain(self) -> None:
        self._door.rest(_RESTS_WITHIN_S, every_s=_TELLS_EVERY_S, tend=lambda: self._tell("draining"))

    def _find(self) -> None:
        found = self._door.reconcile(list_landing=True)
        self.outcome.found = found.admitted if found else 0
        if self.outcome.found != len(self._silent):
            what = f"one cycle of reconcile found {self.outcome.found} of {len(self._silent)} objects"
            self.outcome.violations.append(what)
        self._drain()

    def _tell(self, what: str) -> None:
        now = time.monotonic()
        if now - self._told >= _TELLS_EVERY_S:
            self._told = now
            self._say(f"{what}; {self._door.standing()}")
