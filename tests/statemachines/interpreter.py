"""Runs a definition in Amazon States Language as Step Functions does, with functions as its tasks.

As much of the language as the definitions use: JSONata, variables and their scopes, Retry without
waiting, Catch, inline Map. It counts history events and measures what states hand on: both are limited.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import jsonata
from msgspec import Struct

Task = Callable[[Any], Any]

_EXPRESSION = re.compile(r"\{%(.*)%\}", re.DOTALL)


class StateFailed(Exception):
    """What Step Functions reports of a failed state: the error's name, and its cause."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class Ended(Struct):
    """The end of an execution: `error` is empty where it succeeded."""

    output: Any = None
    error: str = ""
    cause: str = ""


class Execution:
    """One execution. `tasks` are found by the task's Resource.

    `path` lists the states entered and `inputs` what they were given, `largest` is the size in bytes of
    the largest value that a state took, handed on or assigned, `events` the number of history events.
    """

    def __init__(self, definition: Mapping[str, Any], tasks: Mapping[str, Task], name: str) -> None:
        self._definition = definition
        self._tasks = tasks
        self._name = name
        self.path: list[str] = []
        self.inputs: list[Any] = []
        self.largest = 0
        self.events = 0

    def run(self, given: Any) -> Ended:
        self.events = 2
        try:
            return Ended(self._run(self._definition, given, {}))
        except StateFailed as failed:
            return Ended(error=failed.error, cause=failed.cause)

    def _run(self, machine: Mapping[str, Any], given: Any, variables: dict[str, Any]) -> Any:
        name = machine["StartAt"]
        while True:
            state = machine["States"][name]
            self.path.append(name)
            self.inputs.append(given)
            self.events += 2
            scope = _Scope(given, variables, {"Execution": {"Name": self._name}, "State": {"Name": name}})
            following, given = self._state(state, scope)
            self._measure(given, *variables.values())
            if following is None:
                return given
            name = following

    def _state(self, state: Mapping[str, Any], scope: "_Scope") -> tuple[str | None, Any]:
        match state["Type"]:
            case "Succeed":
                return None, scope.given
            case "Fail":
                raise StateFailed(scope.evaluate(state["Error"]), scope.evaluate(state["Cause"]))
            case "Choice":
                return self._choose(state, scope)
            case "Pass":
                return state.get("Next"), self._leave(state, scope, scope.given)
            case "Task":
                work = self._task
            case "Map":
                work = self._map
        try:
            result = self._tried(state, scope, work)
        except StateFailed as failed:
            return self._catch(state, scope, failed)
        return state.get("Next"), self._leave(state, scope, result)

    def _choose(self, state: Mapping[str, Any], scope: "_Scope") -> tuple[str, Any]:
        for choice in state["Choices"]:
            if scope.evaluate(choice["Condition"]) is True:
                return choice["Next"], self._leave(choice, scope, scope.given)
        return state["Default"], scope.given

    def _task(self, state: Mapping[str, Any], scope: "_Scope") -> Any:
        arguments = scope.evaluate(state["Arguments"])
        self._measure(arguments)
        self.events += 4 if state["Resource"].endswith(".sync") else 3
        return self._tasks[state["Resource"]](arguments)

    def _map(self, state: Mapping[str, Any], scope: "_Scope") -> list[Any]:
        items = scope.evaluate(state["Items"])
        if not isinstance(items, list):
            raise StateFailed("States.QueryEvaluationError", f"Items are a {type(items).__name__}")
        self.events += 2 + 2 * len(items)
        return [self._run(state["ItemProcessor"], item, dict(scope.variables)) for item in items]

    def _tried(self, state: Mapping[str, Any], scope: "_Scope", work: Callable[..., Any]) -> Any:
        retriers = state.get("Retry", [])
        left = [retrier["MaxAttempts"] for retrier in retriers]
        while True:
            try:
                return work(state, scope)
            except StateFailed as failed:
                first = next((n for n, retrier in enumerate(retriers) if _matches(retrier, failed)), None)
                if first is None or not left[first]:
                    raise
                left[first] -= 1

    def _catch(self, state: Mapping[str, Any], scope: "_Scope", failed: StateFailed) -> tuple[str, Any]:
        for catcher in state.get("Catch", []):
            if _matches(catcher, failed):
                reported = {"Error": failed.error, "Cause": failed.cause}
                return catcher["Next"], self._leave(catcher, scope, reported, "errorOutput")
        raise failed

    def _leave(self, what: Mapping[str, Any], scope: "_Scope", result: Any, name: str = "result") -> Any:
        """The output, once the variables are assigned."""
        output = scope.evaluate(what["Output"], {name: result}) if "Output" in what else result
        assigned = scope.evaluate(what.get("Assign", {}), {name: result})
        scope.variables.update(assigned)
        return output

    def _measure(self, *values: Any) -> None:
        self.largest = max(self.largest, *(len(json.dumps(value).encode()) for value in values))


class _Scope:
    """What the expressions of one state see."""

    def __init__(self, given: Any, variables: dict[str, Any], context: Mapping[str, Any]) -> None:
        self.given = given
        self.variables = variables
        self._context = context

    def evaluate(self, value: Any, more: Mapping[str, Any] | None = None) -> Any:
        if isinstance(value, dict):
            return {name: self.evaluate(inner, more) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.evaluate(inner, more) for inner in value]
        expression = _EXPRESSION.fullmatch(value) if isinstance(value, str) else None
        return self._ask(expression[1], more or {}) if expression else value

    def _ask(self, expression: str, more: Mapping[str, Any]) -> Any:
        states = {"input": self.given, "context": self._context, **more}
        try:
            found = jsonata.Jsonata(expression).evaluate(None, {**self.variables, "states": states})
        except jsonata.JException as error:
            raise StateFailed("States.QueryEvaluationError", f"{expression}: {error}") from error
        if found is None:
            raise StateFailed("States.QueryEvaluationError", f"{expression} has no value")
        return found


def _matches(rule: Mapping[str, Any], failed: StateFailed) -> bool:
    return not {failed.error, "States.ALL"}.isdisjoint(rule["ErrorEquals"])
