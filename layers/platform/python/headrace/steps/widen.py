"""Widens a dataset by the fields that a batch brings and its contract does not name.

The batch alone is refined under the widened contract until it is published; then it is in force for
later batches too.
"""

from collections.abc import Sequence

from headrace.domain.batch import UnknownField
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import IncompatibleTable
from headrace.domain.evolution import keeping_evolved, widened
from headrace.domain.plan import Column, Plan
from headrace.domain.zones import Zones
from headrace.ports import Ledger, ObjectStore, TableCatalog
from headrace.steps import records
from headrace.steps.tables import with_added


def widen(
    plan: Plan,
    unknown: Sequence[UnknownField],
    *,
    artefacts: ObjectStore,
    catalog: TableCatalog,
    zones: Zones,
) -> str:
    """Widen the curated table and the contract of a batch. Returns the key of the widened contract: that
    of `plan` itself where no column is to be added."""
    if (wider := widened(plan, unknown)) != plan:
        wider = _with_columns(plan, unknown, catalog, zones)
    return records.write_contract(artefacts, plan.dataset, wider)


def _with_columns(plan: Plan, unknown: Sequence[UnknownField], catalog: TableCatalog, zones: Zones) -> Plan:
    """The widened plan, whose new columns the table has. Where it has one of that name with another type,
    which a newer contract or an older one brought, the new one gets another name."""
    catalog.state(zones.curated(plan.dataset))
    refused: set[str] = set()
    while True:
        wider = widened(plan, unknown, refused)
        added = wider.columns[len(plan.columns) :]
        try:
            return with_added(wider, added, catalog, zones)
        except IncompatibleTable:
            refused |= {one.name for one in added if not _takes(one, wider, catalog, zones)}


def _takes(column: Column, plan: Plan, catalog: TableCatalog, zones: Zones) -> bool:
    try:
        with_added(plan, (column,), catalog, zones)
    except IncompatibleTable:
        return False
    return True


def keep_widened(dataset: DatasetId, contract: str, *, artefacts: ObjectStore, ledger: Ledger) -> None:
    """Put the evolved columns of a batch's widened contract, at this key, in force for later batches.

    No effect where they are, or where a contract was registered meanwhile that does not evolve.
    """
    wider = records.read_plan(artefacts, contract)
    while (state := ledger.dataset(dataset)) is not None:
        standing = records.read_plan(artefacts, state.contract)
        kept = keeping_evolved(standing, wider)
        if kept == standing or standing.evolution != "evolve":
            return
        source = records.read_source(artefacts, state.contract)
        key = records.write_contract(artefacts, dataset, kept, source)
        if ledger.register(dataset, key, instead_of=state.contract):
            return
