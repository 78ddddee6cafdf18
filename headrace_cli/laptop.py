"""Starts, stops and describes the laptop's own deployment."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from headrace_cli.deployment import Target, resolve
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.render import many, note

if TYPE_CHECKING:
    from headrace_local.laptop import Laptop

PROJECT = Path(__file__).resolve().parent.parent
"""Where template.yaml, contracts/ and examples/ stand."""

PORT = 4566


class Up(Struct, frozen=True):
    """How `up` starts: `port` 0 takes a free one, `fresh` begins with nothing, `contracts` are registered."""

    port: int = PORT
    fresh: bool = False
    contracts: tuple[Path, ...] = ()


def laptop_of(target: Target, port: int = PORT) -> "Laptop":
    """Raises Failure where the target is on AWS, which has no power switch."""
    from headrace_local.laptop import Laptop

    if target.on_aws:
        raise Failure(
            ExitCode.USAGE, "this command is the laptop's; leave out --profile, --stack and --region"
        )
    return Laptop(target.state, port=port)


def up(target: Target, request: Up) -> str:
    """Start the laptop, deploy the template, register the contracts, let interrupted work go on.

    Returns the endpoint. Raises InvalidContract before anything is started.
    """
    from headrace_cli import register
    from headrace_local.deploy import DeployError, deploy
    from headrace_local.laptop import LaptopError

    checked = register.check(request.contracts)
    laptop = laptop_of(target, request.port)
    try:
        if request.fresh:
            laptop.wipe()
        started = laptop.start()
        note(f"laptop {'started' if started else 'is running already'} at {laptop.endpoint}")
        stood = deploy(laptop)
    except LaptopError as error:
        raise Failure(
            ExitCode.UNREACHABLE, f"{error}\nIf the port is taken, choose another: `headrace up --port 0`"
        ) from error
    except DeployError as error:
        raise Failure(ExitCode.UNREACHABLE, f"{error}\nThe laptop's log is {laptop.log}") from error
    note(f"stack {stood.stack} deployed in {stood.seconds:.1f} s")
    deployment = resolve(target)
    if checked:
        register.register(deployment, checked)
        note(f"{many(len(checked), 'contract')} registered")
    admitted = register.reconcile(deployment).admitted
    if admitted:
        note(f"{many(admitted, 'object')} found in landing that no event had announced")
    return laptop.endpoint


def down(target: Target, *, wipe: bool) -> bool:
    """Stop the laptop, and delete its account if `wipe`; False where it was not running."""
    laptop = laptop_of(target)
    ran = laptop.stop()
    if wipe:
        laptop.wipe()
    return ran


def environment(target: Target) -> str:
    """Shell lines that point any AWS client at the running laptop."""
    resolve(target)
    variables = laptop_of(target).environment()
    lines = [f"export {name}={shlex.quote(text)}" for name, text in variables.items()]
    return "\n".join(["unset AWS_PROFILE AWS_SESSION_TOKEN", *lines])
