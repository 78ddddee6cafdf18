"""Checks contracts without a deployment: what registering would refuse is said here."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from headrace.domain.contract.compile import compile_contracts
from headrace.domain.errors import InvalidContract
from headrace.domain.plan import Compiled, Example
from headrace.engines.duckdb.contract_sql import check_sql
from headrace.steps.register_dataset import ContractText
from headrace_cli.failures import ExitCode, Failure

SUFFIX = ".odcs.yaml"


class Checked(Struct, frozen=True):
    """A contract that compiles; `notes` say what of it Headrace keeps but does not act on."""

    source: ContractText
    compiled: Compiled
    notes: tuple[str, ...]
    examples: tuple[Example, ...]


def check(paths: Sequence[Path]) -> tuple[Checked, ...]:
    """Compile every contract under these files and folders.

    Raises InvalidContract with all problems of all of them, Failure where there is nothing to check.
    """
    sources = [contract_text(path) for path in _contracts(paths)]
    compilations = compile_contracts([(source.path, source.text) for source in sources])
    check_sql(compilations)
    return tuple(
        Checked(source, one.compiled, one.notes, one.examples)
        for source, one in zip(sources, compilations, strict=True)
    )


def contract_text(path: Path) -> ContractText:
    """The contract in a file. Raises InvalidContract where it is no text, Failure where it is not there."""
    if not path.is_file():
        raise Failure(ExitCode.USAGE, f"there is no {path}; name contract files or folders of them")
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
        found.update(dict.fromkeys(inside))
    return list(found)


def _shown(path: Path) -> str:
    """The path as messages name it, with its domain's folder: the compiler compares the two."""
    whole, here = path.resolve(), Path.cwd()
    if whole.parent == here:
        return f"{here.name}/{whole.name}"
    return str(whole.relative_to(here) if whole.is_relative_to(here) else whole)
