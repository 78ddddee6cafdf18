"""Simulated time and the processes in it: greenlets that one thread runs in an order of its own choosing.

A process gives way wherever it sleeps or waits; nothing else moves the clock. The same calls in the same
order give the same run.
"""

import heapq
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet

Reply = TypeVar("Reply")


class Process(Generic[Reply]):
    """A piece of work that runs beside others; `reply` or `error` is there once it has `ended`."""

    def __init__(self, name: str, work: Callable[[], Reply]) -> None:
        self.name = name
        self.ended = self.abandoned = False
        self.error: BaseException | None = None
        self.reply: Reply
        self._work = work
        self._waiting: list[Callable[[], object]] = []
        self._callers: list[Callable[[], object]] = []

    def run(self) -> None:
        try:
            self.reply = self._work()
        except GreenletExit:
            return
        except BaseException as error:  # noqa: BLE001 - a death is an outcome like any other
            self.error = error
        self.ended = True
        for wake in self._waiting:
            wake()

    def abandon(self) -> None:
        """Whoever has joined it gives up on it; it goes on."""
        self.abandoned = True
        for leave in self._callers:
            leave()

    def when_abandoned(self, leave: Callable[[], object]) -> None:
        self._callers.append(leave)

    def when_ended(self, wake: Callable[[], object]) -> None:
        self._waiting.append(wake)


class Scheduler:
    """A clock in seconds and what is due at which of them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.living = 0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0
        self._hub = getcurrent()

    def at(self, when: float, action: Callable[[], object]) -> None:
        """Run an action of no duration at a moment, or now if that is past."""
        self._count += 1
        heapq.heappush(self._due, (max(when, self.now), self._count, action))

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        self.at(self.now + seconds, action)

    def start(self, name: str, work: Callable[[], Reply], after: float = 0.0) -> Process[Reply]:
        """Start a process; it is `living` until it ends."""
        process = Process(name, work)
        self.living += 1
        process.when_ended(self._buried)
        body = greenlet(process.run, self._hub)
        self.after(after, body.switch)
        return process

    def sleep(self, seconds: float) -> None:
        """Give way for so long; for processes only."""
        self.after(seconds, getcurrent().switch)
        self._hub.switch()

    def join(self, process: Process[Any], within: float = float("inf")) -> bool:
        """Wait until a process ends, at most `within` seconds; whether it did."""
        return self.join_all([process], within)

    def join_all(self, processes: list[Process[Any]], within: float = float("inf")) -> bool:
        """Wait until all have ended, or one of them has failed; False where time ran out before, or one
        was abandoned."""
        if self._settled(processes):
            return True
        waiter = getcurrent()
        pending = [True]

        def wake() -> None:
            if pending[0] and (self._settled(processes) or any(one.abandoned for one in processes)):
                pending[0] = False
                self.after(0, waiter.switch)

        def give_up() -> None:
            if pending[0]:
                pending[0] = False
                waiter.switch()

        for process in processes:
            if not process.ended:
                process.when_ended(wake)
                process.when_abandoned(wake)
        if within != float("inf"):
            self.after(within, give_up)
        self._hub.switch()
        return self._settled(processes)

    @property
    def next_due(self) -> float | None:
        return self._due[0][0] if self._due else None

    def step(self) -> None:
        """Go to the next moment at which something is due, and do it."""
        self.now, _, action = heapq.heappop(self._due)
        action()

    def _buried(self) -> None:
        self.living -= 1

    def _settled(self, processes: list[Process[Any]]) -> bool:
        return any(one.error for one in processes if one.ended) or all(one.ended for one in processes)
