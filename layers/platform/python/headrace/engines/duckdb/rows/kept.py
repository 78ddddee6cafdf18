"""Leaves of some sources only the rows that are asked for: the others stand where they stand."""

from collections.abc import Mapping

import pyarrow as pa
from sqlglot import exp

from headrace.engines.duckdb.rows.render import WORK
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import all_of, column, number

_KEPT = "kept"
_SCHEMA = pa.schema([("entry", pa.int32()), ("place", pa.int64())])


def keep_rows(session: Session, kept: Mapping[int, frozenset[int]], bases: Mapping[int, int]) -> None:
    """Take from the loaded rows of each entry in `kept` those whose number is not among its numbers;
    `bases` are what to take from a place to have a row's number."""
    rows = [(entry, row + bases.get(entry, 0)) for entry, numbers in kept.items() for row in sorted(numbers)]
    entries, places = zip(*rows, strict=True) if rows else ((), ())
    batch = pa.RecordBatch.from_arrays(
        [pa.array(entries, pa.int32()), pa.array(places, pa.int64())], schema=_SCHEMA
    )
    session.feed(_KEPT, _SCHEMA, iter([batch]))
    asked = exp.Tuple(expressions=[column("entry"), column("place")])
    among = exp.In(this=asked, query=exp.select("entry", "place").from_(_KEPT).subquery())
    concerned = exp.In(this=column("entry"), expressions=[number(entry) for entry in kept])
    session.execute(exp.delete(WORK, where=all_of(concerned, exp.Not(this=among))))
