"""What a single small thing takes once the process is warm: compiling a contract, refining a tiny file."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp

from msgspec import Struct

from benchmarks import orders
from benchmarks.contestants import headrace, headrace_deployed
from benchmarks.job import Job
from headrace.domain.contract.compile import compile_contract

_WARM = 20


class Figure(Struct, frozen=True):
    """The median of so many times in milliseconds, wall and CPU, after one that does not count."""

    what: str
    times: int
    wall_ms: float
    cpu_ms: float


def figures(folder: Path, repeats: int) -> Sequence[Figure]:
    """A contract of 200 columns compiled, and a CSV of one kilobyte refined."""
    text = wide_contract(200)
    file = folder / "orders.csv"
    orders.write_csv(file, 0, 9, 1_000_000)
    plan = headrace.plan()

    def tiny() -> None:
        headrace_deployed.run(Job((file,), Path(mkdtemp(dir=folder)), 1_769, 1), plan)

    return [
        _figure("compile a contract of 200 columns", lambda: compile_contract(_PATH, text), repeats * _WARM),
        _figure(f"refine a CSV of {file.stat().st_size} bytes", tiny, repeats * _WARM),
    ]


_PATH = "shop/wide.odcs.yaml"
_KINDS = (
    "logicalType: string, logicalTypeOptions: {maxLength: 80, pattern: '[a-z ]+'}",
    "logicalType: integer, required: true, logicalTypeOptions: {minimum: 0}",
    'logicalType: number, physicalType: "decimal(12,2)"',
    "logicalType: timestamp, description: when it was",
)


def wide_contract(columns: int) -> str:
    """A contract of so many columns, of four kinds in turn."""
    lines = [f"      - {{name: c{at}, {_KINDS[at % len(_KINDS)]}}}" for at in range(columns)]
    return "\n".join(
        [
            "kind: DataContract",
            "apiVersion: v3.1.0",
            "id: shop-wide",
            "version: 1.0.0",
            "domain: shop",
            "name: wide",
            "servers:",
            '  - {server: landing, type: s3, location: "s3://landing/shop/wide/", format: csv}',
            "schema:",
            "  - name: wide",
            "    properties:",
            *lines,
        ]
    )


def _figure(what: str, do: Callable[[], object], times: int) -> Figure:
    do()
    walls, cpus = [], []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        do()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Figure(what, times, 1e3 * statistics.median(walls), 1e3 * statistics.median(cpus))
