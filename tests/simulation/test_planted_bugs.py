"""The simulation catches wrong variants of the protocol; one that it cannot see would prove it worthless."""

import pytest

from tests.simulation.planted import BUGS, RARE
from tests.simulation.planted.catch import Bug, Change, catch, planted
from tests.simulation.run import ready

NAMES = [bug.name for bug in BUGS]
CAUGHT = [bug for bug in BUGS if bug.name not in RARE]


def test_there_are_enough_and_no_two_are_the_same() -> None:
    assert len(set(NAMES)) == len(BUGS) >= 25
    assert len({bug.changes for bug in BUGS}) == len(BUGS)
    assert len(CAUGHT) / len(BUGS) >= 0.95


@pytest.mark.parametrize("bug", BUGS, ids=NAMES)
def test_a_bug_changes_what_runs_and_leaves_nothing_behind(bug: Bug) -> None:
    with planted(bug) as changed:
        assert changed > 0
    with planted(bug) as again:
        assert again == changed


def test_a_bug_whose_place_is_gone_says_so() -> None:
    gone = Bug("gone", "nothing", (Change("headrace.steps.wake", "no such words", ""),))
    with pytest.raises(ValueError, match="no such words"), planted(gone):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("bug", CAUGHT, ids=[bug.name for bug in CAUGHT])
def test_a_bug_is_caught_within_a_thousand_seeds(bug: Bug) -> None:
    with ready():
        assert catch(bug, range(1000)).seed is not None
