"""Starts, stops and describes the laptop's own deployment."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from headrace_cli.deployment import Deployment, Target, resolve
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.render import many, note

if TYPE_CHECKING:
    from headrace_cli.contract.check import Checked
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

    Returns the endpoint. Raises InvalidContract before anything is started, or once all else is done where
    the deployment refuses a contract.
    """
    from headrace_cli.contract.check import check
    from headrace_local.deploy import deploy

    laptop = laptop_of(target, request.port)
    checked = check(request.contracts)
    with _failing(laptop):
        if request.fresh:
            laptop.wipe()
        started = laptop.start()
        note(f"laptop {'started' if started else 'is running already'} at {laptop.endpoint}")
        stood = deploy(laptop)
    note(f"stack {stood.stack} deployed in {stood.seconds:.1f} s")
    go_on(resolve(target), checked)
    return laptop.endpoint


def go_on(deployment: Deployment, checked: Sequence["Checked"]) -> None:
    """Register contracts, then let interrupted work go on: also where a contract is refused, which is
    raised at the end."""
    from headrace_cli import register

    try:
        if checked:
            register.register(deployment, checked)
            note(f"{many(len(checked), 'contract')} registered")
    except Exception:
        note("the laptop runs; `--no-register` leaves contracts/ alone")
        raise
    finally:
        found = register.reconcile(deployment)
        if found.admitted:
            note(f"{many(found.admitted, 'object')} admitted that no event had announced")
        if found.woken:
            note(f"interrupted batches go on: {', '.join(found.woken)}")


def down(target: Target, *, wipe: bool) -> bool:
    """Stop the laptop, and delete its account if `wipe`; False where it was not running."""
    laptop = laptop_of(target)
    with _failing(laptop):
        ran = laptop.stop()
        if wipe:
            laptop.wipe()
    return ran


@contextmanager
def _failing(laptop: "Laptop") -> Iterator[None]:
    """Say what to do when the emulator does not start or stop, or the stack does not deploy."""
    from headrace_local.deploy import DeployError
    from headrace_local.laptop import LaptopError

    try:
        yield
    except LaptopError as error:
        advice = f"Its log is {laptop.log}; if the port is taken, `headrace up --port 0` takes a free one."
        raise Failure(ExitCode.UNREACHABLE, f"{error}\n{advice}") from error
    except DeployError as error:
        raise Failure(ExitCode.UNREACHABLE, f"{error}\nThe laptop's log is {laptop.log}") from error


def environment(target: Target) -> str:
    """Shell lines that point any AWS client at the running laptop."""
    laptop = laptop_of(target)
    resolve(target)
    variables = laptop.environment()
    lines = [f"export {name}={shlex.quote(text)}" for name, text in variables.items()]
    return "\n".join(["unset AWS_PROFILE AWS_SESSION_TOKEN", *lines])
