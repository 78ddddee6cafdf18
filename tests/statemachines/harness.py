"""The state machines with their steps' own requests and replies, so that neither can drift from the other."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, get_type_hints

import msgspec

from tests.stack import FUNCTIONS, definition, pascal
from tests.statemachines.interpreter import Ended, Execution, StateFailed, Task

ATHENA = "arn:aws:states:::athena:startQueryExecution.sync"
SNS = "arn:aws:states:::sns:publish"
NAME = "aviation-runways-7-1"

Answer = Callable[[Any], Any]


class Run:
    """One execution with its end, and everything that was sent to Athena and to the operators."""

    def __init__(
        self, machine: str, given: Any, steps: Mapping[str, Answer], athena: Task = lambda request: {}
    ) -> None:
        self.queries: list[dict[str, str]] = []
        self.alerts: list[dict[str, str]] = []
        self.requests: list[Any] = []
        tasks = {f"${{{pascal(name)}FunctionArn}}": self._step(name, steps) for name in FUNCTIONS}

        def query(request: dict[str, str]) -> Any:
            self.queries.append(request)
            return athena(request)

        def publish(request: dict[str, str]) -> dict[str, str]:
            self.alerts.append(request)
            return {"MessageId": "1"}

        self.execution = Execution(definition(machine), {**tasks, ATHENA: query, SNS: publish}, NAME)
        self.ended: Ended = self.execution.run(given)

    @property
    def path(self) -> list[str]:
        return self.execution.path

    def _step(self, name: str, steps: Mapping[str, Answer]) -> Task:
        """The step as a task: its arguments are its request and nothing besides, its reply is its own."""
        hints = get_type_hints(getattr(import_module(f"headrace.steps.{name}"), name))
        request_type, reply_type = next(iter(hints.values())), hints["return"]

        def task(arguments: Any) -> Any:
            fields = {field.name for field in msgspec.structs.fields(request_type)}
            assert arguments.keys() <= fields, f"{name} takes no {arguments.keys() - fields}"
            request = msgspec.convert(arguments, request_type)
            self.requests.append(request)
            reply = steps[name](request)
            assert isinstance(reply, reply_type)
            return msgspec.json.decode(msgspec.json.encode(reply))

        return task


def failing(error: str, cause: str = "", times: int = 1000, then: Answer | None = None) -> Answer:
    """A step that fails `times` times, then answers."""
    left = times

    def answer(request: Any) -> Any:
        nonlocal left
        if left:
            left -= 1
            raise StateFailed(error, cause)
        assert then is not None
        return then(request)

    return answer
