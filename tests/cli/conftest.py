"""A deployment on moto, and the command run on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from headrace_cli import app
from headrace_cli.contract import app as contract_app
from headrace_cli.rebuild import app as rebuild_app
from headrace_cli.replay import app as replay_app
from tests.cli.deployed import Deployed

Run = Callable[..., Result]

TIDES = """\
kind: DataContract
apiVersion: v3.1.0
id: sea-tides
version: 1.0.0
status: active
domain: sea
name: tides
servers:
  - {server: landing, type: s3, location: "s3://landing/sea/tides/", format: csv}
schema:
  - name: tides
    properties:
      - {name: harbour, logicalType: string, required: true}
      - {name: height_m, logicalType: number}
"""
"""A contract that compiles."""


@pytest.fixture
def contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `contracts`, below the current one, with the contract of sea/tides."""
    folder = tmp_path / "contracts"
    (folder / "sea").mkdir(parents=True)
    (folder / "sea" / "tides.odcs.yaml").write_text(TIDES)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """A deployment that commands find, whatever their options say."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        one = Deployed()
        monkeypatch.setattr(app, "resolve", lambda _: one)
        monkeypatch.setattr(contract_app, "resolve", lambda _: one)
        monkeypatch.setattr(rebuild_app, "resolve", lambda _: one)
        monkeypatch.setattr(replay_app, "resolve", lambda _: one)
        yield one


@pytest.fixture
def run() -> Run:
    """Run the command in this process; its stdout and stderr are kept apart."""
    return lambda *arguments, **named: CliRunner().invoke(app.app, arguments, **named)
