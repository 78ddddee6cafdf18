"""Statements on the catalog: CREATE, DROP, SHOW and DESCRIBE, in Hive's grammar as Athena reads them."""

import re
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar

from pyiceberg import types as ice
from pyiceberg.exceptions import (
    NoSuchIcebergTableError,
    NoSuchPropertyException,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.partitioning import PartitionField
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from sqlglot import exp
from sqlglot.dialects.hive import Hive
from sqlglot.errors import ParseError
from sqlglot.parsers.hive import HiveParser

from headrace_local.athena.errors import InvalidRequest, QueryFailed, not_supported
from headrace_local.athena.lake import Lake
from headrace_local.athena.outcome import Outcome, lines
from headrace_local.athena.properties import NO_LOCATION, hive_partition, iceberg_properties, specification
from headrace_local.athena.words import Words

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import DatabaseInputTypeDef

_HIVE_TYPES = {
    exp.DataType.Type.BOOLEAN: ice.BooleanType(),
    exp.DataType.Type.INT: ice.IntegerType(),
    exp.DataType.Type.BIGINT: ice.LongType(),
    exp.DataType.Type.FLOAT: ice.FloatType(),
    exp.DataType.Type.DOUBLE: ice.DoubleType(),
    exp.DataType.Type.TEXT: ice.StringType(),
    exp.DataType.Type.BINARY: ice.BinaryType(),
    exp.DataType.Type.DATE: ice.DateType(),
    exp.DataType.Type.TIMESTAMP: ice.TimestampType(),
}
_SHOWN_TYPES = {"long": "bigint", "timestamptz": "timestamp"}
_TASK = "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."


class PlainHive(Hive):
    """Hive's grammar without sqlglot's function catalogue, so that partition transforms stay calls."""

    class Parser(HiveParser):
        """Every call stays a name and its arguments."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}


def parse_create_table(statement: str) -> exp.Create:
    """CREATE TABLE with columns; raises InvalidRequest for what Athena refuses before it runs."""
    try:
        tree = PlainHive().parse(statement)[0]
    except ParseError as error:
        raise InvalidRequest(f"line 1:1: {error.errors[0]['description']}", "MALFORMED_QUERY") from error
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        raise InvalidRequest("Queries of this type are not supported", "MALFORMED_QUERY")
    if _property(tree, exp.LocationProperty) is None:
        raise InvalidRequest(NO_LOCATION, "MALFORMED_QUERY")
    for constraint in tree.this.find_all(exp.ColumnConstraint):
        if not isinstance(constraint.kind, exp.CommentColumnConstraint):
            raise InvalidRequest(
                f"no viable alternative at input '{constraint.sql('hive')}'", "MALFORMED_QUERY"
            )
    return tree


def _property(tree: exp.Create, kind: type[exp.Expr]) -> exp.Expr | None:
    properties = tree.args.get("properties")
    found = [p for p in properties.expressions if isinstance(p, kind)] if properties is not None else []
    return found[0] if found else None


def create_table(lake: Lake, tree: exp.Create) -> Outcome:
    """CREATE TABLE of an Iceberg table, as its TBLPROPERTIES must say."""
    listed = tree.args["properties"].expressions
    given = {p.name.lower(): str(p.args["value"].name) for p in listed if type(p) is exp.Property}
    if given.pop("table_type", "").upper() != "ICEBERG":
        raise not_supported("CREATE TABLE but with TBLPROPERTIES ('table_type' = 'ICEBERG')")
    database, name = lake.qualified(tuple(p.name.lower() for p in tree.this.this.parts), None)
    ids = count(1)
    schema = Schema(*(_column(c, ids) for c in tree.this.expressions))
    partitioned = _property(tree, exp.PartitionedByProperty)
    members = [hive_partition(m) for m in partitioned.this.expressions] if partitioned is not None else []
    location = _property(tree, exp.LocationProperty)
    properties = iceberg_properties(given)
    if not lake.has_database(database):
        raise QueryFailed("FAILED", f"SemanticException [Error 10072]: Database does not exist: {database}")
    if tree.args.get("exists") and name in lake.tables(database):
        return Outcome()
    try:
        lake.catalog.create_table(
            (database, name),
            schema,
            location=location.this.name.rstrip("/") if location is not None else None,
            partition_spec=specification(members, schema),
            properties=properties,
        )
    except TableAlreadyExistsError as error:
        raise QueryFailed(
            "FAILED", f"{_TASK} AlreadyExistsException(message:Table {name} already exists)"
        ) from error
    return Outcome()


def _column(node: exp.Expr, ids: "count[int]") -> ice.NestedField:
    if not isinstance(node, exp.ColumnDef) or node.kind is None:
        raise not_supported(f"{node.sql('hive')} in CREATE TABLE")
    comment = next((c.kind.this.name for c in node.args.get("constraints") or []), None)
    return ice.NestedField(next(ids), node.name.lower(), _type(node.kind, ids), required=False, doc=comment)


def _type(node: exp.DataType, ids: "count[int]") -> ice.IcebergType:
    if node.this in _HIVE_TYPES:
        return _HIVE_TYPES[node.this]
    match node.this:
        case exp.DataType.Type.DECIMAL:
            precision, scale = [int(p.this.name) for p in node.expressions] or (10, 0)
            return ice.DecimalType(precision, scale)
        case exp.DataType.Type.ARRAY:
            return ice.ListType(next(ids), _type(node.expressions[0], ids), element_required=False)
        case exp.DataType.Type.MAP:
            key, value = node.expressions
            return ice.MapType(next(ids), _type(key, ids), next(ids), _type(value, ids), value_required=False)
        case exp.DataType.Type.STRUCT:
            return ice.StructType(*(_column(c, ids) for c in node.expressions))
    raise QueryFailed("NOT_SUPPORTED", f"Unsupported type for Iceberg tables: {node.sql('hive').lower()}")


def create_database(lake: Lake, words: Words) -> Outcome:
    """CREATE DATABASE [IF NOT EXISTS] name [COMMENT '…'] [LOCATION '…']."""
    lenient, name = words.take("IF", "NOT", "EXISTS"), words.name()
    comment = words.text() if words.take("COMMENT") else None
    location = words.text() if words.take("LOCATION") else None
    words.end()
    if lake.has_database(name):
        if lenient:
            return Outcome()
        raise QueryFailed("FAILED", f"{_TASK} AlreadyExistsException(message:Database {name} already exists)")
    details: DatabaseInputTypeDef = {"Name": name}
    if comment is not None:
        details["Description"] = comment
    if location is not None:
        details["LocationUri"] = location
    lake.glue.create_database(DatabaseInput=details)
    return Outcome()


def drop_database(lake: Lake, words: Words) -> Outcome:
    """DROP DATABASE [IF EXISTS] name [RESTRICT | CASCADE]."""
    lenient, name = words.take("IF", "EXISTS"), words.name()
    cascade = words.take("CASCADE")
    if not cascade:
        words.take("RESTRICT")
    words.end()
    if not lake.has_database(name):
        if lenient:
            return Outcome()
        raise QueryFailed("FAILED", f"SemanticException [Error 10072]: Database does not exist: {name}")
    tables = lake.tables(name)
    if tables and not cascade:
        raise QueryFailed(
            "FAILED",
            f"{_TASK} InvalidOperationException(message:Database {name} is not empty. "
            "One or more tables exist.)",
        )
    for table in tables:
        _drop(lake, name, table)
    lake.glue.delete_database(Name=name)
    return Outcome()


def drop_table(lake: Lake, words: Words) -> Outcome:
    """DROP TABLE [IF EXISTS] name: the table and, as Athena does for Iceberg, its files."""
    lenient, parts = words.take("IF", "EXISTS"), words.qualified()
    words.take("PURGE")
    words.end()
    database, name = lake.qualified(parts, None)
    try:
        _drop(lake, database, name)
    except NoSuchTableError as error:
        if not lenient:
            raise QueryFailed("FAILED", f"SemanticException [Error 10001]: Table not found {name}") from error
        return Outcome()
    return Outcome(update_type="DROP TABLE")


def _drop(lake: Lake, database: str, name: str) -> None:
    """An Iceberg table goes with its files; any other leaves its own behind."""
    try:
        lake.catalog.purge_table((database, name))
    except (NoSuchIcebergTableError, NoSuchPropertyException):
        lake.catalog.drop_table((database, name))


def show_databases(lake: Lake, words: Words) -> Outcome:
    """SHOW DATABASES [LIKE 'pattern']: the pattern is a regular expression of the whole name, or `*`."""
    pattern = words.text() if words.take("LIKE") else "*"
    words.end()
    names = [n for n in lake.databases() if pattern == "*" or re.fullmatch(pattern, n)]
    return lines(["database_name"], names)


def show_tables(lake: Lake, words: Words) -> Outcome:
    """SHOW TABLES [IN database] ['pattern']: `*` stands for any characters, `|` between choices."""
    database = words.name() if words.take("IN") or words.take("FROM") else lake.database
    words.take("LIKE")
    pattern = words.text() if words.at_text() else "*"
    words.end()
    if database is None:
        raise QueryFailed("FAILED", "SemanticException [Error 10072]: Database does not exist: null")
    expression = re.sub(r"(?<!\.)\*", ".*", pattern)
    try:
        found = lake.tables(database)
    except QueryFailed as error:
        raise QueryFailed(
            "FAILED", f"SemanticException [Error 10072]: Database does not exist: {database}"
        ) from error
    return lines(["tab_name"], [n for n in found if re.fullmatch(expression, n, re.IGNORECASE)])


def target(lake: Lake, words: Words) -> Table:
    """The table that SHOW COLUMNS, SHOW CREATE TABLE or DESCRIBE names; raises InvalidRequest for none."""
    parts = words.qualified()
    if words.take("IN") or words.take("FROM"):
        parts = (words.name(), parts[-1])
    words.end()
    database, name = lake.qualified(parts, None)
    try:
        return lake.load(database, name, None)
    except QueryFailed as error:
        if error.name not in ("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND"):
            raise
        raise InvalidRequest(
            "Entity Not Found (Service: AmazonDataCatalog; Status Code: 400; "
            "Error Code: EntityNotFoundException; Request ID: laptop; Proxy: null)"
        ) from error


def show_columns(table: Table) -> Outcome:
    return lines(["field"], [f.name.lower() for f in table.schema().fields])


def describe(table: Table) -> Outcome:
    """DESCRIBE: the schema and the partition specification, fields joined by tabs."""
    return lines(["col_name", "data_type", "comment"], _described(table))


def _described(table: Table) -> Iterator[str]:
    yield "# Table schema:\t\t"
    yield "# col_name\tdata_type\tcomment"
    for field in table.schema().fields:
        yield f"{field.name.lower()}\t{_shown(field.field_type)}\t{field.doc or ''}"
    yield "\t\t"
    yield "# Partition spec:\t\t"
    yield "# field_name\tfield_transform\tcolumn_name"
    for part in table.spec().fields:
        yield f"{part.name}\t{part.transform}\t{table.schema().find_column_name(part.source_id)}"


def _shown(t: ice.IcebergType) -> str:
    """An Iceberg type in DESCRIBE's spelling."""
    match t:
        case ice.StructType():
            return "struct<" + ", ".join(f"{f.name}: {_shown(f.field_type)}" for f in t.fields) + ">"
        case ice.ListType():
            return f"array<{_shown(t.element_type)}>"
        case ice.MapType():
            return f"map<{_shown(t.key_type)}, {_shown(t.value_type)}>"
        case ice.TimeType() | ice.UUIDType():
            raise QueryFailed("INVALID_CAST_ARGUMENT", "Table has unsupported column types")
    return _SHOWN_TYPES.get(str(t), str(t))


def show_create_table(table: Table) -> Outcome:
    """SHOW CREATE TABLE: the statement, a line a row."""
    columns = [
        f"  {f.name.lower()} {_shown(f.field_type).replace(', ', ',').replace(': ', ':')}"
        for f in table.schema().fields
    ]
    parts = ", ".join(_hive_transform(table, f) for f in table.spec().fields)
    shown = [f"CREATE TABLE {'.'.join(table.name())} (", *[f"{c}," for c in columns[:-1]], f"{columns[-1]})"]
    shown += [f"PARTITIONED BY ({parts})"] if parts else []
    codec = table.properties.get("write.parquet.compression-codec", "zstd")
    shown += [f"LOCATION '{table.location()}'", "TBLPROPERTIES (", "  'table_type'='iceberg',"]
    return lines(
        ["createtab_stmt"], [*shown, "  'format'='parquet',", f"  'write_compression'='{codec}'", ")"]
    )


def _hive_transform(table: Table, field: PartitionField) -> str:
    source = f"`{table.schema().find_column_name(field.source_id)}`"
    shown = str(field.transform)
    sized = re.fullmatch(r"(\w+)\[(\d+)\]", shown)
    if sized:
        return f"{sized[1]}({sized[2]}, {source})"
    return source if shown == "identity" else f"{shown}({source})"
