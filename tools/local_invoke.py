"""Invokes one function with one event in a container, through `sam local invoke`, against the running laptop.

uv run python tools/local_invoke.py ReconcileFunction events/reconcile/listing.json
"""

import argparse
import asyncio
import json
import platform
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from samcli.local.docker.lambda_image import LambdaImage, Runtime

from headrace_local.laptop import PROJECT, Laptop

ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]


def main() -> int:
    """Returns the exit code of `sam local invoke`, which is 0 also where the function answers with an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("function", help="logical id in template.yaml")
    parser.add_argument("event", type=Path)
    parser.add_argument(
        "--state", type=Path, default=Laptop.state, help="of the laptop (default: %(default)s)"
    )
    parser.add_argument("--built", type=Path, default=PROJECT / ".aws-sam/build", help="by `sam build`")
    parser.add_argument("--runtime", default="python3.13", help="that was built for (default: %(default)s)")
    given = parser.parse_args()
    laptop = Laptop(given.state)
    here = _docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").strip()
    port = urlsplit(laptop.endpoint).port
    with tempfile.NamedTemporaryFile("w", suffix=".json") as variables:
        json.dump({"Parameters": _variables(laptop)}, variables)
        variables.flush()
        command = [
            *(Path(sysconfig.get_path("scripts")) / "sam", "local", "invoke", given.function),
            *("--event", given.event, "--env-vars", variables.name),
            *("--template-file", given.built / "template.yaml"),
            *("--parameter-overrides", f"Runtime={given.runtime} Architecture={ARCHITECTURE}"),
            *("--invoke-image", _image(given.runtime, f"http://{here}:{port}"), "--skip-pull-image"),
        ]
        environment = laptop.process_environment() | {"SAM_CLI_TELEMETRY": "0"}
        return asyncio.run(_run([str(word) for word in command], environment, here, port))


def _docker(*words: str, stdin: str = "") -> str:
    done = subprocess.run(["docker", *words], input=stdin, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def _variables(laptop: Laptop) -> dict[str, str]:
    """All variables of the deployed functions; SAM gives each function those that its template declares."""
    there = laptop.environment()
    keys = there["AWS_ACCESS_KEY_ID"], there["AWS_SECRET_ACCESS_KEY"]
    session = boto3.Session(*keys, region_name=there["AWS_REGION"])
    pages = session.client("lambda", endpoint_url=laptop.endpoint).get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    return {name: text for one in functions for name, text in one["Environment"]["Variables"].items()}


def _image(runtime: str, endpoint: str) -> str:
    """SAM's image with the laptop's endpoint, which SAM cannot pass on: the template does not declare it."""
    base = f"{LambdaImage._INVOKE_REPO_PREFIX}/{Runtime.get_image_name_tag(runtime, ARCHITECTURE)}"
    name = f"headrace-local:{runtime}"
    _docker("build", "--tag", name, "-", stdin=f"FROM {base}\nENV AWS_ENDPOINT_URL={endpoint}\n")
    return name


async def _run(command: Sequence[str], environment: Mapping[str, str], host: str, port: int) -> int:
    """Run a command while containers reach the laptop, which itself listens on 127.0.0.1 alone."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, onward_writer), _pump(onward_reader, writer))

    async with await asyncio.start_server(relay, host, port):
        return await (await asyncio.create_subprocess_exec(*command, env=environment)).wait()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    finally:
        writer.close()


if __name__ == "__main__":
    sys.exit(main())
