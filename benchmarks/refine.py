"""The whole job on one large CSV and on many small ones, by every contestant in turn."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from benchmarks import orders
from benchmarks.compare import fingerprint
from benchmarks.job import Usage
from benchmarks.measure import measured, median

CONTESTANTS = {
    "headrace": 1,
    "headrace_deployed": 1,
    "polars": 1,
    "pandas": 1,
    "pydantic": 1,
    "spark": 2,
}
"""How many cores each is given."""
MEMORY_MB = 1_769
"""What a Lambda function needs to be given one whole core."""


class Result(Struct, frozen=True):
    """Medians of one contestant.

    `krows_s` are thousand rows a second and core, by the job's CPU time; `headrace_is` how many times as
    fast Headrace is. `wall` and `start` are seconds, `peak_mb` MiB. It has `passed` if its output is
    Headrace's.
    """

    contestant: str
    krows_s: float
    headrace_is: float
    wall: float
    start: float
    peak_mb: float
    passed: bool


def large(folder: Path, rows: int) -> list[Path]:
    """One CSV with all the orders."""
    file = folder / "orders.csv"
    orders.write_csv(file, 0, rows, rows)
    return [file]


def small(folder: Path, files: int, rows: int) -> list[Path]:
    """Many CSVs of so many orders each."""
    made = [folder / f"orders-{at:05d}.csv" for at in range(files)]
    for at, file in enumerate(made):
        orders.write_csv(file, at * rows, (at + 1) * rows, files * rows)
    return made


def compared(
    files: Sequence[Path], rows: int, out: Path, names: Sequence[str], *, repeats: int
) -> list[Result]:
    """Each contestant's medians; in a round they take turns. The first is what the others are held to."""
    usages: dict[str, list[Usage]] = {name: [] for name in names}
    prints: dict[tuple[str, bool], object] = {}
    for _ in range(repeats):
        for name in names:
            out.mkdir()
            usages[name].append(measured(name, files, out, memory_mb=MEMORY_MB, cores=CONTESTANTS[name]))
            for numbered in (True, False):
                prints[name, numbered] = fingerprint(out, numbered=numbered)
            shutil.rmtree(out)
    first, medians = names[0], {name: median(usages[name]) for name in names}
    return [
        _result(
            name,
            rows,
            one,
            medians[first],
            same=prints[name, name != "spark"] == prints[first, name != "spark"],
        )
        for name, one in medians.items()
    ]


def one_by_one(files: Sequence[Path], rows: int, out: Path, together: Result) -> Result:
    """Headrace on the same files, one call a file, against its figure for all in one work unit."""
    out.mkdir()
    usage = measured("headrace_one_by_one", files, out, memory_mb=MEMORY_MB, cores=1)
    shutil.rmtree(out)
    krows = rows / usage.cpu / 1000
    return Result(
        "headrace, a call a file",
        krows,
        together.krows_s / krows,
        usage.wall,
        usage.start,
        usage.peak_mb,
        True,
    )


def _result(name: str, rows: int, one: Usage, first: Usage, *, same: bool) -> Result:
    return Result(name, rows / one.cpu / 1000, one.cpu / first.cpu, one.wall, one.start, one.peak_mb, same)
