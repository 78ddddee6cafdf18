"""Simulated worlds: `python -m tests.simulation`, then `simulate SEEDS [--start N]` or `plant-bugs`.

The last line has the figures. A violation ends with 1 and the command that shows it again.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing import get_context

from msgspec import Struct, field

from tests.simulation.chaos import KINDS
from tests.simulation.planted import BUGS
from tests.simulation.planted.catch import Caught, catch
from tests.simulation.run import Outcome, naive_violations, ready, run, shrunk

CHUNK = 100
TOLD = 20


class Tally(Struct):
    """What many seeds came to; `failed` are seeds with their first violation."""

    seeds: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failed: tuple[tuple[int, str], ...] = ()

    def add(self, other: "Tally") -> None:
        self.seeds += other.seeds
        self.faults = self.faults + other.faults
        self.failed = (*self.failed, *other.failed)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def tally(seeds: range) -> Tally:
    """Run each seed once."""
    found = Tally(len(seeds))
    with ready():
        for seed in seeds:
            outcome = run(seed)
            found.faults.update(outcome.faults)
            if outcome.violations:
                found.failed = (*found.failed, (seed, outcome.violations[0]))
    return found


def naive_tally(seeds: range) -> Tally:
    """The same with the naive pipeline."""
    found = Tally(len(seeds))
    with ready():
        for seed in seeds:
            if violations := naive_violations(seed):
                found.failed = (*found.failed, (seed, violations[0]))
    return found


def simulate(seeds: int, start: int, processes: int, *, naive: bool) -> int:
    """Run seeds in several processes; 1 where one of them fails (of the naive pipeline: where too few do)."""
    began = time.monotonic()
    total = Tally()
    chunks = [range(at, min(at + CHUNK, start + seeds)) for at in range(start, start + seeds, CHUNK)]
    for number, part in enumerate(_each(naive_tally if naive else tally, chunks, processes), 1):
        total.add(part)
        for seed, violation in part.failed[:TOLD] if not naive else ():
            say(f"seed {seed}: {violation}")
        if number % 50 == 0:
            say(_figures(total, time.monotonic() - began))
    if naive:
        share = 100 * len(total.failed) / total.seeds
        say(f"naive: {len(total.failed)} of {total.seeds} seeds fail ({share:.1f} %)")
        return 0 if share >= 95 else 1
    if total.failed:
        tell(total.failed[0][0])
    say(_figures(total, time.monotonic() - began))
    return 1 if total.failed else 0


def _each(work: object, chunks: Sequence[range], processes: int) -> Iterator[Tally]:
    assert callable(work)
    if processes == 1 or len(chunks) == 1:
        yield from map(work, chunks)
        return
    with get_context("fork").Pool(processes) as pool:
        yield from pool.imap_unordered(work, chunks)


def tell(seed: int) -> None:
    """Print the smallest story in which a seed still fails, and the command that shows it again."""
    with ready():
        outcome, _ = shrunk(run(seed), lambda without: run(seed, without))
    for line in _story(outcome):
        say(line)
    say(f"seed {seed} fails; see it again with: just simulate 1 --start {seed}")


def _story(outcome: Outcome) -> Iterator[str]:
    yield f"\nseed {outcome.seed}, as small as it still fails:"
    for upload in sorted(outcome.story.landings, key=lambda one: one.at):
        yield f"  {upload.at:9.1f} s  {upload.name}: {upload.key}"
    for deed in outcome.story.deeds:
        yield f"  {deed.at:9.1f} s  {deed.name}"
    yield from (f"  fault  {name}" for name in outcome.struck)
    yield from (f"  {line}" for line in outcome.trace)
    yield from (f"  VIOLATION {one}" for one in outcome.violations)


def _figures(total: Tally, seconds: float) -> str:
    faults = ", ".join(f"{kind} {total.faults[kind]}" for kind in KINDS if total.faults[kind])
    return (
        f"simulate: {total.seeds} seeds, {total.faults.total()} faults ({faults}), "
        f"{len(total.failed)} violations, {seconds:.0f} s"
    )


def plant_bugs(seeds: int, start: int, only: str) -> int:
    """Plant one bug after another; 1 where fewer than 95 % are caught."""
    began = time.monotonic()
    bugs = [bug for bug in BUGS if only in bug.name]
    caught: list[Caught] = []
    with ready():
        for bug in bugs:
            found = catch(bug, range(start, start + seeds))
            caught.append(found)
            say(f"{bug.name}: {_end(found)}")
    hits = sum(one.seed is not None for one in caught)
    share = 100 * hits / len(caught)
    seconds = time.monotonic() - began
    say(f"plant-bugs: {hits} of {len(caught)} caught ({share:.1f} %) within {seeds} seeds, {seconds:.0f} s")
    return 0 if share >= 95 else 1


def _end(found: Caught) -> str:
    if found.seed is None:
        return f"NOT caught; {found.bug.breaks}"
    return f"caught by seed {found.seed}: {found.violation[:150]}"


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    seeds = commands.add_parser("simulate")
    seeds.add_argument("seeds", type=int)
    seeds.add_argument("--start", type=int, default=0)
    seeds.add_argument("--processes", type=int, default=2)
    seeds.add_argument("--naive", action="store_true", help="the pipeline that most people build instead")
    bugs = commands.add_parser("plant-bugs")
    bugs.add_argument("--seeds", type=int, default=1000, help="the most for each bug")
    bugs.add_argument("--start", type=int, default=0)
    bugs.add_argument("--only", default="", help="bugs whose names hold this")
    asked = parser.parse_args()
    if asked.command == "simulate":
        return simulate(asked.seeds, asked.start, asked.processes, naive=asked.naive)
    return plant_bugs(asked.seeds, asked.start, asked.only)


if __name__ == "__main__":
    sys.exit(main())
