"""Adds delete files to a table, as engines that merge on read do; PyIceberg reads them but writes none."""

import uuid

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestContent, ManifestWriterV2
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.table import Table
from pyiceberg.typedef import Record


class _DeleteManifest(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


def add_position_deletes(table: Table, path: str, places: list[int]) -> None:
    """Deletes the rows at these places, from 0, of one data file."""
    rows = pa.table(
        {"file_path": [path] * len(places), "pos": pa.array(places, pa.int64())},
        schema=pa.schema(
            [
                pa.field("file_path", pa.string(), False, {"PARQUET:field_id": "2147483546"}),
                pa.field("pos", pa.int64(), False, {"PARQUET:field_id": "2147483545"}),
            ]
        ),
    )
    _add(table, rows, DataFileContent.POSITION_DELETES, None)


def add_equality_deletes(table: Table, column: str, values: list[int]) -> None:
    """Deletes the rows where the column has one of these values."""
    field = table.schema().find_field(column)
    kind = pa.field(column, pa.int64(), True, {"PARQUET:field_id": str(field.field_id)})
    rows = pa.table({column: pa.array(values, pa.int64())}, schema=pa.schema([kind]))
    _add(table, rows, DataFileContent.EQUALITY_DELETES, [field.field_id])


def _add(table: Table, rows: pa.Table, content: DataFileContent, equality_ids: list[int] | None) -> None:
    path = f"{table.location()}/data/{uuid.uuid4()}-deletes.parquet"
    output = table.io.new_output(path)
    with output.create() as stream:
        pq.write_table(rows, stream)
    file = DataFile.from_args(
        content=content,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=len(rows),
        file_size_in_bytes=len(output),
        equality_ids=equality_ids,
        spec_id=0,
    )
    transaction = table.transaction()
    append = transaction.update_snapshot().fast_append()

    def writer(spec: PartitionSpec) -> _DeleteManifest:
        output_file = append.new_manifest_output()
        schema = transaction.table_metadata.schema()
        return _DeleteManifest(spec, schema, output_file, append.snapshot_id, "deflate")

    append.new_manifest_writer = writer  # type: ignore[method-assign]
    append.append_data_file(file)
    append.commit()
    transaction.commit_transaction()
