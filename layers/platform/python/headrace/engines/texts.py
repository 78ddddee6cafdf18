"""The relation of texts that engines other than DuckDB start from: landed records, split into fields."""

import pyarrow as pa
from sqlglot import exp

from headrace.domain.plan import Array, Boolean, Date, Double, Integer, Json, Object, Plan, Timestamp, Type
from headrace.engines.duckdb.read.reading import Field, Reading
from headrace.engines.duckdb.rows import nested
from headrace.engines.sql import column, data_type
from headrace.engines.table_types import sql_type
from headrace.engines.translate import BIGINT, BOOLEAN, TEXT, Kind, array_of

TEXTS = "texts"


def text_columns(plan: Plan) -> dict[str, Kind]:
    """The columns of the relation, with their types in DuckDB's words.

    One row a record: `identity` of its object, `entry`, `place`, and `problem` and `record` as in a reading;
    one row at place 0 with a `refusal` for an object that is refused as a whole, and its `problem`. `extra`:
    the inside of a JSON object with the fields that the plan does not know. Of each of the plan's columns
    `i` the text `t<i>` and, for `_raw`, its JSON `j<i>`; `x<i>`: it is of no scalar type; `n<i>`: the value
    itself, where the source has it; `t<i>_shaped`: what Python made of a nested one.
    """
    columns = {"identity": TEXT, "refusal": TEXT, "entry": data_type("INT"), "place": BIGINT}
    columns |= dict.fromkeys(("problem", "record", "extra"), TEXT)
    for i, one in enumerate(plan.columns):
        columns |= {f"t{i}": TEXT, f"j{i}": TEXT}
        if is_shaped(one.type):
            shaped = nested.shaped_schema(pa.schema([]), {f"t{i}": one})
            columns[f"t{i}_shaped"] = _kind(shaped.field(0).type)
        else:
            columns[f"x{i}"] = BOOLEAN
        if may_be_native(one.type):
            columns[f"n{i}"] = sql_type(one.type)
    return columns


def texts_reading(plan: Plan, rows: exp.Select) -> Reading:
    """The relation, of which `rows` selects all columns, as a reading."""
    fields = tuple(_field(i, one.type) for i, one in enumerate(plan.columns))
    return Reading(entries=(), rows=rows, fields=fields, extra=column("extra"))


def is_shaped(type_: Type) -> bool:
    """Whether Python shapes the values of a type."""
    return isinstance(type_, Array | Object | Json)


def may_be_native(type_: Type) -> bool:
    """Whether a source may have values of a type as such, not as text."""
    return isinstance(type_, Integer | Double | Boolean | Date | Timestamp)


def _field(i: int, type_: Type) -> Field:
    if is_shaped(type_):
        return Field(column(f"t{i}"), column(f"j{i}"), shaped=True)
    native = column(f"n{i}") if may_be_native(type_) else None
    return Field(column(f"t{i}"), column(f"j{i}"), column(f"x{i}"), native)


def _kind(type_: pa.DataType) -> Kind:
    if pa.types.is_list(type_):
        return array_of(_kind(type_.value_type))
    if pa.types.is_struct(type_):
        fields = [
            exp.ColumnDef(this=exp.to_identifier(part.name, quoted=True), kind=_kind(part.type))
            for part in type_
        ]
        return exp.DataType(this=exp.DType.STRUCT, expressions=fields, nested=True)
    return TEXT.copy()
