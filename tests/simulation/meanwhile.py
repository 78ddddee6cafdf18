"""What is done on purpose while a function stands still at a call of the focus."""

from typing import TYPE_CHECKING

from tests.simulation.chaos import KINDS
from tests.simulation.focus import Spot
from tests.simulation.scenario import one_more

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

PAUSES = 8
"""The most of one world."""


class Meanwhile:
    """The focus of a world, at work."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self._focus = simulation.scenario.focus
        self._spots: dict[str, Spot | None] = {}
        self._done: set[str] = set()

    def spot(self, function: str, call: str) -> Spot | None:
        """What is dense at a call, by step, port and method, if it is in the focus. The seed and the names
        decide, so that all tries of an execution meet the same, and all calls outside executions do."""
        if self._focus is None:
            return None
        line = function.partition(":")[0].partition("/")[0]
        place = f"{line}/{call}" if line in self._simulation.executions else call
        if place not in self._spots:
            self._spots[place] = self._focus.spot(place, self._simulation.faults.random(f"focus/{place}"))
        return self._spots[place]

    def pause(self, function: str, where: str, spot: Spot) -> float:
        """Begin what is done at this call of a function; the seconds that it stands still, 0 where it does
        not."""
        simulation, place = self._simulation, f"{function}:{where}"
        if self._focus is None or spot.place in self._done or len(self._done) == PAUSES:
            return 0.0
        random = simulation.faults.random(f"pause/{place}")
        if not simulation.faults.strikes("pause", place, random):
            return 0.0
        self._done.add(spot.place)
        one = random.choice(self._focus.doings)
        for kind in (kind for kind in self._focus.doings if kind == one or random.random() < 0.4):
            if kind not in KINDS or simulation.faults.struck_by(kind, place):
                done = self._do(kind, function)
                if kind in KINDS and not done:
                    simulation.faults.take_back()
                simulation.note(f"{kind} while {place} stands still")
        return random.choice((3.0, 40.0, 40.0)) * random.random()

    def _do(self, kind: str, function: str) -> bool:
        """Whether anything was done that counts."""
        simulation = self._simulation
        work = simulation.working[function]
        match kind:
            case "upload":
                self._upload()
            case "abandoned":
                work.process.abandon()
            case "two_workers":
                simulation.invoke(work.step, work.request, function)
            case "aborted":
                running = [one for one in simulation.executions.values() if one.running]
                if running:
                    simulation.random.choice(running).abort()
                return bool(running)
            case _:
                return simulation.people.do(kind, f"{kind}-p{len(self._done)}")
        return True

    def _upload(self) -> None:
        simulation = self._simulation
        keys = [one.object.key for one in simulation.landed]
        story = simulation.scenario
        name = f"p{len(self._done)}"
        random = simulation.faults.random(name)
        simulation.producers.land_at_once(
            one_more(random, name, simulation.scheduler.now, keys, story.datasets)
        )
