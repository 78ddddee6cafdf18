"""Reasons that only the batch as a whole shows, given to a unit's rows when it is refined again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa
from sqlglot import exp

from headrace.engines.duckdb.read.reading import Reason
from headrace.engines.duckdb.rows.render import WORK
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import call, column, named, update

_LATE = "late"
_REASON = pa.struct([("column", pa.string()), ("rule", pa.string()), ("value_excerpt", pa.string())])
_SCHEMA = pa.schema([("source", pa.int32()), ("row", pa.int64()), ("more", pa.list_(_REASON))])


@dataclass(frozen=True)
class LateReason:
    """One more reason for the row at position `row` (from 1, as the `_row` column counts) of the source
    whose index is `source`; its excerpt is shown as it stands here."""

    source: int
    row: int
    reason: Reason


def append_late(session: Session, late: Sequence[LateReason], objects: str) -> None:
    """Append the reasons, in their order, to those that the rows have already; the table `objects` holds
    what to take from a place of an `entry` to have the row's number."""
    more: dict[tuple[int, int], list[dict[str, str]]] = {}
    for one in late:
        more.setdefault((one.source, one.row), []).append(asdict(one.reason))
    rows = [{"source": source, "row": row, "more": reasons} for (source, row), reasons in more.items()]
    session.feed(_LATE, _SCHEMA, iter([pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)]))
    place = exp.Add(this=column("row"), expression=column("base"))
    of_source = exp.EQ(this=column("source"), expression=column("entry"))
    placed = exp.select("entry", named(place, "place"), "more").from_(_LATE).join(objects, on=of_source)
    both = call("LIST_CONCAT", column("reasons", WORK), column("more", _LATE))
    session.execute(update(WORK, {"reasons": both}, placed.subquery(_LATE), on=("entry", "place")))
