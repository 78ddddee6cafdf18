"""One behaviour of every table catalog."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from headrace.domain.errors import CommitConflict, IncompatibleTable
from headrace.domain.plan import (
    Array,
    Boolean,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Json,
    Object,
    Text,
    Timestamp,
    Type,
)
from headrace.domain.tables import CURATED_SYSTEM_COLUMNS, QUARANTINE_COLUMNS
from headrace.domain.zones import WATERMARK, TableRef
from headrace.ports import TableSpec
from tests.ports.worlds import Catalog, World

ALBUMS = (
    Column("title", "Title", Text(), required=True, description="As on the sleeve"),
    Column("year", "Year", Integer(32)),
    Column("tracks", "Tracks", Array(Object((Column("name", "name", Text()),)))),
)
DUKE = {"title": "Ellington at Newport", "year": 1956, "tracks": [{"name": "Jeep's Blues"}]}
ELLA = {"title": "Ella and Louis", "year": 1956, "tracks": []}


@pytest.fixture
def catalog(world: World) -> Catalog:
    return world.catalog()


def spec(
    world: World,
    columns: tuple[Column, ...] = ALBUMS,
    name: str = "music_albums",
    properties: Mapping[str, str] | None = None,
) -> TableSpec:
    return TableSpec(TableRef(world.database, name), columns, f"{world.location}/{name}", properties or {})


@pytest.fixture
def albums(world: World, catalog: Catalog) -> TableRef:
    made = spec(world)
    catalog.ensure(made)
    return made.ref


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


def test_a_table_of_other_columns_is_incompatible(world: World, catalog: Catalog) -> None:
    catalog.ensure(spec(world))
    changed = (Column("title", "Title", Integer()), *ALBUMS[1:], Column("label", "Label", Text()))
    with pytest.raises(IncompatibleTable) as refused:
        catalog.ensure(spec(world, changed))
    assert "title" in str(refused.value)
    assert "label" in str(refused.value)
    assert "year" not in str(refused.value)


def test_a_missing_column_is_incompatible(world: World, catalog: Catalog) -> None:
    catalog.ensure(spec(world))
    with pytest.raises(IncompatibleTable, match=r"tracks\.element\.name"):
        catalog.ensure(spec(world, ALBUMS[:2]))


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Integer(32), Integer(64)),
        (Decimal(9, 2), Decimal(9, 3)),
        (Double(), Decimal(9, 2)),
        (Date(), Timestamp()),
        (Text(), Array(Text())),
        (Boolean(), Text()),
    ],
)
def test_another_type_is_incompatible(world: World, catalog: Catalog, one: Type, other: Type) -> None:
    catalog.ensure(spec(world, (Column("a", "a", one),)))
    with pytest.raises(IncompatibleTable):
        catalog.ensure(spec(world, (Column("a", "a", other),)))


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


# ── append ───────────────────────────────────────────────────────────────────────────────────────


def test_files_and_properties_arrive_together(catalog: Catalog, albums: TableRef) -> None:
    file = catalog.parquet(albums, [DUKE])
    snapshot = catalog.append(albums, [file], {WATERMARK: "1"}, {WATERMARK: None})
    state = catalog.state(albums)
    assert catalog.files(albums) == {file}
    assert state.properties[WATERMARK] == "1"
    assert state.snapshot_id == snapshot != 0


def test_files_add_up(catalog: Catalog, albums: TableRef) -> None:
    files = [catalog.parquet(albums, [row]) for row in (DUKE, ELLA, DUKE)]
    first = catalog.append(albums, files[:2], {WATERMARK: "1"}, {WATERMARK: None})
    second = catalog.append(albums, files[2:], {WATERMARK: "2"}, {WATERMARK: "1"})
    assert catalog.files(albums) == set(files)
    assert first != second


def test_without_files_only_the_properties_change(catalog: Catalog, albums: TableRef) -> None:
    file = catalog.parquet(albums, [DUKE])
    snapshot = catalog.append(albums, [file], {WATERMARK: "1"}, {WATERMARK: None})
    assert catalog.append(albums, [], {WATERMARK: "2"}, {WATERMARK: "1"}) == 0
    state = catalog.state(albums)
    assert (state.properties[WATERMARK], state.snapshot_id) == ("2", snapshot)
    assert catalog.files(albums) == {file}


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
    assert catalog.files(albums) == set()


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
    assert catalog.files(albums) == set(files)
    assert (state.properties[WATERMARK], state.snapshot_id) == ("1", snapshot)


def test_replacing_again_by_the_same_is_harmless(catalog: Catalog, albums: TableRef, stage: TableRef) -> None:
    file = catalog.parquet(stage, [DUKE])
    catalog.append(stage, [file], {}, {})
    catalog.replace(albums, stage, {WATERMARK: "1"}, {WATERMARK: None})
    snapshot = catalog.replace(albums, stage, {WATERMARK: "2"}, {WATERMARK: "1"})
    assert catalog.files(albums) == {file}
    assert catalog.state(albums).snapshot_id == snapshot
    assert catalog.state(albums).properties[WATERMARK] == "2"


def test_a_table_can_be_emptied(catalog: Catalog, albums: TableRef, stage: TableRef) -> None:
    catalog.append(albums, [catalog.parquet(albums, [DUKE])], {}, {})
    snapshot = catalog.replace(albums, stage, {WATERMARK: "1"}, {})
    assert catalog.files(albums) == set()
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
    assert catalog.files(albums) == {file}


def test_tables_of_other_columns_do_not_share_files(world: World, catalog: Catalog, albums: TableRef) -> None:
    other = spec(world, (Column("title", "Title", Text()),), "stage_2")
    catalog.ensure(other)
    with pytest.raises(IncompatibleTable):
        catalog.replace(albums, other.ref, {}, {})


def test_a_dropped_table_leaves_its_files(catalog: Catalog, albums: TableRef, stage: TableRef) -> None:
    file = catalog.parquet(stage, [DUKE])
    catalog.append(stage, [file], {}, {})
    catalog.replace(albums, stage, {}, {})
    catalog.drop(stage)
    catalog.drop(stage)
    with pytest.raises(IncompatibleTable):
        catalog.state(stage)
    assert catalog.files(albums) == {file}
