"""Contracts are registered together or not at all."""

import pytest

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import IncompatibleTable, InvalidContract
from tests.world import World

MILLS = DatasetId("river", "mills")


def test_a_dataset_has_both_its_tables_before_it_takes_objects(mills: str) -> None:
    world = World()
    world.register(mills)
    assert {str(ref) for ref in world.catalog.tables} == {"curated.river_mills", "quarantine.river_mills"}
    assert [str(one.dataset) for one in world.ledger.datasets()] == ["river/mills"]


def test_one_malformed_contract_stops_them_all(mills: str) -> None:
    world = World()
    with pytest.raises(InvalidContract) as refused:
        world.register(mills, mills.replace("mills", "weirs").replace("integer", "wheel"))
    assert refused.value.problems[0].startswith("contracts/river/weirs.odcs.yaml:")
    assert world.catalog.tables == {}
    assert world.ledger.datasets() == []


def test_the_same_dataset_twice_is_refused(mills: str) -> None:
    with pytest.raises(InvalidContract, match="river/mills is defined"):
        World().register(mills, mills)


def test_registering_again_changes_nothing(world: World, mills: str) -> None:
    before = world.ledger.dataset(MILLS)
    world.register(mills)
    assert world.ledger.dataset(MILLS) == before


def test_a_contract_that_its_table_cannot_take_is_refused_and_the_old_one_stays(
    world: World, mills: str
) -> None:
    before = world.ledger.dataset(MILLS)
    with pytest.raises(IncompatibleTable, match="wheels"):
        world.register(
            mills.replace("logicalType: integer, logicalTypeOptions: {minimum: 0}", "logicalType: date")
        )
    assert world.ledger.dataset(MILLS) == before


def test_a_mart_is_found_by_what_it_reads(world: World) -> None:
    assert [str(one.mart) for one in world.ledger.marts_reading(MILLS)] == ["river/wheels"]
    assert ("Mart Registered", "river/wheels") in [
        (kind, one["dataset"]) for kind, one in world.events.events
    ]
