"""Checks contracts here, and has the deployment register them: all, or none."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from headrace.domain.contract.compile import compile_contracts
from headrace.domain.errors import InvalidContract
from headrace.domain.plan import Compiled
from headrace.steps.reconcile import Reconcile, Reconciled
from headrace.steps.register_dataset import ContractText, RegisterDataset, Registered
from headrace_cli.deployment import Deployment
from headrace_cli.failures import ExitCode, Failure

SUFFIX = ".odcs.yaml"

Reply = TypeVar("Reply")


class Checked(Struct, frozen=True):
    """A contract that compiles; `notes` say what of it Headrace keeps but does not act on."""

    source: ContractText
    compiled: Compiled
    notes: tuple[str, ...]


def check(paths: Sequence[Path]) -> tuple[Checked, ...]:
    """Compile every contract under these files and folders.

    Raises InvalidContract with all problems of all of them, Failure where there is nothing to check.
    """
    sources = [_source(path) for path in _contracts(paths)]
    compilations = compile_contracts([(source.path, source.text) for source in sources])
    return tuple(
        Checked(source, one.compiled, one.notes) for source, one in zip(sources, compilations, strict=True)
    )


def _source(path: Path) -> ContractText:
    try:
        return ContractText(_shown(path), path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        problem = f"{_shown(path)}:1:1: not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise InvalidContract((problem,)) from error


def _contracts(paths: Sequence[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not inside:
            raise Failure(ExitCode.USAGE, f"no contract under {path}: their names end in {SUFFIX}")
        if not path.exists():
            raise Failure(ExitCode.USAGE, f"there is no {path}; name contract files or folders of them")
        found.update(dict.fromkeys(inside))
    return list(found)


def _shown(path: Path) -> str:
    """The path as messages name it, with its domain's folder: the compiler compares the two."""
    whole, here = path.resolve(), Path.cwd()
    if whole.parent == here:
        return f"{here.name}/{whole.name}"
    return str(whole.relative_to(here) if whole.is_relative_to(here) else whole)


def register(deployment: Deployment, checked: Sequence[Checked]) -> Registered:
    """Put contracts in force together. Raises InvalidContract where the deployment finds fault with one."""
    request = RegisterDataset(tuple(one.source for one in checked))
    return _invoke(deployment, deployment.outputs.register_dataset_function, request, Registered)


def reconcile(deployment: Deployment) -> Reconciled:
    """Admit landed objects that no event announced, and revive datasets that nobody works on."""
    request = Reconcile(list_landing=True)
    return _invoke(deployment, deployment.outputs.reconcile_function, request, Reconciled)


class _Refusal(Struct, rename="camel"):
    """What Lambda answers for a function that raised."""

    error_type: str = "an error"
    error_message: str = ""


def _invoke(deployment: Deployment, function: str, request: Struct, reply: type[Reply]) -> Reply:
    answer = deployment.functions.invoke(FunctionName=function, Payload=msgspec.json.encode(request))
    payload = answer["Payload"].read()
    if "FunctionError" not in answer:
        return msgspec.json.decode(payload, type=reply)
    refusal = msgspec.json.decode(payload, type=_Refusal)
    if refusal.error_type == InvalidContract.__name__:
        raise InvalidContract(tuple(refusal.error_message.splitlines()))
    raise Failure(
        ExitCode.TROUBLE,
        f"function {function} failed with {refusal.error_type}: {refusal.error_message}\n"
        "Its log says more; calling it again is safe.",
    )
