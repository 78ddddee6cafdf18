"""The API answers as Athena does: executions, results in S3 and in pages, tokens, workgroups, refusals."""

import json
import uuid
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError
from mypy_boto3_athena import AthenaClient
from mypy_boto3_s3 import S3Client

from tests.local.athena.conftest import Ask, Emulator, finished

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

OUTPUT = "s3://lake/athena-results/"
ICEBERG = "table_type = 'ICEBERG', is_external = false"
SLOW = (
    "SELECT count(*) FROM UNNEST(sequence(1, 50000)) a(x) CROSS JOIN UNNEST(sequence(1, 50000)) b(y) "
    "CROSS JOIN UNNEST(sequence(1, 100)) c(z) WHERE (x * y + z) % 7 = 3"
)


def body(s3: S3Client, uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def refused(code: str) -> Any:
    """InvalidRequestException with this AthenaErrorCode."""
    return pytest.raises(ClientError, check=lambda e: e.response.get("AthenaErrorCode") == code)


def test_an_execution_tells_what_was_asked_and_what_became_of_it(ask: Ask, database: str) -> None:
    asked = ask(" SELECT 1 AS a ; ")
    execution = asked.execution
    assert execution["Query"] == "SELECT 1 AS a"
    assert (execution["StatementType"], execution["SubstatementType"]) == ("DML", "SELECT")
    assert execution["QueryExecutionContext"] == {"Database": database, "Catalog": "awsdatacatalog"}
    assert execution["WorkGroup"] == "primary"
    assert execution["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    assert (
        execution["ResultConfiguration"]["OutputLocation"] == f"{OUTPUT}{execution['QueryExecutionId']}.csv"
    )
    assert execution["Status"]["SubmissionDateTime"] <= execution["Status"]["CompletionDateTime"]
    assert execution["Statistics"]["DataScannedInBytes"] == 0
    assert (
        execution["Statistics"]["TotalExecutionTimeInMillis"]
        >= execution["Statistics"]["EngineExecutionTimeInMillis"]
    )


def test_a_failure_is_told_with_its_type(ask: Ask) -> None:
    failed = ask("SELECT nope")
    error = failed.execution["Status"]["AthenaError"]
    assert (error["ErrorCategory"], error["ErrorType"], error["Retryable"]) == (2, 1006, False)
    assert error["ErrorMessage"] == failed.reason
    assert ask("SELECT 1 / 0").execution["Status"]["AthenaError"]["ErrorType"] == 1001


def test_a_select_leaves_a_csv_that_tells_null_from_empty(ask: Ask, s3: S3Client) -> None:
    asked = ask(
        "SELECT 1 AS i, 'it''s' AS s, 'a\"b' AS q, NULL AS n, '' AS empty, ARRAY[1, 2] AS a, 'x\ny' AS l"
    )
    location = asked.execution["ResultConfiguration"]["OutputLocation"]
    assert body(s3, location) == (
        b'"i","s","q","n","empty","a","l"\n"1","it\'s","a""b",,"","[1, 2]","x\ny"\n'
    )
    assert asked.rows == [["1", "it's", 'a"b', None, "", "[1, 2]", "x\ny"]]
    assert asked.results is not None
    header = asked.results["ResultSet"]["Rows"][0]["Data"]
    assert [d["VarCharValue"] for d in header] == ["i", "s", "q", "n", "empty", "a", "l"]
    assert asked.results["UpdateCount"] == 0


def test_the_metadata_file_is_the_protobuf_that_drivers_read(ask: Ask, s3: S3Client) -> None:
    asked = ask("SELECT 1 AS t1_probe")
    location = asked.execution["ResultConfiguration"]["OutputLocation"]
    query_id = asked.execution["QueryExecutionId"].encode()
    column = b"\x0a\x04hive" + b"\x22\x08t1_probe" + b"\x2a\x08t1_probe" + b"\x32\x07integer"
    column += b"\x38\x0a\x40\x00\x48\x03\x50\x00"
    assert (
        body(s3, f"{location}.metadata") == b"\x0a\x24" + query_id + b"\x22" + bytes([len(column)]) + column
    )


def test_columns_are_described_as_athena_describes_them(ask: Ask) -> None:
    asked = ask(
        "SELECT 1, bigint '1', 1.5, real '1', true, 'x' AS s, CAST('x' AS varchar), decimal '1.50', "
        "current_date, timestamp '2026-01-01 00:00:00', now(), x'01', ARRAY[1], MAP(), ROW(1), NULL"
    )
    assert asked.results is not None
    columns = asked.results["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(c["Name"], c["Type"], c["Precision"], c["Scale"], c["CaseSensitive"]) for c in columns] == [
        ("_col0", "integer", 10, 0, False),
        ("_col1", "bigint", 19, 0, False),
        ("_col2", "double", 17, 0, False),
        ("_col3", "float", 17, 0, False),
        ("_col4", "boolean", 0, 0, False),
        ("s", "varchar", 1, 0, True),
        ("_col6", "varchar", 2147483647, 0, True),
        ("_col7", "decimal", 3, 2, False),
        ("_col8", "date", 0, 0, False),
        ("_col9", "timestamp", 3, 0, False),
        ("_col10", "timestamp with time zone", 3, 0, False),
        ("_col11", "varbinary", 1073741824, 0, False),
        ("_col12", "array", 0, 0, False),
        ("_col13", "map", 0, 0, False),
        ("_col14", "row", 0, 0, False),
        ("_col15", "unknown", 0, 0, False),
    ]
    assert {c["CatalogName"] for c in columns} == {"hive"}
    assert {c["Nullable"] for c in columns} == {"UNKNOWN"}


@pytest.mark.parametrize(
    ("statement", "kinds", "file", "files"),
    [
        ("SELECT 1 AS a", ("DML", "SELECT"), "{id}.csv", {"{id}.csv", "{id}.csv.metadata"}),
        ("SHOW TABLES", ("UTILITY", "SHOW_TABLES"), "{id}.txt", {"{id}.txt", "{id}.txt.metadata"}),
        ("CREATE DATABASE IF NOT EXISTS default", ("DDL", "CREATE_DATABASE"), "{id}.txt", {"{id}.txt"}),
        (
            f"CREATE TABLE t WITH ({ICEBERG}, location = 's3://lake/{{db}}/t') AS SELECT 1 AS a",
            ("DDL", "CREATE_TABLE_AS_SELECT"),
            "tables/{id}",
            {"tables/{id}.metadata"},
        ),
    ],
)
def test_each_kind_of_statement_has_its_result_file(
    ask: Ask, s3: S3Client, database: str, statement: str, kinds: tuple[str, str], file: str, files: set[str]
) -> None:
    asked = ask(statement.format(db=database))
    query_id = asked.execution["QueryExecutionId"]
    assert (asked.execution["StatementType"], asked.execution["SubstatementType"]) == kinds
    assert asked.execution["ResultConfiguration"]["OutputLocation"] == OUTPUT + file.format(id=query_id)
    prefix = "athena-results/"
    keys = [
        c["Key"]
        for where in (prefix, f"{prefix}tables/")
        for c in s3.list_objects_v2(Bucket="lake", Prefix=f"{where}{query_id}").get("Contents", [])
    ]
    assert {k.removeprefix(prefix) for k in keys} == {f.format(id=query_id) for f in files}


def test_results_come_in_pages_of_at_most_a_thousand_rows(athena: AthenaClient, ask: Ask) -> None:
    query_id = ask("SELECT x, 'é' FROM UNNEST(sequence(1, 2500)) t(x)").execution["QueryExecutionId"]
    pages = list(athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id))
    rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
    assert [len(page["ResultSet"]["Rows"]) for page in pages] == [1000, 1000, 501]
    assert [row[0]["VarCharValue"] for row in rows] == ["x", *map(str, range(1, 2501))]
    assert {row[1]["VarCharValue"] for row in rows[1:]} == {"é"}


