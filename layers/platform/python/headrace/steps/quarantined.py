"""Finds rows in a quarantine table, for a replay of these rows alone."""

import io
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from headrace.domain.errors import InvalidRequest
from headrace.domain.landed import key_of
from headrace.domain.zones import TableRef
from headrace.ports import TableCatalog

MOST_ROWS = 2_000_000
"""Rows that one replay selects at most: they are held in memory."""

_SCHEMA = pa.schema([("_object", pa.string()), ("_row", pa.int64()), ("_batch", pa.int64())])


class Quarantined(Struct, frozen=True):
    """Rows in quarantine: those with a reason of this rule and this column, of this batch, of this object
    (identity or landing key); empty and 0 take all."""

    rule: str = ""
    column: str = ""
    batch: int = 0
    object: str = ""


class SelectedRows(Struct, frozen=True):
    """Rows of one object: its batch, and their numbers (0: the whole object)."""

    batch: int
    rows: frozenset[int]


def find_rows(catalog: TableCatalog, table: TableRef, wanted: Quarantined, last: int) -> bytes:
    """The rows of batches up to `last`, as a Parquet file. Raises InvalidRequest where they are too many."""
    between = {"_batch": (wanted.batch, wanted.batch)} if wanted.batch else {}
    by_reason = ["_reasons"] if wanted.rule or wanted.column else []
    found: list[tuple[str, int, int]] = []
    for batch in catalog.read(table, [*_SCHEMA.names, *by_reason], below_batch=last + 1, between=between):
        found += _matching(batch, wanted)
        if len(found) > MOST_ROWS:
            raise InvalidRequest(
                f"more than {MOST_ROWS} rows of {table} match: narrow the selection, or replay whole objects"
            )
    body = io.BytesIO()
    columns = zip(*sorted(found, key=lambda one: (one[2], *one)), strict=True) if found else ((), (), ())
    arrays = [pa.array(values, kind) for values, kind in zip(columns, _SCHEMA.types, strict=True)]
    pq.write_table(pa.table(arrays, _SCHEMA), body)
    return body.getvalue()


def selected(body: bytes) -> Mapping[str, SelectedRows]:
    """What `find_rows` found, by object identity."""
    table = pq.read_table(io.BytesIO(body), schema=_SCHEMA)
    rows: dict[tuple[str, int], set[int]] = {}
    for name, row, batch in zip(*(column.to_pylist() for column in table.columns), strict=True):
        rows.setdefault((name, batch), set()).add(row)
    return {name: SelectedRows(batch, frozenset(some)) for (name, batch), some in rows.items()}


def _matching(batch: pa.RecordBatch, wanted: Quarantined) -> Iterator[tuple[str, int, int]]:
    names, rows, batches, *reasons = (column.to_pylist() for column in batch.columns)
    for at, name in enumerate(names):
        if wanted.object and wanted.object not in (name, key_of(name)):
            continue
        if not reasons or _breaks(reasons[0][at], wanted):
            yield name, rows[at], batches[at]


def _breaks(reasons: Sequence[Mapping[str, str]], wanted: Quarantined) -> bool:
    return any(wanted.rule in ("", one["rule"]) and wanted.column in ("", one["column"]) for one in reasons)
