"""Renders a contract's SQL for Athena: its tables under their Glue names, its mart as an Iceberg CTAS.

Nothing is put together from strings: identifiers and values are nodes that sqlglot quotes.
"""

from collections.abc import Callable, Iterable, Sequence

import sqlglot
from sqlglot import exp

from headrace.domain.contract import sql as contract_sql
from headrace.domain.contract.sql import dataset_of, dataset_tables, parse_query
from headrace.domain.dataset import DatasetId
from headrace.domain.plan import (
    Array,
    Boolean,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Json,
    Object,
    Text,
    Time,
    Timestamp,
    Type,
)
from headrace.domain.zones import TableRef

_DIALECT = "athena"
_SIMPLE = {
    Text: "varchar",
    Json: "varchar",
    Time: "varchar",
    Double: "double",
    Boolean: "boolean",
    Date: "date",
    Timestamp: "timestamp(6) with time zone",
}


def reads(sql: str) -> tuple[DatasetId, ...]:
    """The datasets that a contract's query reads, by name. Raises InvalidSql for what is no such query."""
    return contract_sql.reads(parse_query(sql))


def qualify(sql: str, resolve: Callable[[DatasetId], TableRef]) -> str:
    """A contract's query for Athena: each `domain.dataset` becomes the table that `resolve` gives.

    Names that the query gives to tables go on working. Raises InvalidSql for anything but one query
    made of what contracts may use.
    """
    query = parse_query(sql)
    unaliased = set()
    for table in list(dataset_tables(query)):
        home = resolve(dataset_of(table))
        if not table.alias:
            unaliased.add((table.db.lower(), table.name.lower()))
            table.set("alias", exp.TableAlias(this=_quoted(table.name.lower())))
        table.set("this", _quoted(home.name))
        table.set("db", _quoted(home.database))
    for column in query.find_all(exp.Column):
        if not column.catalog and (column.db.lower(), column.table.lower()) in unaliased:
            column.set("db", None)
    return query.sql(_DIALECT, identify=True, comments=False)


def create_stage(query: str, columns: Sequence[Column], stage: TableRef, location: str) -> str:
    """The CREATE TABLE AS that fills `stage`, an Iceberg table at `location` (s3://…), with a mart's rows.

    `query` is what `qualify` gave. Every column is cast to its type in the contract, for the files will
    stand in a table of those types: a value that does not fit fails the query, and the mart stays as it is.
    """
    rows = exp.Subquery(
        this=sqlglot.parse_one(query, dialect=_DIALECT), alias=exp.TableAlias(this=_quoted("mart"))
    )
    casts = [
        exp.alias_(exp.cast(exp.column(_quoted(column.name)), trino_type(column.type)), _quoted(column.name))
        for column in columns
    ]
    create = exp.Create(
        this=exp.Table(this=_quoted(stage.name), db=_quoted(stage.database)),
        kind="TABLE",
        properties=exp.Properties(
            expressions=[
                exp.Property(this=exp.var("table_type"), value=exp.Literal.string("ICEBERG")),
                exp.Property(this=exp.var("is_external"), value=exp.false()),
                exp.LocationProperty(this=exp.Literal.string(location)),
                exp.FileFormatProperty(this=exp.var("PARQUET")),
            ]
        ),
        expression=exp.select(*casts).from_(rows),
    )
    return create.sql(_DIALECT, identify=True)


def trino_type(kind: Type) -> exp.DataType:
    """What a contract's type is called in Athena."""
    match kind:
        case Integer(bits):
            return exp.DataType.build("integer" if bits == 32 else "bigint", dialect=_DIALECT)
        case Decimal(precision, scale):
            return exp.DataType.build(f"decimal({precision}, {scale})", dialect=_DIALECT)
        case Array(items):
            return _nested("ARRAY", [trino_type(items)])
        case Object(columns):
            fields = [exp.ColumnDef(this=_quoted(one.name), kind=trino_type(one.type)) for one in columns]
            return _nested("STRUCT", fields)
        case _:
            return exp.DataType.build(_SIMPLE[type(kind)], dialect=_DIALECT)


def _nested(kind: str, expressions: Iterable[exp.Expr]) -> exp.DataType:
    return exp.DataType(this=exp.DType[kind], expressions=list(expressions), nested=True)


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)
