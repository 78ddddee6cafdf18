"""What a function may use of the machine it runs on."""

from msgspec import Struct

_MB_PER_CPU = 1769
"""Lambda gives one vCPU for each 1,769 MB of memory (AWS Lambda Developer Guide, "Configure memory")."""


class Machine(Struct, frozen=True):
    """`memory_mb` is the function's memory in MiB."""

    memory_mb: int

    @property
    def threads(self) -> int:
        return max(1, self.memory_mb // _MB_PER_CPU)
