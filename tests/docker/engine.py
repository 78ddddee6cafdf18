"""A container engine for the tests: the one that answers, or a Docker daemon that leaves nothing behind."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_START_S = 60.0
_STOP_S = 60.0
# What the daemon makes outside its own directories.
_TRACES = [
    *map(Path, ("/etc/docker", "/opt/containerd", "/run/containerd", "/run/docker")),
    *(controller / "docker" for controller in Path("/sys/fs/cgroup").glob("*/")),
]


def answers(host: str | None = None) -> bool:
    """Whether an engine answers at `host`, or where DOCKER_HOST and Docker's contexts say."""
    where = ["--host", host] if host else []
    return subprocess.run(["docker", *where, "version"], capture_output=True, check=False).returncode == 0


@contextmanager
def started(home: Path) -> Iterator[str]:
    """Docker's daemon, with all it keeps in `home`, and on a network that leads nowhere but to this computer.

    Gives the value of DOCKER_HOST.
    """
    host, bridge = f"unix://{home}/docker.sock", f"headrace{os.getpid() % 10_000_000}"
    with ExitStack() as stack:
        for trace in _TRACES:
            if not trace.exists():
                stack.callback(shutil.rmtree, trace, ignore_errors=True)
        stack.callback(shutil.rmtree, home)
        _ip("link", "add", bridge, "type", "bridge")
        stack.callback(_ip, "link", "delete", bridge)
        _ip("address", "add", f"198.18.{os.getpid() % 256}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        stack.enter_context(_daemon(home, host, bridge))
        yield host


@contextmanager
def _daemon(home: Path, host: str, bridge: str) -> Iterator[None]:
    command: list[str | Path] = [
        *("dockerd", "--host", host, "--bridge", bridge, "--iptables=false", "--ip6tables=false"),
        *("--ip-forward=false", "--ip-masq=false", "--pidfile", home / "pid"),
        *("--data-root", home / "data", "--exec-root", home / "exec"),
    ]
    log = home / "log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as daemon:
        try:
            deadline = time.monotonic() + _START_S
            while not answers(host):
                assert daemon.poll() is None, f"dockerd ended:\n{log.read_text()[-2000:]}"
                assert time.monotonic() < deadline, f"dockerd does not answer:\n{log.read_text()[-2000:]}"
                time.sleep(0.1)
            yield
        finally:
            daemon.terminate()
            try:
                daemon.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                daemon.kill()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
