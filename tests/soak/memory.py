"""Watches the memory of an emulator and its workers over time."""

import statistics
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from tests.sigkill.workers import memory, workers

_LOOKS_S = 5.0


class Sample(Struct, frozen=True):
    """Resident bytes at one moment, `at` seconds from the start: of the emulator, of the largest worker, of
    all workers."""

    at: float
    emulator: int
    largest_worker: int
    workers: int


class Trend(Struct, frozen=True):
    """Medians of the first and the last third of what was seen, in bytes, and the slope in bytes a second."""

    first: float
    last: float
    slope: float

    def __str__(self) -> str:
        return f"{self.first / 1e6:.0f}->{self.last / 1e6:.0f} MB ({self.slope * 60 / 1e6:+.1f} MB/min)"


class Memory(threading.Thread):
    """Takes a sample every few seconds until it is stopped."""

    def __init__(self, emulator: int) -> None:
        super().__init__(name="memory", daemon=True)
        self.samples: list[Sample] = []
        self._emulator = emulator
        self._stopping = threading.Event()

    def run(self) -> None:
        began = time.monotonic()
        while not self._stopping.wait(_LOOKS_S):
            sizes = [memory(worker.pid) for worker in workers(self._emulator)] or [0]
            at = time.monotonic() - began
            self.samples.append(Sample(at, memory(self._emulator), max(sizes), sum(sizes)))

    def stop(self) -> None:
        """End, and wait for it."""
        self._stopping.set()
        self.join()

    def trend(self, of: str, since: float = 0) -> Trend:
        """How one of a sample's sizes went, from so many seconds after the start."""
        samples = [one for one in self.samples if one.at >= since]
        return trend([one.at for one in samples], [getattr(one, of) for one in samples])


def trend(at: Sequence[float], sizes: Sequence[float]) -> Trend:
    """Medians of thirds, and the line of least squares. Of fewer than three samples, all zero."""
    third = len(sizes) // 3
    if not third:
        return Trend(0, 0, 0)
    slope = statistics.linear_regression(at, sizes).slope
    return Trend(statistics.median(sizes[:third]), statistics.median(sizes[-third:]), slope)


def disk(folder: Path) -> int:
    """Bytes of all files below a folder; those that vanish meanwhile do not count."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total
