"""Trino's types, and what each is called in DuckDB, Iceberg and Athena's result metadata."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pyiceberg import types as iceberg
from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported

MAX_DECIMAL_PRECISION = 38
DEFAULT_FRACTION = 3
MICROSECONDS = 6


@dataclass(frozen=True)
class Type:
    """One Trino type.

    `length` is a varchar's limit (None: none), a decimal's precision, or the digits of a second's fraction.
    `args` are the element, key and value, or field types; `names` the row's field names (None: unnamed).
    `zone` is the time zone that values of `timestamp with time zone` are shown in, None where each row has
    its own: DuckDB keeps the instant only, so what depends on an unknown zone must be refused.
    """

    name: str
    length: int | None = None
    scale: int = 0
    args: tuple["Type", ...] = ()
    names: tuple[str | None, ...] = ()
    zone: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return _TEXT.get(self.name, _plain)(self)

    @property
    def is_integral(self) -> bool:
        return self.name in INTEGRAL

    @property
    def is_numeric(self) -> bool:
        return self.name in NUMERIC

    @property
    def is_floating(self) -> bool:
        return self.name in ("real", "double")

    def duckdb(self) -> str:
        """The DuckDB type that holds this type's values."""
        match self.name:
            case "decimal":
                return f"DECIMAL({self.length}, {self.scale})"
            case "array":
                return f"{self.args[0].duckdb()}[]"
            case "map":
                return f"MAP({self.args[0].duckdb()}, {self.args[1].duckdb()})"
            case "row":
                pairs = zip(self.field_names(), self.args, strict=True)
                return "STRUCT(" + ", ".join(f"{quoted(n)} {t.duckdb()}" for n, t in pairs) + ")"
        return _DUCKDB[self.name]

    def field_names(self) -> list[str]:
        """The names DuckDB knows a row's fields by: the row's own, `f<i>` where there is none."""
        return [name if name is not None else f"f{i}" for i, name in enumerate(self.names)]


def _plain(t: Type) -> str:
    return t.name


def _row_text(t: Type) -> str:
    fields = (f"{quoted(n)} {a}" if n is not None else str(a) for n, a in zip(t.names, t.args, strict=True))
    return f"row({', '.join(fields)})"


_TEXT: dict[str, Callable[[Type], str]] = {
    "varchar": lambda t: "varchar" if t.length is None else f"varchar({t.length})",
    "decimal": lambda t: f"decimal({t.length},{t.scale})",
    "time": lambda t: f"time({t.length})",
    "timestamp": lambda t: f"timestamp({t.length})",
    "timestamp with time zone": lambda t: f"timestamp({t.length}) with time zone",
    "array": lambda t: f"array({t.args[0]})",
    "map": lambda t: f"map({t.args[0]}, {t.args[1]})",
    "row": _row_text,
}
_DUCKDB = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "varchar": "VARCHAR",
    "varbinary": "BLOB",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
    "interval day to second": "INTERVAL",
    "interval year to month": "INTERVAL",
    "json": "VARCHAR",
    "uuid": "UUID",
    "unknown": "INTEGER",
}
INTEGRAL = ("tinyint", "smallint", "integer", "bigint")
NUMERIC = (*INTEGRAL, "decimal", "real", "double")

BOOLEAN, TINYINT, SMALLINT = Type("boolean"), Type("tinyint"), Type("smallint")
INTEGER, BIGINT, REAL, DOUBLE = Type("integer"), Type("bigint"), Type("real"), Type("double")
VARCHAR, VARBINARY, DATE, JSON, UUID = (Type(n) for n in ("varchar", "varbinary", "date", "json", "uuid"))
UNKNOWN = Type("unknown")
DAY_TO_SECOND, YEAR_TO_MONTH = Type("interval day to second"), Type("interval year to month")


def varchar(length: int | None) -> Type:
    return Type("varchar", length)


def decimal(precision: int, scale: int) -> Type:
    return Type("decimal", precision, scale)


def timestamp(fraction: int = DEFAULT_FRACTION) -> Type:
    return Type("timestamp", fraction)


def timestamp_tz(fraction: int = DEFAULT_FRACTION, zone: str | None = "UTC") -> Type:
    return Type("timestamp with time zone", fraction, zone=zone)


def array(element: Type) -> Type:
    return Type("array", args=(element,))


def mapping(key: Type, value: Type) -> Type:
    return Type("map", args=(key, value))


def row(fields: list[tuple[str | None, Type]]) -> Type:
    return Type("row", args=tuple(t for _, t in fields), names=tuple(n for n, _ in fields))


