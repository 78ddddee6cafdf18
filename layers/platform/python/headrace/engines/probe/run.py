"""Runs one probe in a process of its own, with a limit on its memory and its time."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec.structs import replace

from headrace.engines.probe.child import OUT_OF_MEMORY, RAISED
from headrace.engines.probe.job import ProbeJob

_CHILD = """
import sys
sys.path[:] = {path!r}
from headrace.engines.probe.child import main
main()
"""
_OUR_SHARE_MB = 350
"""What the process that asks needs for itself."""
_LEAST_MB = 256
_SECONDS = 20.0
_SECONDS_PER_MB = 1.0
_POLL_S = 0.02


def death(job: ProbeJob) -> str:
    """How a process ended that refined these sources: nothing where it survived them."""
    with TemporaryDirectory(prefix="probe-", dir=job.workdir) as directory:
        request = msgspec.json.encode(replace(job, workdir=directory))
        with subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", _CHILD.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # it may quote data
        ) as child:
            try:
                return _watched(child, request, _seconds(job), max(_LEAST_MB, job.memory_mb - _OUR_SHARE_MB))
            finally:
                child.kill()


def _watched(child: "subprocess.Popen[bytes]", request: bytes, seconds: float, memory_mb: int) -> str:
    """The end of a child that is given its request, and ended where it takes more than it may."""
    _ask(child, request)
    deadline = time.monotonic() + seconds
    while (code := child.poll()) is None:
        if time.monotonic() > deadline:
            return f"it did not come to its end within {seconds:.0f} s"
        if _memory_mb(child.pid) > memory_mb:
            return f"it took more than {memory_mb} MB of memory"
        time.sleep(_POLL_S)
    if code == OUT_OF_MEMORY:
        return "it ran out of memory or disk"
    if code < 0:
        return f"it was ended by {signal.Signals(-code).name}"
    return "" if code in (0, RAISED) else f"it ended with code {code}"


def _ask(child: "subprocess.Popen[bytes]", request: bytes) -> None:
    if child.stdin:
        try:
            child.stdin.write(request)
            child.stdin.close()
        except BrokenPipeError:
            return  # it is dead already, and its end says how


def _memory_mb(pid: int) -> int:
    """What a process has in memory; 0 of one that has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    kilobytes = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(kilobytes[0]) >> 10 if kilobytes else 0


def _seconds(job: ProbeJob) -> float:
    size = sum(_size(Path(one.path)) for one in job.sources)
    return _SECONDS + _SECONDS_PER_MB * size / 1e6


def _size(path: Path) -> int:
    """Bytes of a file, or of the members of an archive."""
    files = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)
