"""The Athena API: one async handler for the emulator, each operation a function of its request."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.concurrency import run_reentrant
from ministack.services import athena

from headrace_local.athena import emulator, executions, pages, starting, workgroups
from headrace_local.athena.errors import InvalidRequest, QueryFailed
from headrace_local.athena.lake import CATALOG, Lake

Json = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]
_CONTENT = "application/x-amz-json-1.1"
_BATCH = 50

# What the emulator's own handler answers as Athena does.
_DELEGATED = {
    *("CreateNamedQuery", "DeleteNamedQuery", "GetNamedQuery", "ListNamedQueries", "BatchGetNamedQuery"),
    *("CreatePreparedStatement", "GetPreparedStatement", "DeletePreparedStatement", "ListPreparedStatements"),
    *("GetDataCatalog", "ListDataCatalogs", "GetDatabase", "ListDatabases"),
    *("TagResource", "UntagResource", "ListTagsForResource"),
}
# What Athena has and this engine does not: refused, so that nothing is answered wrongly.
_REFUSED = {
    *(
        "CreateDataCatalog",
        "UpdateDataCatalog",
        "DeleteDataCatalog",
        "UpdateNamedQuery",
        "UpdatePreparedStatement",
    ),
    *("BatchGetPreparedStatement", "CreateNotebook", "StartSession", "StartCalculationExecution"),
    *("CreateCapacityReservation", "ListEngineVersions"),
}


async def handle(
    method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Mapping[str, list[str]]
) -> Response:
    """Answers one call, off the emulator's event loop: an answer may need calls back into the emulator."""
    operation = headers.get("x-amz-target", "").removeprefix("AmazonAthena.")
    if operation in _DELEGATED:
        answer: Response = await athena.handle_request(method, path, headers, body, query_params)
        return answer
    response: Response = await run_reentrant(_answer, operation, body, thread_name="athena-call")
    return response


def _answer(operation: str, body: bytes) -> Response:
    if operation in _REFUSED:
        return _refusal(InvalidRequest(f"{operation} is not supported by the laptop's Athena"))
    act = _OPERATIONS.get(operation)
    if act is None:
        return _json(400, {"__type": "UnknownOperationException"})
    try:
        data = json.loads(body or b"{}")
    except json.JSONDecodeError:
        return _json(400, {"__type": "SerializationException"})
    try:
        return _json(200, act(data))
    except InvalidRequest as refused:
        return _refusal(refused)


def _json(status: int, body: Json) -> Response:
    return status, {"Content-Type": _CONTENT}, json.dumps(body).encode()


def _refusal(refused: InvalidRequest) -> Response:
    codes = {"AthenaErrorCode": refused.code, "ErrorCode": refused.code} if refused.code is not None else {}
    return _json(400, {"__type": refused.kind, **codes, "Message": refused.message})


def required(data: Json, member: str) -> str:
    """A member that the request must have."""
    if data.get(member) is None:
        shown = member[0].lower() + member[1:]
        raise InvalidRequest(
            f"1 validation error detected: Value null at '{shown}' failed to satisfy constraint: "
            "Member must not be null"
        )
    return str(data[member])


def _start(data: Json) -> Json:
    required(data, "QueryString")
    return {"QueryExecutionId": starting.start(data)}


def _get_execution(data: Json) -> Json:
    return {"QueryExecution": executions.public(executions.get(required(data, "QueryExecutionId")))}


def _batch_get_executions(data: Json) -> Json:
    found, missing = [], []
    for query_id in data.get("QueryExecutionIds") or []:
        try:
            found.append(executions.public(executions.get(query_id)))
        except InvalidRequest as error:
            missing.append(
                {"QueryExecutionId": query_id, "ErrorCode": error.code, "ErrorMessage": error.message}
            )
    return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}


def _results(data: Json) -> Json:
    return pages.of_result(required(data, "QueryExecutionId"), data)


def _statistics(data: Json) -> Json:
    timeline = executions.get(required(data, "QueryExecutionId"))["Statistics"]
    return {
        "QueryRuntimeStatistics": {"Timeline": {k: v for k, v in timeline.items() if k.endswith("InMillis")}}
    }


def _stop(data: Json) -> Json:
    executions.stop(required(data, "QueryExecutionId"))
    return {}


def _list_executions(data: Json) -> Json:
    name = data.get("WorkGroup") or workgroups.PRIMARY
    workgroups.get(name)
    page, token = pages.page(executions.ids(name), data, _BATCH)
    return {"QueryExecutionIds": page, **token}


def _list_workgroups(data: Json) -> Json:
    page, token = pages.page(workgroups.listed(), data, _BATCH)
    return {"WorkGroups": page, **token}


def _then_nothing(act: Callable[[Json], None], member: str) -> Callable[[Json], Json]:
    def answer(data: Json) -> Json:
        required(data, member)
        act(data)
        return {}

    return answer


def _table_metadata(data: Json) -> Json:
    database, name = required(data, "DatabaseName"), required(data, "TableName")
    glue = _lake(data).glue
    try:
        table = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException as error:
        raise InvalidRequest(f"Table {name} not found in {database}", None, "MetadataException") from error
    return {"TableMetadata": _described(dict(table))}


def _list_table_metadata(data: Json) -> Json:
    database, lake = required(data, "DatabaseName"), _lake(data)
    try:
        names = lake.tables(database)
    except QueryFailed as error:
        raise InvalidRequest(error.message, None, "MetadataException") from error
    page, token = pages.page(names, data, _BATCH)
    found = [_described(dict(lake.glue.get_table(DatabaseName=database, Name=n)["Table"])) for n in page]
    return {"TableMetadataList": found, **token}


def _lake(data: Json) -> Lake:
    if str(data.get("CatalogName") or CATALOG).lower() != CATALOG:
        raise InvalidRequest(f"Catalog {data['CatalogName']} not found", None, "MetadataException")
    return Lake(emulator.catalog(*emulator.account_and_region()), None)


def _described(table: Json) -> Json:
    """A Glue table as GetTableMetadata shows it."""

    def column(c: Json) -> Json:
        return {k: c[k] for k in ("Name", "Type", "Comment") if c.get(k)}

    return {
        "Name": table["Name"],
        "CreateTime": table["CreateTime"].timestamp(),
        "TableType": table.get("TableType", "EXTERNAL_TABLE"),
        "Columns": [column(c) for c in table.get("StorageDescriptor", {}).get("Columns", [])],
        "PartitionKeys": [column(c) for c in table.get("PartitionKeys", [])],
        "Parameters": table.get("Parameters", {}),
    }


_OPERATIONS: dict[str, Callable[[Json], Json]] = {
    "StartQueryExecution": _start,
    "GetQueryExecution": _get_execution,
    "BatchGetQueryExecution": _batch_get_executions,
    "GetQueryResults": _results,
    "GetQueryRuntimeStatistics": _statistics,
    "StopQueryExecution": _stop,
    "ListQueryExecutions": _list_executions,
    "CreateWorkGroup": _then_nothing(workgroups.create, "Name"),
    "GetWorkGroup": lambda data: {"WorkGroup": workgroups.described(required(data, "WorkGroup"))},
    "UpdateWorkGroup": _then_nothing(workgroups.update, "WorkGroup"),
    "DeleteWorkGroup": _then_nothing(workgroups.delete, "WorkGroup"),
    "ListWorkGroups": _list_workgroups,
    "GetTableMetadata": _table_metadata,
    "ListTableMetadata": _list_table_metadata,
}
