"""Wrong variants of the protocol: the simulation must catch them, or it proves nothing."""

from tests.simulation.planted.bugs import BUGS, RARE

__all__ = ["BUGS", "RARE"]
