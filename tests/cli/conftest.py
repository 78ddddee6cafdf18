"""A deployment on moto, and the command run on it."""

from collections.abc import Callable, Iterator

import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from headrace_cli import app
from tests.cli.deployed import Deployed

Run = Callable[..., Result]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """A deployment that commands find, whatever their options say."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        one = Deployed()
        monkeypatch.setattr(app, "resolve", lambda _: one)
        yield one


@pytest.fixture
def run() -> Run:
    """Run the command in this process; its stdout and stderr are kept apart."""
    return lambda *arguments, **named: CliRunner().invoke(app.app, arguments, **named)
