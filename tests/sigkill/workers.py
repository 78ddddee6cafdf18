"""The worker processes of an emulator, seen from outside through /proc."""

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

_PROC = Path("/proc")
_FUNCTION = re.compile(r"/ministack-lambda-\w+?-(\w+?)Function-")
_WAITS_FOR_CALL = b"0 0x0 "  # read(2) of its stdin


class Worker(Struct, frozen=True):
    """A process that runs invocations of one function, one at a time."""

    pid: int
    function: str

    @property
    def busy(self) -> bool:
        """Whether an invocation is under way: it does not wait to be given one. False once it is dead."""
        try:
            return not (_PROC / str(self.pid) / "syscall").read_bytes().startswith(_WAITS_FOR_CALL)
        except (FileNotFoundError, ProcessLookupError):
            return False

    @property
    def loaded(self) -> bool:
        """Whether it has called AWS, so that its handler is loaded and has begun its first invocation."""
        try:
            descriptors = list((_PROC / str(self.pid) / "fd").iterdir())
            return any(one.readlink().name.startswith("socket:") for one in descriptors)
        except (FileNotFoundError, ProcessLookupError):
            return False

    @property
    def halted(self) -> bool:
        """Whether a SIGSTOP has taken effect, or the process is gone."""
        try:
            state = (_PROC / str(self.pid) / "stat").read_bytes().rpartition(b") ")[2][:1]
        except (FileNotFoundError, ProcessLookupError):
            return True
        return state in b"TtZX"


def workers(emulator: int) -> Iterator[Worker]:
    """The living workers of the emulator with this process id: its children, or forked by one of these."""
    for pid in _children(emulator):
        try:
            folder = str((_PROC / str(pid) / "cwd").readlink())
        except (FileNotFoundError, ProcessLookupError):
            continue
        if named := _FUNCTION.search(folder):
            yield Worker(pid, named[1])
        else:
            yield from workers(pid)


def memory(pid: int) -> int:
    """Bytes of memory that a process holds, those it shares divided by the sharers; 0 once it is gone."""
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 1024 * sum(int(size) for size in re.findall(r"^Pss:\s+(\d+) kB", text, re.MULTILINE))


def _children(pid: int) -> Iterator[int]:
    """A process's children by whichever of its threads started them."""
    for task in (_PROC / str(pid) / "task").glob("*/children"):
        try:
            yield from map(int, task.read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
