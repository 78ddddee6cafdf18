"""INSERT and CREATE TABLE AS: the rows as files of the table's partitions, and one commit."""

import uuid
from collections.abc import Iterator
from itertools import count

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import pyarrow_to_schema, schema_to_pyarrow, write_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionField, PartitionFieldValue, PartitionKey
from pyiceberg.schema import Schema
from pyiceberg.table import Transaction, WriteTask
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.types import NestedField, TimestampType, TimestamptzType, UUIDType
from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.outcome import Outcome, changed
from headrace_local.athena.properties import CtasProperties
from headrace_local.athena.select import Rows, Run, named
from headrace_local.athena.trino.coercion import coerces
from headrace_local.athena.trino.dialect import only, position
from headrace_local.athena.trino.queries import Queries, Query
from headrace_local.athena.trino.types import Type, from_iceberg, to_iceberg


def insert(run: Run, tree: exp.Insert) -> Outcome:
    """INSERT INTO: appends the query's rows to the table, all in one commit."""
    only(tree, "this", "expression")
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if not isinstance(target, exp.Table) or tree.expression is None:
        raise not_supported(tree.sql("trino"))
    database, name = run.lake.qualified(tuple(p.name.lower() for p in target.parts), position(target))
    table = run.lake.load(database, name, position(target))
    fields = _targets(tree, table.schema())
    wanted = [from_iceberg(f.field_type) for f in fields]
    rows = run.query(tree.expression, lambda queries, query: _coerced(queries, query, wanted))
    data = _shaped(rows, fields, table.schema())
    if len(data):
        files = list(_files(table.metadata, table.io, data))
        run.check()
        with _committing(f"{database}.{name}"), table.transaction() as transaction:
            _append(transaction, files)
    return changed(len(data), "INSERT")


def create_as(run: Run, tree: exp.Create) -> Outcome:
    """CREATE TABLE … WITH (table_type = 'ICEBERG') AS: the table appears with its rows, or not at all."""
    only(tree, "this", "kind", "properties", "expression", "exists")
    target = tree.this
    if not isinstance(target, exp.Table):
        raise QueryFailed("NOT_SUPPORTED", "CREATE TABLE AS with a list of columns", position(tree))
    database, name = run.lake.qualified(tuple(p.name.lower() for p in target.parts), position(target))
    properties = CtasProperties.read(tree)
    if not run.lake.has_database(database):
        raise QueryFailed("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist", position(target))
    if name in run.lake.tables(database):
        if tree.args.get("exists"):
            return changed(0, "CREATE TABLE")
        raise QueryFailed("TABLE_ALREADY_EXISTS", f"Table '{database}.{name}' already exists", 0)
    rows = run.query(tree.expression)
    ids = count(1)
    fields = [
        NestedField(next(ids), column, to_iceberg(kind, lambda: next(ids)), required=False)
        for column, kind in named(rows.query)
    ]
    schema = Schema(*fields)
    with _committing(f"{database}.{name}"):
        transaction = run.lake.catalog.create_table_transaction(
            (database, name),
            schema,
            properties.location,
            properties.spec(schema),
            properties=properties.table,
        )
        metadata = transaction.table_metadata
        data = _shaped(rows, list(metadata.schema().fields), metadata.schema())
        files = list(_files(metadata, transaction._table.io, data)) if len(data) else []
        run.check()
        _append(transaction, files)
        transaction.commit_transaction()
    return changed(len(data), "CREATE TABLE")


class _committing:  # noqa: N801 - reads as a clause of the with statement
    """Tells a commit that lost a race, or a table that appeared meanwhile, in Athena's words."""

    def __init__(self, table: str) -> None:
        self.table = table

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, CommitFailedException):
            raise QueryFailed(
                "ICEBERG_COMMIT_ERROR", f"Failed to commit Iceberg update to table: {self.table}"
            ) from error
        if isinstance(error, TableAlreadyExistsError):
            raise QueryFailed("TABLE_ALREADY_EXISTS", f"Table '{self.table}' already exists") from error


def _append(transaction: Transaction, files: list[DataFile]) -> None:
    with transaction.update_snapshot().fast_append() as append:
        for file in files:
            append.append_data_file(file)


