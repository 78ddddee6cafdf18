"""What dataset rules measure over the rows that a batch is about to publish."""

import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TypeAlias

import pyarrow as pa
from sqlglot import exp

from headrace.domain.contract.sql import BATCH, InvalidSql
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import EngineFault, IncompatibleTable, Unavailable
from headrace.domain.late import blurred
from headrace.domain.plan import Column, Duplicates, Key, Orphans, Plan, Sql
from headrace.domain.tables import CURATED_SYSTEM_COLUMNS, published
from headrace.domain.verdict import Measurement, rules_on_keys
from headrace.engines.duckdb.athena.athena_sql import to_duckdb
from headrace.engines.duckdb.batch.batch_rows import held_elsewhere, same_values, value_names
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import all_of, column, is_not_null, named

Other: TypeAlias = Callable[[DatasetId, Sequence[str]], Iterator[pa.RecordBatch]]
"""Reads columns of another dataset's curated table; raises IncompatibleTable where it has none such."""

_QUERY_S = 60
"""What one rule's query may take: a query that never ends must not hold the batch for ever."""


OverRows: TypeAlias = Duplicates | Orphans | Sql
"""The measures that need the rows themselves."""


def over_rows(plan: Plan) -> dict[int, OverRows]:
    """Such measures, by their rule's place in `plan.rules`; what repeats a key is not among these rows."""
    told = rules_on_keys(plan)
    measures = {place: rule.measure for place, rule in enumerate(plan.rules) if place not in told}
    return {place: what for place, what in measures.items() if isinstance(what, OverRows)}


def columns_needed(plan: Plan, keys: Sequence[Key]) -> set[str]:
    """The columns of the curated table that `keys`, and the measures over rows, look at."""
    named_columns = {name for key in keys for name in key.columns}
    for what in over_rows(plan).values():
        match what:
            case Duplicates(columns):
                named_columns |= set(columns)
            case Orphans(columns, dataset, to):
                named_columns |= {*columns, *(to if dataset == plan.dataset else ())}
            case Sql(query):
                named_columns |= _columns_of(plan, query)
    return named_columns


def measure(session: Session, plan: Plan, other: Other) -> dict[int, Measurement]:
    """Each such rule's measure, by its place in `plan.rules`, or why it has none, over the table `batch`.

    What stops DuckDB fails the rule and no more; what the catalog raises of Retryable is raised.
    """
    measures = over_rows(plan).items()
    return {place: _measured(session, plan, what, f"held{place}", other) for place, what in measures}


def _measured(session: Session, plan: Plan, what: OverRows, held: str, other: Other) -> Measurement:
    try:
        if isinstance(what, Sql):
            return _answer(session, plan, what.query)
        if hidden := blurred(plan, what.columns):
            return f"values that are masked cannot be compared: {', '.join(hidden)}"
        if isinstance(what, Duplicates):
            return _duplicates(session, what.columns)
        own = what.dataset == plan.dataset
        return _orphans(session, what, held, other(what.dataset, what.to), own=own)
    except (EngineFault, IncompatibleTable, InvalidSql) as error:
        return str(error)


def _duplicates(session: Session, columns: Sequence[str]) -> int:
    values = [column(name) for name in columns]
    counted = exp.select(named(exp.Count(this=exp.Star()), "rows")).from_(BATCH)
    counted = counted.where(all_of(*map(is_not_null, values))).group_by(*(value.copy() for value in values))
    beyond = exp.Sub(this=exp.Sum(this=column("rows")), expression=exp.Count(this=exp.Star()))
    ((found,),) = session.execute(exp.select(beyond).from_(counted.subquery("counted")))
    return int(found or 0)


def _orphans(
    session: Session, what: Orphans, held: str, rows_of_other: Iterator[pa.RecordBatch], *, own: bool
) -> int:
    """`own`: the other table is the dataset's own, to which the batch itself is about to be added."""
    held_elsewhere(session, held, what.columns, rows_of_other)
    rows = exp.select(exp.Count(this=exp.Star())).from_(BATCH)
    rows = rows.join(held, on=same_values(what.columns, held), join_type="anti")
    if own:
        pairs = zip(what.to, value_names(what.to), strict=True)
        added = exp.select(*(named(column(name), value) for name, value in pairs)).from_(BATCH)
        rows = rows.join(added.subquery("added"), on=same_values(what.columns, "added"), join_type="anti")
    rows = rows.where(all_of(*(is_not_null(column(name, BATCH)) for name in what.columns)))
    ((found,),) = session.execute(rows)
    return int(found)


def _answer(session: Session, plan: Plan, query: str) -> Measurement:
    try:
        rows = session.execute(to_duckdb(query, table_of(plan)).copy(), within_s=_QUERY_S)
    except Unavailable as error:  # here it is the query that takes all memory
        return str(error)
    match rows:
        case [(int() | float() | Decimal() as found,)] if math.isfinite(found):
            return float(found)
    return "the query gave something else than one number"


def _columns_of(plan: Plan, query: str) -> set[str]:
    try:
        return {one.name for one in to_duckdb(query, table_of(plan)).find_all(exp.Column)}
    except InvalidSql:  # its rule will fail
        return set()


def table_of(plan: Plan) -> tuple[Column, ...]:
    """The columns of the table `batch`, as queries over it know them."""
    return published((*plan.columns, *CURATED_SYSTEM_COLUMNS))
