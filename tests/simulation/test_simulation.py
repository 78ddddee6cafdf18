"""The simulation itself: it repeats exactly, its faults strike, and what fails in it is shrunk."""

from collections import Counter
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from headrace.domain.dataset import DatasetId
from headrace.domain.packing import BATCH_UNITS
from tests.simulation.chaos import KINDS, Faults
from tests.simulation.planted import BUGS
from tests.simulation.planted.catch import planted
from tests.simulation.run import naive_violations, ready, run, shrunk
from tests.simulation.scenario import Scenario, contract
from tests.simulation.simulation import Simulation

SEEDS = range(60)


@pytest.fixture(autouse=True)
def _simulated() -> Iterator[None]:
    with ready():
        yield


def test_no_seed_breaks_an_invariant() -> None:
    assert {seed: found for seed in SEEDS if (found := run(seed).violations)} == {}


def test_a_seed_is_the_same_world_every_time() -> None:
    for seed in (3, 4, 5):
        assert run(seed) == run(seed)
    assert run(3).trace != run(4).trace


def test_every_kind_of_fault_strikes() -> None:
    struck: Counter[str] = Counter()
    for seed in range(1000):
        struck += run(seed).faults
        if struck.keys() == KINDS.keys():
            break
    assert KINDS.keys() - struck.keys() == set()
    assert struck.total() / (seed + 1) >= 20


def test_a_fault_that_is_left_out_does_not_strike() -> None:
    whole = run(7)
    left_out = frozenset(whole.struck[:5])
    assert whole.struck
    assert not left_out & set(run(7, left_out).struck)


def test_a_failing_seed_is_shrunk_to_what_it_takes() -> None:
    bug = next(one for one in BUGS if one.name == "no-watermark")
    with planted(bug):
        whole = next(outcome for seed in SEEDS if (outcome := run(seed)).violations)
        small, without = shrunk(whole, lambda left_out: run(whole.seed, left_out))
        assert run(whole.seed, without) == small
    assert small.violations
    assert len(small.struck) <= min(5, len(whole.struck))
    assert run(whole.seed, without).violations == ()


def test_the_largest_batch_fits_its_states() -> None:
    simulation = Simulation(Scenario(1, ("weirs",), 0.0, 1, {}, (), (), gentle=False), Faults(1, {}))
    world = simulation.world
    world.register(contract("weirs", 1))
    for number in range(BATCH_UNITS + 1):
        landed = world.landing.land(f"river/weirs/{number}.csv", b"name,wheels\nmill,1\n")
        world.ledger.admit(DatasetId("river", "weirs"), landed, world.clock.now())
    with patch("headrace.domain.packing.UNIT_OBJECTS", 1):
        assert simulation.run()
    assert simulation.surprises == []
    assert world.alerts.alerts == []
    records = [one.key for one in world.artefacts.list("batches/river/weirs/000000001/units/")]
    assert sum(key.endswith(".json") for key in records) == BATCH_UNITS


def test_the_naive_pipeline_holds_without_faults_and_fails_under_them() -> None:
    assert [seed for seed in SEEDS if naive_violations(seed, faults=False)] == []
    failing = [seed for seed in range(200) if naive_violations(seed)]
    assert len(failing) >= 190
