"""Contracts are registered together or not at all."""

import pytest

from headrace.domain.batch import UnknownField
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import IncompatibleTable, InvalidContract
from headrace.domain.plan import Column, Date, Integer, Plan, Text, Type
from headrace.ports import TableSpec, TableState
from headrace.steps import records
from headrace.steps.tables import rows_as_known
from headrace.steps.widen import keep_widened, widen
from tests.steps.conftest import WHEELS
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
    days = mills.replace("logicalType: integer, logicalTypeOptions: {minimum: 0}", "logicalType: date")
    with pytest.raises(InvalidContract, match=r"mills\.odcs\.yaml.*river/mills: impossible: wheels"):
        world.register(days.replace("1.0.0", "2.0.0"))
    assert world.ledger.dataset(MILLS) == before


def test_a_table_that_nobody_registered_must_fit(mills: str) -> None:
    world = World()
    ref = world.zones.curated(MILLS)
    world.catalog.ensure(TableSpec(ref, (Column("wheels", "wheels", Text()),), "s3://lake/elsewhere", {}))
    with pytest.raises(IncompatibleTable, match="wheels"):
        world.register(mills)
    assert world.ledger.datasets() == []


def test_a_mart_is_found_by_what_it_reads(world: World) -> None:
    assert [str(one.mart) for one in world.ledger.marts_reading(MILLS)] == ["river/wheels"]
    assert ("Mart Registered", "river/wheels") in [
        (kind, one["dataset"]) for kind, one in world.events.events
    ]


# ── versions ─────────────────────────────────────────────────────────────────────────────────────

WHEELS_COLUMN = "{name: wheels, logicalType: integer, logicalTypeOptions: {minimum: 0}}"
BUILT = "{name: built, logicalType: date}"


def columns(world: World) -> set[str]:
    return set(world.catalog.tables[world.zones.curated(MILLS)].columns)


def in_force(world: World) -> Plan:
    state = world.ledger.dataset(MILLS)
    assert state is not None
    return records.read_plan(world.artefacts, state.contract)


def test_a_compatible_version_applies_by_itself(world: World, mills: str) -> None:
    registered = world.register(mills.replace(WHEELS_COLUMN, f"{WHEELS_COLUMN}\n      - {BUILT}"))
    assert "built" in columns(world)
    assert in_force(world).field_ids.keys() >= {"name", "wheels", "built"}
    (note,) = registered.registered[0].notes
    assert note.endswith("the contract changed and its version is still 1.0.0; raise it")
    assert (
        not world.register(mills.replace(WHEELS_COLUMN, f"{WHEELS_COLUMN}\n      - {BUILT}"))
        .registered[0]
        .notes
    )


def test_what_somebody_may_notice_is_told(world: World, mills: str) -> None:
    tighter = mills.replace("1.0.0", "1.1.0").replace("minimum: 0", "minimum: 1")
    (note,) = world.register(tighter).registered[0].notes
    assert "river/mills.odcs.yaml:1:1: tighter: wheels: its range allows less" in note


def test_a_breaking_version_is_refused_with_all_that_breaks(world: World, mills: str) -> None:
    before, tables = world.ledger.dataset(MILLS), dict(world.catalog.tables)
    broken = (
        mills.replace("1.0.0", "1.1.0").replace(WHEELS_COLUMN, BUILT).replace("format: csv", "format: json")
    )
    broken = broken.replace("sum(wheels) AS wheels", "1 AS one")
    other = mills.replace("mills", "weirs").replace(WHEELS_COLUMN, BUILT)
    with pytest.raises(InvalidContract) as refused:
        world.register(other, broken)
    told = [
        problem.removeprefix("contracts/river/mills.odcs.yaml:1:1: river/mills: ")
        for problem in refused.value.problems
    ]
    assert [line[:24] for line in told] == [
        "breaking: wheels: remove",
        "breaking: formats: csv f",
        "version 1.1.0 does not a",
    ]
    assert world.ledger.dataset(MILLS) == before
    assert world.catalog.tables == tables


