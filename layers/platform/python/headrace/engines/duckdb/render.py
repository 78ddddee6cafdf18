"""A plan as SQL: from a reading's rows to typed and masked columns, reasons and raw text, in one pass.

Each layer computes something once from the columns below it:

    rows      entry, place, problem, record, and what the reading's fields refer to
    texts     t<i>: each column's value as text             (nested ones are then shaped in Python)
    values    v<i>: the typed value; NULL where there is none
    judged    reasons: every rule the row broke; NULL where it broke none
    refined   o<i>: what the table gets, rescued, reasons, raw, u<i>: what a masked column is unique by
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from headrace.domain.plan import Array, Column, Json, Object, Plan, Text, Type
from headrace.engines.duckdb.casts import column_type, finite, from_text, is_nested, sql_type
from headrace.engines.duckdb.reading import Field, Reading
from headrace.engines.duckdb.rules import breaks, excerpt, masked, name_of
from headrace.engines.duckdb.sql import (
    E,
    all_of,
    any_of,
    array,
    call,
    case,
    column,
    extended,
    first_of,
    is_not_null,
    is_null,
    joined,
    member,
    members,
    named,
    no_text,
    struct,
    text,
)

REASON = exp.DataType.build('STRUCT("column" TEXT, "rule" TEXT, "value_excerpt" TEXT)', dialect="duckdb")


@dataclass(frozen=True)
class _Check:
    """One rule on one column: whether a row breaks it, and what of the value is shown."""

    column: str
    rule: str
    broken: E
    shown: E

    @property
    def reason(self) -> tuple[E, E]:
        return self.broken, reason(text(self.column), text(self.rule), self.shown)


def reason(column_: E, rule: E, value_excerpt: E) -> E:
    return struct([("column", column_), ("rule", rule), ("value_excerpt", value_excerpt)])


def work_columns(plan: Plan) -> list[tuple[str, exp.DataType]]:
    """What `refined` yields, by name and type."""
    unmasked = [(f"u{i}", sql_type(one.type)) for i, one in enumerate(plan.columns) if one.unique and one.mask]
    return [
        ("entry", exp.DataType.build("INT")),
        ("place", exp.DataType.build("BIGINT")),
        *((f"o{i}", column_type(one)) for i, one in enumerate(plan.columns)),
        ("rescued", exp.DataType.build("TEXT")),
        ("reasons", exp.DataType(this=exp.DType.ARRAY, expressions=[REASON.copy()], nested=True)),
        ("raw", exp.DataType.build("TEXT")),
        *unmasked,
    ]


def is_shaped(one: Column, field: Field | None) -> bool:
    """Whether a column's text is JSON for Python to shape; JSON tokens are known to be JSON already."""
    return field is not None and (is_nested(one.type) or (isinstance(one.type, Json) and not field.is_json))


def texts(plan: Plan, reading: Reading) -> exp.Select:
    return extended(
        reading.rows,
        (
            (f"t{i}", field.text if field else no_text())
            for i, field in enumerate(reading.fields)
        ),
    )
