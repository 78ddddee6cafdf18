"""A contract in Trino's SQL: the judged rows of a table of texts, and what of a table breaks the contract."""

from collections.abc import Callable, Iterator
from functools import partial

import sqlglot
from sqlglot import exp

from headrace.domain.plan import Array, Column, Object, Plan, Type, rule_name
from headrace.domain.tables import published_type
from headrace.domain.zones import TableRef
from headrace.engines.duckdb.rows.masks import MASKING_KEY, TOKENISING_KEY
from headrace.engines.duckdb.rows.render import refined
from headrace.engines.duckdb.rows.rules import breaks
from headrace.engines.sql import E, all_of, call, case, column, is_not_null, is_null, named, number, text
from headrace.engines.table_types import sql_type
from headrace.engines.texts import text_columns, texts_reading
from headrace.engines.trino.dialect import to_trino, trino_sql

_KEYS = (MASKING_KEY, TOKENISING_KEY)


def judged(plan: Plan, texts: TableRef) -> str:
    """The SELECT of all rows of a table of texts (`headrace.engines.texts`), as the plan judges them.

    Its columns are those of `duckdb.rows.render.work_columns`. Where the plan masks by keys, the
    statement has two parameters: the masking key and the token key, in hexadecimal digits.
    """
    table = exp.select(exp.Star()).from_(_table(texts))
    select = refined(plan, texts_reading(plan, table), table, all_raw=False)
    if select.find(exp.Placeholder):
        given = [named(call("FROM_HEX", exp.Placeholder()), name) for name in _KEYS]
        keys = exp.select(*given, copy=False).subquery("keys", copy=False)
        table.join(keys, join_type="cross", copy=False)
    return trino_sql(to_trino(text_columns(plan))(select))


def violations(plan: Plan, table: TableRef) -> str:
    """The SELECT of one row that counts, of a curated table, `rows` and those that break each rule.

    Its other columns are called as reasons are, `column rule`. What a mask covers is judged by no rule but
    `required`: the table does not have the values. Keys count the rows after the first of each value.
    """
    kept = [(one, kind) for one in plan.columns if (kind := published_type(one)) is not None]
    to = to_trino({one.name: sql_type(kind) for one, kind in kept})
    counts = [named(exp.Count(this=exp.Star()), "rows")]
    for one, _ in kept:
        for path, rule, broken in _rules(one, one.name):
            counts.append(named(call("COUNT_IF", to(broken(column(one.name)))), f"{path} {rule}"))
    for check in plan.checks:
        predicate = sqlglot.parse_one(check.predicate, dialect="athena")
        counts.append(named(call("COUNT_IF", exp.Not(this=exp.paren(predicate))), f" {check.name}"))
    for key in plan.keys:
        counts.append(
            named(_repeats([column(name) for name in key.columns]), f"{', '.join(key.columns)} {key.rule}")
        )
    return trino_sql(exp.select(*counts, copy=False).from_(_table(table)))


def _table(table: TableRef) -> exp.Table:
    return exp.table_(table.name, db=table.database, quoted=True)


Broken = Callable[[E], E]
"""Whether a value breaks a rule."""


def _rules(one: Column, path: str) -> Iterator[tuple[str, str, Broken]]:
    """The rules on a column and inside it: whose column, what rule, and whether a value breaks it."""
    if one.required:
        yield path, "required", is_null
    if one.mask:
        return
    for rule in one.rules:
        yield path, rule_name(rule), partial(breaks, rule, one.type)
    yield from _inner_rules(one.type, path)


def _inner_rules(type_: Type, path: str, depth: int = 0) -> Iterator[tuple[str, str, Broken]]:
    match type_:
        case Array(items=items):
            for inner, rule, broken in _inner_rules(items, f"{path}.element", depth + 1):
                yield inner, rule, partial(_any_item, broken, f"x{depth}")
        case Object(columns=columns):
            for one in columns:
                for inner, rule, broken in _rules(one, f"{path}.{one.name}"):
                    yield inner, rule, partial(_in_field, broken, one.name)


def _any_item(broken: Broken, item: str, items: E) -> E:
    is_broken = exp.Lambda(this=broken(exp.column(item)), expressions=[exp.to_identifier(item)])
    filtered = exp.ArrayFilter(this=items, expression=is_broken)
    return exp.GT(this=call("LEN", filtered), expression=number(0))


def _in_field(broken: Broken, name: str, value: E) -> E:
    field = exp.StructExtract(this=value, expression=text(name))
    return all_of(is_not_null(value), broken(field))


def _repeats(values: list[E]) -> E:
    """The rows, of those with all values, whose values an earlier row has."""
    present = all_of(*map(is_not_null, values))
    whole = values[0] if len(values) == 1 else exp.Anonymous(this="ROW", expressions=values)
    different = exp.Distinct(expressions=[case((present, whole))])
    return exp.Sub(this=call("COUNT_IF", present.copy()), expression=exp.Count(this=different))
