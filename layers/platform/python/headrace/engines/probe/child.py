"""The probing process: refines what its standard input names, and says only whether it survived that."""

import resource
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from headrace.domain.errors import Unavailable
from headrace.domain.machine import Machine
from headrace.engines.duckdb import Source, refine
from headrace.engines.probe.job import ProbeJob

RAISED = 1
"""Python's own code for an error that nobody caught, too."""
OUT_OF_MEMORY = 3


def main() -> None:
    """Ends with OUT_OF_MEMORY where refining says so. Other errors are no end of a process: whoever refines
    the unit meets them, and tells them."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # where the kernel must kill one of us, me first
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=ProbeJob)
    try:
        _refine(job)
    except (Unavailable, MemoryError):
        sys.exit(OUT_OF_MEMORY)
    except Exception:  # noqa: BLE001 - it ends nothing, whatever it is
        sys.exit(RAISED)


def _refine(job: ProbeJob) -> None:
    refine(
        job.plan,
        batch=job.batch,
        sources=[Source(one.index, one.landed, Path(one.path)) for one in job.sources],
        workdir=Path(job.workdir),
        masking_key=job.masking_key,
        token_key=job.token_key,
        machine=Machine(job.memory_mb),
    )
