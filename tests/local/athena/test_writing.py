"""INSERT and CREATE TABLE AS commit once, keep what the table had, and write Athena's partitions."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from mypy_boto3_athena import AthenaClient
from mypy_boto3_s3 import S3Client
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

from tests.local.athena.conftest import Ask, finished

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

COLUMNS = (
    "id bigint COMMENT 'the number', name string, n int, f float, x double, ok boolean, d decimal(10,2), "
    "day date, ts timestamp, bin binary, tags array<string>, m map<string,int>, "
    "st struct<a:int,b:array<string>>"
)


@pytest.fixture
def all_kinds(ask: Ask, database: str) -> str:
    """An Iceberg table with a column of each kind, and what Athena lets it be made with."""
    made = ask(
        f"CREATE TABLE all_kinds ({COLUMNS}) PARTITIONED BY (day(ts), bucket(4, id), truncate(2, name)) "
        f"LOCATION 's3://lake/{database}/all_kinds/' "
        "TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'snappy', "
        "'vacuum_min_snapshots_to_keep' = '5')"
    )
    assert made.state == "SUCCEEDED", made.reason
    return "all_kinds"


ROW = (
    "(1, 'heron', 3, REAL '1.5', 2.5, true, DECIMAL '1.50', DATE '2026-01-02', "
    "TIMESTAMP '2026-01-02 03:04:05.678', X'0102', ARRAY['a', null], MAP(ARRAY['k'], ARRAY[1]), "
    "CAST(ROW(7, ARRAY['z']) AS ROW(a integer, b array(varchar))))"
)


def test_every_kind_of_value_survives_the_way_through_iceberg(
    ask: Ask, all_kinds: str, catalog: GlueCatalog, database: str
) -> None:
    inserted = ask(f"INSERT INTO {all_kinds} VALUES {ROW}")
    assert inserted.state == "SUCCEEDED", inserted.reason
    assert inserted.results is not None
    assert inserted.results["UpdateCount"] == 1
    assert inserted.rows == []
    assert ask(f"SELECT * FROM {all_kinds}").rows == [
        [
            *("1", "heron", "3", "1.5", "2.5", "true", "1.50", "2026-01-02", "2026-01-02 03:04:05.678000"),
            *("01 02", "[a, null]", "{k=1}", "{a=7, b=[z]}"),
        ]
    ]
    [row] = catalog.load_table((database, all_kinds)).scan().to_arrow().to_pylist()
    assert row["d"] == Decimal("1.50")
    assert row["day"] == date(2026, 1, 2)
    assert row["st"] == {"a": 7, "b": ["z"]}


def test_partitions_are_those_of_the_specification(
    ask: Ask, all_kinds: str, catalog: GlueCatalog, database: str
) -> None:
    ask(
        f"INSERT INTO {all_kinds} (id, name, ts) VALUES (34, 'heron', TIMESTAMP '2026-01-02 23:00:00'), "
        "(34, 'hen', TIMESTAMP '2026-01-02 01:00:00'), (35, NULL, NULL)"
    )
    loaded = catalog.load_table((database, all_kinds))
    # Iceberg's specification gives hash 2017239379 for 34, and so bucket 2017239379 % 4.
    assert sorted(str(list(t.file.partition._data)) for t in loaded.scan().plan_files()) == sorted(
        [str([20455, 2017239379 % 4, "he"]), str([None, _bucket(35), None])]
    )
    assert [f.name for f in loaded.spec().fields] == ["ts_day", "id_bucket", "name_trunc"]


def _bucket(value: int) -> int:
    import mmh3  # noqa: PLC0415 - the specification's own hash

    return (mmh3.hash(value.to_bytes(8, "little", signed=True)) & 0x7FFFFFFF) % 4


def test_created_tables_have_the_properties_asked_for(
    ask: Ask, all_kinds: str, catalog: GlueCatalog, database: str
) -> None:
    loaded = catalog.load_table((database, all_kinds))
    assert loaded.location() == f"s3://lake/{database}/all_kinds"
    assert loaded.format_version == 2
    assert loaded.properties["write.parquet.compression-codec"] == "snappy"
    assert loaded.properties["vacuum_min_snapshots_to_keep"] == "5"
    assert loaded.schema().find_field("id").doc == "the number"
    unknown = ask(
        f"CREATE TABLE odd (a int) LOCATION 's3://lake/{database}/odd' "
        "TBLPROPERTIES ('table_type' = 'ICEBERG', 'colour' = 'red')"
    )
    assert unknown.reason == "INVALID_TABLE_PROPERTY: Unsupported table property key: colour"


def test_an_insert_is_one_snapshot_and_keeps_all_properties(
    ask: Ask, catalog: GlueCatalog, database: str, s3: S3Client
) -> None:
    schema = Schema(NestedField(1, "id", LongType(), required=True), NestedField(2, "name", StringType()))
    properties = {"headrace.watermark": "7", "comment": "kept"}
    catalog.create_table((database, "t"), schema, f"s3://lake/{database}/t", properties=properties)
    before = catalog.load_table((database, "t"))

    ask("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    ask("INSERT INTO t (id) SELECT id + 10 FROM t")

    after = catalog.load_table((database, "t"))
    assert [s.summary.operation.value for s in after.metadata.snapshots if s.summary] == ["append", "append"]
    assert after.properties == before.properties
    assert ask("SELECT * FROM t ORDER BY id").rows == [["1", "a"], ["2", "b"], ["11", None], ["12", None]]


def test_an_insert_of_nothing_commits_nothing(
    ask: Ask, all_kinds: str, catalog: GlueCatalog, database: str
) -> None:
    inserted = ask(f"INSERT INTO {all_kinds} (id) SELECT 1 WHERE false")
    assert inserted.results is not None
    assert inserted.results["UpdateCount"] == 0
    assert catalog.load_table((database, all_kinds)).metadata.snapshots == []


def test_inserts_at_the_same_time_are_all_kept(
    ask: Ask, athena: AthenaClient, catalog: GlueCatalog, database: str, s3: S3Client
) -> None:
    schema = Schema(NestedField(1, "id", LongType()))
    catalog.create_table((database, "t"), schema, f"s3://lake/{database}/t")
    started = [
        athena.start_query_execution(
            QueryString=f"INSERT INTO t VALUES {number}",
            QueryExecutionContext={"Database": database},
            ResultConfiguration={"OutputLocation": "s3://lake/athena-results/"},
        )
        for number in range(4)
    ]
    for one in started:
        assert finished(athena, one["QueryExecutionId"]).state == "SUCCEEDED"
    assert ask("SELECT array_agg(id ORDER BY id) FROM t").rows == [["[0, 1, 2, 3]"]]
    assert len(catalog.load_table((database, "t")).metadata.snapshots) == 4


REFUSED_INSERTS = {
    "INSERT INTO all_kinds (id) VALUES 'x'": (
        "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [bigint], "
        "Query: [varchar(1)]"
    ),
    "INSERT INTO all_kinds (id, n) VALUES 1": (
        "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [bigint, integer], "
        "Query: [integer]"
    ),
    "INSERT INTO all_kinds (nope) VALUES 1": (
        "COLUMN_NOT_FOUND: line 1:24: Insert column name does not exist in target table: nope"
    ),
    "INSERT INTO all_kinds (id, id) VALUES (1, 2)": (
        "DUPLICATE_COLUMN_NAME: line 1:24: Insert column name is specified more than once: id"
    ),
}


@pytest.mark.parametrize(("statement", "reason"), REFUSED_INSERTS.items(), ids=list(REFUSED_INSERTS))
def test_an_insert_that_does_not_fit_fails(ask: Ask, all_kinds: str, statement: str, reason: str) -> None:
    assert ask(statement).reason == reason


def test_a_required_column_takes_no_null(ask: Ask, catalog: GlueCatalog, database: str, s3: S3Client) -> None:
    schema = Schema(NestedField(1, "id", LongType(), required=True), NestedField(2, "name", StringType()))
    catalog.create_table((database, "t"), schema, f"s3://lake/{database}/t")
    assert ask("INSERT INTO t (name) VALUES 'a'").reason == (
        "CONSTRAINT_VIOLATION: NULL value not allowed for NOT NULL column: id"
    )


def ctas(database: str, name: str, query: str, more: str = "") -> str:
    return (
        f"CREATE TABLE {name} WITH (table_type = 'ICEBERG', is_external = false, format = 'PARQUET', "
        f"location = 's3://lake/{database}/{name}/'{more}) AS {query}"
    )


def test_a_table_is_created_with_its_rows_in_one_go(ask: Ask, catalog: GlueCatalog, database: str) -> None:
    query = (
        "SELECT id, 'a' AS name, current_timestamp AS at, 1.5 AS x, DECIMAL '1.50' AS d, "
        "DATE '2026-01-02' AS day FROM (VALUES 1, 2, NULL) v(id)"
    )
    partitioning = ", partitioning = ARRAY['day', 'bucket(id, 4)', 'truncate(name, 1)', 'month(at)']"
    made = ask(ctas(database, "t", query, partitioning))
    assert made.state == "SUCCEEDED", made.reason
    assert made.results is not None
    assert made.results["UpdateCount"] == 3
    loaded = catalog.load_table((database, "t"))
    assert [str(f.field_type) for f in loaded.schema().fields] == [
        "int",
        "string",
        "timestamptz",
        "double",
        "decimal(3, 2)",
        "date",
    ]
    assert [f.name for f in loaded.spec().fields] == ["day", "id_bucket", "name_trunc", "at_month"]
    assert len(loaded.metadata.snapshots) == 1
    [moment] = {row["at"] for row in loaded.scan().to_arrow().to_pylist()}
    assert abs(moment - datetime.now(UTC)).total_seconds() < 600
    assert ask("SELECT id, name, x, d, day FROM t ORDER BY id").rows[-1] == [
        None,
        "a",
        "1.5",
        "1.50",
        "2026-01-02",
    ]


def test_a_table_from_no_rows_is_empty_and_has_its_columns(ask: Ask, database: str, s3: S3Client) -> None:
    assert ask(ctas(database, "t", "SELECT 1 AS a WHERE false")).state == "SUCCEEDED"
    assert ask("SELECT a FROM t").rows == []


def test_a_failing_query_leaves_no_table(ask: Ask, database: str, s3: S3Client) -> None:
    assert ask(ctas(database, "t", "SELECT 1 / x AS a FROM (VALUES 0) v(x)")).reason.startswith(
        "DIVISION_BY_ZERO"
    )
    assert ask("SHOW TABLES").rows == []


def test_a_table_that_exists_is_not_replaced(ask: Ask, database: str, s3: S3Client) -> None:
    ask(ctas(database, "t", "SELECT 1 AS a"))
    again = ask(ctas(database, "t", "SELECT 2 AS a"))
    assert again.reason == f"TABLE_ALREADY_EXISTS: line 1:1: Table '{database}.t' already exists"
    lenient = ask(ctas(database, "IF NOT EXISTS t", "SELECT 2 AS a").replace("IF NOT EXISTS t/", "t/"))
    assert lenient.state == "SUCCEEDED"
    assert ask("SELECT a FROM t").rows == [["1"]]


REFUSED_CTAS = {
    "SELECT 1": "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1",
    "SELECT NULL AS a": "COLUMN_TYPE_UNKNOWN: line 1:1: Column type is unknown: a",
    "SELECT 1 AS a, 2 AS a": "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'a' specified more than once",
    "SELECT INTERVAL '1' DAY AS a": "NOT_SUPPORTED: Type not supported for Iceberg: interval day to second",
    "SELECT TINYINT '1' AS a": "NOT_SUPPORTED: Type not supported for Iceberg: tinyint",
}


@pytest.mark.parametrize(("query", "reason"), REFUSED_CTAS.items(), ids=list(REFUSED_CTAS))
def test_a_query_that_makes_no_table_fails(
    ask: Ask, database: str, s3: S3Client, query: str, reason: str
) -> None:
    assert ask(ctas(database, "t", query)).reason == reason


def test_tables_that_are_not_iceberg_are_not_created(ask: Ask, database: str, s3: S3Client) -> None:
    hive = ask("CREATE TABLE h AS SELECT 1 AS a")
    assert hive.reason.startswith("NOT_SUPPORTED: CREATE TABLE AS but with table_type = 'ICEBERG'")
    external = ask(f"CREATE EXTERNAL TABLE h (a int) STORED AS PARQUET LOCATION 's3://lake/{database}/h'")
    assert external.reason.startswith("NOT_SUPPORTED: The statement CREATE EXTERNAL TABLE")
    plain = ask(f"CREATE TABLE h (a int) STORED AS PARQUET LOCATION 's3://lake/{database}/h'")
    assert plain.reason.startswith("NOT_SUPPORTED: CREATE TABLE but with TBLPROPERTIES")


@pytest.mark.parametrize(
    "statement",
    [
        "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
        "UPDATE t SET a = 1",
        "DELETE FROM t WHERE a = 1",
        "OPTIMIZE t REWRITE DATA USING BIN_PACK",
        "VACUUM t",
        "UNLOAD (SELECT 1) TO 's3://lake/x' WITH (format = 'PARQUET')",
        "ALTER TABLE t ADD COLUMNS (b int)",
        "MSCK REPAIR TABLE t",
        "EXPLAIN SELECT 1",
    ],
)
def test_statements_that_are_not_run_fail_and_say_so(ask: Ask, statement: str) -> None:
    failed = ask(statement)
    assert failed.state == "FAILED"
    assert failed.reason.startswith(f"NOT_SUPPORTED: The statement {statement.split(maxsplit=1)[0]}")
