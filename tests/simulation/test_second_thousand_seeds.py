"""A thousand worlds, and no invariant broken in any; the other thousand runs beside it."""

import pytest

from tests.simulation.run import failures


@pytest.mark.slow
def test_no_seed_breaks_an_invariant() -> None:
    assert failures(range(1000, 2000)) == {}