def test_a_full_page_always_has_a_token(athena: AthenaClient, ask: Ask) -> None:
    query_id = ask("SELECT x FROM UNNEST(sequence(1, 5)) t(x)").execution["QueryExecutionId"]
    page = athena.get_query_results(QueryExecutionId=query_id, MaxResults=6)
    assert len(page["ResultSet"]["Rows"]) == 6
    last = athena.get_query_results(QueryExecutionId=query_id, NextToken=page["NextToken"])
    assert last["ResultSet"]["Rows"] == []
    assert "NextToken" not in last


def test_results_that_are_not_there_are_refused_in_athenas_order(athena: AthenaClient, ask: Ask) -> None:
    done, failed = (ask(s).execution["QueryExecutionId"] for s in ("SELECT 1", "SELECT nope"))
    with refused("QUERY_EXECUTION_NOT_FOUND"):
        athena.get_query_results(QueryExecutionId=str(uuid.uuid4()), MaxResults=1001)
    with refused("INVALID_INPUT"):
        athena.get_query_results(QueryExecutionId=failed, MaxResults=1001)
    with refused("INVALID_QUERY_EXECUTION_STATE"):
        athena.get_query_results(QueryExecutionId=failed, NextToken="nope")
    with pytest.raises(ClientError, match="Malformed nextPageToken nope"):
        athena.get_query_results(QueryExecutionId=done, NextToken="nope")


