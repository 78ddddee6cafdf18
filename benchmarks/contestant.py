"""One contestant does its job once, in this process; prints what it used as JSON.

`python -m benchmarks.contestant NAME START OUT MEMORY_MB CORES FILE…`; START is the moment, by the monotonic
clock, at which the process was asked for.
"""

import importlib
import os
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.job import Job, Usage

_TICK = os.sysconf("SC_CLK_TCK")


def main(name: str, started: str, out: str, memory_mb: str, cores: str, *files: str) -> Usage:
    """Run the job; the measure of a contestant is taken from outside its code."""
    job = Job(tuple(Path(file) for file in files), Path(out), int(memory_mb), int(cores))
    run = importlib.import_module(f"benchmarks.contestants.{name}").ready()
    start, cpu, begun = time.monotonic() - float(started), _cpu_seconds(), time.monotonic()
    run(job)
    return Usage(start, time.monotonic() - begun, _cpu_seconds() - cpu, _peak_mb())


def _family() -> list[Path]:
    """This process and those below it, as folders of /proc."""
    known = [Path("/proc/self").resolve()]
    for one in known:
        children = (one / "task" / one.name / "children").read_text().split()
        known += (Path("/proc") / child for child in children)
    return known


def _cpu_seconds() -> float:
    ended = os.times()
    alive = sum(_ticks(one) for one in _family()) / _TICK
    return alive + ended.children_user + ended.children_system


def _ticks(process: Path) -> int:
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _peak_mb() -> float:
    lines = (line for one in _family() for line in (one / "status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(main(*sys.argv[1:])).decode())
