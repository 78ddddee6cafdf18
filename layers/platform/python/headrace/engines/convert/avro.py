"""Avro object container files as Parquet, block by block."""

import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
from fastavro.schema import SchemaParseException, UnknownType

from headrace.domain.errors import UnreadableObject
from headrace.engines.convert.avro_container import read_container
from headrace.engines.convert.avro_schema import AvroType, avro_type, without_logical_types
from headrace.engines.convert.expanse import Expanse

_FREE_CELLS = 2_000_000
_BATCH_ROWS = 8_192
_GROUP_BYTES = 32 << 20

_SCHEMA_FAULTS = (SchemaParseException, UnknownType, KeyError, TypeError, ValueError, AttributeError)
# What fastavro raises where bytes are not what the schema says.
_FAULTS = (EOFError, IndexError, KeyError, TypeError, ValueError, ArithmeticError, struct.error)


def avro_to_parquet(path: Path, to: Path) -> None:
    """Raises UnreadableObject where the file is no Avro, is damaged, holds a type that no column has, or
    unfolds to more than a file of its size may."""
    raw, blocks = read_container(path)
    try:
        type_ = avro_type(fastavro.parse_schema(raw))
        schema = fastavro.parse_schema(without_logical_types(raw))
    except _SCHEMA_FAULTS:
        raise UnreadableObject("the file's schema is not valid Avro; write it again") from None
    if not pa.types.is_struct(type_.arrow):
        raise UnreadableObject(
            "the file's schema is no record, so that it has no columns; write its values as records"
        )
    columns = pa.schema(list(type_.arrow))
    expanse = Expanse(path.stat().st_size, _FREE_CELLS)
    group: list[pa.RecordBatch] = []
    with pq.ParquetWriter(to, columns) as writer:
        for rows in _batches(blocks, schema, type_, expanse):
            group.append(_batch(rows, columns))
            if sum(batch.nbytes for batch in group) > _GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(group))
                group = []
        writer.write_table(pa.Table.from_batches(group, columns))


def _batches(
    blocks: Iterator[tuple[int, bytes]], schema: Any, type_: AvroType, expanse: Expanse
) -> Iterator[list[dict[str, Any]]]:
    """The records, so many at a time."""
    rows: list[dict[str, Any]] = []
    for count, block in blocks:
        if count * type_.least > len(block):
            raise UnreadableObject(
                f"a block claims {count} records in {len(block)} bytes; write the file again"
            )
        expanse.add(count * type_.arrow.num_fields, len(block))
        body = BytesIO(block)
        for _ in range(count):
            rows.append(_record(body, schema, type_))
            if len(rows) == _BATCH_ROWS:
                yield rows
                rows = []
        if body.tell() != len(block):
            raise UnreadableObject(f"a block of {count} records has bytes beyond them; write the file again")
    if rows:
        yield rows


def _record(body: BytesIO, schema: Any, type_: AvroType) -> dict[str, Any]:
    try:
        record: Any = fastavro.schemaless_reader(body, schema, None)
        converted: dict[str, Any] = record if type_.convert is None else type_.convert(record)
    except _FAULTS:
        raise UnreadableObject("a record does not fit the file's own schema; write the file again") from None
    return converted


def _batch(rows: list[dict[str, Any]], columns: pa.Schema) -> pa.RecordBatch:
    try:
        arrays = [pa.array([row[field.name] for row in rows], field.type) for field in columns]
    except (pa.ArrowException, ArithmeticError, TypeError, ValueError):
        raise UnreadableObject("a value lies beyond the bounds of its type; write the file again") from None
    return pa.record_batch(arrays, schema=columns)
