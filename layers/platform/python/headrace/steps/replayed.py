"""What a replay takes out of the tables before its rows take their place: objects, or single rows of them."""

import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from headrace.domain.batch import Manifest, UnitReport
from headrace.domain.landed import Rows
from headrace.engines.sought import Sought
from headrace.ports import ObjectStore

_SCHEMA = pa.schema([("_object", pa.string()), ("_row", pa.int64())])
_WHOLE = 0


def encode_rows(rows: Rows) -> bytes:
    """The rows as a Parquet file; the same rows always give the same bytes. A whole object is its row 0."""
    listed = [(name, row) for name, some in rows.items() for row in sorted(some or {_WHOLE})]
    names, numbers = zip(*listed, strict=True) if listed else ((), ())
    body = io.BytesIO()
    pq.write_table(pa.table([pa.array(names, pa.string()), pa.array(numbers, pa.int64())], _SCHEMA), body)
    return body.getvalue()


def decode_rows(body: bytes) -> Rows:
    """What `encode_rows` wrote."""
    table = pq.read_table(io.BytesIO(body), schema=_SCHEMA)
    found: dict[str, set[int]] = {}
    for name, row in zip(table["_object"].to_pylist(), table["_row"].to_pylist(), strict=True):
        found.setdefault(name, set()).add(row)
    return {name: None if _WHOLE in rows else frozenset(rows) for name, rows in found.items()}


def replayed_rows(artefacts: ObjectStore, manifest: Manifest) -> Rows:
    """What a batch replays of its objects; nothing where it is no replay."""
    if manifest.replay is None:
        return {}
    identities = [entry.object.identity for entry in manifest.entries]
    if not manifest.replay.rows:
        return dict.fromkeys(identities)
    selected = decode_rows(artefacts.read(manifest.replay.rows))
    return {identity: selected[identity] for identity in identities}


def leaving(artefacts: ObjectStore, manifest: Manifest, reports: Sequence[UnitReport]) -> Rows:
    """What a batch takes the place of: all that it replays, but for what it leaves as it stands."""
    rows = replayed_rows(artefacts, manifest)
    left = {one.identity for report in reports for one in report.objects if one.outcome == "left"}
    return {identity: some for identity, some in rows.items() if identity not in left}


PLACE = ("_object", "_row")
"""The columns that say which row of which object a row is."""


def without(batch: pa.RecordBatch, gone: Sought) -> pa.RecordBatch:
    """The rows of the batch that do not leave, without the last columns, which are PLACE."""
    *_, names, numbers = batch.columns
    kept = batch.filter(pc.invert(gone.among(names, numbers)))
    return kept.select(kept.schema.names[: -len(PLACE)])
