"""What the probing process is asked to refine."""

from msgspec import Struct

from headrace.domain.landed import LandedObject
from headrace.domain.plan import Plan


class Probed(Struct, frozen=True):
    """One source: its place in the unit, and its plain file."""

    index: int
    landed: LandedObject
    path: str


class ProbeJob(Struct, frozen=True):
    """Sources to refine under a plan for nothing but to see whether that can be survived.

    `workdir` takes what is written; the keys are those of the masks.
    """

    plan: Plan
    batch: int
    sources: tuple[Probed, ...]
    workdir: str
    masking_key: bytes
    token_key: bytes
    memory_mb: int
