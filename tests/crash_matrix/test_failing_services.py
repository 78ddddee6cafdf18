"""Services that fail all the time, and events that are lost: what the flow costs then, and that it ends."""

import random

import pytest

from tests.crash_matrix.account import deterministic
from tests.crash_matrix.episodes import DATASET, EPISODES, MART, MILLS, csv
from tests.crash_matrix.flow import played, verified
from tests.crash_matrix.wire import Flaky, Wire
from tests.crash_matrix.world import Flow


def calls_of_the_flow(wire: Wire) -> int:
    """How often the services are asked until the recorded flow is at rest, botocore's own tries counted."""
    with deterministic(wire):
        flow = Flow(wire)
        for episode in EPISODES:
            assert played(flow, episode) == []
    return wire.tries


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_where_a_fifth_of_all_calls_fail_the_flow_ends_with_at_most_five_times_the_calls(seed: int) -> None:
    healthy, flaky = calls_of_the_flow(Wire()), calls_of_the_flow(Flaky(0.2, seed))
    assert healthy < flaky <= 5 * healthy


def test_objects_whose_events_were_dropped_are_found_within_one_cycle_of_reconcile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance, wire = random.Random(5), Wire()
    with deterministic(wire):
        monkeypatch.setattr("headrace.domain.packing.UNIT_OBJECTS", 1000)
        flow = Flow(wire)
        flow.register(MILLS, MART)
        for number in range(100):
            flow.land(f"river/mills/{number:03d}.csv", csv(f"Mill {number},1,"))
        flow.queue = [message for message in flow.queue if chance.random() >= 0.05]
        dropped = 100 - len(flow.queue)
        assert dropped > 0
        flow.deliver(*flow.queue)
        flow.queue.clear()
        flow.rest()
        assert flow.reconcile(list_landing=True).admitted == dropped
        flow.rest()
        assert verified(flow) == []
        assert len(flow.ledger.objects(str(DATASET))) == 100
