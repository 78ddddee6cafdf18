"""The laptop as one object: start the emulated account in the background, find it, stop it, wipe it."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace_local import emulator

PROJECT = Path(__file__).resolve().parent.parent
_POLL_S = 0.05
# All that an emulator and the deployments to it write into the state directory.
_CONTENTS = ("services", "s3", "tmp", "sam", emulator.PID_FILE, emulator.LOCK_FILE, "emulator.log")


class LaptopError(Exception):
    """The laptop could not be started, stopped or reached; the message says why and what to do."""


@dataclass(frozen=True)
class Running:
    """The emulator that holds a state directory."""

    pid: int
    port: int

    @property
    def endpoint(self) -> str:
        return f"http://{emulator.HOST}:{self.port}"


@dataclass(frozen=True)
class Laptop:
    """One emulated AWS account: a state directory, and the emulator that may be running on it.

    Several run side by side, each with its own `state` and `port` (0 takes a free one). `keep` keeps the
    account between runs, `slots` is how many functions run at once (by default one a core), `wait_scale`
    shortens Wait states and retry intervals, `plain` leaves MiniStack's gaps open.
    """

    state: Path = PROJECT / ".headrace"
    port: int = emulator.DEFAULT_PORT
    keep: bool = True
    slots: int = emulator.DEFAULT_SLOTS
    wait_scale: float = 1.0
    plain: bool = False

    @property
    def log(self) -> Path:
        """What the emulator and the functions print; begun anew at each start."""
        return self.state / "emulator.log"

    @property
    def endpoint(self) -> str:
        """The URL of every service; raises `LaptopError` when no emulator is running."""
        return self._found().endpoint

    def running(self) -> Running | None:
        """The emulator on this state directory, whoever started it; what a crash left counts as none."""
        try:
            with (self.state / emulator.LOCK_FILE).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            with contextlib.suppress(FileNotFoundError):  # it has only just begun
                return Running(**json.loads((self.state / emulator.PID_FILE).read_text()))
        return None

    def healthy(self) -> bool:
        """Whether an emulator is running and answers."""
        running = self.running()
        if running is None:
            return False
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(f"{running.endpoint}/_ministack/health", timeout=2.0) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def start(self, *, timeout_s: float = 60.0) -> bool:
        """Start the emulator and wait until it answers; False if one was running already.

        Raises `LaptopError` when the port is taken, or it does not answer in time.
        """
        if self.running():
            return False
        self.state.mkdir(parents=True, exist_ok=True)
        pid = self._spawn()
        deadline = time.monotonic() + timeout_s
        while not self.healthy():
            # Another may have come first, and is as good as ours.
            if _exit_code(pid) not in (None, emulator.STATE_IN_USE):
                raise LaptopError(f"the emulator ended at once: {self._last_words()}")
            if time.monotonic() > deadline:
                _end_group(pid)
                raise LaptopError(f"the emulator did not answer within {timeout_s:.0f} s; see {self.log}")
            time.sleep(_POLL_S)
        return self._found().pid == pid

    def stop(self, *, timeout_s: float = 30.0) -> bool:
        """Stop the emulator, which first writes its state; False if none was running.

        After `timeout_s` it is killed with every function it runs, and keeps what it wrote last.
        """
        running = self.running()
        if running is None:
            return False
        os.kill(running.pid, signal.SIGTERM)
        if not self._ends(running.pid, timeout_s):
            _end_group(running.pid)
            if not self._ends(running.pid, timeout_s):
                raise LaptopError(f"process {running.pid} cannot be stopped")
        return True

    def wipe(self) -> None:
        """Stop the emulator and delete the account; other files in the state directory stay."""
        self.stop()
        for name in _CONTENTS:
            entry = self.state / name
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)

    def environment(self) -> dict[str, str]:
        """The variables that make any AWS client (boto3, sam) talk to this laptop."""
        return emulator.client_environment(self._found().port)

    def process_environment(self, base: Mapping[str, str] = os.environ) -> dict[str, str]:
        """`base` with its AWS settings replaced by this laptop's: the environment of a child process."""
        return {name: text for name, text in base.items() if not name.startswith("AWS_")} | self.environment()

    def _found(self) -> Running:
        running = self.running()
        if running is None:
            raise LaptopError(f"no laptop is running on {self.state}: start it first")
        return running

    def _spawn(self) -> int:
        command = [
            *(sys.executable, "-m", "headrace_local.emulator"),
            *(f"--state={self.state}", f"--port={self.port}"),
            *(f"--slots={self.slots}", f"--wait-scale={self.wait_scale}"),
            *(["--keep"] if self.keep else []),
            *(["--plain"] if self.plain else []),
        ]
        streams = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self.log), os.O_WRONLY | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        self.log.write_bytes(b"")
        return os.posix_spawn(sys.executable, command, os.environ, file_actions=streams, setsid=True)

    def _ends(self, pid: int, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while self.running():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        _exit_code(pid)  # collects it, if it was our child
        return True

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return "\n".join(lines[-5:]) or f"its log {self.log} is empty"


def _exit_code(pid: int) -> int | None:
    """How our child has ended; None of one that runs, or that somebody else started."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status) if ended else None


def _end_group(pid: int) -> None:
    """Kill an emulator and the functions it runs; one started by hand may lead no group of its own."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)