def test_a_major_version_may_break_and_loses_no_column(world: World, mills: str) -> None:
    without = mills.replace("1.0.0", "2.0.0").replace(f"      - {WHEELS_COLUMN}\n", "")
    world.register(without)
    assert [column.name for column in in_force(world).columns] == ["name"]
    assert columns(world) >= {"name", "wheels"}


def test_a_version_does_not_go_back(world: World, mills: str) -> None:
    world.register(mills.replace("1.0.0", "1.1.0"))
    with pytest.raises(InvalidContract, match=r"version 1\.0\.0 is below 1\.1\.0"):
        world.register(mills)


def test_a_renamed_column_keeps_its_rows(world: World, mills: str) -> None:
    before = in_force(world).field_ids["wheels"]
    renamed = (
        "{name: wheel_count, physicalName: Count, logicalType: integer, logicalTypeOptions: {minimum: 0}, "
        "customProperties: [{property: headrace.aliases, value: [wheels]}]}"
    )
    world.register(mills.replace(WHEELS_COLUMN, renamed).replace("sum(wheels)", "sum(wheel_count)"))
    assert in_force(world).field_ids["wheel_count"] == before
    assert "wheels" not in columns(world)


def test_a_batch_under_way_knows_the_table_by_its_own_names(world: World, mills: str) -> None:
    world.land("river/mills/a.csv", b"name,wheels\nObermuehle,3\nNeumuehle,4\n")
    world.rest()
    old = in_force(world)
    renamed = (
        "{name: wheel_count, physicalName: wheels, logicalType: integer, logicalTypeOptions: {minimum: 0}, "
    )
    renamed += "customProperties: [{property: headrace.aliases, value: [wheels]}]}"
    world.register(mills.replace(WHEELS_COLUMN, renamed).replace("sum(wheels)", "sum(wheel_count)"))
    assert "wheels" not in columns(world)
    (batch,) = rows_as_known(
        old, ["wheels", "name"], world.catalog, world.zones, below_batch=2, between={"wheels": (4, 9)}
    )
    assert batch.to_pylist() == [{"wheels": 4, "name": "Neumuehle"}]


def test_what_the_author_wrote_is_kept_beside_what_it_became(world: World, mills: str) -> None:
    state = world.ledger.dataset(MILLS)
    assert state is not None
    assert records.read_source(world.artefacts, state.contract).decode() == mills


def test_a_contract_without_landing_is_kept_and_makes_no_table(mills: str) -> None:
    world = World()
    described = mills.partition("customProperties")[0].replace(
        "type: s3", "type: postgres, host: db, database: d, schema: s, port: 5432"
    )
    world.register(described)
    assert world.catalog.tables == {}
    assert world.ledger.datasets() == []
    kept = [one.key for one in world.artefacts.list("contracts/river/mills/")]
    assert [key.partition(".0.0-")[2].partition(".")[2] for key in kept] == ["json", "odcs.yaml"]


def test_a_mart_of_other_columns_waits_for_its_refresh(world: World) -> None:
    ref = world.zones.mart(DatasetId("river", "wheels"))
    before = world.catalog.tables[ref]
    world.register(WHEELS.replace("1.0.0", "2.0.0").replace("logicalType: integer", "logicalType: string"))
    assert world.catalog.tables[ref] == before
    with pytest.raises(InvalidContract, match="breaking: wheels"):
        world.register(WHEELS.replace("1.0.0", "2.1.0"))


# ── evolved columns ──────────────────────────────────────────────────────────────────────────────

EVOLVE = "{property: headrace.evolution, value: evolve}"


@pytest.fixture
def evolving(mills: str) -> str:
    return mills.replace("customProperties:\n", f"customProperties:\n  - {EVOLVE}\n")


def widen_by(world: World, *fields: tuple[str, Type]) -> str:
    unknown = [UnknownField(*field) for field in fields]
    return widen(
        in_force(world), unknown, artefacts=world.artefacts, catalog=world.catalog, zones=world.zones
    )


