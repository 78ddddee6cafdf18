"""Builds the stack for both processors and weighs what Lambda will unzip: `just sizes`.

Fails where a function with its layers is too heavy, where a library is for another processor, or where
a handler does not start from what was built and nothing else (for this machine's processor, where its
Python is on the PATH).
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from samcli.yamlhelper import yaml_parse

PROJECT = Path(__file__).parent.parent
ARCHITECTURES = ("arm64", "x86_64")
PYTHON = "3.13"
LIMIT = 262_144_000
"""Bytes that a function and its layers may have unzipped (AWS Lambda Developer Guide, "Quotas")."""

_ELF_MACHINES = {62: "x86_64", 183: "arm64"}
_START = """
import importlib, pkgutil, sys
sys.path[:0] = sys.argv[1:]
import handler, headrace
assert callable(handler.handler)
for module in pkgutil.walk_packages(headrace.__path__, "headrace."):
    if not module.name.startswith("headrace.engines.spark."):  # runs where Spark is, never in a function
        importlib.import_module(module.name)
"""


@dataclass(frozen=True)
class Build:
    """The folders that `sam build` made for one processor: a function's by its name, and the layers'."""

    architecture: str
    functions: dict[str, Path]
    layers: tuple[Path, ...]

    def weight(self, function: str) -> int:
        """Bytes of a function with its layers."""
        folders = (self.functions[function], *self.layers)
        return sum(file.stat().st_size for folder in folders for file in _files(folder))

    def strangers(self) -> list[Path]:
        """Libraries for a processor that is not this build's."""
        return [
            file
            for layer in self.layers
            for file in _files(layer)
            if (machine := _machine(file)) and machine != self.architecture
        ]

    def start(self, function: str, environment: dict[str, str]) -> str:
        """Import the handler and the whole platform from what was built alone; what Python says of it."""
        paths = [str(self.functions[function]), *(str(layer / "python") for layer in self.layers)]
        command = [f"python{PYTHON}", "-I", "-S", "-c", _START, *paths]
        ended = subprocess.run(  # noqa: S603 the runtime's own Python, no shell
            command, env=environment, capture_output=True, text=True, check=False
        )
        return ended.stderr if ended.returncode else ""


def build(architecture: str, directory: Path) -> Build:
    """Run `sam build` into `directory`."""
    subprocess.run(  # noqa: S603 the venv's own console script, no shell
        [
            str(Path(sys.executable).parent / "sam"),
            "build",
            f"--build-dir={directory}",
            f"--parameter-overrides=Architecture={architecture}",
        ],
        cwd=PROJECT,
        env={**os.environ, "ARCHITECTURE": architecture, "PYTHON_VERSION": PYTHON, "SAM_CLI_TELEMETRY": "0"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    resources = yaml_parse((directory / "template.yaml").read_text())["Resources"].values()
    functions = [one for one in resources if one["Type"] == "AWS::Serverless::Function"]
    layers = [one for one in resources if one["Type"] == "AWS::Serverless::LayerVersion"]
    folders = [(directory / one["Properties"]["CodeUri"]).resolve() for one in functions]
    return Build(
        architecture=architecture,
        functions={folder.name: folder for folder in folders},
        layers=tuple((directory / one["Properties"]["ContentUri"]).resolve() for one in layers),
    )


def can_start(architecture: str) -> bool:
    """Whether this machine runs what is built for `architecture`."""
    machine = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64"}.get(platform.machine())
    try:
        python = subprocess.run(  # noqa: S603 asks whether it is there at all
            [f"python{PYTHON}", "-c", ""], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return machine == architecture and python.returncode == 0


def environment_of(function: str) -> dict[str, str]:
    """What Lambda and the template set for a function."""
    template = yaml_parse((PROJECT / "template.yaml").read_text())["Resources"].values()
    properties = (one["Properties"] for one in template if one["Type"] == "AWS::Serverless::Function")
    (own,) = (one for one in properties if one["CodeUri"] == f"functions/{function}/")
    told = dict.fromkeys(own["Environment"]["Variables"], "arn:aws:states:us-east-1:000000000000:any:any")
    by_lambda = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    return {**told, **by_lambda, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "PATH": os.environ["PATH"]}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _machine(file: Path) -> str | None:
    """The processor that an ELF file is for; None for any other file."""
    with file.open("rb") as stream:
        head = stream.read(20)
    if head[:4] != b"\x7fELF":
        return None
    return _ELF_MACHINES.get(int.from_bytes(head[18:20], "little"), "another")


def main() -> int:
    failures = 0
    for architecture in ARCHITECTURES:
        with tempfile.TemporaryDirectory(prefix="headrace-build-") as directory:
            built = build(architecture, Path(directory))
            starts = can_start(architecture)
            print(f"{architecture}: {'every handler is started' if starts else 'no handler is started here'}")
            for function in sorted(built.functions):
                weight = built.weight(function)
                trouble = built.start(function, environment_of(function)) if starts else ""
                failures += weight > LIMIT or bool(trouble)
                print(f"  {function:17} {weight:>12,} bytes, {weight / LIMIT:4.0%} of the limit {trouble}")
            for stranger in built.strangers():
                failures += 1
                print(f"  {stranger} is not for {architecture}")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
