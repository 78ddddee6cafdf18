"""A flow at home in an empty folder, and the lists of texts to throw at it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.flow import Flow
from tests.hostile.strings import OWN, blns


@pytest.fixture(params=["own", pytest.param("blns", marks=pytest.mark.slow)])
def strings(request: pytest.FixtureRequest) -> tuple[str, ...]:
    if request.param == "own":
        return OWN
    return blns() or pytest.skip("the Big List of Naughty Strings does not lie beside the project")


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flow]:
    """Its working directory and its temporary files are below one folder, whose files are watched."""
    temporary = tmp_path / "a" / "b" / "tmp"
    temporary.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.chdir(tmp_path)
    one = Flow(tmp_path)
    yield one
    one.close()
