"""The wire between botocore and moto: where each AWS API call of a step is counted, and where it fails.

A call is what an adapter asks for; botocore may try it several times, under one invocation id. Faults are
set by the number of the call, counted from 1 since the last `reset`; each strikes one call:

    before     the process dies before the service hears of it
    after      the process dies when the service has done it
    throttle   the service refuses each try, so the step is shown the error
    refused    the service refuses the first try, and botocore asks again
    lost       the answer to the first try is lost, and botocore asks again
    ambiguous  the first try is done, and no try is answered: the step is shown an error
    stall      nothing fails; the call takes as long as what others do in the `gap`
"""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from msgspec import Struct

Kind = Literal["before", "after", "throttle", "refused", "lost", "ambiguous", "stall"]
_READS = ("BatchGet", "Describe", "Get", "Head", "List", "Query")


class Killed(BaseException):
    """The process is gone: nothing catches it, and nothing is asked of AWS any more."""


class Call(Struct, frozen=True):
    """One AWS API call: service and operation, and what of its URL tells it from its neighbours."""

    operation: str
    path: str

    @property
    def reads(self) -> bool:
        return self.operation.partition(".")[2].startswith(_READS)

    def __str__(self) -> str:
        return f"{self.operation} {self.path}".rstrip()


class Invocation(Struct):
    """One run of a step: the calls that it has made, and whether its process has died."""

    calls: list[Call] = []
    dead: bool = False


class Wire:
    """Lets calls through, counts those of invocations, and makes those fail that `faults` names."""

    def __init__(self) -> None:
        self.faults: dict[int, Kind] = {}
        self.gap: Callable[[], object] | None = None
        self.count = 0
        self.tries = 0
        self.struck: list[str] = []
        self.sent: list[tuple[str, str]] = []
        self.invocations: list[Invocation] = []
        self._invocation: Invocation | None = None
        self._faulted: dict[str, Kind] = {}
        self._last = ""
        self._lock = threading.RLock()

    def lay(self, patch: pytest.MonkeyPatch) -> None:
        """Put it between botocore and moto, for as long as the patch holds."""

        def instead(stubber: BotocoreStubber, event_name: str, request: Any, **_: Any) -> Any:
            return self.carry(event_name, request, lambda: answer(stubber, event_name, request))

        answer = BotocoreStubber.__call__
        patch.setattr(BotocoreStubber, "__call__", instead)

    def reset(self, faults: dict[int, Kind], gap: Callable[[], object] | None = None) -> None:
        self.faults, self.gap, self.count, self.struck = faults, gap, 0, []

    @contextmanager
    def invocation(self) -> Iterator[None]:
        """A process of its own for one step. What is called outside of one is the test's own doing."""
        outer, self._invocation = self._invocation, Invocation()
        self.invocations.append(self._invocation)
        try:
            yield
        finally:
            self._invocation = outer

    def carry(self, event: str, request: Any, apply: Callable[[], Any]) -> Any:
        """Answer one try of a call, as the service does or as its fault wants it."""
        with self._lock:
            here = self._invocation
            if here is None:
                return apply()
            if here.dead:
                raise Killed
            self.tries += 1
            call = _call(event, request)
            identity = request.headers["amz-sdk-invocation-id"]
            first = identity != self._last
            if first:
                self._last = identity
                self.count += 1
                here.calls.append(call)
            if kind := self._kind(identity, call, first=first):
                return self._fail(here, kind, call, request, apply, first=first)
            return self._apply(call, request, apply)

    def _kind(self, identity: str, call: Call, *, first: bool) -> Kind | None:
        """The fault of a try."""
        if first and (kind := self.faults.get(self.count)):
            self._faulted[identity] = kind
            self.struck.append(f"{kind} {call}")
        return self._faulted.get(identity)

    def _fail(
        self,
        here: Invocation,
        kind: Kind,
        call: Call,
        request: Any,
        apply: Callable[[], Any],
        *,
        first: bool,
    ) -> Any:
        if first:
            self._open_gap()
        if kind == "throttle" or (kind == "refused" and first):
            return refusal(call, request.url)
        if kind == "before":
            here.dead = True
            raise Killed
        answer = self._apply(call, request, apply) if first or kind != "ambiguous" else None
        if kind == "after":
            here.dead = True
            raise Killed
        if kind == "ambiguous" or (kind == "lost" and first):
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    def _apply(self, call: Call, request: Any, apply: Callable[[], Any]) -> Any:
        answer = apply()
        if call.operation in {"eventbridge.PutEvents", "sns.Publish"} and answer.status_code == 200:
            body = request.body
            self.sent.append((call.operation, body if isinstance(body, str) else body.decode()))
        return answer

    def _open_gap(self) -> None:
        """Others do what they do before the faulted call goes on."""
        gap, self.gap = self.gap, None
        if gap is not None:
            here, last = self._invocation, self._last
            self._invocation = None
            gap()
            self._invocation, self._last = here, last


def _call(event: str, request: Any) -> Call:
    _, service, operation = event.split(".")
    return Call(f"{service}.{operation}", urlsplit(request.url).path.strip("/"))


def refusal(call: Call, url: str) -> AWSResponse:
    """What the service answers when it is asked too much."""
    service = call.operation.partition(".")[0]
    if service == "s3":
        status, body = 503, "<Error><Code>SlowDown</Code><Message>injected</Message></Error>"
    elif service == "sns":
        error = "<Error><Type>Sender</Type><Code>Throttling</Code><Message>injected</Message></Error>"
        status, body = 400, f"<ErrorResponse>{error}</ErrorResponse>"
    else:
        status, body = 400, '{"__type": "ThrottlingException", "message": "injected"}'
    return AWSResponse(url, status, HTTPHeaders(), MockRawResponse(body))


class EveryCall(Wire):
    """Each call of an invocation has the same fault."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._everywhere = kind

    def _kind(self, identity: str, call: Call, *, first: bool) -> Kind | None:
        return self._everywhere


class Flaky(Wire):
    """Each try fails with this probability: half of the failures are refusals, half are lost answers."""

    def __init__(self, probability: float, seed: int) -> None:
        super().__init__()
        self._probability, self._random = probability, random.Random(seed)

    def _kind(self, identity: str, call: Call, *, first: bool) -> Kind | None:
        if self._random.random() >= self._probability:
            return None
        return self._random.choice(("throttle", "lost"))
