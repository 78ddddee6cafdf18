"""Faults of a service, injected into one client below the adapter and above the wire."""

import json
from collections.abc import Callable, Mapping
from itertools import count
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session


def refuse(
    client: Any, operation: str, code: str, *, times: int = 1, status: int = 400, **fields: Any
) -> None:
    """The service answers the next `times` calls with this error, and does nothing."""
    answer(
        client,
        operation,
        {"Error": {"Code": code, "Message": "injected"}, **fields},
        times=times,
        status=status,
    )


def answer(
    client: Any, operation: str, reply: Mapping[str, Any], *, times: int = 1, status: int = 200
) -> None:
    """The service answers the next `times` calls with this reply, and does nothing."""
    left = iter(range(times))

    def instead(**_: Any) -> Any:
        return None if next(left, None) is None else _reply(reply, status)

    _register(client, "before-call", operation, instead)


def leave_over(client: Any, *, times: int) -> None:
    """The next `times` calls of BatchGetItem find nothing in time and leave all keys for another call."""
    left = iter(range(times))

    def instead(params: Mapping[str, Any], **_: Any) -> Any:
        asked = json.loads(params["body"])["RequestItems"]
        if next(left, None) is None:
            return None
        return _reply({"Responses": {}, "UnprocessedKeys": asked}, 200)

    _register(client, "before-call", "BatchGetItem", instead)


def lose_answer(client: Any, operation: str, *, times: int = 1) -> None:
    """The service does what it is asked, but its next `times` answers never arrive. Needs a real endpoint."""
    left = iter(range(times))

    def send_and_lose(request: Any, **_: Any) -> None:
        if next(left, None) is not None:
            URLLib3Session().send(request)
            raise ReadTimeoutError(endpoint_url=request.url)

    _register(client, "before-send", operation, send_and_lose)


def meanwhile(client: Any, operation: str, rival: Callable[[], object], *, call: int = 1) -> None:
    """Before the `call`-th next call of this operation somebody else does something."""
    calls = count(1)

    def interrupt(**_: Any) -> None:
        if next(calls) == call:
            rival()

    _register(client, "before-call", operation, interrupt)


def _reply(reply: Mapping[str, Any], status: int) -> tuple[object, Mapping[str, Any]]:
    metadata = {"HTTPStatusCode": status, "RequestId": "injected"}
    return SimpleNamespace(status_code=status, headers={}), {**reply, "ResponseMetadata": metadata}


def _register(client: Any, moment: str, operation: str, handler: Callable[..., Any]) -> None:
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"{moment}.{service}.{operation}", handler)
