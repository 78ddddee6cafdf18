"""Workers killed at work, and the laptop stopped in between: nothing is lost, nothing is there twice."""

from pathlib import Path

import pytest

from tests.sigkill.run import Asked, run

pytestmark = [pytest.mark.laptop, pytest.mark.slow]


def test_workers_killed_at_work_lose_no_row_and_double_none(tmp_path: Path) -> None:
    outcome = run(Asked(kills=15, seed=4, datasets=4, restarts_s=12), tmp_path, print)
    assert outcome.problems == []
    assert outcome.kills.total() >= 15
    assert outcome.rows >= 300
    assert outcome.compared.curated + outcome.compared.quarantined == outcome.rows
