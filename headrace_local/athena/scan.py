"""Reading an Iceberg table: the version asked for, its files that may matter, and the columns in use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
from pyiceberg import expressions as ice
from pyiceberg.expressions.literals import literal
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.trino.context import Condition
from headrace_local.athena.trino.types import Type, from_iceberg

_COMPARE: dict[str, Callable[..., ice.BooleanExpression]] = {
    "=": ice.EqualTo,
    "<": ice.LessThan,
    "<=": ice.LessThanOrEqual,
    ">": ice.GreaterThan,
    ">=": ice.GreaterThanOrEqual,
}


@dataclass(frozen=True)
class Planned:
    """What a scan will read: `size` bytes of columns, by calling `read` for a table with columns c0, c1 …"""

    size: int
    read: Callable[[], pa.Table]


def at_version(table: Table, version: int | str | datetime | None, at: int | None) -> int | None:
    """The snapshot of a version: its id, a branch's or tag's, or the one current at a moment."""
    match version:
        case None:
            return None
        case int():
            found = table.snapshot_by_id(version)
            missing = f"Iceberg snapshot ID does not exists: {version}"
        case str():
            found = table.snapshot_by_name(version)
            missing = f"Cannot find snapshot with reference name: {version}"
        case datetime():
            milliseconds = int(version.astimezone(UTC).timestamp() * 1000)
            found = table.snapshot_as_of_timestamp(milliseconds)
            name = ".".join(table.name())
            missing = f'No version history table "{name}" at or before {version.astimezone(UTC).isoformat()}'
    if found is None:
        raise QueryFailed("INVALID_ARGUMENTS", missing, at)
    return found.snapshot_id


@dataclass(frozen=True)
class IcebergScan:
    """A table at a snapshot (None: the current one), with that snapshot's schema."""

    origin: tuple[str, ...]
    table: Table
    snapshot_id: int | None = None

    @property
    def schema(self) -> Schema:
        snapshot = self.table.snapshot_by_id(self.snapshot_id) if self.snapshot_id is not None else None
        if snapshot is None or snapshot.schema_id is None:
            return self.table.schema()
        return self.table.schemas()[snapshot.schema_id]

    @property
    def columns(self) -> list[tuple[str, Type]]:
        return [(f.name.lower(), from_iceberg(f.field_type)) for f in self.schema.fields]

    def plan(self, conditions: Sequence[Condition], used: set[int]) -> Planned:
        """The files to read and how large the used columns are in them; raises for equality deletes."""
        tasks = self._tasks(conditions)
        places = sorted(used) or [0]
        schema = Schema(*(self.schema.fields[i] for i in places))
        size = sum(_size(task, schema, counted=bool(used)) for task in tasks)
        return Planned(size, lambda: self._read(tasks, schema, places))

    def _tasks(self, conditions: Sequence[Condition]) -> list[FileScanTask]:
        # An older schema may name columns otherwise than the current one, by which PyIceberg reads filters.
        kept = conditions if self.snapshot_id is None else []
        names = {f.name.lower(): f.name for f in self.schema.fields}
        row_filter: ice.BooleanExpression = ice.AlwaysTrue()
        for condition in kept:
            row_filter = ice.And(row_filter, _expression(names[condition.column], condition))
        try:
            return list(self.table.scan(row_filter=row_filter, snapshot_id=self.snapshot_id).plan_files())
        except ValueError as error:
            if "equality deletes" not in str(error):
                raise
            raise not_supported(f"{'.'.join(self.origin)}, which has equality deletes") from error

    def _read(self, tasks: list[FileScanTask], schema: Schema, places: Sequence[int]) -> pa.Table:
        scan = ArrowScan(self.table.metadata, self.table.io, schema, ice.AlwaysTrue(), case_sensitive=True)
        return scan.to_table(tasks).rename_columns([f"c{i}" for i in places])


def _expression(name: str, condition: Condition) -> ice.BooleanExpression:
    if condition.symbol == "in":
        return ice.In(term=ice.Reference(name), values={literal(v) for v in condition.values})
    return _COMPARE[condition.symbol](ice.Reference(name), condition.values[0])


def _size(task: FileScanTask, schema: Schema, *, counted: bool) -> int:
    """The bytes of a file's columns in use, whole where it does not tell, and of its delete files."""
    deletes = sum(d.file_size_in_bytes for d in task.delete_files)
    if not counted:
        return deletes
    sizes = task.file.column_sizes or {}
    known = [sizes[i] for i in schema.field_ids if i in sizes]
    return deletes + (sum(known) if known else task.file.file_size_in_bytes)
