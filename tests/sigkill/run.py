"""Lands objects on a laptop whose workers are killed and which is itself stopped; tells what came of them."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random

from msgspec import Struct, field

from headrace.domain.dataset import DatasetId
from headrace.steps.reconcile import Reconciled
from tests.front_door import rows
from tests.front_door.command import Say
from tests.front_door.evidence import Compared, compare
from tests.front_door.front_door import FrontDoor, FunctionDied
from tests.sigkill.killer import Killer

ROWS_A_KILL = 20
"""Rows that land for each kill that is asked for, at least."""

_LISTS_EVERY_S = 15
_RECONCILES_EVERY_S = 4
_LANDS_EVERY_S = 3  # in a dataset that seems idle: what landed last may still be in the buffer
_LOOKS_S = 0.1
_RESTS_WITHIN_S = 600
_STRIKES_WITHIN_S = 600
_VISIBILITY_S = 20


class Asked(Struct, frozen=True):
    """How much is to be killed, and of what. `restarts_s` are the seconds between stops of the emulator;
    one of `crash_every` of these is a SIGKILL."""

    kills: int
    seed: int
    datasets: int = 12
    chance: float = 0.35
    restarts_s: float = 75
    crash_every: int = 3
    slots: int = 3


class Outcome(Struct):
    """What was done to the laptop, and what came of the rows."""

    kills: Counter[str] = field(default_factory=Counter)
    stops: int = 0
    crashes: int = 0
    reconciles: int = 0
    registered_again: int = 0
    redriven: int = 0
    objects: int = 0
    rows: int = 0
    executions: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    seconds: float = 0
    compared: Compared = field(default_factory=Compared)
    violations: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Everything that must not be, as lines to read."""
        return [*self.compared.examples, *self.violations]


def run(asked: Asked, state: Path, say: Say) -> Outcome:
    """Raises TimeoutError where nothing is there to kill for long, or where the laptop does not come to rest
    after the last fault."""
    began = time.monotonic()
    random = Random(asked.seed)
    door = FrontDoor(state, slots=asked.slots, wait_scale=0.01, visibility_s=_VISIBILITY_S)
    names = [DatasetId("river", f"mills_{number:02d}") for number in range(asked.datasets)]
    try:
        door.open({name: rows.contract(name, unique=place % 2 == 0) for place, name in enumerate(names)})
        storm = _Storm(asked, door, random, say)
        storm.rage()
        outcome = storm.settle()
        outcome.compared = sum(
            (compare(door.deployment, name, storm.landed[name]) for name in names), Compared()
        )
        outcome.executions = door.executions()
        outcome.batches = sum(one.next_batch - 1 for one in door.deployment.ledger.datasets())
        outcome.violations = door.violations(told=not outcome.crashes)
        outcome.seconds = time.monotonic() - began
        return outcome
    finally:
        door.close()


class _Storm:
    """One run: what has landed so far, and when what is done next."""

    def __init__(self, asked: Asked, door: FrontDoor, random: Random, say: Say) -> None:
        self.landed: Mapping[DatasetId, dict[int, int]] = defaultdict(dict)
        self._landed_at: dict[DatasetId, float] = defaultdict(float)
        self._asked, self._door, self._random, self._say = asked, door, random, say
        self._outcome = Outcome()
        self._aside = ThreadPoolExecutor(1)
        self._reconciling: Future[Reconciled | None] | None = None
        self._killer = Killer(Random(asked.seed + 1), asked.chance)
        self._turns = [
            _Turn(_RECONCILES_EVERY_S, lambda: self._reconcile(list_landing=False)),
            _Turn(_LISTS_EVERY_S, lambda: self._reconcile(list_landing=True)),
            _Turn(asked.restarts_s, self._restart),
            _Turn(10, self._tell),
        ]

    def rage(self) -> None:
        """Land and kill until both are enough."""
        self._killer.aim(self._door.pid)
        self._killer.start()
        struck, since = 0, time.monotonic()
        try:
            while (kills := self._killer.kills.total()) < self._asked.kills:
                if kills > struck:
                    struck, since = kills, time.monotonic()
                elif time.monotonic() - since > _STRIKES_WITHIN_S:
                    raise TimeoutError(f"no kill in {_STRIKES_WITHIN_S} s: {self._standing()}")
                self._land_where_idle()
                for turn in self._turns:
                    turn.take()
                time.sleep(_LOOKS_S)
        finally:
            self._killer.stop()
        while self._outcome.rows < self._asked.kills * ROWS_A_KILL:
            self._land(self._random.choice(self._door.datasets))

    def settle(self) -> Outcome:
        """Without faults, everything comes to rest by what the schedules do."""
        self._say(f"no more faults: {self._standing()}")
        self._door.rest(_RESTS_WITHIN_S, every_s=_RECONCILES_EVERY_S, tend=self._tend)
        self._outcome.kills = self._killer.kills
        return self._outcome

    def _tend(self) -> None:
        self._reconcile(list_landing=True)
        self._outcome.redriven += self._door.redrive()

    def _land_where_idle(self) -> None:
        now = time.monotonic()
        for dataset in self._door.idle():
            if now - self._landed_at[dataset] > _LANDS_EVERY_S:
                self._landed_at[dataset] = now
                for _ in range(self._random.randint(1, 3)):
                    self._land(dataset)

    def _land(self, dataset: DatasetId) -> None:
        """Mostly something new; now and then the same again, and one event more than there should be."""
        landed = self.landed[dataset]
        again = bool(landed) and self._random.random() < 0.05
        number = self._random.choice(sorted(landed)) if again else len(landed) + 1
        count = landed.get(number) or self._random.randint(10, 60)
        version = self._door.put(dataset, number, count)
        self._outcome.objects += 1
        if not again:
            landed[number] = count
            self._outcome.rows += count
        if self._random.random() < 0.2:
            self._door.announce([version])

    def _reconcile(self, *, list_landing: bool) -> None:
        """As the schedules do it: nobody waits for it, but the next one."""
        if self._reconciling is None or self._reconciling.done():
            self._outcome.reconciles += 1
            self._reconciling = self._aside.submit(self._door.reconcile, list_landing=list_landing)
        for dataset in self._door.given_up():
            self._say(f"{dataset} was given up, as it should be after so many failures; registered again")
            with suppress(FunctionDied):  # struck as well; the next turn does it again
                self._door.register(dataset)
                self._outcome.registered_again += 1

    def _restart(self) -> None:
        crash = self._outcome.stops % self._asked.crash_every == self._asked.crash_every - 1
        self._killer.aim(None)
        self._door.restart(crash=crash)
        self._outcome.stops += 1
        self._outcome.crashes += crash
        self._killer.aim(self._door.pid)
        self._reconcile(list_landing=True)  # as `headrace up` does

    def _tell(self) -> None:
        self._say(self._standing())

    def _standing(self) -> str:
        kills = ", ".join(f"{function} {count}" for function, count in sorted(self._killer.kills.items()))
        done = self._outcome
        return (
            f"{self._killer.kills.total()} kills ({kills}), {done.stops} stops, {done.objects} objects, "
            f"{done.rows} rows; {self._door.standing()}"
        )


class _Turn:
    """Something that is done every so many seconds."""

    def __init__(self, every_s: float, act: Callable[[], None]) -> None:
        self._every_s, self._act = every_s, act
        self._done = time.monotonic()

    def take(self) -> None:
        if time.monotonic() - self._done >= self._every_s:
            self._act()
            self._done = time.monotonic()
