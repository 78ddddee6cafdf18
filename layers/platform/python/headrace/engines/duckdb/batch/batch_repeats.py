"""Finds the rows of a batch whose key stands elsewhere: in an earlier row, or in the table already."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from headrace.domain.contract.sql import BATCH
from headrace.domain.plan import Key
from headrace.engines.duckdb.batch.batch_rows import PLACE, held_elsewhere, same_values
from headrace.engines.duckdb.read.reading import PLACES, Reason
from headrace.engines.duckdb.rows.late import LateReason
from headrace.engines.duckdb.rows.masks import EXCERPT
from headrace.engines.duckdb.session import Session
from headrace.engines.duckdb.write import write_parquet
from headrace.engines.sql import (
    all_of,
    call,
    case,
    column,
    create_table,
    data_type,
    first_of,
    is_not_null,
    is_null,
    named,
    number,
    text,
)

Bounds: TypeAlias = Mapping[str, tuple[object, object]]
Standing: TypeAlias = Callable[[Sequence[str], Bounds], Iterator[pa.RecordBatch]]
"""Reads columns of the rows of earlier batches, if their values lie between bounds."""

_REPEATS = "repeats"
_FIRST = "_first"
_KNOWN = "known"
_ORDERED = str, int, float, Decimal, date  # bool is an int
_MOMENT = "TIMESTAMP WITH TIME ZONE"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def find_repeats(
    session: Session, keys: Sequence[Key], standing: Standing | None, within: Sequence[str] = ()
) -> list[int]:
    """Note every row of the batch that repeats a key; returns the positions of the objects that have some.

    Of a key's values, the first row in the batch stays, unless `standing` has them too. A row that
    repeats an earlier key already is nobody's first. Only rows that agree in the columns `within` are
    compared.
    """
    columns = {PLACE: "BIGINT", "key": "INT", "column": "TEXT", "rule": "TEXT", "value_excerpt": "TEXT"}
    session.execute(create_table(_REPEATS, [(name, data_type(kind)) for name, kind in columns.items()]))
    for index, key in enumerate(keys):
        _find(session, index, key, standing, (*key.columns, *within))
    position = exp.cast(exp.IntDiv(this=column(PLACE), expression=number(PLACES)), "BIGINT")
    positions = exp.select(named(position, "position")).distinct().from_(_REPEATS).order_by("position")
    return [one for (one,) in session.execute(positions)]


def _find(session: Session, index: int, key: Key, standing: Standing | None, columns: Sequence[str]) -> None:
    known = f"{_KNOWN}{index}"
    batches = iter(()) if standing is None else _standing_rows(session, columns, standing)
    held_elsewhere(session, known, columns, batches)
    shown = [
        first_of(exp.Left(this=exp.cast(column(name, BATCH), "TEXT"), expression=number(EXCERPT)), text(""))
        for name in key.columns
    ]
    repeat = exp.select(
        column(PLACE, BATCH),
        number(index),
        text(", ".join(key.columns)),
        text(key.rule),
        exp.ConcatWs(expressions=[text(", "), *shown], coalesce=True),
    )
    in_table = repeat.from_(BATCH).join(known, on=same_values(columns, known), join_type="semi")
    later = exp.GT(this=column(PLACE, BATCH), expression=column(_FIRST, BATCH))
    in_batch = repeat.from_(_with_firsts(columns).subquery(BATCH)).where(later)
    session.execute(exp.insert(exp.union(in_table, in_batch), _REPEATS))


def _with_firsts(columns: Sequence[str]) -> exp.Select:
    """The rows that have all values, with the first place of the same values beside each.

    A window is sorted on disk where it must be; groups of so many values would have to fit in memory.
    """
    earlier = exp.select(PLACE).distinct().from_(_REPEATS).subquery("earlier")
    same = exp.EQ(this=column(PLACE, BATCH), expression=column(PLACE, "earlier"))
    values = [column(name, BATCH) for name in columns]
    place = case((is_null(column(PLACE, "earlier")), column(PLACE, BATCH)))
    first = exp.Window(this=exp.Min(this=place), partition_by=[value.copy() for value in values])
    return (
        exp.select(column(PLACE, BATCH), *values, named(first, _FIRST))
        .from_(BATCH)
        .join(earlier, on=same, join_type="left")
        .where(all_of(*(is_not_null(value.copy()) for value in values)))
    )


def _standing_rows(session: Session, columns: Sequence[str], standing: Standing) -> Iterator[pa.RecordBatch]:
    """The rows of earlier batches between the batch's own bounds: whole files are passed over by them."""
    described = exp.Describe(this=exp.select(*(column(name) for name in columns)).from_(BATCH))
    kinds = [kind for _, kind, *_ in session.execute(described)]
    # DuckDB gives moments to Python by way of pytz, which is not among the dependencies.
    values = [
        call("EPOCH_US", column(name)) if kind == _MOMENT else column(name)
        for name, kind in zip(columns, kinds, strict=True)
    ]
    ends = [end(this=value.copy()) for value in values for end in (exp.Min, exp.Max)]
    present = all_of(*(is_not_null(column(name)) for name in columns))
    (found,) = session.execute(exp.select(*ends).from_(BATCH).where(present))
    if found[0] is None:
        return iter(())
    bounds: dict[str, tuple[object, object]] = {}
    for name, kind, least, most in zip(columns, kinds, found[::2], found[1::2], strict=True):
        if kind == _MOMENT:
            bounds[name] = (_EPOCH + timedelta(microseconds=least), _EPOCH + timedelta(microseconds=most))
        elif isinstance(least, _ORDERED):
            bounds[name] = (least, most)
    return standing(columns, bounds)


def write_repeats(session: Session, sources: Mapping[int, int], to: Path) -> int:
    """Write the repeats of some objects to a Parquet file, in the order in which refine takes them:
    `source`, `row`, `column`, `rule`, `value_excerpt`. `sources` gives for an object's position in the
    manifest its index in its unit. Returns the number of rows."""
    place = column(PLACE)
    at = exp.cast(exp.IntDiv(this=place, expression=number(PLACES)), "BIGINT")
    index = call("LIST_POSITION", exp.array(*map(number, sources)), at)
    row = exp.Mod(this=place, expression=number(PLACES))
    rows = (
        exp.select(
            named(call("LIST_EXTRACT", exp.array(*map(number, sources.values())), index), "source"),
            named(row, "row"),
            *(column(name) for name in ("column", "rule", "value_excerpt")),
        )
        .from_(_REPEATS)
        .where(exp.In(this=at.copy(), expressions=[number(one) for one in sources]))
        .order_by(column(PLACE), column("key"))
    )
    return write_parquet(session, rows, to, (), {}).rows


def read_repeats(file: Path) -> Iterator[LateReason]:
    """What `write_repeats` wrote."""
    for batch in pq.ParquetFile(file).iter_batches():
        for source, row, *reason in zip(*(values.to_pylist() for values in batch.columns), strict=True):
            yield LateReason(source, row, Reason(*reason))
