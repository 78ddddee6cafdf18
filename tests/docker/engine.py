"""A container engine for the tests: the one that answers, or a Docker daemon that is theirs alone."""

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


@contextmanager
def found_or_started(home: Path) -> Iterator[str]:
    """Gives a value for DOCKER_HOST. A daemon that must be started needs root, and keeps all in `home`."""
    context = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    host = subprocess.run(context, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    with _restored(host) if _answers(host) else _started(home) as host:
        yield host


def _answers(host: str) -> bool:
    return (
        subprocess.run(["docker", "--host", host, "version"], capture_output=True, check=False).returncode
        == 0
    )


@contextmanager
def _restored(host: str) -> Iterator[str]:
    """Images that come meanwhile go again."""
    before = _images(host)
    try:
        yield host
    finally:
        came = [image for image in _images(host) if image not in before]
        subprocess.run(["docker", "--host", host, "image", "rm", "--force", *came], check=True)


def _images(host: str) -> list[str]:
    """Ids, the newest first: one that others were made from comes after them."""
    listing = ["docker", "--host", host, "image", "ls", "--no-trunc", "--quiet"]
    return subprocess.run(listing, stdout=subprocess.PIPE, text=True, check=True).stdout.split()


@contextmanager
def _started(home: Path) -> Iterator[str]:
    """A daemon whose containers reach this computer and nothing else."""
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
            while not _answers(host):
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
