"""The columns that batches add to a contract."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.domain.batch import UnknownField
from headrace.domain.column_names import RESERVED
from headrace.domain.compiled import contract_id
from headrace.domain.dataset import DatasetId
from headrace.domain.evolution import MOST_COLUMNS, joined, keeping_evolved, widened
from headrace.domain.formats import Ndjson
from headrace.domain.plan import (
    Boolean,
    Column,
    Date,
    Double,
    Integer,
    Json,
    Partition,
    Plan,
    Text,
    Timestamp,
    Type,
)

NAME = Column("name", "Name", Text(), aliases=("Title",))
BUILT = Column("built", "built", Date())
MILLS = Plan(
    DatasetId("river", "mills"),
    "1.2.0+aaaaaaaa",
    (Ndjson(),),
    (NAME, BUILT),
    evolution="evolve",
    partitions=(Partition("built", "year"),),
    field_ids={"name": 1, "built": 2},
)
TYPES: tuple[Type, ...] = (Integer(), Double(), Boolean(), Date(), Timestamp(), Text(), Json())


def added(plan: Plan, *fields: tuple[str, Type]) -> list[tuple[str, str, Type]]:
    wider = widened(plan, [UnknownField(*field) for field in fields])
    assert wider.columns[: len(plan.columns)] == plan.columns
    new = wider.columns[len(plan.columns) :]
    assert all(column.evolved for column in new)
    return [(column.name, column.source, column.type) for column in new]


def test_a_field_becomes_a_column_with_a_name_of_ours() -> None:
    assert added(
        MILLS, ("Wheel Count", Integer()), ("überfall", Text()), ("2nd", Date()), ("水", Json())
    ) == [
        ("wheel_count", "Wheel Count", Integer()),
        ("uberfall", "überfall", Text()),
        ("_2nd", "2nd", Date()),
        ("column", "水", Json()),
    ]


def test_a_name_that_is_taken_gets_a_number() -> None:
    fields = ("NAME", "Built", "built year", "_row", "river", "River", "RIVER")
    assert [name for name, _, _ in added(MILLS, *((field, Text()) for field in fields))] == [
        "name_2",
        "built_2",
        "built_year_2",
        "_row_2",
        "river",
        "river_2",
        "river_3",
    ]


def test_names_that_the_table_has_are_taken_too() -> None:
    wider = widened(MILLS, [UnknownField("river", Text())], ["river"])
    assert wider.columns[-1].name == "river_2"


def test_a_field_that_the_contract_reads_is_not_added() -> None:
    assert added(MILLS, ("Name", Text()), ("Title", Text())) == []
    assert widened(MILLS, [UnknownField("Name", Text())]) is MILLS


def test_units_agree_on_a_type() -> None:
    assert added(MILLS, ("a", Integer()), ("b", Text()), ("a", Double()), ("a", Integer())) == [
        ("a", "a", Double()),
        ("b", "b", Text()),
    ]


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Integer(), Double(), Double()),
        (Date(), Timestamp(), Timestamp()),
        (Integer(), Boolean(), Text()),
        (Date(), Integer(), Text()),
        (Json(), Integer(), Json()),
        (Json(), Text(), Json()),
    ],
)
def test_a_type_takes_the_values_of_both(one: Type, other: Type, both: Type) -> None:
    assert joined(one, other) == joined(other, one) == both


@given(st.sampled_from(TYPES), st.sampled_from(TYPES))
def test_joining_is_stable(one: Type, other: Type) -> None:
    both = joined(one, other)
    assert joined(both, one) == joined(both, other) == joined(both, both) == both


def test_the_contract_is_another_one_of_the_same_version() -> None:
    wider = widened(MILLS, [UnknownField("river", Text())])
    assert wider.contract == contract_id("1.2.0", wider) != MILLS.contract


def test_there_is_a_limit() -> None:
    fields = [UnknownField(f"f{at}", Text()) for at in range(MOST_COLUMNS)]
    wider = widened(MILLS, fields)
    assert len(wider.columns) == MOST_COLUMNS
    assert widened(wider, [UnknownField("more", Text())]) is wider


@given(st.lists(st.text(max_size=200), unique=True, max_size=30))
def test_any_fields_give_columns_that_a_table_can_have(sources: list[str]) -> None:
    columns = widened(MILLS, [UnknownField(source, Text()) for source in sources]).columns
    names = [column.name for column in columns]
    assert len(set(names)) == len(names)
    assert not RESERVED & set(names)
    assert all(re.fullmatch(r"[a-z_][a-z0-9_]{0,126}", name) for name in names)
    assert {column.source for column in columns} == {"Name", "built", *sources}


# ── the author's next version ────────────────────────────────────────────────────────────────────

WIDER = replace(
    widened(MILLS, [UnknownField("river", Text()), UnknownField("Depth", Double())]),
    field_ids={"name": 1, "built": 2, "river": 8, "depth": 9},
)
NEXT = replace(MILLS, contract="1.3.0+bbbbbbbb", field_ids={})


def test_evolved_columns_stay() -> None:
    kept = keeping_evolved(NEXT, WIDER)
    assert kept.columns == WIDER.columns
    assert kept.contract == contract_id("1.3.0", kept)
    assert kept.field_ids == {"river": 8, "depth": 9}
    assert keeping_evolved(NEXT, MILLS) == NEXT


@pytest.mark.parametrize(
    "own",
    [
        Column("river", "river", Text(), required=True),
        Column("river", "River", Text()),
        Column("stream", "river", Text()),
        Column("stream", "stream", Text(), aliases=("river",)),
    ],
)
def test_the_authors_column_takes_the_place_of_an_evolved_one(own: Column) -> None:
    kept = keeping_evolved(replace(NEXT, columns=(NAME, BUILT, own)), WIDER)
    assert [column.name for column in kept.columns] == ["name", "built", own.name, "depth"]


def test_a_batch_adds_to_the_contract_that_is_in_force_by_then() -> None:
    standing = replace(NEXT, field_ids=MILLS.field_ids)
    assert keeping_evolved(standing, WIDER).field_ids == WIDER.field_ids
    assert keeping_evolved(WIDER, WIDER) == WIDER
