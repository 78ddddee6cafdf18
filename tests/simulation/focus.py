"""Where the faults of a world are dense: a few calls of a few steps, at which much happens at once.

A protocol breaks in windows between two calls. Faults that are spread over all calls seldom meet in one.
"""

from collections.abc import Mapping
from random import Random

from msgspec import Struct

from tests.simulation.chaos import CALLS, WORLD

DOINGS = (
    "upload",
    "listing",
    "registration",
    "ledger_lost",
    "ledger_restored",
    "two_workers",
    "abandoned",
    "aborted",
)
"""What is done on purpose while a function stands still."""

SPOT = ("throttle", "crash_before", "crash_after", "ambiguous")
"""The faults of a call of the focus."""


class Spot(Struct, frozen=True):
    """A call of the focus: what strikes it, and the chance of that each time."""

    place: str
    kind: str
    chance: float


class Focus(Struct, frozen=True):
    """`share`: the chance of a call to be in the focus, in each execution, by its name. `pause`: that a
    function stands still before it, once, while some of `doings` are done. `eager`: an execution that
    failed makes somebody register the contract at once. `gentle`: no call fails."""

    share: float
    pause: float
    doings: tuple[str, ...]
    eager: bool = False
    gentle: bool = False

    def spot(self, place: str, random: Random) -> Spot | None:
        """What strikes a call; None where it is not in the focus."""
        if random.random() >= self.share:
            return None
        chance = 0.0 if self.gentle else random.choice((0.0, 0.0, 0.0, 0.0, 0.0, 0.4, 1.0, 1.0))
        return Spot(place, random.choice(SPOT), chance)

    def among(self, rates: Mapping[str, float]) -> dict[str, float]:
        """Rates with those of the focus. Beside it less happens, so that nothing hides what it did,
        what is uploaded is often of a key that was loaded before, and events come again: late, too."""
        calmer = {kind: rate / 3 if kind in CALLS or kind in WORLD else rate for kind, rate in rates.items()}
        return {**calmer, "duplicate": 0.35, "old_duplicate": 0.25, "reupload": 0.6, "pause": self.pause}


def focus(random: Random, *, gentle: bool) -> Focus | None:
    """The focus of a world; most worlds have none. Where no function fails, only uploads come between."""
    if random.random() < (0.2 if gentle else 0.6):
        return None
    share = random.choice((0.05, 0.1, 0.2))
    if gentle:
        return Focus(2 * share, 0.9, ("upload",), gentle=True)
    doings = random.sample(DOINGS, random.randint(2, 4))
    return Focus(share, random.choice((0.3, 0.7)), tuple(doings), eager=random.random() < 0.5)
