"""How every table catalog lets rows leave a table, and copies its form."""

import pytest
from msgspec.structs import replace

from headrace.domain.errors import CommitConflict, IncompatibleTable
from headrace.domain.plan import Column, Decimal, Integer, Partition, Text
from headrace.domain.zones import WATERMARK, TableRef
from tests.ports.tables import CONCERTS, read, spec
from tests.ports.worlds import Catalog, Row, World

TICKETS = (
    Column("seat", "", Text()),
    Column("price", "", Decimal(9, 2)),
    Column("_object", "", Text()),
    Column("_row", "", Integer()),
    Column("_batch", "", Integer()),
)
MATINEE, GALA, PREMIERE = (
    f"s3://landing/opera/tickets/{name}.csv" for name in ("matinee", "gala", "premiere")
)


def tickets(name: str, *rows: int, batch: int = 1, seat: str = "A") -> list[Row]:
    """Rows of an object at these places."""
    return [
        {"seat": f"{seat}{row}", "price": None, "_object": name, "_row": row, "_batch": batch} for row in rows
    ]


def places(catalog: Catalog, ref: TableRef) -> list[tuple[str, int]]:
    return [(name, row) for name, row in read(catalog, ref, ["_object", "_row"])]


@pytest.fixture
def opera(world: World, catalog: Catalog) -> TableRef:
    made = spec(world, TICKETS, "opera_tickets")
    catalog.ensure(made)
    return made.ref


# ── replace_rows ─────────────────────────────────────────────────────────────────────────────────


def test_an_object_leaves_with_its_file_and_the_others_stay_as_they_are(
    catalog: Catalog, opera: TableRef
) -> None:
    stays, goes = (catalog.parquet(opera, tickets(name, 1, 2)) for name in (GALA, MATINEE))
    catalog.append(opera, [stays, goes], {}, {})
    snapshot = catalog.replace_rows(opera, {MATINEE: None}, [], {}, {})
    assert catalog.files(opera) == {stays: 2}
    assert catalog.state(opera).snapshot_id == snapshot != 0


def test_rows_leave_a_file_that_others_share(catalog: Catalog, opera: TableRef) -> None:
    shared = catalog.parquet(opera, [*tickets(MATINEE, 1, 2, 3), *tickets(GALA, 1, 2, batch=2)])
    catalog.append(opera, [shared], {}, {})
    catalog.replace_rows(opera, {MATINEE: frozenset({1, 3, 99}), PREMIERE: None}, [], {}, {})
    assert read(catalog, opera, ["_object", "_row", "_batch", "seat"]) == [
        (GALA, 1, 2, "A1"),
        (GALA, 2, 2, "A2"),
        (MATINEE, 2, 1, "A2"),
    ]
    ((kept, rows),) = catalog.files(opera).items()
    stem = shared.rsplit("/", 1)[1].removesuffix(".parquet")
    assert f"/opera_tickets/data/{stem}-kept-" in kept
    assert rows == 3


def test_what_is_kept_can_lose_rows_too(catalog: Catalog, opera: TableRef) -> None:
    catalog.append(opera, [catalog.parquet(opera, tickets(GALA, 1, 2, 3, 4))], {}, {})
    for row in (1, 2, 3):
        catalog.replace_rows(opera, {GALA: frozenset({row})}, [], {}, {})
    assert places(catalog, opera) == [(GALA, 4)]
    (kept,) = catalog.files(opera)
    assert kept.count("-kept-") == 1
    catalog.replace_rows(opera, {GALA: frozenset({4})}, [], {}, {})
    assert catalog.files(opera) == {}


def test_rows_leave_and_come_in_one_commit(catalog: Catalog, opera: TableRef) -> None:
    old = catalog.parquet(opera, [*tickets(MATINEE, 1, 2), *tickets(GALA, 1)])
    first = catalog.append(opera, [old], {WATERMARK: "1"}, {WATERMARK: None})
    new = catalog.parquet(opera, tickets(MATINEE, 1, 2, seat="B"))
    snapshot = catalog.replace_rows(opera, {MATINEE: None}, [new], {WATERMARK: "2"}, {WATERMARK: "1"})
    state = catalog.state(opera)
    assert (state.properties[WATERMARK], state.snapshot_id) == ("2", snapshot)
    assert snapshot not in (first, 0)
    assert read(catalog, opera, ["_object", "seat"]) == [(GALA, "A1"), (MATINEE, "B1"), (MATINEE, "B2")]


@pytest.mark.parametrize("gone", [{}, {PREMIERE: None}, {GALA: frozenset({7})}, {GALA: frozenset[int]()}])
def test_where_no_row_leaves_it_is_append(
    catalog: Catalog, opera: TableRef, gone: dict[str, frozenset[int] | None]
) -> None:
    file = catalog.parquet(opera, tickets(GALA, 1))
    snapshot = catalog.append(opera, [file], {}, {})
    assert catalog.replace_rows(opera, gone, [], {WATERMARK: "2"}, {}) == 0
    state = catalog.state(opera)
    assert (state.snapshot_id, state.properties[WATERMARK]) == (snapshot, "2")
    assert catalog.files(opera) == {file: 1}
    more = catalog.parquet(opera, tickets(MATINEE, 1))
    assert catalog.replace_rows(opera, gone, [more], {}, {}) == catalog.state(opera).snapshot_id != snapshot
    assert catalog.files(opera) == {file: 1, more: 1}


