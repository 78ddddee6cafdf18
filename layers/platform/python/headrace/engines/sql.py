"""Small pieces of SQL syntax trees, so that the rest reads like the SQL it makes."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec
from sqlglot import exp

E = exp.Expr


def text(value: str) -> E:
    """A text; a statement cannot hold the character NUL, so it is computed."""
    first, *others = value.split("\0")
    parts = [part for other in others for part in (call("CHR", number(0)), exp.Literal.string(other))]
    return joined(exp.Literal.string(first), *parts) if parts else exp.Literal.string(first)


def number(value: int) -> E:
    return exp.Literal.number(value)


def column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table, quoted=True)


def cast(value: E, to: str | exp.DataType) -> exp.Cast:
    """Like sqlglot's own, without a copy of the value and without reading the type's name each time."""
    return exp.Cast(this=value, to=data_type(to) if isinstance(to, str) else to)


def data_type(name: str) -> exp.DataType:
    """A type by its name in DuckDB."""
    kind = _data_type(name)
    return kind.copy() if kind.expressions else exp.DataType(this=kind.this)


@lru_cache(maxsize=256)
def _data_type(name: str) -> exp.DataType:
    return exp.DataType.build(name, dialect="duckdb")


def no_text() -> E:
    """NULL, typed."""
    return cast(exp.null(), "TEXT")


def call(name: str, *arguments: E) -> E:
    """A function that sqlglot has no node for: spelled as DuckDB spells it."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def case(*branches: tuple[E, E], default: E | None = None) -> E:
    """The value of the first branch (condition, value) that holds."""
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches], default=default)


def first_of(*values: E) -> E:
    return exp.Coalesce(this=values[0], expressions=list(values[1:]))


def is_null(value: E) -> E:
    return exp.Is(this=value, expression=exp.null())


def is_not_null(value: E) -> E:
    return exp.Not(this=is_null(value))


def any_of(conditions: Iterable[E]) -> E:
    """As a balanced tree: DuckDB takes expressions up to a thousand levels deep."""
    conditions = list(conditions)
    if not conditions:
        return exp.false()
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    halves = (exp.paren(any_of(half), copy=False) for half in (conditions[:middle], conditions[middle:]))
    return exp.Or(this=next(halves), expression=next(halves))


def all_of(*conditions: E) -> E:
    return exp.and_(*conditions, copy=False)


def joined(*parts: E) -> E:
    """Texts one after the other; NULL if one of them is."""
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.DPipe(this=whole, expression=part)
    return exp.paren(whole, copy=False)


def members(parts: Iterable[E]) -> E:
    """The inside of a JSON object from `"name":value` parts that are not NULL; NULL if all are."""
    listed = exp.ConcatWs(expressions=[text(","), *parts], coalesce=True)
    return exp.Nullif(this=listed, expression=text(""))


def member(name: str, value: E) -> E:
    return joined(text(f"{json_text(name)}:"), value)


def struct(fields: Iterable[tuple[str, E]]) -> E:
    pairs = [
        exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=value) for name, value in fields
    ]
    return exp.Struct(expressions=pairs)


def array(items: Iterable[E]) -> E:
    return exp.Array(expressions=list(items))


def named(value: E, name: str) -> E:
    return exp.alias_(value, name, quoted=True, copy=False)


def extended(rows: exp.Select, more: Iterable[tuple[str, E]]) -> exp.Select:
    """`rows` with more columns, each computed once from those it has."""
    source = rows.subquery("rows", copy=False)
    return exp.select(exp.Star(), *(named(value, name) for name, value in more), copy=False).from_(
        source, copy=False
    )


def function_rows(function: E, columns: Iterable[str]) -> E:
    """A table function as a relation whose columns are renamed by position."""
    names = [exp.to_identifier(name) for name in columns]
    return exp.Table(this=function, alias=exp.TableAlias(this=exp.to_identifier("source"), columns=names))


def option(name: str, value: E) -> E:
    return exp.EQ(this=exp.column(name), expression=value)


def json_text(value: str) -> str:
    """A text as a JSON string."""
    return msgspec.json.encode(value).decode()


def create_table(name: str, columns: Iterable[tuple[str, exp.DataType]]) -> E:
    """A temporary table."""
    definitions = [
        exp.ColumnDef(this=exp.to_identifier(column, quoted=True), kind=kind) for column, kind in columns
    ]
    return exp.Create(
        this=exp.Schema(this=exp.to_table(name), expressions=definitions),
        kind="TABLE",
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
    )


def create_table_as(name: str, rows: exp.Select) -> E:
    """A temporary table with these rows."""
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    return exp.Create(this=exp.to_table(name), kind="TABLE", expression=rows, properties=temporary)


def insert_values(name: str, rows: Iterable[Iterable[E]], columns: Iterable[str] = ()) -> E:
    """Insert literal rows, into all columns or those named."""
    into: E = exp.to_table(name)
    if names := [exp.to_identifier(column) for column in columns]:
        into = exp.Schema(this=into, expressions=names)
    tuples = [exp.Tuple(expressions=list(row)) for row in rows]
    return exp.Insert(this=into, expression=exp.Values(expressions=tuples))


def update(table: str, values: Mapping[str, E], source: exp.Subquery, on: Iterable[str], *where: E) -> E:
    """Set columns of the rows that match a row of `source` in the columns `on` and satisfy `where`."""
    same = (exp.EQ(this=column(name, table), expression=column(name, source.alias)) for name in on)
    return exp.Update(
        this=exp.to_table(table),
        expressions=[exp.EQ(this=column(name), expression=value) for name, value in values.items()],
        from_=exp.From(this=source),
        where=exp.Where(this=all_of(*same, *where)),
    )
