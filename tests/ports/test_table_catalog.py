"""One behaviour of every table catalog."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal as Number
from typing import Any

import pytest

from headrace.domain.errors import CommitConflict, IncompatibleTable
from headrace.domain.plan import Boolean, Column, Date, Json, Text, Timestamp, Type
from headrace.domain.tables import CURATED_SYSTEM_COLUMNS, QUARANTINE_COLUMNS
from headrace.domain.zones import WATERMARK, TableRef
from tests.ports.tables import ALBUMS, DUKE, ELLA, read, spec
from tests.ports.worlds import Catalog, World

# ── ensure ───────────────────────────────────────────────────────────────────────────────────────


def test_a_new_table_is_empty_and_numbers_its_fields(world: World, catalog: Catalog) -> None:
    state = catalog.ensure(spec(world, properties={"headrace.owner": "archive"}))
    paths = {"title", "year", "tracks", "tracks.element", "tracks.element.name"}
    assert state.field_ids.keys() == paths
    assert len(set(state.field_ids.values())) == len(paths)
    assert state.properties["headrace.owner"] == "archive"
    assert WATERMARK not in state.properties
    assert state.snapshot_id == 0
    assert catalog.state(spec(world).ref) == state


def test_a_table_that_stands_is_left_as_it_is(world: World, catalog: Catalog) -> None:
    made = catalog.ensure(spec(world, properties={WATERMARK: "7"}))
    assert catalog.ensure(spec(world, properties={WATERMARK: "0"})) == made


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Text(), Json()),
        (Boolean(), Boolean(true=("ja",), false=("nein",))),
        (Date(), Date("%d.%m.%Y")),
        (Timestamp(), Timestamp("%s", "Europe/Berlin")),
    ],
)
def test_how_a_value_is_written_does_not_change_its_column(
    world: World, catalog: Catalog, one: Type, other: Type
) -> None:
    made = catalog.ensure(spec(world, (Column("a", "a", one),)))
    assert catalog.ensure(spec(world, (Column("a", "b", other, required=True, description="new"),))) == made


def test_a_masked_column_is_text(world: World, catalog: Catalog) -> None:
    made = catalog.ensure(spec(world, (Column("born", "born", Date(), mask="hash"),)))
    assert catalog.ensure(spec(world, (Column("born", "born", Text()),))) == made
    with pytest.raises(IncompatibleTable, match="born"):
        catalog.ensure(spec(world, (Column("born", "born", Date()),)))


def test_headraces_own_columns_make_tables(world: World, catalog: Catalog) -> None:
    curated = catalog.ensure(spec(world, ALBUMS + CURATED_SYSTEM_COLUMNS, "curated"))
    assert {"_object", "_row", "_batch", "_contract", "_rescued"} < curated.field_ids.keys()
    quarantine = catalog.ensure(spec(world, QUARANTINE_COLUMNS, "quarantine"))
    assert quarantine.field_ids.keys() >= {"_raw", "_reasons", "_reasons.element.value_excerpt"}


# ── read ─────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_table_is_read_as_no_rows(catalog: Catalog, albums: TableRef) -> None:
    assert read(catalog, albums, ["title"]) == []


def test_columns_come_in_the_order_they_are_asked_for(catalog: Catalog, concerts: TableRef) -> None:
    assert read(catalog, concerts, ["seats", "hall"]) == [
        (1905, "Gewandhaus"),
        (2100, "Elbphilharmonie"),
        (None, None),
    ]


def test_later_batches_can_be_left_out(catalog: Catalog, concerts: TableRef) -> None:
    assert read(catalog, concerts, ["hall"], below_batch=2) == [("Gewandhaus",), (None,)]
    assert read(catalog, concerts, ["hall"], below_batch=1) == []


@pytest.mark.parametrize(
    ("column", "least", "most", "inside"),
    [
        ("hall", "Elbphilharmonie", "Elbphilharmonie", [2]),
        ("hall", "E", "F", [2]),
        ("hall", "", "Z", [1, 2]),
        ("seats", 1905, 1905, [1]),
        ("seats", 1906, 2099, []),
        ("fee", Number("120.50"), Number("120.50"), [1, 2]),
        ("fee", Number("120.51"), Number("999999.99"), []),
        ("opened", date(1981, 10, 8), date(1981, 10, 8), [1, 2]),
        ("opened", date(1981, 10, 9), date(9999, 12, 31), []),
        (
            "began",
            datetime(2026, 3, 1, 19, 30, tzinfo=UTC),
            datetime(2026, 3, 1, 20, 30, tzinfo=timezone(timedelta(hours=1))),
            [1, 2],
        ),
        ("began", datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, 19, 29, tzinfo=UTC), []),
    ],
)
def test_only_rows_between_the_bounds_are_read(
    catalog: Catalog, concerts: TableRef, column: str, least: object, most: object, inside: list[int]
) -> None:
    found = read(catalog, concerts, ["_batch"], between={column: (least, most)})
    assert found == [(batch,) for batch in inside]


def test_bounds_and_batches_hold_together(catalog: Catalog, concerts: TableRef) -> None:
    bounds = {"seats": (0, 3000), "opened": (date(1900, 1, 1), date(2000, 1, 1))}
    assert read(catalog, concerts, ["hall"], below_batch=2, between=bounds) == [("Gewandhaus",)]


def test_a_column_that_is_not_there_cannot_be_read(catalog: Catalog, albums: TableRef) -> None:
    uses: list[Callable[[], Iterator[Any]]] = [
        lambda: catalog.read(albums, ["label"]),
        lambda: catalog.read(albums, [], between={"label": ("a", "b")}),
        lambda: catalog.read(albums, ["title"], below_batch=1),
    ]
    for use in uses:
        with pytest.raises(IncompatibleTable, match=r"label|_batch"):
            list(use())


# ── append ───────────────────────────────────────────────────────────────────────────────────────


def test_files_and_properties_arrive_together(catalog: Catalog, albums: TableRef) -> None:
    file = catalog.parquet(albums, [DUKE])
    snapshot = catalog.append(albums, [file], {WATERMARK: "1"}, {WATERMARK: None})
    state = catalog.state(albums)
    assert catalog.files(albums).keys() == {file}
    assert state.properties[WATERMARK] == "1"
    assert state.snapshot_id == snapshot != 0


def test_files_add_up(catalog: Catalog, albums: TableRef) -> None:
    files = [catalog.parquet(albums, [row]) for row in (DUKE, ELLA, DUKE)]
    first = catalog.append(albums, files[:2], {WATERMARK: "1"}, {WATERMARK: None})
    second = catalog.append(albums, files[2:], {WATERMARK: "2"}, {WATERMARK: "1"})
    assert catalog.files(albums).keys() == set(files)
    assert first != second


def test_without_files_only_the_properties_change(catalog: Catalog, albums: TableRef) -> None:
    file = catalog.parquet(albums, [DUKE])
    snapshot = catalog.append(albums, [file], {WATERMARK: "1"}, {WATERMARK: None})
    assert catalog.append(albums, [], {WATERMARK: "2"}, {WATERMARK: "1"}) == 0
    state = catalog.state(albums)
    assert (state.properties[WATERMARK], state.snapshot_id) == ("2", snapshot)
    assert catalog.files(albums).keys() == {file}


@pytest.mark.parametrize("expected", [None, "0", "2"])
def test_a_fence_that_does_not_hold_keeps_the_files_out(
    catalog: Catalog, albums: TableRef, expected: str | None
) -> None:
    catalog.append(albums, [], {WATERMARK: "1"}, {WATERMARK: None})
    before = catalog.state(albums)
    for files in ([catalog.parquet(albums, [DUKE])], []):
        with pytest.raises(CommitConflict, match=WATERMARK):
            catalog.append(albums, files, {WATERMARK: "2"}, {WATERMARK: expected})
    assert catalog.state(albums) == before
    assert catalog.files(albums).keys() == set()


def test_every_expectation_counts(catalog: Catalog, albums: TableRef) -> None:
    catalog.append(albums, [], {"a": "1", "b": "1"}, {})
    with pytest.raises(CommitConflict):
        catalog.append(albums, [], {"a": "2"}, {"a": "1", "b": "2"})
    assert catalog.state(albums).properties["a"] == "1"


@pytest.mark.parametrize("with_files", [True, False])
def test_of_many_that_commit_the_same_batch_one_does(world: World, with_files: bool) -> None:
    if world.name == "moto":
        pytest.skip("moto's UpdateTable ignores VersionId: two writers of the same version both succeed")
    catalog, albums = world.catalog(), spec(world)
    catalog.ensure(albums)
    files = [[catalog.parquet(albums.ref, [DUKE])] if with_files else [] for _ in range(4)]

    def commit(number: int) -> list[str] | None:
        change = {WATERMARK: "1", "winner": str(number)}
        try:
            catalog.append(albums.ref, files[number], change, {WATERMARK: None})
        except CommitConflict:
            return None
        return [str(number), *files[number]]

    with ThreadPoolExecutor(4) as pool:
        (winner,) = [won for won in pool.map(commit, range(4)) if won]
    state = catalog.state(albums.ref)
    assert [state.properties["winner"], *catalog.files(albums.ref)] == winner
    assert state.properties[WATERMARK] == "1"


def test_a_table_that_is_not_there_takes_nothing(world: World, catalog: Catalog) -> None:
    missing = TableRef(world.database, "music_missing")
    for use in (
        lambda: catalog.state(missing),
        lambda: catalog.append(missing, [], {WATERMARK: "1"}, {}),
        lambda: catalog.replace(missing, missing, {}, {}),
    ):
        with pytest.raises(IncompatibleTable, match="music_missing"):
            use()


# ── replace and drop ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stage(world: World, catalog: Catalog) -> TableRef:
    made = spec(world, name="stage_1")
    catalog.ensure(made)
    return made.ref


def test_a_table_takes_over_the_files_of_another(catalog: Catalog, albums: TableRef, stage: TableRef) -> None:
    catalog.append(albums, [catalog.parquet(albums, [ELLA])], {}, {})
    files = [catalog.parquet(stage, [DUKE]), catalog.parquet(stage, [ELLA])]
    catalog.append(stage, files, {}, {})
    snapshot = catalog.replace(albums, stage, {WATERMARK: "1"}, {WATERMARK: None})
    state = catalog.state(albums)
    assert catalog.files(albums).keys() == set(files)
    assert (state.properties[WATERMARK], state.snapshot_id) == ("1", snapshot)


def test_replacing_again_by_the_same_is_harmless(catalog: Catalog, albums: TableRef, stage: TableRef) -> None:
    file = catalog.parquet(stage, [DUKE])
    catalog.append(stage, [file], {}, {})
    catalog.replace(albums, stage, {WATERMARK: "1"}, {WATERMARK: None})
    snapshot = catalog.replace(albums, stage, {WATERMARK: "2"}, {WATERMARK: "1"})
    assert catalog.files(albums).keys() == {file}
    assert catalog.state(albums).snapshot_id == snapshot
    assert catalog.state(albums).properties[WATERMARK] == "2"


def test_a_table_can_be_emptied(catalog: Catalog, albums: TableRef, stage: TableRef) -> None:
    catalog.append(albums, [catalog.parquet(albums, [DUKE])], {}, {})
    snapshot = catalog.replace(albums, stage, {WATERMARK: "1"}, {})
    assert catalog.files(albums).keys() == set()
    assert catalog.state(albums).snapshot_id == snapshot != 0
    assert catalog.replace(albums, stage, {WATERMARK: "2"}, {}) == 0


def test_a_fence_that_does_not_hold_keeps_the_content(
    catalog: Catalog, albums: TableRef, stage: TableRef
) -> None:
    file = catalog.parquet(albums, [ELLA])
    catalog.append(albums, [file], {WATERMARK: "2"}, {})
    catalog.append(stage, [catalog.parquet(stage, [DUKE])], {}, {})
    with pytest.raises(CommitConflict, match=WATERMARK):
        catalog.replace(albums, stage, {WATERMARK: "2"}, {WATERMARK: "1"})
    assert catalog.files(albums).keys() == {file}


def test_a_table_takes_over_the_columns_too(world: World, catalog: Catalog, albums: TableRef) -> None:
    catalog.append(albums, [catalog.parquet(albums, [ELLA])], {}, {})
    other = spec(world, (Column("year", "", Text()), Column("label", "", Text())), "stage_2")
    made = catalog.ensure(other)
    catalog.append(other.ref, [catalog.parquet(other.ref, [{"year": "MCMLVI", "label": "Verve"}])], {}, {})
    for _ in range(2):
        catalog.replace(albums, other.ref, {WATERMARK: "1"}, {})
    assert catalog.state(albums).field_ids == made.field_ids
    assert read(catalog, albums, ["year", "label"]) == [("MCMLVI", "Verve")]


def test_a_dropped_table_leaves_its_files(catalog: Catalog, albums: TableRef, stage: TableRef) -> None:
    file = catalog.parquet(stage, [DUKE])
    catalog.append(stage, [file], {}, {})
    catalog.replace(albums, stage, {}, {})
    catalog.drop(stage)
    catalog.drop(stage)
    with pytest.raises(IncompatibleTable):
        catalog.state(stage)
    assert catalog.files(albums).keys() == {file}
