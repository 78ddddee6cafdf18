"""Headrace's engine as the Lambda function runs it: what comes is staged, hashed, refined and profiled."""

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.contestants import headrace
from benchmarks.job import Job
from headrace.domain.plan import Plan
from headrace.engines.duckdb import Source, stage


def ready() -> Callable[[Job], None]:
    """The contract is compiled once. DuckDB imports pandas where it finds it; a Lambda function has none."""
    sys.modules["pandas"] = None  # type: ignore[assignment]
    compiled = headrace.plan()
    return lambda job: run(job, compiled)


def run(job: Job, compiled: Plan) -> None:
    """Stage and refine all files in one call."""
    headrace.run(job, compiled, [_staged(at, file, job.out) for at, file in enumerate(job.files)])


def _staged(index: int, file: Path, out: Path) -> Source:
    with file.open("rb") as stream:
        staged = stage(stream, out / f"{index:05d}", f"shop/orders/{file.name}")
    return headrace.source(index, file, staged.path)
