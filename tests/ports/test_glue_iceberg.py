"""What only the Glue catalog can show: real data files, races at exact moments, and lost answers."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal as Number
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.table import DataScan, FileScanTask
from pyiceberg.transforms import IdentityTransform

from headrace.aws.glue_iceberg import GlueTableCatalog
from headrace.domain.errors import (
    CommitConflict,
    IncompatibleTable,
    MissingArtefact,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unavailable,
)
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
)
from headrace.domain.zones import WATERMARK, TableRef
from headrace.ports import TableSpec
from tests.ports.faults import lose_answer, meanwhile, refuse
from tests.ports.worlds import EmulatedCatalog, EmulatedWorld, arrow_schema

EVERY_TYPE = (
    Column("text", "", Text(), required=True, description="Any text"),
    Column("small", "", Integer(32)),
    Column("large", "", Integer(64)),
    Column("ratio", "", Double()),
    Column("price", "", Decimal(9, 2)),
    Column("fine", "", Decimal(18, 4)),
    Column("huge", "", Decimal(38, 10)),
    Column("flag", "", Boolean()),
    Column("day", "", Date()),
    Column("moment", "", Timestamp()),
    Column("payload", "", Json()),
    Column("born", "", Date(), mask="hash"),
    Column("tags", "", Array(Text())),
    Column("user", "", Object((Column("name", "", Text()), Column("age", "", Integer(32))))),
    Column("stays", "", Array(Object((Column("nights", "", Integer(32)), Column("city", "", Text()))))),
)
ROW = {
    "text": "Orgelmühle",
    "small": 7,
    "large": 2**40,
    "ratio": 0.5,
    "price": Number("12.34"),
    "fine": Number("1.2345"),
    "huge": Number("12345678901234567890.0123456789"),
    "flag": True,
    "day": date(2026, 3, 1),
    "moment": datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC),
    "payload": '{"a": [1]}',
    "born": "5f4dcc3b5aa765d6",
    "tags": ["a", "b"],
    "user": {"name": "Ada", "age": 36},
    "stays": [{"nights": 2, "city": "Ulm"}],
}
ALBUMS = (Column("title", "Title", Text()), Column("year", "Year", Integer(32)))
DUKE = {"title": "Ellington at Newport", "year": 1956}
ELLA = {"title": "Ella and Louis", "year": 1957}
# PyIceberg, which reads the table back, takes a list of records that is NULL for an empty one.
EMPTY_ROW: dict[str, Any] = {**dict.fromkeys(ROW), "small": -1, "stays": []}


@pytest.fixture(params=["moto", pytest.param("laptop", marks=pytest.mark.laptop)])
def cloud(request: pytest.FixtureRequest) -> EmulatedWorld:
    chosen: EmulatedWorld = request.getfixturevalue(request.param)
    return chosen


def made(
    world: EmulatedWorld, columns: tuple[Column, ...] = ALBUMS, properties: Mapping[str, str] | None = None
) -> TableRef:
    ref = TableRef(world.database, "music_albums")
    world.catalog().ensure(TableSpec(ref, columns, f"{world.location}/music_albums", properties or {}))
    return ref


# ── tables and files ─────────────────────────────────────────────────────────────────────────────


def test_a_table_is_as_other_engines_expect_it(cloud: EmulatedWorld) -> None:
    ref = made(cloud, EVERY_TYPE)
    table = cloud.catalog().iceberg.load_table((ref.database, ref.name))
    schema = table.schema()
    assert (table.format_version, table.spec().is_unpartitioned()) == (2, True)
    assert table.location() == f"{cloud.location}/music_albums"
    assert not any(field.required for field in schema.fields)
    assert schema.find_field("text").doc == "Any text"
    types = {field.name: str(field.field_type) for field in schema.fields[:12]}
    assert types == {
        "text": "string",
        "small": "int",
        "large": "long",
        "ratio": "double",
        "price": "decimal(9, 2)",
        "fine": "decimal(18, 4)",
        "huge": "decimal(38, 10)",
        "flag": "boolean",
        "day": "date",
        "moment": "timestamptz",
        "payload": "string",
        "born": "string",
    }


def test_what_duckdb_wrote_with_field_ids_is_read_and_pruned_by_its_statistics(
    moto: EmulatedWorld, tmp_path: Path
) -> None:
    catalog, ref = moto.catalog(), made(moto, EVERY_TYPE)
    table = catalog.iceberg.load_table((ref.database, ref.name))
    rows = pa.Table.from_pylist([ROW, EMPTY_ROW], schema=arrow_schema(table.schema()))
    file = tmp_path / "duckdb.parquet"
    ids = json.dumps(duckdb_field_ids(catalog.state(ref).field_ids)).replace('"', "'")
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("refined", rows)
        database.execute(f"COPY refined TO '{file}' (FORMAT parquet, FIELD_IDS {ids})")
    catalog.append(ref, [file.as_uri()], {WATERMARK: "1"}, {WATERMARK: None})
    assert catalog.rows(ref) == rows.to_pylist()

    table = catalog.iceberg.load_table((ref.database, ref.name))
    for found in ("small = 7", f"huge = '{ROW['huge']}'", "text = 'Orgelmühle'", "day = '2026-03-01'"):
        assert table.scan(found).to_arrow().num_rows == 1
    for beyond in (
        "small > 7",
        "price > '12.34'",
        "huge < '0.0000000000'",
        "day > '2026-03-01'",
        "text > 'P'",
    ):
        assert list(table.scan(beyond).plan_files()) == []
    (task,) = table.scan().plan_files()
    assert task.file.record_count == 2
    assert task.file.file_size_in_bytes == file.stat().st_size


def test_files_without_a_row_that_is_asked_for_are_not_opened(moto: EmulatedWorld) -> None:
    catalog, ref = moto.catalog(), made(moto)
    for row in (DUKE, ELLA):
        catalog.append(ref, [catalog.parquet(ref, [row])], {}, {})
    (gone,) = (
        task.file
        for task in catalog.iceberg.load_table((ref.database, ref.name)).scan("year = 1957").plan_files()
    )
    Path(urlparse(gone.file_path).path).unlink()
    (batch,) = catalog.read(ref, ["title"], between={"year": (1900, 1956)})
    assert batch.to_pylist() == [{"title": DUKE["title"]}]
    with pytest.raises(MissingArtefact, match="read"):
        list(catalog.read(ref, ["title"]))


def test_more_files_are_read_than_at_once(moto: EmulatedWorld) -> None:
    catalog, ref = moto.catalog(), made(moto)
    files = [catalog.parquet(ref, [{**DUKE, "year": year}]) for year in range(19)]
    catalog.append(ref, files, {}, {})
    years = [row["year"] for batch in catalog.read(ref, ["year"]) for row in batch.to_pylist()]
    assert sorted(years) == list(range(19))


def duckdb_field_ids(ids: Any) -> dict[str, Any]:
    """Field ids by path as DuckDB nests them: a column's own id is `__duckdb_field_id`."""
    nested: dict[str, Any] = {}
    for path, number in sorted(ids.items()):
        level = nested
        for part in path.split("."):
            level = level.setdefault(part, {})
        level["__duckdb_field_id"] = number
    return nested


