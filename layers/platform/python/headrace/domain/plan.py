"""A compiled contract: a small relational plan that every engine renders.

The structs are what `headrace.domain.contract` compiles ODCS into, what the artefacts bucket holds as
JSON, and what the engines read; nothing here knows a SQL dialect.
"""

from typing import Literal

from msgspec import Struct

from headrace.domain.dataset import DatasetId

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


Type = Text | Integer | Double | Decimal | Boolean | Date | Timestamp | Json | Array | Object

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


Rule = Pattern | Length | Range | OneOf

# ── masks ────────────────────────────────────────────────────────────────────────────────────────

Mask = Literal["hash", "redact", "partial"]


class Column(Struct, frozen=True):
    """One column; `source` is the field's name in the landed object.

    Its rules, in the order in which reasons are listed: `required`, `type` (the cast), `rules`, then
    `unique` (within a batch: the first row stays, later ones are quarantined).
    """

    name: str
    source: str
    type: Type
    required: bool = False
    unique: bool = False
    rules: tuple[Rule, ...] = ()
    mask: Mask | None = None
    description: str = ""


# ── the landed format ────────────────────────────────────────────────────────────────────────────


class Csv(Struct, frozen=True, tag="csv"):
    """Delimited text in UTF-8 with a header; `nulls` are the texts (after unquoting) that mean no value."""

    delimiter: str = ","
    quote: str = '"'
    nulls: tuple[str, ...] = ("",)


class Ndjson(Struct, frozen=True, tag="ndjson"):
    """One JSON object a line."""


class JsonDocument(Struct, frozen=True, tag="json"):
    """One JSON document; its rows are the array at `record_path` (dotted; empty: the document itself)."""

    record_path: str = ""


class Parquet(Struct, frozen=True, tag="parquet"):
    """Apache Parquet; `nulls` are the texts, in text columns, that mean no value."""

    nulls: tuple[str, ...] = ()


Format = Csv | Ndjson | JsonDocument | Parquet

# ── dataset rules and queries ────────────────────────────────────────────────────────────────────

Metric = Literal["row_count", "quarantined_percent"]


class DatasetRule(Struct, frozen=True):
    """A rule on the whole batch: `metric` lies in [least, most].

    `row_count` counts the rows read, `quarantined_percent` (0 to 100) the share of them in quarantine.
    """

    name: str
    metric: Metric
    least: float | None = None
    most: float | None = None
    severity: Literal["error", "warning"] = "error"


class Query(Struct, frozen=True):
    """A SELECT that Athena runs after each published batch; it names tables `domain.dataset`."""

    name: str
    sql: str


class Plan(Struct, frozen=True, tag="dataset"):
    """The compiled contract of a dataset.

    `contract` is its version and a hash of its meaning (`1.0.0+1a2b3c4d`), as the `_contract` column
    shows it. `field_ids` maps column paths (`user.name`, `tags.element`) to the ids of the curated
    Iceberg table, and `quarantine_field_ids` to those of the quarantine table; both are filled in
    when the tables stand.
    """

    dataset: DatasetId
    contract: str
    formats: tuple[Format, ...]
    columns: tuple[Column, ...]
    evolution: Literal["freeze", "rescue"] = "rescue"
    reupload: Literal["immutable", "append"] = "immutable"
    rules: tuple[DatasetRule, ...] = ()
    queries: tuple[Query, ...] = ()
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


Compiled = Plan | Mart
