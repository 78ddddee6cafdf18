"""Runs SQL through the deployment's Athena and gives back typed rows."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from headrace_cli.deployment import Deployment
from headrace_cli.failures import ExitCode, Failure

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef, RowTypeDef

Value = int | float | bool | str | None


class ResultColumn(Struct, frozen=True):
    """A column of a result; `type` is Athena's name for it."""

    name: str
    type: str


class Result(Struct, frozen=True):
    """All rows of a query, each by column name."""

    columns: tuple[ResultColumn, ...]
    rows: tuple[dict[str, Value], ...]
    query_execution_id: str
    scanned_bytes: int


def run_query(deployment: Deployment, sql: str, database: str = "curated") -> Result:
    """Run one statement and wait for it. `database` is a zone's name or a Glue database.

    Raises Failure with Athena's reason where it fails.
    """
    query = _start(deployment, sql, _database(deployment, database))
    try:
        execution = _finished(deployment, query)
    except KeyboardInterrupt:
        deployment.athena.stop_query_execution(QueryExecutionId=query)
        raise
    status = execution["Status"]
    if status["State"] != "SUCCEEDED":
        reason = status.get("StateChangeReason", "Athena gives no reason")
        raise Failure(ExitCode.TROUBLE, f"the query {status['State'].lower()}: {reason}\n(query {query})")
    columns, rows = _results(deployment, query, has_header=execution.get("StatementType") == "DML")
    scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
    return Result(columns, rows, query, scanned)


def _database(deployment: Deployment, name: str) -> str:
    zones = deployment.zones
    by_zone = {
        "curated": zones.curated_database,
        "quarantine": zones.quarantine_database,
        "marts": zones.marts_database,
    }
    return by_zone.get(name, name)


def _start(deployment: Deployment, sql: str, database: str) -> str:
    from botocore.exceptions import ClientError

    try:
        return deployment.athena.start_query_execution(
            QueryString=sql,
            WorkGroup=deployment.outputs.workgroup,
            QueryExecutionContext={"Database": database},
        )["QueryExecutionId"]
    except ClientError as error:
        refusal = error.response["Error"]
        if refusal.get("Code") != "InvalidRequestException":
            raise
        raise Failure(ExitCode.TROUBLE, f"Athena refused the query: {refusal.get('Message', '')}") from error


def _finished(deployment: Deployment, query: str) -> "QueryExecutionTypeDef":
    pause = 0.05
    while True:
        execution = deployment.athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return execution
        time.sleep(pause)
        pause = min(1.0, pause * 1.5)


def _results(
    deployment: Deployment, query: str, *, has_header: bool
) -> tuple[tuple[ResultColumn, ...], tuple[dict[str, Value], ...]]:
    pages = deployment.athena.get_paginator("get_query_results").paginate(QueryExecutionId=query)
    columns: tuple[ResultColumn, ...] = ()
    rows: list[dict[str, Value]] = []
    for number, page in enumerate(pages):
        found = page["ResultSet"]
        if number == 0:
            described = found["ResultSetMetadata"].get("ColumnInfo", [])
            names = _distinct([column["Name"] for column in described])
            columns = tuple(
                ResultColumn(name, info["Type"]) for name, info in zip(names, described, strict=True)
            )
        titled = number == 0 and has_header
        rows.extend(_typed(columns, found["Rows"][1:] if titled else found["Rows"]))
    return columns, tuple(rows)


def _distinct(names: Sequence[str]) -> list[str]:
    """Column names as keys: SQL lets two columns share a name, an object does not."""
    keys: list[str] = []
    for name in names:
        number, key = 1, name
        while key in keys or (number > 1 and key in names):
            number += 1
            key = f"{name}_{number}"
        keys.append(key)
    return keys


def _typed(columns: Sequence[ResultColumn], rows: "Sequence[RowTypeDef]") -> Iterator[dict[str, Value]]:
    readers = [_READERS.get(column.type, str) for column in columns]
    for row in rows:
        cells = [cell.get("VarCharValue") for cell in row["Data"]]
        yield {
            column.name: None if text is None else read(text)
            for column, read, text in zip(columns, readers, cells, strict=True)
        }


def _double(text: str) -> float | str:
    """NaN and the infinities stay text: JSON has no numbers for them."""
    return text if text.lstrip("+-") in ("NaN", "Infinity") else float(text)


_READERS: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text == "true",
    "tinyint": int,
    "smallint": int,
    "integer": int,
    "bigint": int,
    "float": _double,
    "real": _double,
    "double": _double,
}
"""How the text of a type is read. All others stay text, decimals too: a JSON number would round them."""