def _targets(tree: exp.Insert, schema: Schema) -> list[NestedField]:
    """The fields that INSERT names, or all of them, in order."""
    if not isinstance(tree.this, exp.Schema):
        return list(schema.fields)
    by_name = {f.name.lower(): f for f in schema.fields}
    names = [c.name.lower() for c in tree.this.expressions]
    for node, name in zip(tree.this.expressions, names, strict=True):
        if name not in by_name:
            raise QueryFailed(
                "COLUMN_NOT_FOUND",
                f"Insert column name does not exist in target table: {name}",
                position(node),
            )
        if names.count(name) > 1:
            raise QueryFailed(
                "DUPLICATE_COLUMN_NAME",
                f"Insert column name is specified more than once: {name}",
                position(node),
            )
    return [by_name[n] for n in names]


def _coerced(queries: Queries, query: Query, wanted: list[Type]) -> Query:
    given = [t for _, t in query.columns]
    if len(given) != len(wanted) or not all(coerces(g, w) for g, w in zip(given, wanted, strict=True)):
        shown = (", ".join(map(str, types)) for types in (wanted, given))
        raise QueryFailed(
            "TYPE_MISMATCH",
            "Insert query has mismatched column types: Table: [{}], Query: [{}]".format(*shown),
            0,
        )
    return queries.retyped(query, wanted)


def _shaped(rows: Rows, given: list[NestedField], schema: Schema) -> pa.Table:
    """The rows as the table's columns: in its order, its Arrow types, nulls for what was not given."""
    places = {f.field_id: i for i, f in enumerate(given)}
    arrow = schema_to_pyarrow(schema, include_field_ids=False)
    columns = []
    for field, target in zip(schema.fields, arrow, strict=True):
        if isinstance(field.field_type, UUIDType):
            raise not_supported(f"Writing the column {field.name} of type uuid")
        place = places.get(field.field_id)
        values = rows.table.column(place) if place is not None else pa.nulls(len(rows.table))
        if field.required and values.null_count:
            raise QueryFailed(
                "CONSTRAINT_VIOLATION", f"NULL value not allowed for NOT NULL column: {field.name}"
            )
        columns.append(values.cast(target.type))
    return pa.Table.from_arrays(columns, schema=arrow)


def _files(metadata: TableMetadata, io: FileIO, data: pa.Table) -> Iterator[DataFile]:
    """Writes the rows, one file for each of their partitions."""
    schema, write_id = metadata.schema(), uuid.uuid4()
    task_schema = pyarrow_to_schema(
        data.schema, name_mapping=schema.name_mapping, format_version=metadata.format_version
    )
    tasks = (
        WriteTask(
            write_uuid=write_id,
            task_id=i,
            schema=task_schema,
            record_batches=part.combine_chunks().to_batches(),
            partition_key=key,
        )
        for i, (key, part) in enumerate(_partitions(metadata, data))
    )
    yield from write_file(io=io, table_metadata=metadata, tasks=tasks)


def _partitions(metadata: TableMetadata, data: pa.Table) -> Iterator[tuple[PartitionKey | None, pa.Table]]:
    """The rows of each partition.

    PyIceberg's own transforms of columns need a compiled extra; a column's distinct values, transformed one
    by one with the transforms of its specification, come to the same.
    """
    spec, schema = metadata.spec(), metadata.schema()
    if spec.is_unpartitioned():
        yield None, data
        return
    keyed = data
    names = [f"partition {i}" for i in range(len(spec.fields))]
    for name, field in zip(names, spec.fields, strict=True):
        keyed = keyed.append_column(name, _transformed(field, schema, data))
    for values in keyed.select(names).group_by(names).aggregate([]).to_pylist():
        chosen = keyed
        for name in names:
            column = chosen.column(name)
            chosen = chosen.filter(
                pc.is_null(column) if values[name] is None else pc.equal(column, values[name])
            )
        pairs = [
            PartitionFieldValue(field=f, value=values[n]) for f, n in zip(spec.fields, names, strict=True)
        ]
        yield PartitionKey(field_values=pairs, partition_spec=spec, schema=schema), chosen.drop_columns(names)


def _transformed(field: PartitionField, schema: Schema, data: pa.Table) -> pa.ChunkedArray:
    source = schema.find_field(field.source_id)
    transform = field.transform.transform(source.field_type)
    column = data.column(source.name)
    moments = isinstance(source.field_type, (TimestampType, TimestamptzType))
    encoded = (column.cast(pa.int64()) if moments else _as_days(column)).combine_chunks().dictionary_encode()
    values = [transform(v) for v in encoded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(values).take(encoded.indices)])


def _as_days(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.int32()) if pa.types.is_date(column.type) else column