def keep(world: World, contract: str) -> None:
    keep_widened(MILLS, contract, artefacts=world.artefacts, ledger=world.ledger)


def test_a_batch_widens_the_table_and_then_the_contract_in_force(world: World, evolving: str) -> None:
    world.register(evolving)
    before = in_force(world)
    key = widen_by(world, ("River", Text()), ("Depth", Integer()))
    assert key == widen_by(world, ("River", Text()), ("Depth", Integer()))
    assert columns(world) >= {"river", "depth"}
    assert in_force(world) == before
    for _ in range(2):
        keep(world, key)
        assert in_force(world) == records.read_plan(world.artefacts, key)
    assert in_force(world).field_ids.keys() >= {"name", "wheels", "river", "depth"}
    state = world.ledger.dataset(MILLS)
    assert state is not None
    assert records.read_source(world.artefacts, state.contract).decode() == evolving


def test_nothing_unknown_widens_nothing(world: World, evolving: str) -> None:
    world.register(evolving)
    state = world.ledger.dataset(MILLS)
    assert state is not None
    assert widen_by(world, ("wheels", Text())) == state.contract


def test_the_authors_next_version_keeps_evolved_columns(world: World, evolving: str) -> None:
    world.register(evolving)
    keep(world, widen_by(world, ("River", Text())))
    assert world.register(evolving).registered[0].notes == ()
    world.register(
        evolving.replace("1.0.0", "1.1.0").replace(WHEELS_COLUMN, f"{WHEELS_COLUMN}\n      - {BUILT}")
    )
    assert [column.name for column in in_force(world).columns] == ["name", "wheels", "built", "river"]


def test_a_batch_under_an_older_contract_leaves_the_newer_one_in_force(world: World, evolving: str) -> None:
    world.register(evolving)
    old = in_force(world)
    renamed = evolving.replace("1.0.0", "1.1.0").replace(
        WHEELS_COLUMN,
        "{name: count, logicalType: integer, logicalTypeOptions: {minimum: 0}, "
        "customProperties: [{property: headrace.aliases, value: [wheels]}]}",
    )
    world.register(renamed.replace("sum(wheels)", "sum(count)"))
    unknown = [UnknownField("River", Text())]
    key = widen(old, unknown, artefacts=world.artefacts, catalog=world.catalog, zones=world.zones)
    assert "wheels" not in columns(world)
    keep(world, key)
    assert [column.name for column in in_force(world).columns] == ["name", "count", "river"]
    assert in_force(world).contract.startswith("1.1.0+")


def test_a_column_that_the_table_has_with_another_type_is_not_taken(world: World, evolving: str) -> None:
    world.register(evolving)
    table = TableSpec(world.zones.curated(MILLS), (Column("river", "", Date()),), "", {}, None)
    world.catalog.ensure(table)
    fields = ("river", Text()), ("depth", Integer())
    key = widen_by(world, *fields)
    assert [one.name for one in records.read_plan(world.artefacts, key).columns[-2:]] == ["river_2", "depth"]
    assert key == widen_by(world, *fields)


def test_a_contract_that_evolves_no_longer_is_not_widened(world: World, mills: str, evolving: str) -> None:
    world.register(evolving)
    key = widen_by(world, ("River", Text()))
    world.register(mills)
    keep(world, key)
    assert [column.name for column in in_force(world).columns] == ["name", "wheels"]


def test_a_registration_meets_columns_that_came_meanwhile(
    world: World, evolving: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.register(evolving)
    key = widen_by(world, ("River", Text()))
    ensure = world.catalog.ensure

    def interrupted(spec: TableSpec) -> TableState:
        monkeypatch.undo()
        keep(world, key)
        return ensure(spec)

    monkeypatch.setattr(world.catalog, "ensure", interrupted)
    world.register(evolving.replace("1.0.0", "1.1.0"))
    assert [column.name for column in in_force(world).columns] == ["name", "wheels", "river"]
    assert in_force(world).contract.startswith("1.1.0+")
