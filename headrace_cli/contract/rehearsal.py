"""Refines on this machine as a deployment would, under keys that nobody keeps."""

from collections.abc import Sequence
from pathlib import Path
from secrets import token_bytes

from headrace.domain.errors import UnreadableObject
from headrace.domain.landed import LandedObject
from headrace.domain.machine import Machine
from headrace.domain.plan import Plan
from headrace.engines.duckdb import Refined, Refusal, Source, refine, stage

MACHINE = Machine(2048)
_KEY_BYTES = 32


def landed_here(file: Path, index: int, key: str, workdir: Path) -> Source:
    """A file as an object of this key, staged in `workdir`; refused where it cannot be staged."""
    landed = LandedObject("here", key, str(index), "", file.stat().st_size)
    staged = workdir / f"{index:05d}"
    try:
        with file.open("rb") as stream:
            stage(stream, staged, file.name)
    except UnreadableObject as error:
        return Source(index, landed, Refusal("unreadable", str(error)))
    return Source(index, landed, staged)


def refined_here(plan: Plan, sources: Sequence[Source], workdir: Path) -> Refined:
    """Refine the sources as the one work unit of a first batch."""
    return refine(
        plan,
        batch=1,
        sources=sources,
        workdir=workdir,
        masking_key=token_bytes(_KEY_BYTES),
        token_key=token_bytes(_KEY_BYTES),
        machine=MACHINE,
    )
