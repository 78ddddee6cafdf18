"""Gap: every cold start loads every library anew.

On AWS a cold start is another computer's work; on a laptop 40 of them are a minute of two cores, spent on
imports. Here a Python worker is forked from a process that has the libraries (`headrace_local.nursery`).
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any

from ministack.core import lambda_runtime

_REPLY_BYTES = 32


def close() -> None:
    lambda_runtime.subprocess = _Subprocess(Nursery())


class Nursery:
    """Forks workers. The process behind it is started when it is first needed, and again when it is gone."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._channel: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def fork(self, script: str, folder: str, environment: Mapping[str, str], streams: Sequence[int]) -> int:
        """The process id of a new worker with these standard streams."""
        message = json.dumps([script, folder, dict(environment)]).encode()
        with self._turn:
            for channel in (self._channel or self._open(), None):
                with contextlib.suppress(OSError):
                    asked = channel or self._open()
                    socket.send_fds(asked, [message], list(streams))
                    if reply := asked.recv(_REPLY_BYTES):
                        return int(reply)
        raise OSError(f"no worker could be forked for {script}")

    def _open(self) -> socket.socket:
        if self._channel and self._process:
            self._channel.close()
            self._process.wait()  # it ends when its channel does
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 our own module, no shell
                [sys.executable, "-m", "headrace_local.nursery", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        return self._channel


class Forked:
    """A forked worker, as far as MiniStack uses a `Popen`; how it ended is not known, only that it did."""

    def __init__(self, nursery: Nursery, script: str, folder: str, environment: Mapping[str, str]) -> None:
        ours: list[IO[str]] = []
        theirs: list[int] = []
        for mode in ("w", "r", "r"):
            reading, writing = os.pipe()
            mine, other = (writing, reading) if mode == "w" else (reading, writing)
            ours.append(os.fdopen(mine, mode, buffering=1, encoding="utf-8"))
            theirs.append(other)
        self.stdin, self.stdout, self.stderr = ours
        try:
            self.pid = nursery.fork(script, folder, environment, theirs)
        finally:
            for stream in theirs:
                os.close(stream)
        try:
            self._process: int | None = os.pidfd_open(self.pid)
        except ProcessLookupError:
            self._process = None

    def poll(self) -> int | None:
        """None while it lives."""
        return -1 if self._ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Raises `subprocess.TimeoutExpired` where it outlives the time."""
        if not self._ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return -1

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._process, number)

    def _ended(self, timeout: float | None) -> bool:
        if self._process is not None:
            watch = select.poll()
            watch.register(self._process, select.POLLIN)
            if watch.poll(None if timeout is None else 1000 * timeout):
                os.close(self._process)
                self._process = None
        return self._process is None


class _Subprocess:
    """The module `subprocess` for MiniStack's workers: those that Python runs are forked."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)

    def Popen(self, command: Sequence[str], **options: Any) -> Any:  # noqa: N802 as the module calls it
        if command[0] != sys.executable:
            return subprocess.Popen(command, **options)  # noqa: S603 MiniStack's own command
        return Forked(self._nursery, command[1], options["cwd"], options["env"])
