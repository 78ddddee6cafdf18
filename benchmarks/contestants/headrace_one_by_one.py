"""Headrace's engine with a call for each file: what packing small objects into work units saves."""

from collections.abc import Callable

import msgspec

from benchmarks.contestants import headrace, headrace_deployed
from benchmarks.job import Job


def ready() -> Callable[[Job], None]:
    """The contract is compiled once."""
    plan = headrace.plan()

    def run(job: Job) -> None:
        for at, file in enumerate(job.files):
            out = job.out / f"{at:05d}"
            out.mkdir()
            headrace_deployed.run(msgspec.structs.replace(job, files=(file,), out=out), plan)

    return run
