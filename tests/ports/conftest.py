"""The worlds that every port suite runs in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from headrace.domain.zones import TableRef
from headrace.ports import Ledger
from headrace_local.emulator import client_environment
from headrace_local.laptop import Laptop
from tests.ports.tables import CONCERTS, ELPHI, GEWANDHAUS, UNKNOWN_HALL, spec
from tests.ports.worlds import Catalog, EmulatedWorld, FakeWorld, World


@pytest.fixture(scope="session", autouse=True)
def nobody_is_reached_by_accident() -> Iterator[None]:
    """boto3 and PyArrow find these credentials, and nobody's own."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in client_environment(port=9).items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL")
        yield


@pytest.fixture(scope="session")
def laptop_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    laptop = Laptop(Path(tmp_path_factory.mktemp("laptop")), port=0, keep=False)
    laptop.start()
    yield laptop.endpoint
    laptop.stop()


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[EmulatedWorld]:
    """An account of moto's; for what only an adapter can show, too."""
    with mock_aws():
        yield EmulatedWorld("moto", lake=tmp_path / "lake")


@pytest.fixture
def laptop(laptop_endpoint: str) -> EmulatedWorld:
    return EmulatedWorld("laptop", laptop_endpoint)


@pytest.fixture(params=["moto", pytest.param("laptop", marks=pytest.mark.laptop)])
def cloud(request: pytest.FixtureRequest) -> EmulatedWorld:
    chosen: EmulatedWorld = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits before trying again."""
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.fixture
def fake() -> FakeWorld:
    return FakeWorld()


@pytest.fixture(params=["fake", "moto", pytest.param("laptop", marks=pytest.mark.laptop)])
def world(request: pytest.FixtureRequest) -> World:
    chosen: World = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def ledger(world: World) -> Ledger:
    return world.ledger()


@pytest.fixture
def catalog(world: World) -> Catalog:
    return world.catalog()


@pytest.fixture
def albums(world: World, catalog: Catalog) -> TableRef:
    made = spec(world)
    catalog.ensure(made)
    return made.ref


@pytest.fixture
def concerts(world: World, catalog: Catalog) -> TableRef:
    made = spec(world, CONCERTS, "music_concerts")
    catalog.ensure(made)
    for rows in ([GEWANDHAUS, UNKNOWN_HALL], [ELPHI]):
        catalog.append(made.ref, [catalog.parquet(made.ref, rows)], {}, {})
    return made.ref
