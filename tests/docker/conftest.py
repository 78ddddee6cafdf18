"""What `sam local invoke` needs: an engine with the image, the built stack, and a laptop to talk to."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace_cli.deployment import Deployment, Target, resolve
from tests.docker import engine
from tests.stack import PROJECT, pascal
from tools.local_invoke import ARCHITECTURE
from tools.sizes import PYTHON, build

Invoke = Callable[[str], Any]


@pytest.fixture(scope="package")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state directory of a laptop with the contracts registered."""
    state = tmp_path_factory.mktemp("laptop")
    headrace = [str(Path(sys.executable).parent / "headrace"), f"--state={state}"]
    try:
        subprocess.run([*headrace, "up", "--port=0"], check=True)
        yield state
    finally:
        subprocess.run([*headrace, "down", "--wipe"], check=True)


@pytest.fixture(scope="package")
def deployment(state: Path) -> Deployment:
    return resolve(Target(state))


@pytest.fixture(scope="package")
def invoke(state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Invoke]:
    """Invokes the function of an event, named as in `events/`, in a container; gives its reply."""
    built = Path(tmp_path_factory.mktemp("built"))
    build(ARCHITECTURE, built)
    with engine.found_or_started(tmp_path_factory.mktemp("engine")) as host:
        environment = {**os.environ, "DOCKER_HOST": host}
        litter = {"TMPDIR": str(tmp_path_factory.mktemp("tmp"))}  # SAM leaves files there
        subprocess.run([PROJECT / "tools/local_image.sh", PYTHON], env=environment, check=True)

        def invoke(event: str) -> Any:
            function, _ = event.split("/")
            command: list[str | Path] = [
                *(sys.executable, PROJECT / "tools/local_invoke.py"),
                *(f"{pascal(function)}Function", PROJECT / f"events/{event}.json"),
                *(f"--state={state}", f"--built={built}", f"--runtime=python{PYTHON}"),
            ]
            done = subprocess.run(
                command,
                env=environment | litter,
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            assert done.returncode == 0, f"{event}: {done.stderr}"
            reply = json.loads(done.stdout)
            assert "errorType" not in reply, f"{event}: {reply}\n{done.stderr}"
            return reply

        yield invoke
