"""Tells what a new version of a contract changes of an old one, or of the one in force."""

from pathlib import Path

from msgspec import Struct

from headrace.domain.changes import Change, changes, refusals
from headrace.domain.contract.compile import compile_contract
from headrace.domain.contract.source import Findings
from headrace.domain.contract.yaml_source import read_source
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidContract
from headrace.domain.plan import Compiled
from headrace.steps import records
from headrace_cli.contract.check import SUFFIX, contract_text
from headrace_cli.deployment import Deployment


class Difference(Struct, frozen=True):
    """What changes from one contract id to the other; `refused` is why registering the new one would fail."""

    dataset: DatasetId
    old: str
    new: str
    changes: tuple[Change, ...]
    refused: tuple[str, ...]

    @property
    def breaks(self) -> bool:
        return any(change.breaks for change in self.changes)


def difference(old: Compiled, new: Compiled) -> Difference:
    """What `new` changes of `old`."""
    return Difference(new.dataset, old.contract, new.contract, changes(old, new), refusals(old, new))


def compiled_file(path: Path) -> Compiled:
    """The contract in a file of any name: versions to compare cannot all be called after their dataset.

    Raises InvalidContract.
    """
    source = contract_text(path)
    root = read_source(source.text, Findings(source.path))
    called = f"{root.text_of('domain')}/{root.text_of('name')}{SUFFIX}"
    try:
        return compile_contract(called, source.text).compiled
    except InvalidContract as error:
        problems = (problem.replace(called, source.path, 1) for problem in error.problems)
        raise InvalidContract(tuple(problems)) from error


def compiled_in_force(deployment: Deployment, dataset: DatasetId) -> Compiled:
    """The contract in force. Raises Failure where none is registered under the name."""
    return records.read_contract(deployment.artefacts, deployment.contract_key(dataset))
