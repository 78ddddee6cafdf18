"""A compiled contract: a small relational plan that every engine renders.

The structs are what `headrace.domain.contract` compiles ODCS into, what the artefacts bucket holds as
JSON, and what the engines read; nothing here knows a SQL dialect.
"""

from typing import Any, Literal

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.formats import Format

# ── types ────────────────────────────────────────────────────────────────────────────────────────


class Text(Struct, frozen=True, tag="text"):
    """Unicode text."""


class Integer(Struct, frozen=True, tag="integer"):
    """A whole number of 32 or 64 bits."""

    bits: Literal[32, 64] = 64


class Double(Struct, frozen=True, tag="double"):
    """A 64-bit floating-point number."""


class Decimal(Struct, frozen=True, tag="decimal"):
    """An exact number of at most 38 digits."""

    precision: int
    scale: int


class Boolean(Struct, frozen=True, tag="boolean"):
    """True or false; `true` and `false` list the spellings accepted, without case."""

    true: tuple[str, ...] = ("true", "t", "yes", "y", "1")
    false: tuple[str, ...] = ("false", "f", "no", "n", "0")


class Date(Struct, frozen=True, tag="date"):
    """A calendar day; `format` is a strptime pattern, ISO 8601 where empty."""

    format: str = ""


class Time(Struct, frozen=True, tag="time"):
    """A time of day; `format` is a strptime pattern, ISO 8601 where empty.

    Tables keep it as text, `HH:MM:SS` with six more digits where there are microseconds: Spark and
    Athena have no common type for it, and this text sorts and compares as the times do.
    """

    format: str = ""


class Timestamp(Struct, frozen=True, tag="timestamp"):
    """A moment in microseconds, kept in UTC; a value without an offset is read in `timezone`."""

    format: str = ""
    timezone: str = "UTC"


class Json(Struct, frozen=True, tag="json"):
    """A value of any shape, kept as JSON text."""


class Array(Struct, frozen=True, tag="array"):
    """A list of one type."""

    items: "Type"


class Object(Struct, frozen=True, tag="object"):
    """A record of named columns."""

    columns: "tuple[Column, ...]"


Type = Text | Integer | Double | Decimal | Boolean | Date | Time | Timestamp | Json | Array | Object

# ── row rules ────────────────────────────────────────────────────────────────────────────────────


class Pattern(Struct, frozen=True, tag="pattern"):
    """The whole text matches an RE2 expression."""

    regex: str


class Length(Struct, frozen=True, tag="length"):
    """The text has between `least` and `most` characters, both included."""

    least: int | None = None
    most: int | None = None


class Range(Struct, frozen=True, tag="range"):
    """The value lies between two bounds, written as the contract writes them."""

    least: str | None = None
    most: str | None = None
    least_excluded: bool = False
    most_excluded: bool = False


class OneOf(Struct, frozen=True, tag="enum"):
    """The value, as text, is one of a list."""

    values: tuple[str, ...]


class NoneOf(Struct, frozen=True, tag="missing"):
    """The value, as text, is none of a list: the texts that stand for a missing value."""

    values: tuple[str, ...]


class MultipleOf(Struct, frozen=True, tag="multiple"):
    """The number is a whole multiple of `of`, a positive decimal as the contract writes it."""

    of: str


class Items(Struct, frozen=True, tag="items"):
    """The array has between `least` and `most` items, both included, no two of them equal if `unique`."""

    least: int | None = None
    most: int | None = None
    unique: bool = False


class Fields(Struct, frozen=True, tag="fields"):
    """The JSON object (a column of type `Json`) has between `least` and `most` fields, both included."""

    least: int | None = None
    most: int | None = None


Rule = Pattern | Length | Range | OneOf | NoneOf | MultipleOf | Items | Fields


def rule_name(rule: Rule) -> str:
    """The rule's name in reasons."""
    return str(rule.__struct_config__.tag)


class Check(Struct, frozen=True):
    """A rule on a row as a whole: a row breaks it where `predicate` is false (not where it is NULL).

    `predicate` is SQL in Athena's dialect over the plan's columns, of the nodes that contracts may use.
    """

    name: str
    predicate: str


class Key(Struct, frozen=True):
    """Columns whose values together occur once: the first row stays, later ones are quarantined.

    A row where one of them has no value is not compared. `columns` are the names of whole columns.
    """

    columns: tuple[str, ...]
    rule: Literal["unique", "primary_key"] = "unique"


# ── masks ────────────────────────────────────────────────────────────────────────────────────────

Mask = Literal["hash", "tokenise", "redact", "partial", "truncate", "drop"]
"""`hash`: 32 hex digits, keyed for this dataset alone. `tokenise`: `tok_` and 32 hex digits, keyed for the
whole deployment, so that datasets still join. `redact`: `***`. `partial`: all but the last 4 characters
hidden. `truncate`: of text the first 3 characters, of a day or moment its year. `drop`: judged, then
written nowhere: the tables do not have the column."""

SENSITIVE = frozenset({"restricted", "pii", "sensitive", "confidential"})
"""The classifications whose columns are masked unless the contract says otherwise."""


