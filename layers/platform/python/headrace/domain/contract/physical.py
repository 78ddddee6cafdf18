"""Physical types, as databases and files write them, and the logical types of ODCS that they come to."""

import re

from msgspec import Struct

_FORM = re.compile(r"([a-z]\w*(?:\s+[a-z]\w*)*)\s*(?:\(\s*([\w\s,]*)\)\s*([a-z ]*)|<.*>|\[\s*\])?", re.DOTALL)

INTEGER_BITS = {
    **dict.fromkeys(
        ("int", "integer", "int32", "int4", "i32", "mediumint", "serial", "smallint", "int16", "int2", "i16",
         "short", "tinyint", "int8", "i8", "u8", "u16", "uint8", "uint16", "byteint", "smallserial"), 32
    ),
    **dict.fromkeys(
        ("bigint", "long", "int64", "i64", "bigserial", "u32", "uint32", "uint"), 64
    ),
}  # fmt: skip
"""Names of whole-number types, and the bits of the column that holds them."""
WIDE_INTEGERS = {"u64": 20, "uint64": 20, "ubigint": 20, "i128": 38, "u128": 38, "hugeint": 38}
"""Names of those that no 64 bits hold, and the digits of the decimal that does."""
DOUBLES = frozenset(
    {"double", "double precision", "float", "real", "float4", "float8", "float16", "float32", "float64",
     "f16", "f32", "f64", "binary_double", "binary_float"}
)  # fmt: skip
DECIMALS = frozenset({"decimal", "numeric", "number", "dec", "bignumeric"})

_LOGICAL = {
    **dict.fromkeys((*INTEGER_BITS, *WIDE_INTEGERS), "integer"),
    **dict.fromkeys((*DOUBLES, *DECIMALS, "money", "smallmoney"), "number"),
    **dict.fromkeys(("boolean", "bool", "bit", "logical"), "boolean"),
    "date": "date",
    **dict.fromkeys(("time", "timetz", "time without time zone", "time with time zone"), "time"),
    **dict.fromkeys(
        ("timestamp", "timestamptz", "timestamp_tz", "timestamp_ntz", "timestamp_ltz", "datetime",
         "datetime2", "smalldatetime", "datetimeoffset", "timestamp with time zone",
         "timestamp without time zone", "timestamp with local time zone"), "timestamp"
    ),
    **dict.fromkeys(
        ("object", "struct", "record", "row", "json", "jsonb", "variant", "map", "super"), "object"
    ),
    **dict.fromkeys(("array", "list", "repeated"), "array"),
    **dict.fromkeys(
        ("string", "str", "text", "varchar", "varchar2", "nvarchar", "nvarchar2", "char", "nchar", "bpchar",
         "character", "character varying", "clob", "ntext", "tinytext", "mediumtext", "longtext", "citext",
         "uuid", "uniqueidentifier", "enum", "name", "xml", "bytes", "binary", "varbinary", "bytea", "blob",
         "utf8"), "string"
    ),
}  # fmt: skip


class Physical(Struct, frozen=True):
    """A physical type: its name in lower case, and the numbers between its parentheses."""

    name: str
    precision: int | None = None
    scale: int | None = None

    @property
    def logical(self) -> str | None:
        """The logical type that it comes to; None for a name that is not known."""
        return _LOGICAL.get(self.name)


def parse_physical(written: str) -> Physical:
    """Read a physical type: `numeric(10, 2)`, `timestamp(6) with time zone`, `array<string>`, `int[]`."""
    match = _FORM.fullmatch(written.strip().lower())
    if match is None:
        return Physical("")
    if written.rstrip().endswith("]"):
        return Physical("array")
    name = " ".join(f"{match[1]} {match[3] or ''}".split())
    numbers = [part.strip() for part in (match[2] or "").split(",")]
    if not all(re.fullmatch(r"\d{1,3}", number) for number in numbers) or len(numbers) > 2:
        return Physical(name)
    return Physical(name, int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else None)
