"""Iceberg metadata as tables: `"t$snapshots"`, `$history`, `$files`, `$partitions` and `$properties`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.types import PrimitiveType

from headrace_local.athena.scan import Planned
from headrace_local.athena.trino import types as t
from headrace_local.athena.trino.context import Condition

_MOMENT = pa.timestamp("us", tz="UTC")
_COUNTS = pa.map_(pa.int32(), pa.int64())
_BOUNDS = pa.map_(pa.int32(), pa.string())
_TRINO_COUNTS = t.mapping(t.INTEGER, t.BIGINT)
_TRINO_BOUNDS = t.mapping(t.INTEGER, t.VARCHAR)

Row = dict[str, Any]
Columns = list[tuple[str, t.Type, pa.DataType]]


@dataclass(frozen=True)
class MetadataScan:
    """A metadata table whose rows are computed when it is read."""

    origin: tuple[str, ...]
    shape: Columns
    rows: Callable[[], Sequence[Row]]

    @property
    def columns(self) -> list[tuple[str, t.Type]]:
        return [(name, kind) for name, kind, _ in self.shape]

    def plan(self, conditions: Sequence[Condition], used: set[int]) -> Planned:  # noqa: ARG002
        """All rows, whatever is asked of them: metadata is small, and is not billed as data."""
        return Planned(0, self._read)

    def _read(self) -> pa.Table:
        schema = pa.schema([(f"c{i}", kind) for i, (_, _, kind) in enumerate(self.shape)])
        named = [{f"c{i}": row[name] for i, (name, _, _) in enumerate(self.shape)} for row in self.rows()]
        return pa.Table.from_pylist(named, schema=schema)


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _snapshots(origin: tuple[str, ...], table: Table) -> MetadataScan:
    shape: Columns = [
        ("committed_at", t.timestamp_tz(), _MOMENT),
        ("snapshot_id", t.BIGINT, pa.int64()),
        ("parent_id", t.BIGINT, pa.int64()),
        ("operation", t.VARCHAR, pa.string()),
        ("manifest_list", t.VARCHAR, pa.string()),
        ("summary", t.mapping(t.VARCHAR, t.VARCHAR), pa.map_(pa.string(), pa.string())),
    ]

    def rows() -> list[Row]:
        return [
            {
                "committed_at": _instant(s.timestamp_ms),
                "snapshot_id": s.snapshot_id,
                "parent_id": s.parent_snapshot_id,
                "operation": s.summary.operation.value if s.summary else None,
                "manifest_list": s.manifest_list,
                "summary": list(s.summary.additional_properties.items()) if s.summary else None,
            }
            for s in table.metadata.snapshots
        ]

    return MetadataScan(origin, shape, rows)


def _history(origin: tuple[str, ...], table: Table) -> MetadataScan:
    shape: Columns = [
        ("made_current_at", t.timestamp_tz(), _MOMENT),
        ("snapshot_id", t.BIGINT, pa.int64()),
        ("parent_id", t.BIGINT, pa.int64()),
        ("is_current_ancestor", t.BOOLEAN, pa.bool_()),
    ]

    def rows() -> list[Row]:
        parents = {s.snapshot_id: s.parent_snapshot_id for s in table.metadata.snapshots}
        ancestors, place = set(), table.metadata.current_snapshot_id
        while place is not None:
            ancestors.add(place)
            place = parents.get(place)
        return [
            {
                "made_current_at": _instant(entry.timestamp_ms),
                "snapshot_id": entry.snapshot_id,
                "parent_id": parents.get(entry.snapshot_id),
                "is_current_ancestor": entry.snapshot_id in ancestors,
            }
            for entry in table.metadata.snapshot_log
        ]

    return MetadataScan(origin, shape, rows)


def _live_files(table: Table) -> list[DataFile]:
    snapshot = table.current_snapshot()
    manifests = snapshot.manifests(table.io) if snapshot is not None else []
    return [e.data_file for m in manifests for e in m.fetch_manifest_entry(table.io, discard_deleted=True)]


def _bounds(table: Table, bounds: dict[int, bytes] | None) -> list[tuple[int, str]] | None:
    if bounds is None:
        return None
    found = []
    for field_id, stored in bounds.items():
        kind = table.schema().find_type(field_id)
        if isinstance(kind, PrimitiveType):
            found.append((field_id, str(from_bytes(kind, stored))))
    return found


def _files(origin: tuple[str, ...], table: Table) -> MetadataScan:
    shape: Columns = [
        ("content", t.INTEGER, pa.int32()),
        ("file_path", t.VARCHAR, pa.string()),
        ("record_count", t.BIGINT, pa.int64()),
        ("file_format", t.VARCHAR, pa.string()),
        ("file_size_in_bytes", t.BIGINT, pa.int64()),
        ("column_sizes", _TRINO_COUNTS, _COUNTS),
        ("value_counts", _TRINO_COUNTS, _COUNTS),
        ("null_value_counts", _TRINO_COUNTS, _COUNTS),
        ("nan_value_counts", _TRINO_COUNTS, _COUNTS),
        ("lower_bounds", _TRINO_BOUNDS, _BOUNDS),
        ("upper_bounds", _TRINO_BOUNDS, _BOUNDS),
        ("key_metadata", t.VARBINARY, pa.binary()),
        ("split_offsets", t.array(t.BIGINT), pa.list_(pa.int64())),
        ("equality_ids", t.array(t.INTEGER), pa.list_(pa.int32())),
    ]

    def row(file: DataFile) -> Row:
        counts = ("column_sizes", "value_counts", "null_value_counts", "nan_value_counts")
        return {
            "content": int(file.content),
            "file_path": file.file_path,
            "record_count": file.record_count,
            "file_format": file.file_format.value,
            "file_size_in_bytes": file.file_size_in_bytes,
            **{name: list(found.items()) if (found := getattr(file, name)) else None for name in counts},
            "lower_bounds": _bounds(table, file.lower_bounds),
            "upper_bounds": _bounds(table, file.upper_bounds),
            "key_metadata": file.key_metadata,
            "split_offsets": file.split_offsets,
            "equality_ids": file.equality_ids,
        }

    return MetadataScan(origin, shape, lambda: [row(f) for f in _live_files(table)])


def _partitions(origin: tuple[str, ...], table: Table) -> MetadataScan:
    """One row a partition; Trino's column `data`, with bounds for each column, is left out."""
    spec = table.spec()
    fields = spec.partition_type(table.schema()).fields
    kinds = [(f.name, t.from_iceberg(f.field_type)) for f in fields]
    arrow = pa.struct([(name, _ARROW[kind.name]) for name, kind in kinds])
    shape: Columns = [
        *([("partition", t.row([(n, k) for n, k in kinds]), arrow)] if kinds else []),
        ("record_count", t.BIGINT, pa.int64()),
        ("file_count", t.BIGINT, pa.int64()),
        ("total_size", t.BIGINT, pa.int64()),
    ]

    def rows() -> list[Row]:
        found: dict[tuple[Any, ...], Row] = {}
        for file in _live_files(table):
            key = tuple(file.partition[i] for i in range(len(fields)))
            empty = {"record_count": 0, "file_count": 0, "total_size": 0}
            row = found.setdefault(
                key, {"partition": dict(zip((n for n, _ in kinds), key, strict=True)), **empty}
            )
            row["record_count"] += file.record_count
            row["file_count"] += 1
            row["total_size"] += file.file_size_in_bytes
        return list(found.values())

    return MetadataScan(origin, shape, rows)


_ARROW = {
    "boolean": pa.bool_(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "varchar": pa.string(),
    "date": pa.date32(),
}


def _properties(origin: tuple[str, ...], table: Table) -> MetadataScan:
    shape: Columns = [("key", t.VARCHAR, pa.string()), ("value", t.VARCHAR, pa.string())]
    return MetadataScan(origin, shape, lambda: [{"key": k, "value": v} for k, v in table.properties.items()])


METADATA_TABLES: dict[str, Callable[[tuple[str, ...], Table], MetadataScan]] = {
    "snapshots": _snapshots,
    "history": _history,
    "files": _files,
    "partitions": _partitions,
    "properties": _properties,
}