def test_a_deleted_result_file_cannot_be_read(athena: AthenaClient, ask: Ask, s3: S3Client) -> None:
    query_id = ask("SELECT 1").execution["QueryExecutionId"]
    s3.delete_object(Bucket="lake", Key=f"athena-results/{query_id}.csv")
    with refused("RESULT_NOT_FOUND"):
        athena.get_query_results(QueryExecutionId=query_id)


def test_the_same_token_gives_the_same_execution_and_runs_once(
    athena: AthenaClient, ask: Ask, s3: S3Client, database: str
) -> None:
    ask(f"CREATE TABLE t (a int) LOCATION 's3://lake/{database}/t' TBLPROPERTIES ('table_type' = 'ICEBERG')")
    asked: dict[str, Any] = {
        "QueryString": "INSERT INTO t VALUES 1",
        "QueryExecutionContext": {"Database": database},
        "ResultConfiguration": {"OutputLocation": OUTPUT},
        "ClientRequestToken": uuid.uuid4().hex,
    }
    first = athena.start_query_execution(**asked)["QueryExecutionId"]
    finished(athena, first)
    again = athena.start_query_execution(**asked)["QueryExecutionId"]
    assert again == first
    assert ask("SELECT count(*) FROM t").rows == [["1"]]
    for other in (
        {"QueryString": "INSERT INTO t VALUES 2"},
        {"QueryExecutionContext": {"Database": "other"}},
        {"ResultConfiguration": {"OutputLocation": "s3://lake/elsewhere/"}},
    ):
        with refused("IDEMPOTENT_PARAMETER_MISMATCH"):
            athena.start_query_execution(**asked | other)


def test_a_token_that_was_refused_is_free(athena: AthenaClient, s3: S3Client) -> None:
    asked = {"ResultConfiguration": {"OutputLocation": OUTPUT}, "ClientRequestToken": uuid.uuid4().hex}
    with refused("MALFORMED_QUERY"):
        athena.start_query_execution(QueryString="SELEC 1", **asked)  # type: ignore[arg-type]
    assert athena.start_query_execution(QueryString="SELECT 1", **asked)["QueryExecutionId"]  # type: ignore[arg-type]


def test_requests_out_of_bounds_are_refused(athena: AthenaClient, s3: S3Client) -> None:
    where: Any = {"ResultConfiguration": {"OutputLocation": OUTPUT}}
    with pytest.raises(ClientError, match="outputLocation is not a valid S3 path"):
        athena.start_query_execution(QueryString="SELECT 1", ResultConfiguration={"OutputLocation": "here"})
    with pytest.raises(ClientError, match="No output location provided"):
        athena.start_query_execution(QueryString="SELECT 1")
    with pytest.raises(ClientError, match="less than or equal to 262144"):
        athena.start_query_execution(QueryString=f"SELECT '{'x' * 262144}'", **where)
    with pytest.raises(ClientError, match="WorkGroup is not found"):
        athena.start_query_execution(QueryString="SELECT 1", WorkGroup="nope", **where)
    with pytest.raises(ClientError, match="Only one sql statement is allowed"):
        athena.start_query_execution(QueryString="SELECT 1; SELECT 2", **where)


def test_parameters_take_the_places_of_question_marks(ask: Ask) -> None:
    bound = ask(
        "SELECT ? + 1, ?, ?, ?, ?", ExecutionParameters=["1", "'abc'", "abc def", "DECIMAL '1.50'", "NULL"]
    )
    assert bound.rows == [["2", "abc", "abc def", "1.50", None]]
    assert ask("SELECT 1 AS a", ExecutionParameters=["5"]).rows == [["1"]]
    assert ask("SELECT ?, ?", ExecutionParameters=["5"]).reason == (
        "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 1"
    )


