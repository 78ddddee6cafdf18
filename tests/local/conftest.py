"""Two accounts for all tests of the laptop: ours, and MiniStack as it is."""

from collections.abc import Iterator

import pytest

from headrace_local.laptop import Laptop
from tests.local.account import Account


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    yield from _running(
        Laptop(tmp_path_factory.mktemp("laptop"), port=0, keep=False, slots=2, wait_scale=0.01)
    )


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    yield from _running(
        Laptop(tmp_path_factory.mktemp("plain"), port=0, keep=False, wait_scale=0.01, plain=True)
    )


def _running(laptop: Laptop) -> Iterator[Account]:
    laptop.start()
    try:
        yield Account(laptop)
    finally:
        laptop.stop()
