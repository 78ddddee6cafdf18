"""Headrace's own engine on the job that all contestants do: landed files in, Parquet out, no profile."""

import sys
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from benchmarks.job import CONTRACT, KEY, Job
from headrace.domain.contract.compile import compile_contract
from headrace.domain.landed import LandedObject
from headrace.domain.machine import Machine
from headrace.domain.plan import Plan
from headrace.engines.duckdb import Source, refine


def ready() -> Callable[[Job], None]:
    """The contract is compiled once. DuckDB imports pandas where it finds it; a Lambda function has none."""
    sys.modules["pandas"] = None  # type: ignore[assignment]
    compiled = replace(plan(), profiled=False)
    return lambda job: run(job, compiled, [source(at, file, file) for at, file in enumerate(job.files)])


def plan() -> Plan:
    """The compiled contract of the orders."""
    compiled = compile_contract("shop/orders.odcs.yaml", CONTRACT.read_text()).compiled
    if not isinstance(compiled, Plan):
        raise TypeError(compiled)
    return compiled


def source(index: int, file: Path, content: Path) -> Source:
    """A file as the object that landed, its content at hand."""
    landed = LandedObject("landing", f"shop/orders/{file.name}", "v1", "etag", file.stat().st_size)
    return Source(index, landed, content)


def run(job: Job, compiled: Plan, sources: list[Source]) -> None:
    """Refine all sources in one call."""
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
