"""Makes a contract's tables stand, evolves those that do, and reads one under the names of its contract."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from headrace.domain.errors import IncompatibleTable
from headrace.domain.plan import Column, Mart, Plan
from headrace.domain.renames import with_former_names
from headrace.domain.tables import CURATED_SYSTEM_COLUMNS, QUARANTINE_COLUMNS
from headrace.domain.zones import Zones
from headrace.ports import TableCatalog, TableSpec

if TYPE_CHECKING:
    from pyarrow import RecordBatch


def with_tables(
    plan: Plan, bucket: str, catalog: TableCatalog, zones: Zones, former: tuple[Column, ...] = ()
) -> Plan:
    """Make both tables of a dataset stand in the lake bucket; the plan then knows their field ids.

    `former` are the columns of the contract in force: those that have new names are renamed. Raises
    IncompatibleTable where a table that stands cannot take the contract's columns.
    """
    dataset = plan.dataset
    curated = catalog.ensure(
        TableSpec(
            zones.curated(dataset),
            with_former_names(plan.columns, former) + CURATED_SYSTEM_COLUMNS,
            f"s3://{bucket}/curated/{dataset}",
            {},
            plan.partitions,
        )
    )
    quarantine = catalog.ensure(
        TableSpec(zones.quarantine(dataset), QUARANTINE_COLUMNS, f"s3://{bucket}/quarantine/{dataset}", {})
    )
    return replace(plan, field_ids=dict(curated.field_ids), quarantine_field_ids=dict(quarantine.field_ids))


def with_added(plan: Plan, columns: tuple[Column, ...], catalog: TableCatalog, zones: Zones) -> Plan:
    """Add columns of the plan to its curated table, and their field ids to the plan; nothing else of the
    table is touched, for a newer contract may have changed it.

    Raises IncompatibleTable where columns of other types stand under their names.
    """
    home = zones.curated(plan.dataset)
    ids = catalog.ensure(TableSpec(home, columns, "", {}, partitions=None)).field_ids
    added = {column.name: ids[column.name] for column in columns}
    return replace(plan, field_ids={**plan.field_ids, **added})


def with_mart(mart: Mart, bucket: str, catalog: TableCatalog, zones: Zones) -> Mart:
    """Make a mart's table stand. One that cannot take the columns as it stands is given them, and the
    rows to go with them, by the mart's next refresh."""
    home = zones.mart(mart.dataset)
    try:
        catalog.ensure(TableSpec(home, mart.columns, f"s3://{bucket}/marts/{mart.dataset}", {}))
    except IncompatibleTable:
        catalog.state(home)
    return mart


def rows_as_known(
    plan: Plan,
    columns: Sequence[str],
    catalog: TableCatalog,
    zones: Zones,
    *,
    below_batch: int,
    between: Mapping[str, tuple[object, object]],
) -> "Iterator[RecordBatch]":
    """The rows of the plan's curated table, as `TableCatalog.read` gives them, under the names that the plan
    has for its columns: a newer contract may have renamed them while a batch is under way."""
    home = zones.curated(plan.dataset)
    names = {number: path for path, number in catalog.state(home).field_ids.items()}
    now = {name: names[plan.field_ids[name]] for name in {*columns, *between}}
    bounds = {now[name]: ends for name, ends in between.items()}
    rows = catalog.read(home, [now[name] for name in columns], below_batch=below_batch, between=bounds)
    return (batch.rename_columns(list(columns)) for batch in rows)
