"""Many events in any order, most of them repetitions, some lost: every row arrives, once."""

from pathlib import Path

import pytest

from tests.soak.memory import Trend, trend
from tests.soak.run import Asked, run


@pytest.mark.laptop
@pytest.mark.slow
def test_repeated_shuffled_and_lost_events_lose_no_row_and_double_none(tmp_path: Path) -> None:
    asked = Asked(objects=60, events=600, rows=1200, seed=7, drop=5, late=20, datasets=2)
    outcome = run(asked, tmp_path, print)
    assert outcome.problems == []
    assert (outcome.delivered, outcome.dropped, outcome.found) == (600, 3, 3)
    assert outcome.compared.curated + outcome.compared.quarantined == 1200
    assert sum(outcome.states.values()) == 60


def test_a_trend_tells_the_first_third_from_the_last() -> None:
    found = trend([0, 1, 2, 3, 4, 5], [10, 12, 0, 99, 20, 30])
    assert (found.first, found.last) == (11, 25)
    assert found.slope == pytest.approx(111.5 / 17.5)
    assert trend([0, 1], [5, 5]) == Trend(0, 0, 0)
