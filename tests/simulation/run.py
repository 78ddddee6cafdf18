"""Runs seeds, one world each, and shrinks a story that fails to what it takes to fail."""

import gc
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from msgspec import Struct
from msgspec.structs import replace

from tests.simulation import engine
from tests.simulation.chaos import Faults
from tests.simulation.check import violations
from tests.simulation.engine import DEADLY
from tests.simulation.naive import load_objects, lost_and_doubled
from tests.simulation.scenario import Scenario, scenario
from tests.simulation.simulation import Simulation


class Outcome(Struct, frozen=True):
    """What came of one seed. `struck` are its faults, by name."""

    seed: int
    violations: tuple[str, ...]
    struck: tuple[str, ...]
    story: Scenario
    trace: tuple[str, ...]

    @property
    def faults(self) -> Counter[str]:
        return Counter(name.partition("@")[0] for name in self.struck)


@contextmanager
def ready() -> Iterator[None]:
    """Everything that runs in this process from here on is simulated: the small engine, no logs, and
    temporary files in memory where there is such a place."""
    memory = Path("/dev/shm")
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    home = memory if memory.is_dir() else None
    try:
        with (
            TemporaryDirectory(prefix="headrace-simulation-", dir=home) as directory,
            patch("tempfile.tempdir", directory),
            engine.installed(),
        ):
            gc.collect()
            gc.freeze()  # what is imported need not be looked through again and again
            yield
    finally:
        gc.unfreeze()
        logging.disable(disabled)


def run(seed: int, without: frozenset[str] = frozenset()) -> Outcome:
    """The world of a seed, less the faults, uploads and deeds that are left out; within `ready`."""
    story = scenario(seed, without)
    faults = Faults(seed, story.rates, without)
    with patch("headrace.domain.packing.UNIT_OBJECTS", story.unit_objects):
        simulation = Simulation(story, faults)
        rested = simulation.run()
        found = tuple(violations(simulation, rested=rested))
    return Outcome(seed, found, tuple(faults.struck), story, tuple(simulation.trace))


def failures(seeds: range) -> dict[int, tuple[str, ...]]:
    """The violations of each seed that has any."""
    with ready():
        return {seed: found for seed in seeds if (found := run(seed).violations)}


def naive_violations(seed: int, *, faults: bool = True) -> tuple[str, ...]:
    """Rows that the naive pipeline loses or doubles in the world of a seed; within `ready`."""
    story = scenario(seed)
    if not faults:
        harmless = tuple(one for one in story.landings if DEADLY not in one.body)
        story = replace(story, rates={}, deeds=(), landings=harmless, focus=None)
    simulation = Simulation(story, Faults(seed, story.rates), load_objects)
    simulation.run()
    return tuple(lost_and_doubled(simulation))


def shrunk(outcome: Outcome, fails: Callable[[frozenset[str]], Outcome]) -> tuple[Outcome, frozenset[str]]:
    """The smallest failing story that leaving out one thing after another leads to, and what was left out.

    `fails` runs the seed without some things.
    """
    without: frozenset[str] = frozenset()
    size = len(_parts(outcome))
    while size:
        parts = _parts(outcome)
        for start in range(0, len(parts), size):
            smaller = without | frozenset(parts[start : start + size])
            tried = fails(smaller)
            if tried.violations:
                outcome, without = tried, smaller
        size = size // 2 if size > 1 or not set(parts) - set(_parts(outcome)) else size
    return outcome, without


def _parts(outcome: Outcome) -> list[str]:
    story = outcome.story
    events = [*(one.name for one in story.landings), *(one.name for one in story.deeds)]
    return [*outcome.struck, *events]
