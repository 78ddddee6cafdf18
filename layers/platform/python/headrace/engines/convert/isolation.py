"""Runs conversions in a child process, and a new one after a file that it did not survive."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from headrace.engines.convert.job import Job

_MOST_MEMORY_MB = 900
_MEMORY_SHARE = 0.6
_SECONDS = 5.0
_SECONDS_PER_MB = 2.0
_START_SECONDS = 10.0

# Arrow's usual allocator takes a GB of addresses at once, which the limit on memory counts; and where
# pandas and NumPy happen to be installed, Arrow would take seconds to load them for nothing.
_CHILD = """
import os, sys
os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"
sys.modules["pandas"] = sys.modules["numpy"] = None
sys.path[:] = {path!r}
from headrace.engines.convert.child import main
main({memory})
"""
_PROBLEM = msgspec.json.Decoder(str)


def convert(jobs: Sequence[Job], memory_mb: int) -> list[str]:
    """Do the jobs on a machine of so much memory; returns for each why it cannot be done, or nothing."""
    problems: list[str] = []
    while len(problems) < len(jobs):
        problems += _run(jobs[len(problems) :], int(min(_MOST_MEMORY_MB, _MEMORY_SHARE * memory_mb)))
    return problems


def _run(jobs: Sequence[Job], memory_mb: int) -> list[str]:
    """The problems of the jobs that one child gets through, and of the one that it does not survive."""
    code = _CHILD.format(path=sys.path, memory=memory_mb << 20)
    seconds = _START_SECONDS + sum(_seconds(job) for job in jobs)
    with subprocess.Popen(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it may quote data
    ) as child:
        try:
            replies, _ = child.communicate(msgspec.json.encode(jobs), timeout=seconds)
            end = f"its reader does not survive it within {memory_mb} MB of memory"
        except subprocess.TimeoutExpired:
            child.kill()
            replies, _ = child.communicate()
            end = "its reader does not come to an end"
    problems = [_PROBLEM.decode(line) for line in replies.splitlines()]
    return problems if len(problems) == len(jobs) else [*problems, f"the file cannot be read: {end}"]


def _seconds(job: Job) -> float:
    return _SECONDS + _SECONDS_PER_MB * Path(job.path).stat().st_size / 1e6
