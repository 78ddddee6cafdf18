"""A contract of data that is elsewhere is kept; nothing that lands waits for it."""

import pytest

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidContract, UnknownDataset
from headrace.steps import records
from tests.world import World

LEDGERS = """
apiVersion: v3.1.0
kind: DataContract
id: ledgers
version: 1.0.0
status: active
domain: river
name: ledgers
schema:
  - name: ledgers
    properties: [{name: amount, logicalType: number}]
"""


def test_it_is_kept_beside_what_its_author_wrote() -> None:
    world = World()
    (registered,) = world.register(LEDGERS).registered
    (key,) = (one.key for one in world.artefacts.list("contracts/") if one.key.endswith(".json"))
    assert registered.dataset == "river/ledgers"
    assert records.read_source(world.artefacts, key) == LEDGERS.encode()
    assert world.catalog.tables == {}


def test_an_object_under_its_name_is_refused_once_and_for_all() -> None:
    world = World()
    world.register(LEDGERS)
    world.land("river/ledgers/a.csv", b"amount\n1\n")
    world.reconcile(list_landing=True)
    (refused,) = world.ledger.objects("unrouted")
    assert refused.state.value == "QUARANTINED"
    assert "no contract is registered for river/ledgers" in refused.reason
    assert list(world.waiting_executions()) == []


def test_it_cannot_take_the_place_of_a_dataset_that_lands(world: World, mills: str) -> None:
    before = world.ledger.dataset(DatasetId("river", "mills"))
    with pytest.raises(InvalidContract, match="a dataset that lands becomes only described"):
        world.register(LEDGERS.replace("ledgers", "mills").replace("1.0.0", "2.0.0"))
    assert world.ledger.dataset(DatasetId("river", "mills")) == before


def test_a_contract_of_another_kind_is_named_as_what_it_is(world: World) -> None:
    world.register(LEDGERS)
    keys = [one.key for one in world.artefacts.list("contracts/") if one.key.endswith(".json")]
    wheels, mills, ledgers = (
        next(key for key in keys if name in key) for name in ("wheels", "mills", "ledgers")
    )
    with pytest.raises(UnknownDataset, match="data that is elsewhere, river/ledgers, where no object lands"):
        records.read_plan(world.artefacts, ledgers)
    with pytest.raises(UnknownDataset, match="a mart, river/wheels, where no object lands"):
        records.read_plan(world.artefacts, wheels)
    with pytest.raises(UnknownDataset, match="a dataset, river/mills, not of a mart"):
        records.read_mart(world.artefacts, mills)
    assert records.read_mart(world.artefacts, wheels).dataset.name == "wheels"