def test_a_file_without_field_ids_is_named_and_refused(moto: EmulatedWorld) -> None:
    catalog, ref = moto.catalog(), made(moto)
    bare = catalog.write(ref, pa.table({"title": ["a"], "year": pa.array([1], pa.int32())}))
    with pytest.raises(IncompatibleTable, match=bare):
        catalog.append(ref, [bare], {}, {})
    assert catalog.files(ref).keys() == set()


@pytest.mark.parametrize(
    ("title_id", "year_type", "named"),
    [(2, pa.int32(), "title: "), (1, pa.int64(), "year: long"), (1, pa.timestamp("ns"), "data file")],
)
def test_a_file_of_other_ids_or_types_is_refused(
    moto: EmulatedWorld, title_id: int, year_type: pa.DataType, named: str
) -> None:
    catalog, ref = moto.catalog(), made(moto)
    fields = [
        pa.field("title", pa.string(), metadata={"PARQUET:field_id": str(title_id)}),
        pa.field("year", year_type, metadata={"PARQUET:field_id": str(3 - title_id)}),
    ]
    odd = catalog.write(ref, pa.table({"title": ["a"], "year": [1]}, schema=pa.schema(fields)))
    with pytest.raises(IncompatibleTable, match=named):
        catalog.append(ref, [odd], {}, {})


def test_a_file_that_is_not_there_is_missing(cloud: EmulatedWorld) -> None:
    catalog, ref = cloud.catalog(), made(cloud)
    with pytest.raises(MissingArtefact, match=r"nothing\.parquet"):
        catalog.append(ref, [f"{cloud.location}/nothing.parquet"], {WATERMARK: "1"}, {})
    assert WATERMARK not in catalog.state(ref).properties


def test_a_partitioned_table_gives_no_files_away(moto: EmulatedWorld) -> None:
    catalog, ref = moto.catalog(), made(moto)
    schema = catalog.iceberg.load_table((ref.database, ref.name)).schema()
    by_year = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "year"))
    catalog.iceberg.create_table((ref.database, "stage"), schema, f"{moto.location}/stage", by_year)
    with pytest.raises(IncompatibleTable, match="partitions"):
        catalog.replace(ref, TableRef(ref.database, "stage"), {}, {})


