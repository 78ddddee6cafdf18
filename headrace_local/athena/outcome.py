"""What a statement leaves behind: its columns, its rows as text, and how many rows it changed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from headrace_local.athena.trino.types import BIGINT, Type

_PRECISION = {
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "real": 17,
    "double": 17,
    "time": 3,
    "timestamp": 3,
    "timestamp with time zone": 3,
    "varbinary": 1_073_741_824,
}
_UNBOUNDED = 2_147_483_647


@dataclass(frozen=True)
class ColumnInfo:
    """A result's column as GetQueryResults describes it; `kind` is Athena's name of its type."""

    name: str
    kind: str
    precision: int = 0
    scale: int = 0
    case_sensitive: bool = False

    @classmethod
    def of(cls, name: str, t: Type) -> "ColumnInfo":
        precision = _PRECISION.get(t.name, 0)
        if t.name == "varchar":
            precision = t.length if t.length is not None else _UNBOUNDED
        if t.name == "decimal":
            precision = t.length or 0
        kind = "float" if t.name == "real" else t.name
        return cls(name, kind, precision, t.scale if t.name == "decimal" else 0, t.name == "varchar")

    def json(self) -> dict[str, object]:
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": self.kind,
            "Precision": self.precision,
            "Scale": self.scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": self.case_sensitive,
        }


@dataclass(frozen=True)
class Outcome:
    """A finished statement's result; None is a null value, or no count of changed rows."""

    columns: list[ColumnInfo] = field(default_factory=list)
    rows: Iterable[list[str | None]] = ()
    update_count: int | None = None
    update_type: str = ""


def changed(count: int, what: str) -> Outcome:
    """The result of INSERT and CREATE TABLE AS: no rows, one column, a count."""
    return Outcome([ColumnInfo.of("rows", BIGINT)], [], count, what)


def lines(names: list[str], rows: Iterable[str], update_count: int | None = 0) -> Outcome:
    """The result of SHOW and DESCRIBE: one text a row, whatever columns it claims to have."""
    return Outcome([ColumnInfo(n, "string") for n in names], [[r] for r in rows], update_count)
