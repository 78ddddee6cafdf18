"""A hundred files at once: a handful of executions, nothing lost, nothing doubled, and again nothing new."""

import time
from collections import Counter
from pathlib import Path

import pytest

from headrace.domain.landed import ObjectState
from tests.end_to_end.conftest import Headrace, data

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

SLICES = 45


def slices(source: Path, folder: Path) -> list[Path]:
    """The file cut into SLICES files, each with its header."""
    header, *lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    size = -(-len(lines) // SLICES)
    cut = []
    for number in range(SLICES):
        cut.append(folder / f"runways-{number:02d}.csv")
        cut[-1].write_text(header + "".join(lines[number * size : (number + 1) * size]), encoding="utf-8")
    return cut


def test_a_hundred_files_at_once_and_the_same_again(headrace: Headrace, tmp_path: Path) -> None:
    (runways,) = data("ourairports", "runways.csv")
    trails = data("cloudtrail-invictus", "*.json")
    cut = slices(runways, tmp_path)
    assert len(trails) + len(cut) == 100

    started = time.monotonic()
    headrace("put", *trails, "--dataset", "security/cloudtrail")
    headrace("put", *cut, "--dataset", "aviation/runways")
    headrace.at_rest(120)
    assert time.monotonic() - started < 120
    assert len(headrace.executions()) < 20
    assert headrace.conserved("security/cloudtrail") == 2_900
    assert headrace.conserved("aviation/runways") == 48_184
    assert len(headrace.objects("security/cloudtrail")) + len(headrace.objects("aviation/runways")) == 100

    headrace("put", *trails, "--dataset", "security/cloudtrail")
    headrace("put", *cut, "--dataset", "aviation/runways")
    headrace.at_rest(120)
    assert headrace.conserved("security/cloudtrail") == 2_900
    assert headrace.conserved("aviation/runways") == 48_184
    states = Counter(one.state for one in headrace.objects("security/cloudtrail"))
    states += Counter(one.state for one in headrace.objects("aviation/runways"))
    assert states[ObjectState.DUPLICATE] == 100
    assert states.total() == 200
