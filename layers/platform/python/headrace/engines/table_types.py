"""The types of columns as tables have them."""

from sqlglot import exp

from headrace.domain.plan import (
    Array,
    Boolean,
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
from headrace.engines.sql import E, call, cast, data_type, text


def sql_type(type_: Type) -> exp.DataType:
    """The type that a column of this type has in a table."""
    match type_:
        case Text() | Json() | Time():
            name = "TEXT"
        case Integer(bits=bits):
            name = "INT" if bits == 32 else "BIGINT"
        case Double():
            name = "DOUBLE"
        case Decimal(precision=precision, scale=scale):
            name = f"DECIMAL({precision}, {scale})"
        case Boolean():
            name = "BOOLEAN"
        case Date():
            name = "DATE"
        case Timestamp():
            name = "TIMESTAMPTZ"
        case Array(items=items):
            return exp.DataType(this=exp.DType.ARRAY, expressions=[sql_type(items)], nested=True)
        case Object(columns=columns):
            fields = [
                exp.ColumnDef(this=exp.to_identifier(one.name, quoted=True), kind=sql_type(one.type))
                for one in columns
            ]
            return exp.DataType(this=exp.DType.STRUCT, expressions=fields, nested=True)
    return data_type(name)


def in_zone(moment: E, timezone: str) -> E:
    """A timestamp without an offset, read in a time zone."""
    if timezone == "UTC":
        return cast(moment, "TIMESTAMPTZ")
    return call("TIMEZONE", text(timezone), moment)
