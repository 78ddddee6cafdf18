"""The rows that a batch is about to publish, as a table to ask questions of."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

from headrace.domain.contract.sql import BATCH
from headrace.domain.errors import EngineFault, HeadraceError
from headrace.domain.plan import Plan
from headrace.domain.tables import CURATED_SYSTEM_COLUMNS, published
from headrace.engines.duckdb.read.read_parquet import parquet_rows
from headrace.engines.duckdb.read.reading import PLACES
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import (
    E,
    all_of,
    column,
    create_table,
    create_table_as,
    data_type,
    insert_values,
    named,
    number,
    text,
)
from headrace.engines.table_types import sql_type

PLACE = "_place"
"""A row's place in the whole batch: its object's position in the manifest times PLACES, plus its `_row`."""

_OBJECTS = "objects"
_FILE = "file"
_STANDING = "standing"


class BatchRows:
    """The table `batch`: PLACE, and those columns of the curated table that are named in `names`.

    `objects` are the identities of the batch's objects with their positions in the manifest. Memory is
    bounded: the table is spilled when it outgrows its share.
    """

    def __init__(
        self, session: Session, plan: Plan, objects: Mapping[str, int], names: Collection[str]
    ) -> None:
        self._session = session
        columns = published((*plan.columns, *CURATED_SYSTEM_COLUMNS))
        self._columns = {one.name: sql_type(one.type) for one in columns if one.name in names}
        session.execute(create_table(BATCH, [(PLACE, data_type("BIGINT")), *self._columns.items()]))
        session.execute(
            create_table(_OBJECTS, [("identity", data_type("TEXT")), ("position", data_type("BIGINT"))])
        )
        rows = [(text(identity), number(position)) for identity, position in objects.items()]
        if rows:
            session.execute(insert_values(_OBJECTS, rows))

    def add(self, file: Path, rows: int) -> None:
        """Add the rows of a curated file, which has `rows`; a column that it lacks is NULL in them."""
        relation = parquet_rows([file], [])
        described = self._session.execute(exp.Describe(this=exp.select(exp.Star()).from_(relation)))
        held = {name for name, *_ in described}
        first = exp.Mul(this=column("position", _OBJECTS), expression=number(PLACES))
        values: list[tuple[E, str]] = [(exp.Add(this=first, expression=column("_row", _FILE)), PLACE)]
        for name, kind in self._columns.items():
            values.append((column(name, _FILE) if name in held else exp.cast(exp.null(), kind), name))
        same = exp.EQ(this=column("_object", _FILE), expression=column("identity", _OBJECTS))
        selected = exp.select(*(named(value, name) for value, name in values))
        selected = selected.from_(exp.alias_(relation, _FILE, table=True)).join(_OBJECTS, on=same)
        ((added,),) = self._session.execute(exp.insert(selected, BATCH))
        if added != rows:
            raise EngineFault(f"a curated file of {rows} rows gave {added} of the batch's objects")


def held_elsewhere(
    session: Session, to: str, columns: Sequence[str], batches: Iterator[pa.RecordBatch]
) -> None:
    """Make the table `to`, of columns v0, v1 …: the values that rows of the batch have in `columns` and
    that rows of `batches`, whose columns stand in the same order, have too.

    The stream is taken once, and none of it is kept. What it raises of Headrace's errors is raised.
    """
    names = value_names(columns)
    first = next(batches, None)
    if first is None:
        rows = exp.select(*(named(column(name), to) for name, to in zip(columns, names, strict=True)))
        session.execute(create_table_as(to, rows.from_(BATCH).where(exp.false())))
        return
    schema = pa.schema([field.with_name(name) for field, name in zip(first.schema, names, strict=True)])
    broken: list[HeadraceError] = []

    def renamed() -> Iterator[pa.RecordBatch]:
        try:
            for one in chain([first], batches):
                yield pa.RecordBatch.from_arrays(one.columns, schema=schema)
        except HeadraceError as error:
            broken.append(error)
            raise

    session.feed(_STANDING, schema, renamed())
    rows = exp.select(*(column(name, _STANDING) for name in names)).distinct().from_(_STANDING)
    try:
        session.execute(
            create_table_as(to, rows.join(BATCH, on=same_values(columns, _STANDING), join_type="semi"))
        )
    except EngineFault:
        if broken:
            raise broken[0] from None
        raise


def value_names(columns: Sequence[str]) -> list[str]:
    return [f"v{at}" for at in range(len(columns))]


def same_values(columns: Sequence[str], other: str) -> E:
    """Whether a row of the batch has, in `columns`, the values v0, v1 … of the relation `other`."""
    return all_of(
        *(
            exp.EQ(this=column(name, other), expression=column(ours, BATCH))
            for ours, name in zip(columns, value_names(columns), strict=True)
        )
    )
