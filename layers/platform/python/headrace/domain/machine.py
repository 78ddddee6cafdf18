"""What a function may use of the machine it runs on."""

from msgspec import Struct


class Machine(Struct, frozen=True):
    """`memory_mb` is the function's memory in MiB."""

    memory_mb: int
