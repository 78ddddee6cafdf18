"""What only the Glue catalog can show of tables and their data files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.table import DataScan, FileScanTask
from pyiceberg.transforms import IdentityTransform

from headrace.domain.errors import (
    IncompatibleTable,
    MissingArtefact,
    Refused,
)
from headrace.domain.zones import WATERMARK, TableRef
from headrace.ports import TableSpec
from tests.ports.faults import meanwhile
from tests.ports.glue_tables import ALBUMS, DUKE, ELLA, EMPTY_ROW, EVERY_TYPE, ROW, duckdb_field_ids, made
from tests.ports.worlds import EmulatedWorld, arrow_schema


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
