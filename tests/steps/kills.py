"""Stops the process at one call to one port, before or after its effect."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal

from tests.simulation.processes import PORTS, Killed
from tests.world import World

__all__ = ["Faults", "Killed", "When"]

When = Literal["before", "after"]


class Faults:
    """Counts the calls that steps make to the ports of a world; at call `at` the process is killed, once."""

    def __init__(self, world: World, at: int = 0, when: When = "before") -> None:
        self.calls: list[str] = []
        self._at, self._when = at, when
        for name in PORTS:
            setattr(world, name, _Watched(getattr(world, name), name, self))

    def call(self, name: str, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        self.calls.append(name)
        strikes = len(self.calls) == self._at
        if strikes and self._when == "before":
            raise Killed(name)
        result = method(*args, **named)
        if strikes:
            raise Killed(name)
        return result


class _Watched:
    """A port whose calls are counted."""

    def __init__(self, port: Any, name: str, faults: Faults) -> None:
        self._port, self._name, self._faults = port, name, faults

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)
        if not callable(member):
            return member

        @wraps(member)
        def counted(*args: Any, **named: Any) -> Any:
            return self._faults.call(f"{self._name}.{name}", member, *args, **named)

        return counted
