"""Headrace's own engine, as the Lambda function runs it: stage, refine, one work unit."""

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.job import CONTRACT, KEY, Job
from headrace.domain.contract.compile import compile_contract
from headrace.domain.landed import LandedObject
from headrace.domain.machine import Machine
from headrace.domain.plan import Plan
from headrace.engines.duckdb import Source, refine, stage


def ready() -> Callable[[Job], None]:
    """The contract is compiled once. DuckDB imports pandas where it finds it; a Lambda function has none."""
    sys.modules["pandas"] = None  # type: ignore[assignment]
    compiled = plan()
    return lambda job: run(job, compiled)


def plan() -> Plan:
    """The compiled contract of the orders."""
    compiled = compile_contract("shop/orders.odcs.yaml", CONTRACT.read_text()).compiled
    if not isinstance(compiled, Plan):
        raise TypeError(compiled)
    return compiled


def run(job: Job, compiled: Plan) -> None:
    """Stage and refine all files in one call."""
    sources = [_staged(index, file, job.out) for index, file in enumerate(job.files)]
    refined = refine(
        compiled,
        batch=1,
        sources=sources,
        workdir=job.out,
        masking_key=KEY,
        machine=Machine(memory_mb=job.memory_mb),
    )
    for zone, written in (("curated", refined.curated), ("quarantine", refined.quarantine)):
        (job.out / zone).mkdir()
        for at, file in enumerate(written):
            file.path.rename(job.out / zone / f"{at:05d}.parquet")


def _staged(index: int, file: Path, out: Path) -> Source:
    landed = LandedObject("landing", f"shop/orders/{file.name}", "v1", "etag", file.stat().st_size)
    with file.open("rb") as stream:
        staged = stage(stream, out / f"{index:05d}", landed.key)
    return Source(index, landed, staged.path)
