"""Data files of a table: described from their footers for a commit, and read back in batches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.expressions import (
    AlwaysTrue,
    And,
    BooleanExpression,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
)
from pyiceberg.io import InputFile
from pyiceberg.io.fileformat import DataFileStatistics
from pyiceberg.io.pyarrow import (
    ArrowScan,
    UnsupportedPyArrowTypeException,
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    pyarrow_to_schema,
    schema_to_pyarrow,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionField, partition_record_value
from pyiceberg.schema import Schema
from pyiceberg.table import DataScan, FileScanTask, Table
from pyiceberg.typedef import Record

from headrace.aws.iceberg.commit import translated
from headrace.aws.iceberg.schema import require_readable
from headrace.domain.errors import IncompatibleTable

_AT_ONCE = 8

# ── describing ───────────────────────────────────────────────────────────────────────────────────


def data_files(table: Table, uris: Sequence[str]) -> list[DataFile]:
    """Parquet files as a manifest lists them, from their footers alone: their rows are not read.

    Raises IncompatibleTable for one that the table cannot read, or that spans two of its partitions.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda uri: _data_file(table, uri), uris))


def _data_file(table: Table, uri: str) -> DataFile:
    file = table.io.new_input(uri)
    with file.open() as stream:
        footer = pq.read_metadata(stream)
    try:
        written = pyarrow_to_schema(footer.schema.to_arrow_schema())
    except (ValueError, UnsupportedPyArrowTypeException) as error:
        raise IncompatibleTable(f"{uri} is not written as an Iceberg data file: {error}") from error
    require_readable(uri, written, table.schema())
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=footer,
        stats_columns=compute_statistics_plan(written, table.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(written),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=uri,
        file_format=FileFormat.PARQUET,
        partition=_partition(table, file, written, statistics),
        file_size_in_bytes=len(file),
        spec_id=table.spec().spec_id,
        **statistics.to_serialized_dict(),
    )


def _partition(table: Table, file: InputFile, written: Schema, statistics: DataFileStatistics) -> Record:
    """The partition that the file itself proves: its values are all NULL, or none is, and the least and
    the greatest lie in it. Every transform that contracts may use keeps the order of values.

    Writers shorten long texts in their statistics, or leave them out: the column is then read.
    """
    schema = table.schema()
    values = []
    for field in table.spec().fields:
        bounds = _bounds(field.source_id, written, statistics)
        partitions = _partitions(field, bounds, schema) if bounds else set()
        if len(partitions) != 1:
            bounds = _read_bounds(file, written.find_field(field.source_id).name)
            partitions = _partitions(field, bounds, schema)
        if len(partitions) != 1:
            raise IncompatibleTable(f"{file.location} spans more than one partition by {field.name}")
        values.append(partitions.pop())
    return Record(*values)


def _partitions(field: PartitionField, bounds: Sequence[object], schema: Schema) -> set[object]:
    transform = field.transform.transform(schema.find_type(field.source_id))
    return {transform(partition_record_value(field, bound, schema)) for bound in bounds}


def _bounds(field_id: int, written: Schema, statistics: DataFileStatistics) -> Sequence[object]:
    """Values between which all of the column's lie, NULL among them if one is; none where it is unknown."""
    nulls = statistics.null_value_counts.get(field_id)
    found = statistics.column_aggregates.get(field_id)
    if field_id not in written.field_ids or nulls == statistics.record_count:
        return (None,)
    if nulls is None or found is None or found.current_min is None or found.current_max is None:
        return ()
    return (found.current_min, found.current_max, *((None,) if nulls else ()))


def _read_bounds(file: InputFile, name: str) -> Sequence[object]:
    with file.open() as stream:
        values = pq.read_table(stream, columns=[name]).column(0)
    bounds = pc.min_max(values).as_py()
    return (bounds["min"], bounds["max"], *((None,) if values.null_count else ()))


def files_of(table: Table) -> set[DataFile]:
    """The data files that the table holds now."""
    return {task.file for task in table.scan().plan_files()}


def whole_files_of(table: Table, heir: Table) -> set[DataFile]:
    """The table's files, if they are all of it and fit in another's partitions: deletes are not shared."""
    tasks = list(table.scan().plan_files())
    if table.spec() != heir.spec() or any(task.delete_files for task in tasks):
        raise IncompatibleTable(
            f"{'.'.join(table.name())} has other partitions than {'.'.join(heir.name())}, or row-level "
            "deletes: write it anew"
        )
    return {task.file for task in tasks}


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def read_rows(
    table: Table,
    columns: Sequence[str],
    below_batch: int | None,
    between: Mapping[str, tuple[object, object]],
    doing: str,
) -> Iterator[pa.RecordBatch]:
    """What `TableCatalog.read` promises, of a table as it was loaded; `doing` is what errors name."""
    needed = {*columns, *between, *(("_batch",) if below_batch is not None else ())}
    if missing := needed - {field.name for field in table.schema().fields}:
        raise IncompatibleTable(f"{doing}: there is no column {', '.join(sorted(missing))}")
    scan = table.scan(_wanted(below_batch, between), selected_fields=tuple(columns))
    return _batches(scan, list(scan.plan_files()), columns, doing)


def _wanted(below_batch: int | None, between: Mapping[str, tuple[object, object]]) -> BooleanExpression:
    wanted: BooleanExpression = AlwaysTrue()
    if below_batch is not None:
        wanted = _compared(LessThan, "_batch", below_batch)
    for name, (least, most) in between.items():
        at_least = _compared(GreaterThanOrEqual, name, least)
        wanted = And(wanted, at_least, _compared(LessThanOrEqual, name, most))
    return wanted


def _compared(comparison: Callable[..., Any], column: str, value: object) -> BooleanExpression:
    compared: BooleanExpression = comparison(column, value)
    return compared


def _batches(
    scan: DataScan, tasks: Sequence[FileScanTask], columns: Sequence[str], doing: str
) -> Iterator[pa.RecordBatch]:
    """PyIceberg holds all that it reads of the files that it is given: it is given a few at a time."""
    rows = ArrowScan(scan.table_metadata, scan.io, scan.projection(), scan.row_filter)
    whole = schema_to_pyarrow(scan.projection(), include_field_ids=False)
    form = pa.schema([whole.field(name) for name in columns])
    for start in range(0, len(tasks), _AT_ONCE):
        with translated(doing):
            for batch in rows.to_record_batches(tasks[start : start + _AT_ONCE]):
                yield batch.select(list(columns)).cast(form)
