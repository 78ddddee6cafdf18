"""Which compiled contract a replay goes by."""

from collections.abc import Iterator

from headrace.domain.changes import version_of
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidRequest
from headrace.domain.evolution import keeping_evolved
from headrace.domain.plan import Plan
from headrace.ports import ObjectStore, TableState
from headrace.steps import records


class ReplayContract:
    """The contract at the key `key`, beside those under which objects were published before."""

    def __init__(self, artefacts: ObjectStore, key: str) -> None:
        self.key, self.plan = key, records.read_plan(artefacts, key)
        self._artefacts = artefacts
        self._plans = {key: self.plan}

    def plan_of(self, key: str) -> Plan:
        if key not in self._plans:
            self._plans[key] = records.read_plan(self._artefacts, key)
        return self._plans[key]

    def is_that_of(self, key: str) -> bool:
        """Whether the contract at this key is the same, but for columns by which it has evolved since."""
        return keeping_evolved(self.plan_of(key), self.plan).contract == self.plan.contract

    def key_for(self, key: str) -> str:
        """The contract to replay under what was published under that at `key`: that one, where it is the same
        but for columns that evolved since, so that its rows come out as they are."""
        if self.is_that_of(key) and self.plan_of(key).contract != self.plan.contract:
            return key
        return self.key


def contract_of_version(
    artefacts: ObjectStore, dataset: DatasetId, version: str, in_force: str, curated: TableState
) -> str:
    """The key of the compiled contract of this version (`1.2.0`, or with its hash as the table shows it).

    Raises InvalidRequest where there is none, and where several contracts had this version.
    """
    current = records.read_plan(artefacts, in_force)
    if version in _names(current):
        return in_force
    found = {
        plan.contract: (key, plan)
        for key, plan in _compiled(artefacts, dataset)
        if set(plan.field_ids.values()) <= set(curated.field_ids.values())
    }
    meant = [key for key, plan in found.values() if version in _names(plan)]
    labels = ", ".join(sorted({current.contract, *found}))
    if not meant:
        raise InvalidRequest(f"{dataset} had no contract of version {version}; those it had are {labels}")
    if len(meant) > 1:
        raise InvalidRequest(
            f"{dataset} had {len(meant)} contracts of version {version}: name one of {labels}"
        )
    return meant[0]


def _names(plan: Plan) -> tuple[str, str]:
    return plan.contract, version_of(plan)


def _compiled(artefacts: ObjectStore, dataset: DatasetId) -> Iterator[tuple[str, Plan]]:
    for one in artefacts.list(f"contracts/{dataset}/"):
        compiled = records.read_contract(artefacts, one.key) if one.key.endswith(".json") else None
        if isinstance(compiled, Plan):
            yield one.key, compiled
