"""Runs each case in a fork of this process, made where the case parts from the flow."""

import gc
import os
import select
import signal
import sys
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

PATIENCE = 120
"""Seconds of processor time after which a case is given up, and a tenth of the seconds by the clock."""


class Result(Struct, frozen=True):
    """What came of a case: what is wrong, and the faults that struck."""

    case: str
    wrong: tuple[str, ...]
    struck: tuple[str, ...]


class Forks:
    """At most `at_once` forks; `results` are of the cases that have ended, and `tell` is called with each."""

    def __init__(self, at_once: int = 1, tell: Callable[[Result], object] = lambda _: None) -> None:
        self.results: list[Result] = []
        self._at_once, self._tell = at_once, tell
        gc.freeze()
        self._running: dict[int, tuple[int, str]] = {}

    def start(self, case: str) -> "Fork | None":
        """Begin a case: the fork itself in the new process, None in this one."""
        while len(self._running) >= self._at_once:
            self._collect()
        sys.stdout.flush()
        receiving, sending = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(receiving)
            return Fork(case, sending)
        os.close(sending)
        self._running[receiving] = process, case
        return None

    def wait(self) -> None:
        while self._running:
            self._collect()

    def stop(self) -> None:
        """Give up the cases that run."""
        for process, _ in self._running.values():
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)

    def _collect(self) -> None:
        ready, _, _ = select.select(list(self._running), [], [])
        for receiving in ready:
            process, case = self._running.pop(receiving)
            with os.fdopen(receiving, "rb") as pipe:
                told = pipe.read()
            os.waitpid(process, 0)
            gone = Result(case, (f"no end within {PATIENCE} s of processor time, or the process died",), ())
            self.results.append(msgspec.json.decode(told, type=Result) if told else gone)
            self._tell(self.results[-1])


class Fork:
    """The new process of one case. What it prints is kept for `printed`."""

    def __init__(self, case: str, sending: int) -> None:
        gc.disable()
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        signal.alarm(10 * PATIENCE)
        self.case = case
        self._sending = sending
        self._log = os.memfd_create("log")
        for stream in (1, 2):
            os.dup2(self._log, stream)

    def printed(self) -> str:
        sys.stdout.flush()
        return os.pread(self._log, 1 << 24, 0).decode(errors="replace")

    def end(self, wrong: Sequence[str], struck: Sequence[str]) -> None:
        """Tell the result and leave, without a trace in this process's parent."""
        body = msgspec.json.encode(Result(self.case, tuple(wrong), tuple(struck)))
        with os.fdopen(self._sending, "wb") as pipe:
            pipe.write(body)
        os._exit(0)
