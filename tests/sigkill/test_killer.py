"""Who is struck: a worker that works, and none that waits."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.local.account import eventually
from tests.sigkill.killer import strike
from tests.sigkill.workers import Worker, memory

COUNTS = "for line in __import__('sys').stdin:\n    sum(range(int(line)))\n    print('done', flush=True)\n"


@pytest.fixture
def counting() -> Iterator[subprocess.Popen[str]]:
    """A process that waits on its stdin for how far it is to count."""
    with subprocess.Popen(
        [sys.executable, "-c", COUNTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def give(process: subprocess.Popen[str], count: int) -> None:
    assert process.stdin
    process.stdin.write(f"{count}\n")
    process.stdin.flush()


def test_a_worker_that_waits_is_left_alone_and_goes_on(counting: subprocess.Popen[str]) -> None:
    worker = Worker(counting.pid, "Any")
    eventually(lambda: not worker.busy)
    assert not strike(worker)
    give(counting, 3)
    assert counting.stdout
    assert counting.stdout.readline() == "done\n"


def test_a_worker_at_work_is_killed(counting: subprocess.Popen[str]) -> None:
    give(counting, 10**12)
    worker = Worker(counting.pid, "Any")
    eventually(lambda: memory(worker.pid) and worker.busy)
    assert strike(worker)
    assert counting.wait() == -9
    assert memory(worker.pid) == 0
