"""Kills workers in the middle of an invocation, at moments spread evenly over its length."""

import os
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from random import Random

from tests.sigkill.workers import Worker, workers

_LOOKS_S = 0.004
_LISTS_S = 0.1
_HALTS_S = 0.0001
_FIRST_GUESS_S = 0.2
_LEARNS = 0.2
_BEYOND = 1.2  # of the usual length: the last moments are struck, too


class Killer(threading.Thread):
    """Strikes every invocation with this chance, until it is stopped; `kills` counts by function.

    An invocation counts from its first call to AWS in a new process, from its start in a warm one. A worker
    that has just come to the end of it is left alone, and no kill is counted.
    """

    def __init__(self, random: Random, chance: float) -> None:
        super().__init__(name="killer", daemon=True)
        self.kills: Counter[str] = Counter()
        self.chance = chance
        self._random = random
        self._emulator: int | None = None
        self._stopping = threading.Event()
        self._watched: dict[int, _Watched] = {}
        self._length: dict[str, float] = {}

    def aim(self, emulator: int | None) -> None:
        """Strike at the workers of this emulator; at none while it is None."""
        self._emulator = emulator

    def stop(self) -> None:
        """End, and wait for it."""
        self._stopping.set()
        self.join()

    def run(self) -> None:
        listed = 0.0
        while not self._stopping.wait(_LOOKS_S):
            emulator, now = self._emulator, time.monotonic()
            if emulator is None:
                self._watched.clear()
                continue
            if now - listed > _LISTS_S:
                self._list(emulator)
                listed = now
            for watched in list(self._watched.values()):
                self._look(watched, now)

    def _list(self, emulator: int) -> None:
        alive = {one.pid: one for one in workers(emulator)}
        self._watched = {pid: self._watched.get(pid) or _Watched(one) for pid, one in alive.items()}

    def _look(self, watched: "_Watched", now: float) -> None:
        worker = watched.worker
        if not worker.busy:
            if watched.began:
                self._learn(worker.function, now - watched.began)
            watched.rest()
        elif not watched.began:
            if watched.loaded:
                usual = self._length.get(worker.function, _FIRST_GUESS_S)
                struck = self._random.random() < self.chance
                watched.begin(now, self._random.uniform(0, usual * _BEYOND) if struck else None)
        elif watched.due is not None and now >= watched.due:
            watched.due = None
            if strike(worker):
                self.kills[worker.function] += 1
                del self._watched[worker.pid]

    def _learn(self, function: str, length: float) -> None:
        usual = self._length.get(function, length)
        self._length[function] = usual + _LEARNS * (length - usual)


class _Watched:
    """A worker, since when its invocation runs (0: none does) and when it is to be killed."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.began = 0.0
        self.due: float | None = None
        self._loaded = False

    @property
    def loaded(self) -> bool:
        self._loaded = self._loaded or self.worker.loaded
        return self._loaded

    def begin(self, now: float, after: float | None) -> None:
        self.began = now
        self.due = None if after is None else now + after

    def rest(self) -> None:
        self.began = 0.0
        self.due = None


def strike(worker: Worker) -> bool:
    """Kill it if it is still at work; it is halted first, so that it cannot finish in between."""
    with suppress(ProcessLookupError):
        os.kill(worker.pid, signal.SIGSTOP)
        while not worker.halted:
            time.sleep(_HALTS_S)
        if worker.busy:
            os.kill(worker.pid, signal.SIGKILL)
            return True
        os.kill(worker.pid, signal.SIGCONT)
    return False