def quoted(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


_AST_NAMES = {
    exp.DataType.Type.BOOLEAN: BOOLEAN,
    exp.DataType.Type.TINYINT: TINYINT,
    exp.DataType.Type.SMALLINT: SMALLINT,
    exp.DataType.Type.INT: INTEGER,
    exp.DataType.Type.BIGINT: BIGINT,
    exp.DataType.Type.FLOAT: REAL,
    exp.DataType.Type.DOUBLE: DOUBLE,
    exp.DataType.Type.VARBINARY: VARBINARY,
    exp.DataType.Type.DATE: DATE,
    exp.DataType.Type.JSON: JSON,
    exp.DataType.Type.UUID: UUID,
}


def from_ast(node: exp.DataType, at: int | None = None) -> Type:
    """The type a parsed `CAST … AS` names; raises QueryFailed for what Trino or this engine does not have."""
    kind = node.this
    if kind in _AST_NAMES:
        return _AST_NAMES[kind]
    sizes = [int(p.this.this) for p in node.expressions if isinstance(p, exp.DataTypeParam)]
    if kind in _PARAMETRIC:
        return _PARAMETRIC[kind](sizes)
    if kind == exp.DataType.Type.ARRAY:
        return array(from_ast(node.expressions[0], at))
    if kind == exp.DataType.Type.MAP:
        return mapping(from_ast(node.expressions[0], at), from_ast(node.expressions[1], at))
    if kind == exp.DataType.Type.STRUCT:
        return row([_row_field(f, at) for f in node.expressions])
    if kind == exp.DataType.Type.CHAR:
        raise not_supported("The type char", at)
    shown = "string" if kind == exp.DataType.Type.TEXT else node.sql("trino").lower()
    raise QueryFailed("TYPE_NOT_FOUND", f"Unknown type: {shown}", at)


_PARAMETRIC: dict[object, Callable[[list[int]], Type]] = {
    exp.DataType.Type.VARCHAR: lambda s: varchar(s[0] if s else None),
    exp.DataType.Type.DECIMAL: lambda s: decimal(*_precision_and_scale(s)),
    exp.DataType.Type.TIME: lambda s: Type("time", _fraction(s)),
    exp.DataType.Type.TIMESTAMP: lambda s: timestamp(_fraction(s)),
    exp.DataType.Type.TIMESTAMPTZ: lambda s: timestamp_tz(_fraction(s)),
}


def _row_field(node: exp.Expr, at: int | None) -> tuple[str | None, Type]:
    if isinstance(node, exp.ColumnDef) and node.kind is not None:
        return node.name.lower(), from_ast(node.kind, at)
    if isinstance(node, exp.DataType):
        return None, from_ast(node, at)
    raise not_supported(f"The row field {node.sql('trino')}", at)


def _fraction(sizes: list[int]) -> int:
    fraction = sizes[0] if sizes else DEFAULT_FRACTION
    if fraction > MICROSECONDS:
        raise not_supported(f"A fraction of a second of {fraction} digits")
    return fraction


def _precision_and_scale(sizes: list[int]) -> tuple[int, int]:
    precision, scale = (sizes[0] if sizes else MAX_DECIMAL_PRECISION), (sizes[1] if len(sizes) > 1 else 0)
    if not 1 <= precision <= MAX_DECIMAL_PRECISION:
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT", f"DECIMAL precision must be in range [1, 38]: {precision}"
        )
    if not 0 <= scale <= precision:
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT",
            f"DECIMAL scale must be in range [0, precision ({precision})]: {scale}",
        )
    return precision, scale


_FROM_ICEBERG: dict[type[iceberg.IcebergType], Type] = {
    iceberg.BooleanType: BOOLEAN,
    iceberg.IntegerType: INTEGER,
    iceberg.LongType: BIGINT,
    iceberg.FloatType: REAL,
    iceberg.DoubleType: DOUBLE,
    iceberg.StringType: VARCHAR,
    iceberg.BinaryType: VARBINARY,
    iceberg.FixedType: VARBINARY,
    iceberg.DateType: DATE,
    iceberg.TimeType: Type("time", MICROSECONDS),
    iceberg.TimestampType: timestamp(MICROSECONDS),
    iceberg.TimestamptzType: timestamp_tz(MICROSECONDS),
    iceberg.UUIDType: UUID,
}


def from_iceberg(t: iceberg.IcebergType) -> Type:
    """The type Athena shows an Iceberg column as: timestamps have six digits, with time zone in UTC."""
    match t:
        case iceberg.DecimalType():
            return decimal(t.precision, t.scale)
        case iceberg.ListType():
            return array(from_iceberg(t.element_type))
        case iceberg.MapType():
            return mapping(from_iceberg(t.key_type), from_iceberg(t.value_type))
        case iceberg.StructType():
            return row([(f.name.lower(), from_iceberg(f.field_type)) for f in t.fields])
    if type(t) not in _FROM_ICEBERG:
        raise not_supported(f"The Iceberg type {t}")
    return _FROM_ICEBERG[type(t)]


_TO_ICEBERG = {
    "boolean": iceberg.BooleanType(),
    "integer": iceberg.IntegerType(),
    "bigint": iceberg.LongType(),
    "real": iceberg.FloatType(),
    "double": iceberg.DoubleType(),
    "varchar": iceberg.StringType(),
    "varbinary": iceberg.BinaryType(),
    "date": iceberg.DateType(),
    "time": iceberg.TimeType(),
    "timestamp": iceberg.TimestampType(),
    "timestamp with time zone": iceberg.TimestamptzType(),
    "uuid": iceberg.UUIDType(),
}


def to_iceberg(t: Type, next_id: Callable[[], int]) -> iceberg.IcebergType:
    """The Iceberg type that CREATE TABLE AS makes of a column; fractions of a second grow to six digits."""
    match t.name:
        case "decimal":
            return iceberg.DecimalType(t.length or MAX_DECIMAL_PRECISION, t.scale)
        case "array":
            return iceberg.ListType(next_id(), to_iceberg(t.args[0], next_id), element_required=False)
        case "map":
            return iceberg.MapType(
                next_id(),
                to_iceberg(t.args[0], next_id),
                next_id(),
                to_iceberg(t.args[1], next_id),
                value_required=False,
            )
        case "row":
            pairs = zip(t.field_names(), t.args, strict=True)
            fields = [
                iceberg.NestedField(next_id(), n, to_iceberg(a, next_id), required=False) for n, a in pairs
            ]
            return iceberg.StructType(*fields)
    if t.name not in _TO_ICEBERG:
        raise QueryFailed("NOT_SUPPORTED", f"Type not supported for Iceberg: {t}")
    return _TO_ICEBERG[t.name]


def with_zone(t: Type, zone: str | None) -> Type:
    return replace(t, zone=zone)
