"""Registers contracts: compiles them all, holds them against those in force, makes or evolves their tables,
then points their datasets at them.

All or nothing: a contract that does not compile, or breaks what stands, stops the whole request before
anything is touched, and no dataset takes objects before its tables stand.
"""

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.changes import changes, refusals, version_of
from headrace.domain.contract.compile import Compilation, compile_contracts
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidContract
from headrace.domain.evolution import keeping_evolved
from headrace.domain.plan import Compiled, Mart, Plan
from headrace.domain.zones import Zones
from headrace.engines.duckdb.contract_sql import check_sql
from headrace.ports import (
    Clock,
    EventBus,
    Executions,
    Ledger,
    ObjectStore,
    TableCatalog,
)
from headrace.steps import records
from headrace.steps.recall import recall
from headrace.steps.route import route_refused
from headrace.steps.tables import with_mart, with_tables
from headrace.steps.wake import start_over


class ContractText(Struct, frozen=True):
    """A contract as its author wrote it; `path` is what messages name it by."""

    path: str
    text: str


class RegisterDataset(Struct, frozen=True):
    """The contracts to put in force together."""

    contracts: tuple[ContractText, ...]


class Registration(Struct, frozen=True):
    """One contract that is in force now; `notes` say what of it Headrace keeps but does not act on, and
    what it changes that somebody may notice."""

    dataset: str
    contract: str
    notes: tuple[str, ...]


class Registered(Struct, frozen=True):
    """What is in force now, in the order of the request."""

    registered: tuple[Registration, ...]


def register_dataset(
    request: RegisterDataset,
    *,
    artefacts: ObjectStore,
    lake: ObjectStore,
    catalog: TableCatalog,
    ledger: Ledger,
    executions: Executions,
    events: EventBus,
    clock: Clock,
    zones: Zones,
) -> Registered:
    compilations = compile_contracts([(source.path, source.text) for source in request.contracts])
    check_sql(compilations)
    registry = _Registry(artefacts, lake, catalog, ledger, zones)
    candidates = [
        registry.candidate(source, compilation)
        for source, compilation in zip(request.contracts, compilations, strict=True)
    ]
    if problems := [problem for one in candidates for problem in one.problems]:
        raise InvalidContract(tuple(problems))
    ready = [registry.with_tables(one) for one in candidates]
    taking: list[DatasetId] = []
    for one in ready:
        compiled = registry.put_in_force(one)
        if isinstance(compiled, Mart):
            identity = f"{compiled.dataset}:{compiled.contract}"
            events.publish("Mart Registered", {"id": identity, "dataset": str(compiled.dataset)})
        elif isinstance(compiled, Plan):
            taking.append(compiled.dataset)
    route_refused(taking, ledger=ledger, clock=clock)
    for dataset in taking:
        recall(dataset, ledger=ledger, artefacts=artefacts, catalog=catalog, clock=clock, zones=zones)
        start_over(dataset, artefacts=artefacts, ledger=ledger, executions=executions, clock=clock)
    return Registered(
        tuple(Registration(str(one.compiled.dataset), one.compiled.contract, one.notes) for one in ready)
    )


class _Candidate(Struct, frozen=True):
    """A compiled contract beside the one in force, which stands at the key `instead_of` (None: none does)."""

    source: ContractText
    compilation: Compilation
    compiled: Compiled
    standing: Compiled | None
    instead_of: str | None

    @property
    def problems(self) -> tuple[str, ...]:
        """Why it cannot take the place of the one in force."""
        refused = refusals(self.standing, self.compiled) if self.standing else ()
        return tuple(f"{self.source.path}:1:1: {self.compiled.dataset}: {line}" for line in refused)

    @property
    def notes(self) -> tuple[str, ...]:
        """What its author should know: what compiling it found, and what it changes."""
        changed = changes(self.standing, self.compiled) if self.standing else ()
        told = [str(change) for change in changed if change.effect != "compatible" or change.how]
        if changed and self.standing and version_of(self.standing) == version_of(self.compiled):
            told.append(
                f"the contract changed and its version is still {version_of(self.compiled)}; raise it"
            )
        return (*self.compilation.notes, *(f"{self.source.path}:1:1: {line}" for line in told))


class _Registry:
    """The contracts in force, and their tables."""

    def __init__(
        self, artefacts: ObjectStore, lake: ObjectStore, catalog: TableCatalog, ledger: Ledger, zones: Zones
    ) -> None:
        self._artefacts, self._lake, self._catalog = artefacts, lake, catalog
        self._ledger, self._zones = ledger, zones

    def candidate(self, source: ContractText, compilation: Compilation) -> _Candidate:
        compiled = compilation.compiled
        key = self._in_force(compiled.dataset)
        standing = records.read_contract(self._artefacts, key) if key else None
        if isinstance(compiled, Plan) and isinstance(standing, Plan):
            compiled = keeping_evolved(compiled, standing)
        return _Candidate(source, compilation, compiled, standing, key)

    def with_tables(self, one: _Candidate) -> _Candidate:
        compiled, bucket = one.compiled, self._lake.bucket
        if isinstance(compiled, Plan):
            former = one.standing.columns if isinstance(one.standing, Plan) else ()
            compiled = with_tables(compiled, bucket, self._catalog, self._zones, former)
        elif isinstance(compiled, Mart):
            compiled = with_mart(compiled, bucket, self._catalog, self._zones)
        return replace(one, compiled=compiled)

    def put_in_force(self, one: _Candidate) -> Compiled:
        """Point the dataset at the contract. Where another came in force meanwhile, by a batch that added
        columns or by another author, it is held against that one first."""
        while not self._pointed(one):
            one = self.candidate(one.source, one.compilation)
            if one.problems:
                raise InvalidContract(one.problems)
            one = self.with_tables(one)
        return one.compiled

    def _pointed(self, one: _Candidate) -> bool:
        compiled = one.compiled
        key = records.write_contract(self._artefacts, compiled.dataset, compiled, one.source.text.encode())
        if isinstance(compiled, Mart):
            self._ledger.register_mart(compiled.dataset, key, compiled.reads)
        elif isinstance(compiled, Plan):
            return self._ledger.register(compiled.dataset, key, instead_of=one.instead_of)
        return True

    def _in_force(self, dataset: DatasetId) -> str | None:
        state = self._ledger.dataset(dataset) or self._ledger.mart(dataset)
        return state.contract if state else None
