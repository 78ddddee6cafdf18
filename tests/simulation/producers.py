"""Those who upload, and the events that tell of it: late, twice, out of order or never."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from headrace.domain.landed import LandedObject
from tests.simulation.scenario import Landing
from tests.world import event_bridge

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation


class Landed(Struct, frozen=True):
    """An uploaded version, and what it holds."""

    object: LandedObject
    upload: Landing


class Producers:
    """`landed` is what they have uploaded so far; `on_the_way` counts the events that have not arrived."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self.landed: list[Landed] = []
        self.on_the_way = 0

    def plan(self, uploads: Sequence[Landing]) -> None:
        """Upload each at its time."""
        for upload in uploads:
            self._simulation.scheduler.at(upload.at, partial(self._land, upload))

    def land_at_once(self, upload: Landing) -> None:
        """An upload whose event comes without delay."""
        self._send(self._put(upload), 0)

    def announce_all_again(self) -> None:
        """Every event once more."""
        for one in self.landed:
            self._send(one.object, self._simulation.random.uniform(0, 60))

    def _put(self, upload: Landing) -> LandedObject:
        landed = self._simulation.world.landing.land(upload.key, upload.body)
        self.landed.append(Landed(landed, upload))
        return landed

    def _land(self, upload: Landing) -> None:
        landed = self._put(upload)
        faults = self._simulation.faults
        random = faults.random(upload.name)
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
        self.on_the_way += 1

        def arrive() -> None:
            self.on_the_way -= 1
            self._simulation.buffer.send(event_bridge(landed))

        self._simulation.scheduler.after(wait, arrive)
