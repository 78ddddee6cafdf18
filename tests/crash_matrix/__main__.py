"""Single faults, then pairs of faults by seed: what is wrong as it is found; figures last, in one line."""

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from tests.crash_matrix.flow import record, run
from tests.crash_matrix.forks import Forks, Result
from tests.crash_matrix.matrix import Case, Recorded, pair, single_faults

PAIRS = 200


def main() -> int:
    """0 where every case ran and nothing was violated. Stopped (Ctrl-C, SIGTERM), it tells what it has."""
    asked = _parser().parse_args()
    told = _alone_on_stdout()
    began = time.monotonic()
    recorded = record()
    single = single_faults(recorded)
    chosen = _chosen(asked, single, recorded)
    commands = {case.name: case.command for case in chosen}
    forks = Forks(asked.jobs, lambda result: _tell(result, commands[result.case], told))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run(chosen, forks)
    except KeyboardInterrupt:
        forks.stop()
    wrong = sum(1 for one in forks.results if one.wrong)
    told.write(
        f"sites {sum(len(one.calls) for one in recorded if one.struck)}, "
        f"single faults {len(single)}, cases {len(forks.results)} of {len(chosen)}, "
        f"faults struck {sum(len(one.struck) for one in forks.results)}, "
        f"violations {wrong}, seconds {time.monotonic() - began:.0f}\n"
    )
    told.flush()
    return 0 if len(forks.results) == len(chosen) and not wrong else 1


def _alone_on_stdout() -> TextIO:
    """Standard output, for the report alone: what steps log goes nowhere."""
    told = os.fdopen(os.dup(1), "w")
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return told


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just crash-matrix", description=__doc__)
    parser.add_argument(
        "--sample", type=int, metavar="N", help="only N of the single faults, drawn by --start"
    )
    parser.add_argument(
        "--only", type=int, metavar="N", help="the single fault of this number, and nothing else"
    )
    parser.add_argument("--pairs", type=int, default=PAIRS, metavar="N", help=f"how many pairs ({PAIRS})")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="the seed of the first pair (0)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="cases at once (1)")
    return parser


def _chosen(asked: argparse.Namespace, single: Sequence[Case], recorded: Sequence[Recorded]) -> list[Case]:
    if asked.only is not None:
        return [single[asked.only]]
    if asked.sample is not None:
        single = random.Random(asked.start).sample(single, min(asked.sample, len(single)))
    return [*single, *(pair(recorded, seed) for seed in range(asked.start, asked.start + asked.pairs))]


def _tell(result: Result, command: str, to: TextIO) -> None:
    if result.wrong:
        told = [
            f"VIOLATION {result.case}",
            *(f"struck: {one}" for one in result.struck),
            *result.wrong,
            command,
        ]
        to.write("\n    ".join(told) + "\n")
        to.flush()


if __name__ == "__main__":
    sys.exit(main())
