"""How every table catalog evolves a table that stands, and keeps its partitions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from headrace.domain.errors import IncompatibleTable
from headrace.domain.plan import (
    Array,
    Boolean,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Object,
    Partition,
    Text,
    Timestamp,
    Type,
)
from headrace.domain.zones import TableRef
from headrace.ports import TableSpec
from tests.ports.tables import ALBUMS, CONCERTS, read, spec
from tests.ports.worlds import Catalog, World


def tracks(*columns: Column) -> Column:
    return Column("tracks", "Tracks", Array(Object(columns)))


NAME = Column("name", "name", Text())


def test_new_columns_are_added_and_the_others_keep_their_ids(world: World, catalog: Catalog) -> None:
    before = catalog.ensure(spec(world)).field_ids
    wider = (Column("label", "Label", Text()), *ALBUMS[:2], tracks(NAME, Column("seconds", "", Integer(32))))
    after = catalog.ensure(spec(world, wider)).field_ids
    assert after.items() > before.items()
    assert after.keys() - before.keys() == {"label", "tracks.element.seconds"}
    assert len(set(after.values())) == len(after)
    assert catalog.ensure(spec(world, wider)).field_ids == after


def test_a_new_column_may_hold_others(world: World, catalog: Catalog) -> None:
    catalog.ensure(spec(world, ALBUMS[:1]))
    ids = catalog.ensure(spec(world)).field_ids
    assert ids.keys() == {"title", "year", "tracks", "tracks.element", "tracks.element.name"}
    assert len(set(ids.values())) == 5


def test_what_the_contract_no_longer_names_stays(world: World, catalog: Catalog) -> None:
    before = catalog.ensure(spec(world))
    assert catalog.ensure(spec(world, ALBUMS[:1])) == before
    assert catalog.ensure(spec(world, tuple(reversed(ALBUMS)))) == before


def test_a_column_that_stands_under_an_alias_is_renamed(world: World, catalog: Catalog) -> None:
    before = catalog.ensure(spec(world)).field_ids
    renamed = (
        Column("name", "Title", Text(), aliases=("headline", "title")),
        ALBUMS[1],
        replace(tracks(replace(NAME, name="song", aliases=("name",))), name="songs", aliases=("tracks",)),
    )
    after = catalog.ensure(spec(world, renamed)).field_ids
    assert after == {
        "name": before["title"],
        "year": before["year"],
        "songs": before["tracks"],
        "songs.element": before["tracks.element"],
        "songs.element.song": before["tracks.element.name"],
    }
    assert catalog.ensure(spec(world, renamed)).field_ids == after


def test_an_alias_that_is_a_column_of_its_own_is_left_alone(world: World, catalog: Catalog) -> None:
    before = catalog.ensure(spec(world)).field_ids
    both = (*ALBUMS, Column("headline", "", Text(), aliases=("title",)))
    assert catalog.ensure(spec(world, both)).field_ids.items() > before.items()


def test_one_column_is_renamed_once(world: World, catalog: Catalog) -> None:
    before = catalog.ensure(spec(world, ALBUMS[:1])).field_ids
    two = tuple(Column(name, "", Text(), aliases=("title",)) for name in ("headline", "subtitle"))
    after = catalog.ensure(spec(world, two)).field_ids
    assert (after["headline"], len(after)) == (before["title"], 2)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [(Integer(32), Integer(64)), (Decimal(9, 2), Decimal(18, 2)), (Decimal(9, 2), Decimal(38, 2))],
)
@pytest.mark.parametrize("inside", [lambda kind: kind, Array, lambda kind: Object((Column("a", "", kind),))])
def test_a_type_is_promoted_and_never_narrowed(
    world: World, catalog: Catalog, narrow: Type, wide: Type, inside: Callable[[Type], Type]
) -> None:
    made = catalog.ensure(spec(world, (Column("a", "a", inside(narrow)),)))
    for kind in (wide, narrow):
        assert catalog.ensure(spec(world, (Column("a", "a", inside(kind)),))).field_ids == made.field_ids
    other = spec(world, (Column("a", "a", inside(Boolean())),))
    with pytest.raises(IncompatibleTable, match=r"a(\.element|\.a)? is (long|int64|decimal)"):
        catalog.ensure(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Integer(64), Double()),
        (Integer(32), Decimal(9, 0)),
        (Integer(32), Text()),
        (Decimal(9, 2), Decimal(18, 3)),
        (Double(), Decimal(9, 2)),
        (Date(), Timestamp()),
        (Text(), Array(Text())),
        (Array(Text()), Array(Date())),
        (Boolean(), Text()),
        (Object((NAME,)), Text()),
        (Object((NAME,)), Object((replace(NAME, type=Date()),))),
    ],
)
def test_another_type_is_incompatible_and_changes_nothing(
    world: World, catalog: Catalog, one: Type, other: Type
) -> None:
    for name, before, after in (("there", one, other), ("back", other, one)):
        home = spec(world, name=name)
        made = catalog.ensure(replace(home, columns=(Column("a", "a", before),)))
        with pytest.raises(IncompatibleTable, match="a"):
            catalog.ensure(replace(home, columns=(Column("b", "b", Text()), Column("a", "a", after))))
        assert catalog.state(home.ref) == made


def test_old_rows_are_read_in_the_evolved_table(world: World, catalog: Catalog) -> None:
    made = spec(
        world, (Column("name", "", Text()), Column("seats", "", Integer(32)), Column("_batch", "", Integer()))
    )
    catalog.ensure(made)
    catalog.append(
        made.ref, [catalog.parquet(made.ref, [{"name": "Gewandhaus", "seats": 1905, "_batch": 1}])], {}, {}
    )
    late = catalog.parquet(made.ref, [{"name": "Musikverein", "seats": 1744, "_batch": 2}])
    evolved = (
        Column("hall", "", Text(), aliases=("name",)),
        Column("seats", "", Integer()),
        Column("city", "", Text()),
        Column("_batch", "", Integer()),
    )
    catalog.ensure(replace(made, columns=evolved))
    newest = {"hall": "Elbphilharmonie", "seats": 2**40, "city": "Hamburg", "_batch": 3}
    catalog.append(made.ref, [late, catalog.parquet(made.ref, [newest])], {}, {})
    assert read(catalog, made.ref, ["hall", "seats", "city"]) == [
        ("Elbphilharmonie", 2**40, "Hamburg"),
        ("Gewandhaus", 1905, None),
        ("Musikverein", 1744, None),
    ]
    assert read(catalog, made.ref, ["hall"], between={"seats": (1744, 1744)}) == [("Musikverein",)]
    assert read(catalog, made.ref, ["seats"], between={"city": ("A", "Z")}) == [(2**40,)]


def test_many_can_evolve_a_table_at_once(world: World) -> None:
    catalog = world.catalog()
    catalog.ensure(spec(world))
    if world.name == "moto":
        pytest.skip("moto's UpdateTable ignores VersionId: two writers of the same version both succeed")
    wanted = [(*ALBUMS, Column(f"label_{number}", "", Text())) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda columns: catalog.ensure(spec(world, columns)), wanted))
    assert catalog.state(spec(world).ref).field_ids.keys() > {f"label_{number}" for number in range(4)}


# ── partitions ───────────────────────────────────────────────────────────────────────────────────


def partitioned(world: World, *partitions: Partition, columns: tuple[Column, ...] = CONCERTS) -> TableSpec:
    return replace(spec(world, columns, "music_concerts"), partitions=partitions)


def test_partitions_stand_and_may_not_change(world: World, catalog: Catalog) -> None:
    by_month = Partition("began", "month")
    made = catalog.ensure(partitioned(world, by_month))
    assert catalog.ensure(partitioned(world, by_month)) == made
    for other in (
        (),
        (Partition("began", "day"),),
        (Partition("opened", "month"),),
        (by_month, Partition("hall")),
    ):
        with pytest.raises(IncompatibleTable, match="partitioned by"):
            catalog.ensure(partitioned(world, *other))
    assert catalog.state(partitioned(world).ref) == made


def test_a_table_is_not_partitioned_afterwards(world: World, catalog: Catalog, concerts: TableRef) -> None:
    with pytest.raises(IncompatibleTable, match="partitioned by"):
        catalog.ensure(partitioned(world, Partition("hall", "truncate", 3)))


def test_a_partition_follows_its_column(world: World, catalog: Catalog) -> None:
    catalog.ensure(partitioned(world, Partition("hall")))
    renamed = (replace(CONCERTS[0], name="house", aliases=("hall",)), *CONCERTS[1:])
    assert "house" in catalog.ensure(partitioned(world, Partition("house"), columns=renamed)).field_ids
