"""Pages: of a query's result, read back from its file in S3 as Athena does, and of lists."""

from collections.abc import Sequence
from typing import Any, TypeVar

from headrace_local.athena import emulator, executions, results
from headrace_local.athena.errors import InvalidRequest
from headrace_local.athena.results import Place, Row

Json = dict[str, Any]
T = TypeVar("T")
_MOST_ROWS = 1_000


def of_result(query_id: str, data: Json) -> Json:
    """One page of a result, the column names first where there are any; checked in Athena's order."""
    size, token = _asked(data, None)
    record = executions.get(query_id)
    if size is not None and size > _MOST_ROWS:
        raise InvalidRequest(f"MaxResults is more than maximum allowed length {_MOST_ROWS}")
    _finished(record)
    rows, following = _rows(record, size or _MOST_ROWS, token)
    answer: Json = {
        "ResultSet": {
            "Rows": [{"Data": [{"VarCharValue": v} if v is not None else {} for v in row]} for row in rows],
            "ResultSetMetadata": {"ColumnInfo": record["_columns"]},
        }
    }
    if record["_update_count"] is not None:
        answer["UpdateCount"] = record["_update_count"]
    return answer | ({"NextToken": following} if following is not None else {})


def _finished(record: Json) -> None:
    state = record["Status"]["State"]
    if state == "CANCELLED":
        raise InvalidRequest("Could not find results", "RESULT_NOT_FOUND")
    if state == "FAILED":
        raise InvalidRequest(
            f"Query did not finish successfully. Final query state: {state}", "INVALID_QUERY_EXECUTION_STATE"
        )
    if state != "SUCCEEDED":
        raise InvalidRequest(
            f"Query has not yet finished. Current state: {state}", "INVALID_QUERY_EXECUTION_STATE"
        )


def _rows(record: Json, size: int, token: str | None) -> tuple[list[Row], str | None]:
    """A page's rows and, if it is full, the token of the next: the byte of the file it begins at."""
    if not record["_written"]:
        return [], None
    place = Place.of(record["ResultConfiguration"]["OutputLocation"])
    body = results.read(emulator.s3(*emulator.account_and_region()), place)
    if not body:
        return [], None
    start = _offset(token, len(body), f"Malformed nextPageToken {token}")
    parse = results.parse_csv if record["_header"] else results.parse_txt
    rows: list[Row] = []
    end = start
    for row, end in parse(body, start):
        rows.append(row)
        if len(rows) == size:
            return rows, str(end)
    return rows, None


def page(items: Sequence[T], data: Json, most: int) -> tuple[list[T], Json]:
    """A page of a list, and the member NextToken where more follow."""
    size, token = _asked(data, most)
    start = _offset(token, len(items), f"The nextPageToken is malformed: {token}")
    end = start + (size or most)
    return list(items[start:end]), {"NextToken": str(end)} if end < len(items) else {}


def _asked(data: Json, most: int | None) -> tuple[int | None, str | None]:
    """MaxResults and NextToken as asked; raises InvalidRequest for those out of bounds."""
    size, token = data.get("MaxResults"), data.get("NextToken")
    broken = []
    if token == "":
        broken.append(
            "'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 1"
        )
    if size is not None and size < 1:
        broken.append(
            "'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"
        )
    if size is not None and most is not None and size > most:
        broken.append(
            f"'maxResults' failed to satisfy constraint: Member must have value less than or equal to {most}"
        )
    if broken:
        errors = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
        raise InvalidRequest(errors + "; ".join(f"Value at {b}" for b in broken))
    return size, token


def _offset(token: str | None, most: int, malformed: str) -> int:
    if token is None:
        return 0
    if not token.isdecimal() or int(token) > most:
        raise InvalidRequest(malformed)
    return int(token)
