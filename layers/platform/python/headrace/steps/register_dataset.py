"""Registers contracts: compiles them all, makes their tables, then points their datasets at them.

All or nothing: a contract that does not compile stops the whole request before anything is touched,
and no dataset takes objects before its tables stand.
"""

import msgspec
from msgspec import Struct

from headrace.domain.contract.compile import compile_contracts
from headrace.domain.plan import Compiled, Mart, Plan
from headrace.domain.tables import CURATED_SYSTEM_COLUMNS, QUARANTINE_COLUMNS
from headrace.domain.zones import Zones
from headrace.ports import (
    Clock,
    EventBus,
    Executions,
    Ledger,
    ObjectStore,
    TableCatalog,
    TableSpec,
)
from headrace.steps import records
from headrace.steps.wake import wake


class ContractText(Struct, frozen=True):
    """A contract as its author wrote it; `path` is what messages name it by."""

    path: str
    text: str


class RegisterDataset(Struct, frozen=True):
    """The contracts to put in force together."""

    contracts: tuple[ContractText, ...]


class Registration(Struct, frozen=True):
    """One contract that is in force now; `notes` say what of it Headrace keeps but does not act on."""

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
    standing = [_with_tables(one.compiled, lake.bucket, catalog, zones) for one in compilations]
    for one in standing:
        key = records.write_contract(artefacts, one.dataset, one)
        if isinstance(one, Mart):
            ledger.register_mart(one.dataset, key, one.reads)
            identity = f"{one.dataset}:{one.contract}"
            events.publish("Mart Registered", {"id": identity, "dataset": str(one.dataset)})
        else:
            ledger.register(one.dataset, key)
            _start_over(one, ledger=ledger, executions=executions, clock=clock)
    return Registered(
        tuple(
            Registration(str(one.compiled.dataset), one.compiled.contract, one.notes) for one in compilations
        )
    )


def _with_tables(compiled: Compiled, bucket: str, catalog: TableCatalog, zones: Zones) -> Compiled:
    """Make the contract's tables stand; the plan then knows their field ids."""
    dataset = compiled.dataset
    if isinstance(compiled, Mart):
        location = f"s3://{bucket}/marts/{dataset}"
        catalog.ensure(TableSpec(zones.mart(dataset), compiled.columns, location, {}))
        return compiled
    curated = catalog.ensure(
        TableSpec(
            zones.curated(dataset),
            compiled.columns + CURATED_SYSTEM_COLUMNS,
            f"s3://{bucket}/curated/{dataset}",
            {},
        )
    )
    quarantine = catalog.ensure(
        TableSpec(zones.quarantine(dataset), QUARANTINE_COLUMNS, f"s3://{bucket}/quarantine/{dataset}", {})
    )
    return msgspec.structs.replace(
        compiled,
        field_ids=dict(curated.field_ids),
        quarantine_field_ids=dict(quarantine.field_ids),
    )


def _start_over(plan: Plan, *, ledger: Ledger, executions: Executions, clock: Clock) -> None:
    """Give a dataset that stopped after too many attempts a new one."""
    state = ledger.dataset(plan.dataset)
    if state and state.lease and not executions.running(state.lease.execution):
        holder = state.lease.execution
        wake(plan.dataset, ledger=ledger, executions=executions, clock=clock, instead_of=holder)
    elif state and ledger.pending(plan.dataset, 1):
        wake(plan.dataset, ledger=ledger, executions=executions, clock=clock)
