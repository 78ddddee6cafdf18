"""Table properties in Athena's and Iceberg's names; partition transforms in Hive's and Trino's grammar."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyiceberg import transforms as ice
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported

NO_LOCATION = "No location was specified for table. An S3 location must be specified"
_KEPT = {
    "optimize_rewrite_data_file_threshold",
    "optimize_rewrite_delete_file_threshold",
    "vacuum_max_metadata_files_to_keep",
    "vacuum_max_snapshot_age_seconds",
    "vacuum_min_snapshots_to_keep",
}
Transform = ice.Transform[Any, Any]
_PLAIN: dict[str, Transform] = {
    "year": ice.YearTransform(),
    "month": ice.MonthTransform(),
    "day": ice.DayTransform(),
    "hour": ice.HourTransform(),
}
_SIZED: dict[str, Callable[[int], Transform]] = {
    "bucket": ice.BucketTransform,
    "truncate": ice.TruncateTransform,
}
_PARTITION = re.compile(r'(?:(\w+)\s*\(\s*"?(\w+)"?\s*(?:,\s*(\d+)\s*)?\)|"?(\w+)"?)', re.ASCII)
_FIRST_FIELD_ID = 1000


@dataclass(frozen=True)
class Partition:
    """One field of a partition specification, by its source column's name."""

    source: str
    transform: Transform

    def name(self) -> str:
        """`day` of ts is ts_day, `truncate` of s is s_trunc; an identity has its column's name."""
        kind = re.match(r"[a-z]+", str(self.transform))
        suffix = {"identity": "", "truncate": "_trunc"}.get(
            kind[0] if kind else "", f"_{kind[0] if kind else ''}"
        )
        return f"{self.source}{suffix}"


def partition(name: str, source: str, size: int | None) -> Partition:
    if size is not None and name in _SIZED:
        return Partition(source, _SIZED[name](size))
    if size is None and name in _PLAIN:
        return Partition(source, _PLAIN[name])
    raise QueryFailed("INVALID_TABLE_PROPERTY", f"Unable to parse partitioning value: {name}({source})")


def specification(partitions: list[Partition], schema: Schema) -> PartitionSpec:
    fields = []
    by_name = {f.name.lower(): f for f in schema.fields}
    for i, each in enumerate(partitions):
        if each.source not in by_name:
            raise QueryFailed("COLUMN_NOT_FOUND", f"Partition column '{each.source}' not found")
        source = by_name[each.source]
        if not each.transform.can_transform(source.field_type):
            raise QueryFailed(
                "INVALID_TABLE_PROPERTY",
                f"Invalid source type {source.field_type} for transform: {each.transform}",
            )
        fields.append(PartitionField(source.field_id, _FIRST_FIELD_ID + i, each.transform, each.name()))
    return PartitionSpec(*fields)


def iceberg_properties(given: Mapping[str, str]) -> dict[str, str]:
    """Athena's table properties as Iceberg's; Athena takes those it knows and no other."""
    found = {
        "write.format.default": "parquet",
        "write.parquet.compression-codec": "zstd",
        "format-version": "2",
    }
    for key, value in given.items():
        if key == "format":
            if value.lower() != "parquet":
                raise not_supported(f"Tables of format {value}")
        elif key == "write_compression":
            found["write.parquet.compression-codec"] = value.lower()
        elif key in _KEPT:
            found[key] = value
        else:
            raise QueryFailed("INVALID_TABLE_PROPERTY", f"Unsupported table property key: {key}")
    return found


@dataclass(frozen=True)
class CtasProperties:
    """The WITH clause of CREATE TABLE AS."""

    location: str
    table: dict[str, str]
    partitions: list[Partition]

    @classmethod
    def read(cls, tree: exp.Create) -> "CtasProperties":
        """Raises for Hive tables, unknown properties, and where no location is given."""
        properties = tree.args.get("properties")
        given = dict(map(_named, properties.expressions)) if properties is not None else {}
        kind = _text(given.pop("table_type", exp.Literal.string("HIVE")), "table_type")
        if kind.upper() != "ICEBERG":
            raise not_supported("CREATE TABLE AS but with table_type = 'ICEBERG'")
        external = given.pop("is_external", exp.false())
        if not isinstance(external, exp.Boolean) or external.this:
            raise QueryFailed("INVALID_TABLE_PROPERTY", "is_external must be false for Iceberg tables")
        location = given.pop("location", None)
        if location is None:
            raise QueryFailed("INVALID_TABLE_PROPERTY", NO_LOCATION)
        partitioning = given.pop("partitioning", exp.Array(expressions=[]))
        partitions = [_trino_partition(_text(p, "partitioning")) for p in partitioning.expressions]
        table = iceberg_properties({k: _text(v, k) for k, v in given.items()})
        return cls(_text(location, "location").rstrip("/"), table, partitions)

    def spec(self, schema: Schema) -> PartitionSpec:
        return specification(self.partitions, schema)


def _named(node: exp.Expr) -> tuple[str, exp.Expr]:
    """A property's name and value; sqlglot has kinds of its own for some."""
    match node:
        case exp.LocationProperty():
            return "location", node.this
        case exp.FileFormatProperty():
            return "format", node.this
        case exp.PartitionedByProperty():
            return "partitioned_by", node.this
        case exp.Property() if node.args.get("value") is not None:
            return node.name.lower(), node.args["value"]
    raise not_supported(f"{node.sql('trino')} in CREATE TABLE AS")


def _text(node: exp.Expr, key: str) -> str:
    if not isinstance(node, exp.Literal):
        raise QueryFailed(
            "INVALID_TABLE_PROPERTY", f"Invalid value for catalog table property '{key}': {node.sql('trino')}"
        )
    return str(node.this)


def _trino_partition(shown: str) -> Partition:
    """`day(ts)`, `bucket(id, 16)`, `truncate(name, 3)` or a column."""
    found = _PARTITION.fullmatch(shown.strip().lower())
    if found is None:
        raise QueryFailed("INVALID_TABLE_PROPERTY", f"Unable to parse partitioning value: {shown}")
    if found[4]:
        return Partition(found[4], ice.IdentityTransform())
    return partition(found[1], found[2], int(found[3]) if found[3] else None)


def hive_partition(node: exp.Expr) -> Partition:
    """A member of PARTITIONED BY: `day(ts)`, `bucket(16, id)`, `truncate(3, name)` or a column."""
    match node:
        case exp.Identifier() | exp.Column():
            return Partition(node.name.lower(), ice.IdentityTransform())
        case exp.PartitionedByBucket() | exp.PartitionByTruncate():
            name = "bucket" if isinstance(node, exp.PartitionedByBucket) else "truncate"
            return partition(name, node.this.name.lower(), int(node.expression.name))
        case exp.Anonymous() if len(node.expressions) == 1:
            return partition(node.name.lower(), node.expressions[0].name.lower(), None)
    raise QueryFailed("INVALID_TABLE_PROPERTY", f"Unable to parse partitioning value: {node.sql('hive')}")