class Column(Struct, frozen=True):
    """One column; `source` is the field's name in the landed object, and `aliases` its former names there.

    Its rules, in the order in which reasons are listed: `required`, `type` (the cast), `rules`. A column
    inside an object has rules and a mask of its own. `evolved`: the table was widened for it; the
    contract does not name it. `classification` is what the contract says of who may see it, in lower case.
    """

    name: str
    source: str
    type: Type
    required: bool = False
    rules: tuple[Rule, ...] = ()
    mask: Mask | None = None
    description: str = ""
    aliases: tuple[str, ...] = ()
    evolved: bool = False
    classification: str = ""


class Partition(Struct, frozen=True):
    """A partition field of the curated table: a whole, unmasked column, and Iceberg's transform of it.

    `width` is for `truncate` alone.
    """

    column: str
    transform: Literal["identity", "year", "month", "day", "hour", "truncate"] = "identity"
    width: int = 0


# ── dataset rules and queries ────────────────────────────────────────────────────────────────────


class RowCount(Struct, frozen=True, tag="row_count"):
    """The rows read."""


class Quarantined(Struct, frozen=True, tag="quarantined"):
    """The rows in quarantine."""


class Nulls(Struct, frozen=True, tag="nulls"):
    """The rows read in which a column has no value."""

    column: str


class Breaks(Struct, frozen=True, tag="breaks"):
    """The rows read in which a column has a value that breaks one of `rules`, or that is not of its type.

    With `nulls`, those in which it has no value count too.
    """

    column: str
    rules: tuple[Rule, ...]
    nulls: bool = False


class Duplicates(Struct, frozen=True, tag="duplicates"):
    """The rows to be published whose values in `columns` stand in an earlier row of the batch; where
    `columns` are a key's, the rows that this key keeps in quarantine."""

    columns: tuple[str, ...]


class Orphans(Struct, frozen=True, tag="orphans"):
    """The rows to be published whose values in `columns`, all present, are not found together in the
    columns `to` of the curated table of `dataset`."""

    columns: tuple[str, ...]
    dataset: DatasetId
    to: tuple[str, ...]


class Sql(Struct, frozen=True, tag="sql"):
    """The one number that a query gives over the rows to be published, which are the table `batch`.

    `query` is SQL in Athena's dialect, of the nodes that contracts may use.
    """

    query: str


Measure = RowCount | Quarantined | Nulls | Breaks | Duplicates | Orphans | Sql


class DatasetRule(Struct, frozen=True):
    """A rule on the whole batch: what `measure` counts lies in [least, most], or outside if `outside`.

    With `percent`, it is the share (0 to 100) of the rows read that is compared.
    """

    name: str
    measure: Measure
    least: float | None = None
    most: float | None = None
    least_excluded: bool = False
    most_excluded: bool = False
    outside: bool = False
    percent: bool = False
    severity: Literal["error", "warning"] = "error"


class Query(Struct, frozen=True):
    """A SELECT that Athena runs after each published batch; it names tables `domain.dataset`."""

    name: str
    sql: str


Reupload = Literal["immutable", "append"]
"""What becomes of new content under a key that was loaded before: quarantined whole, or loaded too."""


class Plan(Struct, frozen=True, tag="dataset"):
    """The compiled contract of a dataset.

    `contract` is its version and a hash of its meaning (`1.0.0+1a2b3c4d`), as the `_contract` column
    shows it. `field_ids` maps column paths (`user.name`, `tags.element`) to the ids of the curated
    Iceberg table, and `quarantine_field_ids` to those of the quarantine table; both are filled in
    when the tables stand.

    A row's reasons are those of its columns, in order, then of `checks`, then of `keys`, which hold
    within a batch, or against all earlier batches in the table too, as `keys_within` says.
    """

    dataset: DatasetId
    contract: str
    formats: tuple[Format, ...]
    columns: tuple[Column, ...]
    evolution: Literal["freeze", "rescue", "evolve"] = "rescue"
    reupload: Reupload = "immutable"
    checks: tuple[Check, ...] = ()
    keys: tuple[Key, ...] = ()
    keys_within: Literal["batch", "table"] = "table"
    partitions: tuple[Partition, ...] = ()
    rules: tuple[DatasetRule, ...] = ()
    queries: tuple[Query, ...] = ()
    profiled: bool = True
    field_ids: dict[str, int] = {}
    quarantine_field_ids: dict[str, int] = {}


class Mart(Struct, frozen=True, tag="mart"):
    """The compiled contract of a mart: a table made of one query over other datasets' tables.

    `sql` is one SELECT in Athena's dialect that names tables `domain.dataset`; `reads` are those
    datasets, whose publication makes the mart stale.
    """

    dataset: DatasetId
    contract: str
    columns: tuple[Column, ...]
    sql: str
    reads: tuple[DatasetId, ...]


class Described(Struct, frozen=True, tag="described"):
    """The compiled contract of data that does not land here: it is kept and shown, and makes no table.

    `dataset` is what its file is called, `folder/file`; `tables` are the columns of each of its tables.
    """

    dataset: DatasetId
    contract: str
    tables: dict[str, tuple[Column, ...]]


Compiled = Plan | Mart | Described


class Example(Struct, frozen=True):
    """A row that a contract gives as an example: a landed record's fields, as they would be read.

    `breaks` are the reasons, (column, rule), that it must be quarantined with; none: it must be kept.
    A rule on the row as a whole has no column. `line` is where it stands in the contract.
    """

    row: dict[str, Any]
    breaks: tuple[tuple[str, str], ...]
    line: int
