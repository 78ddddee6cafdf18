"""Databases and tables are shown, described, created and dropped as Athena does it."""

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from tests.local.athena.conftest import Ask

pytestmark = [pytest.mark.laptop, pytest.mark.slow]


@pytest.fixture
def birds(ask: Ask, database: str, s3: S3Client) -> str:
    made = ask(
        "CREATE TABLE birds (n int COMMENT 'abc', s string, ts timestamp, d decimal(10,2), "
        "arr array<string>, st struct<a:int,b:string>, m map<string,int>) "
        "PARTITIONED BY (s, bucket(4, n), truncate(3, s), day(ts)) "
        f"LOCATION 's3://lake/{database}/birds' TBLPROPERTIES ('table_type' = 'ICEBERG')"
    )
    assert made.state == "SUCCEEDED", made.reason
    return "birds"


def test_describe_tells_schema_and_partitions(ask: Ask, birds: str) -> None:
    described = ask(f"DESCRIBE {birds}")
    assert described.rows == [
        ["# Table schema:\t\t"],
        ["# col_name\tdata_type\tcomment"],
        ["n\tint\tabc"],
        ["s\tstring\t"],
        ["ts\ttimestamp\t"],
        ["d\tdecimal(10, 2)\t"],
        ["arr\tarray<string>\t"],
        ["st\tstruct<a: int, b: string>\t"],
        ["m\tmap<string, int>\t"],
        ["\t\t"],
        ["# Partition spec:\t\t"],
        ["# field_name\tfield_transform\tcolumn_name"],
        ["s\tidentity\ts"],
        ["n_bucket\tbucket[4]\tn"],
        ["s_trunc\ttruncate[3]\ts"],
        ["ts_day\tday\tts"],
    ]
    assert described.results is not None
    columns = described.results["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(c["Name"], c["Type"], c["Precision"]) for c in columns] == [
        ("col_name", "string", 0),
        ("data_type", "string", 0),
        ("comment", "string", 0),
    ]
    assert ask(f"DESC {birds}").rows == described.rows


def test_a_created_table_can_be_created_again_from_what_is_shown(ask: Ask, birds: str, database: str) -> None:
    shown = [str(row[0]) for row in ask(f"SHOW CREATE TABLE {birds}").rows]
    assert shown[0] == f"CREATE TABLE {database}.birds ("
    assert "PARTITIONED BY (`s`, bucket(4, `n`), truncate(3, `s`), day(`ts`))" in shown
    described = ask(f"DESCRIBE {birds}").rows
    assert ask(f"DROP TABLE {birds}").state == "SUCCEEDED"
    assert ask("\n".join(shown)).state == "SUCCEEDED"
    assert [r[0] for r in ask(f"DESCRIBE {birds}").rows] == [str(r[0]).removesuffix("abc") for r in described]


def test_columns_and_tables_are_listed(ask: Ask, birds: str, database: str) -> None:
    assert ask(f"SHOW COLUMNS IN {birds}").rows == [["n"], ["s"], ["ts"], ["d"], ["arr"], ["st"], ["m"]]
    assert ask(f"SHOW COLUMNS FROM {birds} IN {database}").rows[0] == ["n"]
    assert ask("SHOW TABLES").rows == [["birds"]]
    assert ask(f"SHOW TABLES IN `{database}` 'b*'").rows == [["birds"]]
    assert ask(f"SHOW TABLES FROM {database} LIKE 'x*|*rds'").rows == [["birds"]]
    assert ask("SHOW TABLES 'nothing'").rows == []
    assert ask("SHOW TABLES IN nodb").reason == (
        "FAILED: SemanticException [Error 10072]: Database does not exist: nodb"
    )


def test_databases_are_created_listed_and_dropped(ask: Ask, database: str) -> None:
    new = f"{database}_new"
    assert ask(f"CREATE DATABASE {new} COMMENT 'ours' LOCATION 's3://lake/new/'").state == "SUCCEEDED"
    assert ask(f"CREATE SCHEMA {new}").reason.endswith(
        f"AlreadyExistsException(message:Database {new} already exists)"
    )
    assert ask(f"CREATE DATABASE IF NOT EXISTS {new}").state == "SUCCEEDED"
    assert [new] in ask("SHOW DATABASES").rows
    assert ask(f"SHOW SCHEMAS LIKE '{new}'").rows == [[new]]
    assert ask(f"DROP DATABASE {new}").state == "SUCCEEDED"
    assert [new] not in ask("SHOW DATABASES").rows
    assert ask(f"DROP DATABASE {new}").reason.endswith(f"Database does not exist: {new}")
    assert ask(f"DROP DATABASE IF EXISTS {new}").state == "SUCCEEDED"


def test_a_database_with_tables_is_dropped_only_with_cascade(ask: Ask, birds: str, database: str) -> None:
    assert f"Database {database} is not empty" in ask(f"DROP DATABASE {database}").reason
    assert ask(f"DROP DATABASE {database} CASCADE").state == "SUCCEEDED"
    assert [database] not in ask("SHOW DATABASES").rows


def test_a_dropped_table_takes_its_files_along(ask: Ask, birds: str, database: str, s3: S3Client) -> None:
    ask(f"INSERT INTO {birds} (n) VALUES 1")
    assert ask(f"DROP TABLE {birds}").state == "SUCCEEDED"
    left = s3.list_objects_v2(Bucket="lake", Prefix=f"{database}/birds/data/").get("Contents", [])
    assert left == []
    assert (
        ask(f"DROP TABLE {birds}").reason == "FAILED: SemanticException [Error 10001]: Table not found birds"
    )
    assert ask(f"DROP TABLE IF EXISTS {birds}").state == "SUCCEEDED"


@pytest.mark.parametrize("statement", ["DESCRIBE gone", "SHOW COLUMNS IN gone", "SHOW CREATE TABLE gone"])
def test_a_missing_table_is_refused_before_a_query_exists(ask: Ask, statement: str) -> None:
    with pytest.raises(ClientError, match="Entity Not Found"):
        ask(statement)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("CREATE TABLE t (a int)", "No location was specified for table"),
        (
            "CREATE TABLE t (a int NOT NULL) LOCATION 's3://lake/t'",
            "no viable alternative at input 'NOT NULL'",
        ),
        ('DESCRIBE "t"', "mismatched input '\"'"),
        ("START TRANSACTION", "Queries of this type are not supported|mismatched input"),
        ("CREATE INDEX i ON t (a)", "Queries of this type are not supported"),
        ("SELECT FROM", "mismatched input"),
    ],
)
def test_what_athenas_grammar_refuses_never_becomes_a_query(ask: Ask, statement: str, message: str) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        ask(statement)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"
