"""Runs contestants in processes of their own, on so many cores each, and under a cap on memory if asked."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from benchmarks.job import Usage

_CGROUPS = Path("/sys/fs/cgroup")


class Failed(Exception):
    """A contestant did not finish; the message is the end of what it wrote."""


def measured(
    name: str, files: Sequence[Path], out: Path, *, memory_mb: int, cores: int, capped: bool = False
) -> Usage:
    """Do the job once in a new process. With `capped` the kernel ends it above `memory_mb`; raises Failed."""
    command = [sys.executable, "-m", "benchmarks.contestant", name, repr(time.monotonic()), str(out)]
    command += [str(memory_mb), str(cores), *map(str, files)]
    with _cap(memory_mb if capped else None) as joins:

        def enter() -> None:
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
            if joins:
                joins.write_text(str(os.getpid()))

        done = subprocess.run(  # noqa: S603 - our own module, on files that we made
            command, capture_output=True, check=False, preexec_fn=enter, cwd=Path(__file__).parents[1]
        )
    if done.returncode:
        raise Failed(f"{name} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
    return msgspec.json.decode(done.stdout, type=Usage)


def median(runs: Sequence[Usage]) -> Usage:
    """The median of each figure."""
    figures = (statistics.median(getattr(run, field) for run in runs) for field in Usage.__struct_fields__)
    return Usage(*figures)


@contextmanager
def _cap(memory_mb: int | None) -> Iterator[Path | None]:
    """A control group that holds its processes to so much memory: the file by which one joins it."""
    if memory_mb is None:
        yield None
        return
    unified = (_CGROUPS / "cgroup.controllers").exists()
    parent = _CGROUPS if unified else _CGROUPS / "memory"
    group = Path(mkdtemp(prefix="headrace-bench-", dir=parent))
    try:
        limit = group / ("memory.max" if unified else "memory.limit_in_bytes")
        limit.write_text(str(memory_mb << 20))
        yield group / "cgroup.procs"
    finally:
        group.rmdir()
