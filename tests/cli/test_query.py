"""Athena's answers as typed rows."""

import json

import pytest
from botocore.stub import Stubber

from headrace_cli.failures import ExitCode, Failure
from headrace_cli.query import ResultColumn, run_query
from tests.cli.conftest import Run
from tests.cli.deployed import Deployed, page

ONE_OF_EACH = {
    "flag": "boolean",
    "small": "tinyint",
    "count": "bigint",
    "ratio": "double",
    "limit_of_it": "double",
    "price": "decimal(38,2)",
    "name": "varchar",
    "day": "date",
    "tags": "array",
    "missing": "bigint",
}
TITLES = list(ONE_OF_EACH)
VALUES = [
    "true",
    "-7",
    "9007199254740993",
    "0.1",
    "Infinity",
    "12345678901234567890.10",
    "",
    "2026-03-01",
    "[a, b]",
    None,
]


def test_every_type_becomes_the_json_value_that_holds_it_exactly(deployed: Deployed) -> None:
    with deployed.athena_answers(page(ONE_OF_EACH, TITLES, VALUES)):
        result = run_query(deployed, "SELECT 1")
    assert result.rows == (
        {
            "flag": True,
            "small": -7,
            "count": 9007199254740993,
            "ratio": 0.1,
            "limit_of_it": "Infinity",
            "price": "12345678901234567890.10",
            "name": "",
            "day": "2026-03-01",
            "tags": "[a, b]",
            "missing": None,
        },
    )
    assert result.columns[2] == ResultColumn("count", "bigint")
    assert (result.query_execution_id, result.scanned_bytes) == ("q-1", 1234)


def test_all_pages_are_read_and_only_the_first_has_titles(deployed: Deployed) -> None:
    columns = {"n": "integer"}
    pages = [page(columns, ["n"], ["1"]), page(columns, ["2"], ["3"]), page(columns, ["4"])]
    with deployed.athena_answers(*pages):
        assert [row["n"] for row in run_query(deployed, "SELECT n").rows] == [1, 2, 3, 4]


def test_a_statement_that_is_no_select_has_no_titles(deployed: Deployed) -> None:
    with deployed.athena_answers(page({"tab_name": "string"}, ["tab_name"]), StatementType="DDL"):
        assert run_query(deployed, "SHOW TABLES").rows == ({"tab_name": "tab_name"},)


def test_columns_that_share_a_name_keep_their_values(deployed: Deployed) -> None:
    columns = [("a", "integer"), ("a", "integer"), ("a_2", "integer")]
    with deployed.athena_answers(page(columns, ["a", "a", "a_2"], ["1", "2", "3"])):
        result = run_query(deployed, "SELECT 1 AS a, 2 AS a, 3 AS a_2")
    assert result.rows == ({"a": 1, "a_3": 2, "a_2": 3},)
    assert [column.name for column in result.columns] == ["a", "a_3", "a_2"]


def test_a_query_that_fails_says_athenas_reason(deployed: Deployed) -> None:
    why = {"StateChangeReason": "COLUMN_NOT_FOUND: line 1:8: Column 'wings' cannot be resolved"}
    with deployed.athena_answers(state="FAILED", Status=why), pytest.raises(Failure) as failed:
        run_query(deployed, "SELECT wings FROM aviation_runways")
    assert "the query failed: COLUMN_NOT_FOUND: line 1:8: Column 'wings'" in str(failed.value)
    assert failed.value.code is ExitCode.TROUBLE


def test_the_json_answer_is_one_document_and_nothing_else(deployed: Deployed, run: Run) -> None:
    with deployed.athena_answers(page({"count": "bigint"}, ["count"], ["9007199254740993"])):
        ran = run("query", "--json", "SELECT 1")
    assert ran.exit_code == ExitCode.FINE
    assert json.loads(ran.stdout) == {
        "columns": [{"name": "count", "type": "bigint"}],
        "rows": [{"count": 9007199254740993}],
        "query_execution_id": "q-1",
        "scanned_bytes": 1234,
    }
    assert ran.stderr == ""


def test_a_failed_query_leaves_stdout_empty(deployed: Deployed, run: Run) -> None:
    with deployed.athena_answers(state="FAILED", Status={"StateChangeReason": "DIVISION_BY_ZERO"}):
        ran = run("query", "--json", "SELECT 1/0")
    assert (ran.exit_code, ran.stdout) == (ExitCode.TROUBLE, "")
    assert "DIVISION_BY_ZERO" in ran.stderr


def test_a_refused_query_is_a_failed_one(deployed: Deployed, run: Run) -> None:
    with Stubber(deployed.athena) as stub:
        stub.add_client_error("start_query_execution", "InvalidRequestException", "Queries of this type...")
        ran = run("query", "SELEC 1")
    assert ran.exit_code == ExitCode.TROUBLE
    assert "Athena refused the query: Queries of this type..." in ran.stderr


def test_people_see_a_table_that_tells_null_from_nothing_and_holds_the_terminal(
    deployed: Deployed, run: Run
) -> None:
    rows = page({"name": "varchar", "n": "bigint"}, ["name", "n"], ["\x1b[2J[red]x", "12"], ["", None])
    with deployed.athena_answers(rows):
        ran = run("query", "SELECT 1")
    lines = [line.split() for line in ran.stdout.splitlines() if line.strip()]
    assert lines[0] == ["name", "n"]
    assert lines[2:] == [["\\x1b[2J[red]x", "12"], ["NULL"]]
    assert "2 rows, 1.2 kB scanned" in ran.stderr


def test_a_statement_can_come_from_stdin_and_a_zone_is_a_database(deployed: Deployed, run: Run) -> None:
    asked = []
    deployed.athena.meta.events.register(
        "provide-client-params.athena.StartQueryExecution", lambda params, **_: asked.append(params)
    )
    with deployed.athena_answers(page({"n": "integer"}, ["n"], ["1"])):
        ran = run("query", "-", "--database", "marts", input="SELECT n FROM mart")
    assert ran.exit_code == ExitCode.FINE
    assert asked[0]["QueryString"] == "SELECT n FROM mart"
    assert asked[0]["QueryExecutionContext"] == {"Database": "headrace_marts"}
    assert asked[0]["WorkGroup"] == "headrace"
