"""`python -m tests.sigkill KILLS [--seed N]`: kills workers of a laptop at work, and looks for lost rows.

Prints one line of figures last; exits with 1, and says how to do it again, where a row is lost or doubled.
"""

import argparse
import secrets
import sys
from collections.abc import Sequence

from tests.front_door.command import carry_out
from tests.sigkill.run import Asked, Outcome, run


def main(arguments: Sequence[str]) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="sigkill", description=__doc__)
    parser.add_argument("kills", type=int, help="invocations to kill")
    parser.add_argument("--seed", type=int, default=None, help="of what lands and what is struck")
    parser.add_argument("--datasets", type=int, default=12)
    parser.add_argument("--restarts", type=float, default=75, help="seconds between stops of the emulator")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    again = (
        f"just sigkill {options.kills} --seed {seed} "
        f"--datasets {options.datasets} --restarts {options.restarts:g}"
    )
    asked = Asked(options.kills, seed, options.datasets, restarts_s=options.restarts)
    return carry_out(
        "sigkill",
        again,
        lambda state, say: run(asked, state, say),
        lambda outcome: f"{figures(outcome)} seed={seed}",
    )


def figures(outcome: Outcome) -> str:
    """The outcome in one line."""
    kills = " ".join(f"{function}={count}" for function, count in sorted(outcome.kills.items()))
    told = ",".join(f"{state}:{count}" for state, count in sorted(outcome.executions.items()))
    compared = outcome.compared
    return (
        f"kills={outcome.kills.total()} ({kills}) stops={outcome.stops} of which crashes={outcome.crashes} "
        f"objects={outcome.objects} rows={outcome.rows} curated={compared.curated} "
        f"quarantined={compared.quarantined} lost={compared.lost} doubled={compared.doubled} "
        f"foreign={compared.foreign} batches={outcome.batches} executions={told} "
        f"reconciles={outcome.reconciles} registered_again={outcome.registered_again} "
        f"redriven={outcome.redriven} violations={len(outcome.violations)} seconds={outcome.seconds:.0f}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
