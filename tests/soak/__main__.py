"""`python -m tests.soak OBJECTS EVENTS`: many objects, each announced many times, through a laptop's door.

Prints one line of figures last; exits with 1, and says how to do it again, where a row is lost or doubled.
"""

import argparse
import secrets
import sys
from collections.abc import Mapping, Sequence

from tests.front_door.command import carry_out
from tests.soak.run import Asked, Outcome, run


def main(arguments: Sequence[str]) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("objects", type=int, help="objects to land")
    parser.add_argument("events", type=int, help="events to deliver, 1.1 times the objects at least")
    parser.add_argument("--rows", type=int, help="of all objects together; default 100 an object")
    parser.add_argument("--drop", type=float, default=0, help="percentage of objects whose events are lost")
    parser.add_argument(
        "--late", type=float, default=20, help="percentage of events that come after all else"
    )
    parser.add_argument("--seed", type=int, help="of the order of objects and events")
    options = parser.parse_args(arguments)
    if options.events < 1.1 * options.objects:
        parser.error("at least 10 % of the events must be repetitions")
    total = options.rows or 100 * options.objects
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    asked = Asked(options.objects, options.events, total, seed, options.drop, options.late)
    again = (
        f"just soak {asked.objects} {asked.events} --rows {total} --drop {asked.drop:g} "
        f"--late {asked.late:g} --seed {seed}"
    )
    return carry_out(
        "soak",
        again,
        lambda state, say: run(asked, state, say),
        lambda outcome: f"{figures(asked, outcome)} seed={seed}",
    )


def figures(asked: Asked, outcome: Outcome) -> str:
    """The outcome in one line."""
    compared = outcome.compared
    return (
        f"objects={asked.objects} events={outcome.delivered} dropped={outcome.dropped} found={outcome.found} "
        f"rows={asked.rows} curated={compared.curated} quarantined={compared.quarantined} "
        f"lost={compared.lost} doubled={compared.doubled} foreign={compared.foreign} "
        f"states={_told(outcome.states)} batches={outcome.batches} executions={_told(outcome.executions)} "
        f"landed_s={outcome.landed_s:.0f} at_rest_s={outcome.at_rest_s:.0f} "
        f"drained_s={outcome.drained_s:.0f} events_a_second={outcome.delivered / outcome.drained_s:.0f} "
        f"emulator={outcome.emulator} emulator_while_late_events_pass={outcome.late} "
        f"largest_worker={outcome.worker} workers={outcome.workers} disk={outcome.disk / 1e6:.0f} MB "
        f"violations={len(outcome.violations)}"
    )


def _told(counts: Mapping[str, int]) -> str:
    return ",".join(f"{name}:{count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