def test_a_running_query_can_be_stopped(athena: AthenaClient, s3: S3Client) -> None:
    query_id = athena.start_query_execution(QueryString=SLOW, ResultConfiguration={"OutputLocation": OUTPUT})[
        "QueryExecutionId"
    ]
    with refused("INVALID_QUERY_EXECUTION_STATE"):
        athena.get_query_results(QueryExecutionId=query_id)
    athena.stop_query_execution(QueryExecutionId=query_id)
    stopped = finished(athena, query_id)
    assert (stopped.state, stopped.reason) == ("CANCELLED", "Query cancelled by user")
    with refused("RESULT_NOT_FOUND"):
        athena.get_query_results(QueryExecutionId=query_id)
    athena.stop_query_execution(QueryExecutionId=query_id)


def test_databases_and_tables_are_described(athena: AthenaClient, ask: Ask, database: str) -> None:
    ask(
        f"CREATE TABLE t (a int COMMENT 'c') LOCATION 's3://lake/{database}/t' "
        "TBLPROPERTIES ('table_type' = 'ICEBERG')"
    )
    found = athena.get_database(CatalogName="AwsDataCatalog", DatabaseName=database)["Database"]
    assert found["Name"] == database
    described = athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=database, TableName="t")
    assert described["TableMetadata"]["Columns"] == [{"Name": "a", "Type": "int", "Comment": "c"}]
    assert described["TableMetadata"]["Parameters"]["table_type"] == "ICEBERG"
    listed = athena.list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=database)
    assert [t["Name"] for t in listed["TableMetadataList"]] == ["t"]
    with pytest.raises(ClientError, match="not found"):
        athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=database, TableName="gone")


def test_named_queries_are_kept(athena: AthenaClient, database: str) -> None:
    query_id = athena.create_named_query(Name="q", Database=database, QueryString="SELECT 1")["NamedQueryId"]
    assert athena.get_named_query(NamedQueryId=query_id)["NamedQuery"]["QueryString"] == "SELECT 1"
    athena.delete_named_query(NamedQueryId=query_id)


def raw(emulator: Emulator, operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
    headers = {
        "X-Amz-Target": operation,
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/athena/aws4_request, "
        "SignedHeaders=host, Signature=0",
    }
    reply = urllib3.request("POST", emulator.endpoint, body=body, headers=headers)
    return reply.status, json.loads(reply.data)


def test_calls_that_are_not_athenas_are_refused(emulator: Emulator) -> None:
    assert raw(emulator, "AmazonAthena.Nope", b"{}") == (400, {"__type": "UnknownOperationException"})
    assert raw(emulator, "AmazonAthena.GetQueryExecution", b"{") == (
        400,
        {"__type": "SerializationException"},
    )
    status, refusal = raw(emulator, "AmazonAthena.GetQueryExecution", b"{}")
    assert status == 400
    assert refusal["Message"] == (
        "1 validation error detected: Value null at 'queryExecutionId' failed to satisfy constraint: "
        "Member must not be null"
    )
    assert raw(emulator, "AmazonAthena.CreateDataCatalog", b"{}")[1]["__type"] == "InvalidRequestException"


def test_a_caller_without_a_token_starts_a_query_of_its_own(emulator: Emulator, s3: S3Client) -> None:
    asked = json.dumps(
        {"QueryString": "SELECT 1", "ResultConfiguration": {"OutputLocation": OUTPUT}}
    ).encode()
    first, second = (raw(emulator, "AmazonAthena.StartQueryExecution", asked)[1] for _ in range(2))
    assert first["QueryExecutionId"] != second["QueryExecutionId"]


def test_queries_run_side_by_side_while_the_emulator_answers(athena: AthenaClient, s3: S3Client) -> None:
    ids = [
        athena.start_query_execution(
            QueryString=f"SELECT {i}", ResultConfiguration={"OutputLocation": OUTPUT}
        )
        for i in range(12)
    ]
    answers = [finished(athena, i["QueryExecutionId"]).rows for i in ids]
    assert answers == [[[str(i)]] for i in range(12)]