def test_a_fence_that_does_not_hold_keeps_the_rows(catalog: Catalog, opera: TableRef) -> None:
    file = catalog.parquet(opera, tickets(GALA, 1))
    catalog.append(opera, [file], {WATERMARK: "2"}, {})
    before = catalog.state(opera)
    with pytest.raises(CommitConflict, match=WATERMARK):
        catalog.replace_rows(opera, {GALA: None}, [], {WATERMARK: "2"}, {WATERMARK: "1"})
    assert catalog.state(opera) == before
    assert catalog.files(opera) == {file: 1}


def test_hundreds_of_objects_leave_at_once(catalog: Catalog, opera: TableRef) -> None:
    names = [f"s3://landing/opera/tickets/{number:04d}.csv" for number in range(450)]
    halves = [[row for name in names[at::2] for row in tickets(name, 1, 2)] for at in (0, 1)]
    catalog.append(opera, [catalog.parquet(opera, rows) for rows in halves], {}, {})
    gone = {name: None if number % 3 else frozenset({2}) for number, name in enumerate(names[:440])}
    catalog.replace_rows(opera, gone, [], {}, {})
    first = [(name, 1) for name in names[:440:3]]
    assert places(catalog, opera) == sorted(first + [(name, row) for name in names[440:] for row in (1, 2)])


def test_a_table_whose_rows_have_no_place_loses_none(
    world: World, catalog: Catalog, albums: TableRef
) -> None:
    with pytest.raises(IncompatibleTable, match="_object"):
        catalog.replace_rows(albums, {GALA: None}, [], {}, {})
    missing = TableRef(world.database, "opera_missing")
    with pytest.raises(IncompatibleTable, match="opera_missing"):
        catalog.replace_rows(missing, {GALA: None}, [], {}, {})


# ── clone ────────────────────────────────────────────────────────────────────────────────────────


def test_a_clone_is_empty_and_has_the_columns_of_its_original(world: World, catalog: Catalog) -> None:
    renamed = spec(
        world, (replace(TICKETS[0], name="place", aliases=("seat",)), *TICKETS[1:]), "opera_tickets"
    )
    catalog.ensure(spec(world, TICKETS, "opera_tickets", {"headrace.owner": "house", WATERMARK: "7"}))
    catalog.ensure(replace(renamed, columns=(Column("row_name", "", Text()), *renamed.columns)))
    original = catalog.state(renamed.ref)
    catalog.append(renamed.ref, [catalog.parquet(renamed.ref, [{"place": "A1"}])], {}, {})
    copy = TableRef(world.database, "opera_copy")
    state = catalog.clone(copy, renamed.ref, f"{world.location}/opera_copy")
    assert state == catalog.state(copy)
    assert (state.field_ids, state.snapshot_id) == (original.field_ids, 0)
    assert state.properties == {
        name: value for name, value in original.properties.items() if name != WATERMARK
    }
    assert catalog.files(copy) == {}


def test_a_clone_that_stands_is_left_alone(world: World, catalog: Catalog, opera: TableRef) -> None:
    copy = TableRef(world.database, "opera_copy")
    catalog.clone(copy, opera, f"{world.location}/opera_copy")
    file = catalog.parquet(copy, tickets(GALA, 1))
    catalog.append(copy, [file], {WATERMARK: "1"}, {})
    before = catalog.state(copy)
    assert catalog.clone(copy, opera, f"{world.location}/elsewhere") == before
    assert catalog.files(copy) == {file: 1}
    assert catalog.files(opera) == {}


def test_only_a_table_that_stands_is_cloned(world: World, catalog: Catalog) -> None:
    missing, copy = (TableRef(world.database, name) for name in ("opera_missing", "opera_copy"))
    with pytest.raises(IncompatibleTable, match="opera_missing"):
        catalog.clone(copy, missing, f"{world.location}/opera_copy")


@pytest.mark.parametrize("partitions", [(), (Partition("began", "month"), Partition("hall"))])
def test_a_clone_evolves_as_its_original_does_and_takes_its_place(
    world: World, catalog: Catalog, partitions: tuple[Partition, ...]
) -> None:
    made = replace(spec(world, CONCERTS, "music_concerts"), partitions=partitions)
    copied = replace(
        made, ref=TableRef(world.database, "music_copy"), location=f"{world.location}/music_copy"
    )
    catalog.ensure(made)
    catalog.clone(copied.ref, made.ref, copied.location)
    wider = (*CONCERTS, Column("encore", "", Text()))
    states = [catalog.ensure(replace(one, columns=wider)) for one in (made, copied)]
    assert states[0].field_ids == states[1].field_ids
    file = catalog.parquet(copied.ref, [{**dict.fromkeys(one.name for one in CONCERTS), "encore": "Air"}])
    catalog.append(copied.ref, [file], {}, {})
    catalog.ensure(replace(made, columns=(*wider, Column("bis", "", Text()))))
    catalog.replace(made.ref, copied.ref, {}, {}, keep_columns=True)
    assert read(catalog, made.ref, ["encore", "bis"]) == [("Air", None)]


def test_a_table_that_keeps_its_columns_takes_no_others(
    world: World, catalog: Catalog, opera: TableRef
) -> None:
    other = spec(world, (Column("label", "", Text()), *TICKETS), "opera_other")
    catalog.ensure(other)
    with pytest.raises(IncompatibleTable, match="opera_other"):
        catalog.replace(opera, other.ref, {}, {}, keep_columns=True)
