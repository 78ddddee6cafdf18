"""Iceberg tables are read as they are: by field id, version, partition and delete file."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DateType, LongType, NestedField, StringType, TimestampType

from tests.local.athena.conftest import Ask
from tests.local.athena.delete_files import add_equality_deletes, add_position_deletes

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

SCHEMA = Schema(
    NestedField(1, "id", LongType()),
    NestedField(2, "kind", StringType()),
    NestedField(3, "at", TimestampType()),
)
BIRDS = pa.table(
    {
        "id": [1, 2, 3],
        "kind": ["heron", "tern", None],
        "at": pa.array([datetime(2026, 1, d, 10, tzinfo=UTC) for d in (1, 2, 3)], pa.timestamp("us")),
    }
)


@pytest.fixture
def birds(catalog: GlueCatalog, s3: object, database: str) -> Table:
    """Three birds, in one file."""
    table = catalog.create_table((database, "birds"), SCHEMA, location=f"s3://lake/{database}/birds")
    table.append(BIRDS)
    return table


@pytest.mark.usefixtures("birds")
def test_values_read_as_athena_writes_them(ask: Ask) -> None:
    assert ask("SELECT * FROM birds ORDER BY id").rows == [
        ["1", "heron", "2026-01-01 10:00:00.000000"],
        ["2", "tern", "2026-01-02 10:00:00.000000"],
        ["3", None, "2026-01-03 10:00:00.000000"],
    ]


def test_a_name_may_carry_database_and_catalog(ask: Ask, birds: Table) -> None:
    database = birds.name()[0]
    assert ask(f"SELECT count(*) FROM {database}.birds").rows == [["3"]]
    assert ask(f'SELECT b.id FROM "AwsDataCatalog"."{database}"."birds" b WHERE {"b"}.id = 2').rows == [["2"]]
    assert ask(f"SELECT {database}.birds.id FROM {database}.birds WHERE birds.id = 3").rows == [["3"]]


def test_columns_are_found_by_field_id_through_renames_additions_and_removals(ask: Ask, birds: Table) -> None:
    with birds.update_schema() as change:
        change.rename_column("kind", "species")
        change.delete_column("at")
        change.add_column("at", StringType())
    assert ask("SELECT species, at FROM birds WHERE id = 1").rows == [["heron", None]]
    assert "Column 'kind' cannot be resolved" in ask("SELECT kind FROM birds").reason


def test_time_travel_reads_a_snapshot_with_its_own_schema(ask: Ask, birds: Table) -> None:
    first = birds.metadata.snapshots[0]
    with birds.update_schema() as change:
        change.rename_column("kind", "species")
    birds.append(pa.table({"id": [4], "species": ["rail"], "at": pa.nulls(1, pa.timestamp("us"))}))
    moment = datetime.fromtimestamp(first.timestamp_ms / 1000).astimezone().isoformat()
    travelled = f"FOR TIMESTAMP AS OF from_iso8601_timestamp('{moment}') AT TIME ZONE 'UTC'"

    assert ask("SELECT count(*) FROM birds").rows == [["4"]]
    assert ask(f"SELECT count(kind) FROM birds FOR VERSION AS OF {first.snapshot_id}").rows == [["2"]]
    assert ask(f"SELECT count(kind) FROM birds {travelled}").rows == [["2"]]


def test_a_version_that_is_not_there_fails(ask: Ask, birds: Table) -> None:
    database = birds.name()[0]
    missing = ask("SELECT 1 FROM birds FOR VERSION AS OF 1234567890123")
    assert missing.reason.endswith("Iceberg snapshot ID does not exists: 1234567890123")
    early = ask("SELECT 1 FROM birds FOR TIMESTAMP AS OF timestamp '2020-01-01 00:00:00 UTC'")
    assert f'No version history table "{database}.birds" at or before 2020-01-01' in early.reason
    number = ask("SELECT 1 FROM birds FOR VERSION AS OF 1")
    assert number.reason == "NOT_SUPPORTED: line 1:39: Unsupported type for table version: integer"


def test_rows_under_position_deletes_are_gone(ask: Ask, birds: Table) -> None:
    path = next(iter(birds.scan().plan_files())).file.file_path
    add_position_deletes(birds, path, [1])
    assert ask("SELECT id FROM birds ORDER BY id").rows == [["1"], ["3"]]


def test_equality_deletes_are_refused(ask: Ask, birds: Table) -> None:
    add_equality_deletes(birds, "id", [2])
    refused = ask("SELECT id FROM birds")
    assert refused.state == "FAILED"
    assert "which has equality deletes" in refused.reason


def test_partitions_that_cannot_match_are_not_read(
    ask: Ask, catalog: GlueCatalog, database: str, s3: object
) -> None:
    schema = Schema(NestedField(1, "day", DateType()), NestedField(2, "n", LongType()))
    spec = PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "day"))
    table = catalog.create_table((database, "days"), schema, f"s3://lake/{database}/days", spec)
    for day in range(1, 5):
        table.append(pa.table({"day": pa.array([date(2026, 1, day)], pa.date32()), "n": [day]}))

    every = ask("SELECT sum(n) FROM days")
    one = ask("SELECT sum(n) FROM days WHERE day = DATE '2026-01-03'")
    some = ask("SELECT sum(n) FROM days WHERE DATE '2026-01-03' <= day AND n > 0")
    none = ask("SELECT n FROM days WHERE day IN (DATE '2027-01-01')")
    joined = ask("SELECT count(*) FROM (VALUES 1) t(x) LEFT JOIN days ON true WHERE day IS NULL OR n = 1")

    scanned = [int(a.execution["Statistics"]["DataScannedInBytes"]) for a in (every, one, some, none)]
    assert [a.rows for a in (every, one, some, none)] == [[["10"]], [["3"]], [["7"]], []]
    assert scanned[0] > scanned[2] > scanned[1] > scanned[3] == 0
    assert joined.rows == [["1"]]


@pytest.mark.usefixtures("birds")
def test_columns_that_are_not_used_are_not_counted(ask: Ask) -> None:
    one, every = (ask(f"SELECT {c} FROM birds") for c in ("id", "*"))
    few, all_ = (int(a.execution["Statistics"]["DataScannedInBytes"]) for a in (one, every))
    assert 0 < few < all_


def test_metadata_tables_tell_of_snapshots_files_and_properties(ask: Ask, birds: Table) -> None:
    birds.append(BIRDS)
    with birds.transaction() as transaction:
        transaction.set_properties({"headrace.watermark": "7"})
    first, second = birds.metadata.snapshots

    assert ask('SELECT snapshot_id, parent_id, operation FROM "birds$snapshots"').rows == [
        [str(first.snapshot_id), None, "append"],
        [str(second.snapshot_id), str(first.snapshot_id), "append"],
    ]
    assert ask('SELECT snapshot_id, is_current_ancestor FROM "birds$history"').rows == [
        [str(first.snapshot_id), "true"],
        [str(second.snapshot_id), "true"],
    ]
    assert ask('SELECT content, record_count, file_format, lower_bounds[1] FROM "birds$files"').rows == [
        ["0", "3", "PARQUET", "1"],
        ["0", "3", "PARQUET", "1"],
    ]
    assert ask('SELECT record_count, file_count FROM "birds$partitions"').rows == [["6", "2"]]
    assert ask("SELECT value FROM \"birds$properties\" WHERE key = 'headrace.watermark'").rows == [["7"]]
    assert "The metadata table $nope" in ask('SELECT 1 FROM "birds$nope"').reason


def test_a_table_without_a_snapshot_is_empty(
    ask: Ask, catalog: GlueCatalog, database: str, s3: object
) -> None:
    catalog.create_table((database, "bare"), SCHEMA, location=f"s3://lake/{database}/bare")
    assert ask("SELECT * FROM bare").rows == []
    assert ask("SELECT count(*) FROM bare").rows == [["0"]]
    assert ask('SELECT * FROM "bare$files"').rows == []


def test_names_that_are_not_there_fail_as_on_athena(ask: Ask, database: str) -> None:
    assert ask("SELECT * FROM gone").reason == (
        f"TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.{database}.gone' does not exist"
    )
    assert (
        ask("SELECT * FROM nodb.gone").reason == "SCHEMA_NOT_FOUND: line 1:15: Schema 'nodb' does not exist"
    )
    assert (
        ask("SELECT * FROM other.a.b").reason
        == "CATALOG_NOT_FOUND: line 1:15: Catalog 'other' does not exist"
    )


def test_tables_that_are_not_iceberg_are_refused(ask: Ask, database: str, glue: object) -> None:
    glue.create_table(  # type: ignore[attr-defined]
        DatabaseName=database,
        TableInput={"Name": "plain", "StorageDescriptor": {"Location": "s3://lake/plain/", "Columns": []}},
    )
    refused = ask("SELECT * FROM plain")
    assert refused.reason.startswith("NOT_SUPPORTED")
    assert "not an Iceberg table" in refused.reason
