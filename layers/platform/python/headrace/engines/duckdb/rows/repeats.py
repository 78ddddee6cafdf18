"""Keys within one work unit: of the rows that share a value, the first stays."""

from sqlglot import exp

from headrace.domain.plan import Key, Plan
from headrace.engines.duckdb.read.reading import PLACES
from headrace.engines.duckdb.rows.masks import excerpt
from headrace.engines.duckdb.rows.render import WORK, key_value, reason
from headrace.engines.sql import (
    E,
    all_of,
    call,
    cast,
    column,
    is_not_null,
    is_null,
    named,
    number,
    text,
    update,
)


def quarantine_repeats(plan: Plan, key: Key) -> E:
    """Give every row but the first of each value a reason. A row that is in quarantine already, for
    another rule or an earlier key, is nobody's first."""
    parts = [(index, one) for index, one in enumerate(plan.columns) if one.name in key.columns]
    values = [column(key_value(plan, index), WORK) for index, one in parts]
    entry = cast(column("entry", WORK), "BIGINT")
    place = exp.Add(this=exp.Mul(this=entry, expression=number(PLACES)), expression=column("place", WORK))
    names = [f"value{at}" for at in range(len(values))]
    present = [is_not_null(value) for value in values]
    firsts = (
        exp.select(*map(named, values, names), named(exp.Min(this=place), "first"))
        .from_(WORK)
        .where(all_of(*present, is_null(column("reasons", WORK))))
        .group_by(*names)
        .subquery("firsts")
    )
    shown = [
        excerpt(one.mask, one.type, cast(value, "TEXT"))
        for (_, one), value in zip(parts, values, strict=True)
    ]
    excerpts = exp.ConcatWs(expressions=[text(", "), *shown], coalesce=True)
    repeats = reason(text(", ".join(key.columns)), text(key.rule), excerpts)
    again = all_of(
        *(
            exp.EQ(this=value, expression=column(name, "firsts"))
            for value, name in zip(values, names, strict=True)
        )
    )
    later = exp.GT(this=place, expression=column("first", "firsts"))
    return update(
        WORK, {"reasons": call("LIST_APPEND", column("reasons"), repeats)}, firsts, (), again, later
    )