def test_a_table_with_row_level_deletes_gives_no_files_away(
    moto: EmulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog, ref = moto.catalog(), made(moto)
    file = catalog.parquet(ref, [DUKE])
    catalog.append(ref, [file], {}, {})
    (task,) = catalog.iceberg.load_table((ref.database, ref.name)).scan().plan_files()
    with_delete = FileScanTask(task.file, delete_files={task.file})  # PyIceberg cannot write one
    monkeypatch.setattr(DataScan, "plan_files", lambda _: [with_delete])
    with pytest.raises(IncompatibleTable, match="row-level deletes"):
        catalog.replace(ref, ref, {}, {})


def test_old_metadata_is_cleared_away(moto: EmulatedWorld) -> None:
    catalog, ref = moto.catalog(), made(moto, properties={"write.metadata.previous-versions-max": "2"})
    for number in range(5):
        catalog.append(ref, [], {WATERMARK: str(number)}, {})
    directory = Path(urlparse(moto.location).path) / "music_albums" / "metadata"
    assert len(list(directory.glob("*.metadata.json"))) == 3


def test_a_table_that_stands_is_not_written_again(moto: EmulatedWorld) -> None:
    made(moto)
    directory = Path(urlparse(moto.location).path) / "music_albums"
    written = sorted(directory.rglob("*"))
    made(moto)
    assert sorted(directory.rglob("*")) == written


def test_of_two_that_create_a_table_both_find_it(cloud: EmulatedWorld) -> None:
    catalog, ref = cloud.catalog(), TableRef(cloud.database, "music_albums")
    spec = TableSpec(ref, ALBUMS, f"{cloud.location}/music_albums", {})
    found = []
    meanwhile(catalog.iceberg.glue, "CreateTable", lambda: found.append(cloud.catalog().ensure(spec)))
    assert [catalog.ensure(spec)] == found


def test_a_database_that_is_not_there_is_named(moto: EmulatedWorld) -> None:
    spec = TableSpec(TableRef("nowhere", "albums"), ALBUMS, f"{moto.location}/albums", {})
    with pytest.raises(Refused, match="nowhere"):
        moto.catalog().ensure(spec)


def test_a_table_that_is_not_iceberg_is_incompatible(moto: EmulatedWorld) -> None:
    columns = [{"Name": "title", "Type": "string"}]
    hive: Any = {"Name": "hive", "StorageDescriptor": {"Columns": columns}, "Parameters": {}}
    moto.clients.glue.create_table(DatabaseName=moto.database, TableInput=hive)
    spec = TableSpec(TableRef(moto.database, "hive"), ALBUMS, f"{moto.location}/hive", {})
    uses: list[Callable[[], object]] = [
        lambda: moto.catalog().ensure(spec),
        lambda: moto.catalog().state(spec.ref),
    ]
    for use in uses:
        with pytest.raises(IncompatibleTable, match="hive"):
            use()


# ── races and lost answers ───────────────────────────────────────────────────────────────────────

Commit = Callable[[], int]


def appending(catalog: EmulatedCatalog, ref: TableRef) -> Commit:
    file = catalog.parquet(ref, [ELLA])
    return lambda: catalog.append(ref, [file], {WATERMARK: "1"}, {WATERMARK: None})


def setting_properties(catalog: EmulatedCatalog, ref: TableRef) -> Commit:
    return lambda: catalog.append(ref, [], {WATERMARK: "1"}, {WATERMARK: None})


def replacing(catalog: EmulatedCatalog, ref: TableRef) -> Commit:
    stage = TableRef(ref.database, "stage")
    location = catalog.iceberg.load_table((ref.database, ref.name)).location()
    catalog.ensure(TableSpec(stage, ALBUMS, f"{location}_stage", {}))
    catalog.append(stage, [catalog.parquet(stage, [ELLA])], {}, {})
    return lambda: catalog.replace(ref, stage, {WATERMARK: "1"}, {WATERMARK: None})


commits = pytest.mark.parametrize(
    ("preparing", "loads"), [(appending, 1), (setting_properties, 1), (replacing, 2)]
)


@commits
def test_a_rival_between_our_read_and_our_commit_wins(
    cloud: EmulatedWorld, preparing: Callable[[EmulatedCatalog, TableRef], Commit], loads: int
) -> None:
    catalog, rival, ref = cloud.catalog(), cloud.catalog(), made(cloud)
    commit, theirs = preparing(catalog, ref), rival.parquet(ref, [DUKE])
    snapshots = []

    def interfere() -> None:
        snapshots.append(rival.append(ref, [theirs], {WATERMARK: "1"}, {WATERMARK: None}))

    meanwhile(catalog.iceberg.glue, "GetTable", interfere, call=loads + 1)
    with pytest.raises(CommitConflict):
        commit()
    assert catalog.state(ref).snapshot_id == snapshots[0]
    assert catalog.rows(ref) == [DUKE]


@pytest.mark.laptop
@commits
def test_a_rival_between_our_check_and_our_update_wins(
    laptop: EmulatedWorld, preparing: Callable[[EmulatedCatalog, TableRef], Commit], loads: int
) -> None:
    catalog, rival, ref = laptop.catalog(), laptop.catalog(), made(laptop)
    commit, theirs = preparing(catalog, ref), rival.parquet(ref, [DUKE])
    snapshots = []

    def interfere() -> None:
        snapshots.append(rival.append(ref, [theirs], {WATERMARK: "1"}, {WATERMARK: None}))

    meanwhile(catalog.iceberg.glue, "UpdateTable", interfere)
    with pytest.raises(CommitConflict):
        commit()
    assert catalog.state(ref).snapshot_id == snapshots[0]
    assert catalog.rows(ref) == [DUKE]


@commits
def test_a_rival_that_leaves_the_fence_alone_does_not_hide_behind_it(
    cloud: EmulatedWorld, preparing: Callable[[EmulatedCatalog, TableRef], Commit], loads: int
) -> None:
    catalog, rival, ref = cloud.catalog(), cloud.catalog(), made(cloud)
    commit = preparing(catalog, ref)
    meanwhile(
        catalog.iceberg.glue,
        "GetTable",
        lambda: rival.append(ref, [], {"headrace.owner": "archive"}, {}),
        call=loads + 1,
    )
    commit()
    properties = catalog.state(ref).properties
    assert (properties[WATERMARK], properties["headrace.owner"]) == ("1", "archive")


@pytest.mark.laptop
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("lost", "expected"), [(1, CommitConflict), (99, OutcomeUnknown)])
@commits
def test_a_commit_whose_answer_was_lost_stands(
    laptop: EmulatedWorld,
    preparing: Callable[[EmulatedCatalog, TableRef], Commit],
    loads: int,
    lost: int,
    expected: type[Exception],
) -> None:
    catalog, ref = laptop.catalog(), made(laptop)
    commit = preparing(catalog, ref)
    lose_answer(catalog.iceberg.glue, "UpdateTable", times=lost)
    with pytest.raises(expected, match="music_albums"):
        commit()
    assert catalog.state(ref).properties[WATERMARK] == "1"
    assert catalog.rows(ref) == ([] if preparing is setting_properties else [ELLA])


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ThrottlingException", 400, Throttled),
        ("ConcurrentModificationException", 400, CommitConflict),
        ("InternalServiceException", 500, OutcomeUnknown),
        ("AccessDeniedException", 400, Refused),
        ("EntityNotFoundException", 400, IncompatibleTable),
    ],
)
@commits
def test_an_error_of_the_commit_is_one_of_ours(
    moto: EmulatedWorld,
    preparing: Callable[[EmulatedCatalog, TableRef], Commit],
    loads: int,
    code: str,
    status: int,
    expected: type[Exception],
) -> None:
    catalog, ref = moto.catalog(), made(moto)
    commit = preparing(catalog, ref)
    refuse(catalog.iceberg.glue, "UpdateTable", code, status=status)
    with pytest.raises(expected):
        commit()
    assert WATERMARK not in catalog.state(ref).properties
    assert catalog.rows(ref) == []


def test_a_table_that_cannot_be_loaded_is_unavailable_and_nothing_was_committed(moto: EmulatedWorld) -> None:
    catalog, ref = moto.catalog(), made(moto)
    for use in (lambda: catalog.state(ref), lambda: catalog.append(ref, [], {}, {})):
        refuse(catalog.iceberg.glue, "GetTable", "InternalServiceException", status=500)
        with pytest.raises(Unavailable, match="music_albums"):
            use()


def test_a_bucket_that_does_not_answer_is_unavailable(moto: EmulatedWorld) -> None:
    ref = made(moto)
    deaf = {"s3.region": "us-east-1", "s3.endpoint": "http://127.0.0.1:9"}
    catalog = GlueTableCatalog(GlueCatalog("glue", client=moto.clients.glue, **deaf))
    with pytest.raises(Unavailable, match=r"s3://lake/a\.parquet|NETWORK_CONNECTION"):
        catalog.append(ref, ["s3://lake/a.parquet"], {WATERMARK: "1"}, {})
    assert WATERMARK not in catalog.state(ref).properties
