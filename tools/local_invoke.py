"""Invokes one function with one event in a container, through `sam local invoke`, against the running laptop.

uv run python tools/local_invoke.py ReconcileFunction events/reconcile/by-hand.json
"""

import argparse
import asyncio
import json
import platform
import shlex
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import docker
from samcli.local.docker.lambda_image import LambdaImage, Runtime

from headrace_local.laptop import PROJECT, Laptop

ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
BUILT = PROJECT / ".aws-sam/build"


def main() -> int:
    """Returns the exit code of `sam local invoke`: 0 also where the function answers with an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("function", help="logical id in template.yaml")
    parser.add_argument("event", type=Path, help="JSON file")
    parser.add_argument("--state", type=Path, default=Laptop.state, help="of the laptop: %(default)s")
    parser.add_argument("--built", type=Path, default=BUILT, help="by `sam build`: %(default)s")
    parser.add_argument("--runtime", default="python3.13", help="built for: %(default)s")
    given = parser.parse_args()
    laptop = Laptop(given.state)
    port = urlsplit(laptop.endpoint).port
    engine = docker.from_env()
    gateway = engine.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as variables:
        json.dump({"Parameters": _variables(laptop)}, variables)
        variables.flush()
        words = [
            *(Path(sysconfig.get_path("scripts")) / "sam", "local", "invoke", given.function),
            *("--event", given.event, "--env-vars", variables.name),
            *("--template-file", given.built / "template.yaml"),
            *("--parameter-overrides", f"Runtime={given.runtime} Architecture={ARCHITECTURE}"),
            *("--invoke-image", _image(engine, given.runtime, f"http://{gateway}:{port}")),
            "--skip-pull-image",
        ]
        command = [str(word) for word in words]
        print(shlex.join(command), file=sys.stderr)
        own = {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(laptop.state / "sam")}
        environment = laptop.process_environment() | own
        return asyncio.run(_run(command, environment, gateway, port))


def _variables(laptop: Laptop) -> dict[str, str]:
    """All variables of the deployed functions; SAM gives each function those that its template declares."""
    there = laptop.environment()
    keys = there["AWS_ACCESS_KEY_ID"], there["AWS_SECRET_ACCESS_KEY"]
    session = boto3.Session(*keys, region_name=there["AWS_REGION"])
    pages = session.client("lambda", endpoint_url=laptop.endpoint).get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    return {name: text for one in functions for name, text in one["Environment"]["Variables"].items()}


def _image(engine: docker.DockerClient, runtime: str, endpoint: str) -> str:
    """SAM's image with the laptop's endpoint, which SAM cannot pass on: the template does not declare it."""
    base = f"{LambdaImage._INVOKE_REPO_PREFIX}/{Runtime.get_image_name_tag(runtime, ARCHITECTURE)}"
    name = f"headrace-local:{runtime}"
    recipe = f"FROM {base}\nENV AWS_ENDPOINT_URL={endpoint}\n"
    engine.images.build(fileobj=BytesIO(recipe.encode()), tag=name, rm=True, forcerm=True)
    return name


async def _run(command: Sequence[str], environment: Mapping[str, str], host: str, port: int) -> int:
    """Run a command while containers reach the laptop, which itself listens on 127.0.0.1 alone."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, onward_writer), _pump(onward_reader, writer))

    async with await asyncio.start_server(relay, host, port):
        return await (await asyncio.create_subprocess_exec(*command, env=environment)).wait()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError), closing(writer):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()


if __name__ == "__main__":
    sys.exit(main())
