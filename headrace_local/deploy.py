"""Deploys the project's own template to the laptop, with the SAM CLI and `samconfig.toml`, as to AWS."""

import json
import subprocess
import sysconfig
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
from botocore.exceptions import ClientError

from headrace_local.laptop import PROJECT, Laptop

CONFIG_ENV = "local"
_LAST_OUTPUT_LINES = 15


class DeployError(Exception):
    """The stack could not be deployed; the message names the resources that failed, and why."""


@dataclass(frozen=True)
class Deployed:
    """A stack that stands: its name, its outputs, and how long the deployment took."""

    stack: str
    outputs: Mapping[str, str]
    seconds: float


def deploy(
    laptop: Laptop, *, project: Path = PROJECT, parameters: Mapping[str, str] | None = None
) -> Deployed:
    """Deploy `project/template.yaml`, unbuilt, as the `local` section of its `samconfig.toml` says.

    `parameters` are set on top of the section's `parameter_overrides`. Raises `DeployError`.
    """
    section = tomllib.loads((project / "samconfig.toml").read_text())[CONFIG_ENV]["deploy"]["parameters"]
    stack = section["stack_name"]
    cloudformation = _client(laptop)
    _clear_failed_creation(cloudformation, stack)
    started = time.monotonic()
    began = time.time()
    with TemporaryDirectory(prefix="headrace-sam-") as temporary:  # SAM leaves empty ones behind
        result = subprocess.run(  # noqa: S603 the venv's own console script, no shell
            _command(section, parameters or {}),
            cwd=project,
            env=laptop.process_environment() | _sam_environment(laptop.state / "sam", temporary),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if result.returncode:
        raise DeployError(_why(cloudformation, stack, began, result.stdout))
    return Deployed(stack, outputs(laptop, stack), time.monotonic() - started)


def outputs(laptop: Laptop, stack: str) -> dict[str, str]:
    """The outputs of a deployed stack by name; raises `DeployError` when there is no such stack."""
    described = _describe(_client(laptop), stack)
    if described is None:
        raise DeployError(f"there is no stack {stack} on this laptop: deploy it first")
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def _command(section: Mapping[str, Any], parameters: Mapping[str, str]) -> list[str]:
    command = [str(Path(sysconfig.get_path("scripts")) / "sam"), "deploy", f"--config-env={CONFIG_ENV}"]
    if not parameters:
        return command
    # On the command line they replace the section's, so those are said again.
    said = section.get("parameter_overrides", "")
    said = said.split() if isinstance(said, str) else said
    return [*command, "--parameter-overrides", *said, *(f"{name}={parameters[name]}" for name in parameters)]


def _sam_environment(home: Path, temporary: str) -> dict[str, str]:
    directory = home.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    # Settings of its own, by which the weekly look for a newer version was just done: no call leaves here.
    settings = {"telemetryEnabled": False, "lastVersionCheck": time.time()}
    (directory / "metadata.json").write_text(json.dumps(settings))
    return {
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
        "__SAM_CLI_APP_DIR": str(directory),
        "TMPDIR": temporary,
    }


def _clear_failed_creation(cloudformation: Any, stack: str) -> None:
    """Delete what a failed first deployment left: CloudFormation updates no stack in ROLLBACK_COMPLETE."""
    described = _describe(cloudformation, stack)
    if described and described["StackStatus"] == "ROLLBACK_COMPLETE":
        cloudformation.delete_stack(StackName=stack)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})


def _why(cloudformation: Any, stack: str, began: float, output: str) -> str:
    failures: list[str] = []
    if _describe(cloudformation, stack):
        failures = [
            f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason')}"
            for event in reversed(cloudformation.describe_stack_events(StackName=stack)["StackEvents"])
            if event["ResourceStatus"].endswith("_FAILED") and event["Timestamp"].timestamp() >= began - 1
        ]
    said = failures or [line.strip() for line in output.splitlines() if line.strip()][-_LAST_OUTPUT_LINES:]
    return "\n  ".join([f"stack {stack} was not deployed:", *said])


def _describe(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    try:
        described: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return None
    return described


def _client(laptop: Laptop) -> Any:
    settings = laptop.environment()
    return boto3.client(
        "cloudformation",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        region_name=settings["AWS_REGION"],
    )
