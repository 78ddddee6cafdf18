"""A laptop stopped in the middle of a batch finishes it when it starts again, under a new attempt."""

import time
from pathlib import Path

import pytest

from headrace_local.laptop import Laptop
from tests.end_to_end.conftest import PROJECT, Headrace

pytestmark = [pytest.mark.laptop, pytest.mark.slow]


def test_a_batch_cut_off_by_a_stop_is_finished_after_the_start(headrace: Headrace, tmp_path: Path) -> None:
    header, *lines = (PROJECT / "examples/aviation/runways/runways.csv").read_text("utf-8").splitlines(True)
    files = []
    for number in range(20):
        files.append(tmp_path / f"part-{number}.csv")
        files[-1].write_text(header + "".join(lines[number::20]), encoding="utf-8")
    headrace("put", *files, "--dataset", "aviation/runways")
    wait_for_batch(headrace)
    assert Laptop(headrace.state).stop()
    headrace("up", "--port", "0")
    headrace.at_rest()
    assert headrace.conserved("aviation/runways") == len(lines)
    assert "aviation-runways-1-2" in headrace.executions()


def wait_for_batch(headrace: Headrace, timeout: float = 60) -> None:
    """Until the first objects are in a batch that is not closed."""
    deadline = time.monotonic() + timeout
    ledger = headrace.deployment.ledger
    while not any(one.state == "BATCHED" for one in ledger.objects("aviation/runways")):
        assert time.monotonic() < deadline, "no batch began"
        time.sleep(0.05)
