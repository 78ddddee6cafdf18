"""StartQueryExecution: what is checked, in Athena's order, before a query exists."""

import uuid
from typing import Any

from headrace_local.athena import emulator, executions, results, statements, workgroups
from headrace_local.athena.errors import InvalidRequest
from headrace_local.athena.executions import Asked, Job
from headrace_local.athena.lake import Lake
from headrace_local.athena.select import Run

Json = dict[str, Any]
_MOST_QUERY, _LEAST_TOKEN, _MOST_TOKEN, _MOST_PARAMETER = 262_144, 32, 128, 1_024
_NO_LOCATION = (
    "No output location provided. An output location is required either through the Workgroup result "
    "configuration setting or as an API input."
)


def start(data: Json) -> str:
    """The id of the query that the request starts, or that its token has started before."""
    query = str(data["QueryString"])
    token = _token(data.get("ClientRequestToken"))
    _length("queryString", query, least=1, most=_MOST_QUERY)
    parameters = tuple(map(str, data.get("ExecutionParameters") or []))
    for parameter in parameters:
        _length("executionParameters", parameter, most=_MOST_PARAMETER)
    workgroup = str(data.get("WorkGroup") or workgroups.PRIMARY)
    configuration = workgroups.configuration(workgroup)
    context = data.get("QueryExecutionContext") or {}
    given = (data.get("ResultConfiguration") or {}).get("OutputLocation")
    location = _location(given, configuration, workgroup)
    asked = Asked(query, context.get("Catalog"), context.get("Database"), given)
    lake = Lake(
        emulator.catalog(*emulator.account_and_region()),
        _lower(context.get("Database")),
        context.get("Catalog"),
    )
    statement = statements.read(statements.trimmed(query), parameters, lake)
    run = Run(statement.text, lake, executions.now(), configuration.get("BytesScannedCutoffPerQuery"))
    return executions.start(Job(statement, run, location, workgroup, asked, parameters), token)


def _lower(name: str | None) -> str | None:
    return name.lower() if name is not None else None


def _token(given: str | None) -> str:
    """The request's token; the AWS SDKs always send one, so a caller without it means a query of its own."""
    if given is None:
        return str(uuid.uuid4())
    _length("clientRequestToken", given, least=_LEAST_TOKEN, most=_MOST_TOKEN)
    return given


def _length(member: str, value: str, *, least: int = 0, most: int) -> None:
    if least <= len(value) <= most:
        return
    bound = f"greater than or equal to {least}" if len(value) < least else f"less than or equal to {most}"
    raise InvalidRequest(
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
        f"Member must have length {bound}"
    )


def _location(given: str | None, configuration: Json, workgroup: str) -> str:
    """Where results go: the workgroup's location if it enforces its own, else the caller's first."""
    if given is not None:
        results.split(given)
    own = (configuration.get("ResultConfiguration") or {}).get("OutputLocation")
    enforced = configuration.get("EnforceWorkGroupConfiguration", workgroup != workgroups.PRIMARY)
    found = own if enforced and own else given or own
    if not found:
        raise InvalidRequest(_NO_LOCATION)
    results.split(found)
    return str(found)
