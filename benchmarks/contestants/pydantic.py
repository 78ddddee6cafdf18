"""A csv reader and a pydantic model a row: the usual Lambda function."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from benchmarks.job import COUNTRY, EMAIL, EXCERPT, KEY, SKU, Job

_ROWS = 20_000
_PROVENANCE = [
    ("_object", pa.string()),
    ("_row", pa.int64()),
    ("_batch", pa.int64()),
    ("_contract", pa.string()),
]
_CURATED = pa.schema([
    ("order_id", pa.int64()), ("customer_id", pa.int64()), ("email", pa.string()),
    ("ordered_at", pa.timestamp("us", "UTC")), ("country", pa.string()), ("status", pa.string()),
    ("sku", pa.string()), ("quantity", pa.int64()), ("unit_price", pa.decimal128(10, 2)),
    ("discount", pa.float64()), ("gift", pa.bool_()), ("note", pa.string()), *_PROVENANCE,
])  # fmt: skip
_REASONS = pa.list_(
    pa.struct([("column", pa.string()), ("rule", pa.string()), ("value_excerpt", pa.string())])
)
_QUARANTINE = pa.schema([*_PROVENANCE, ("_raw", pa.string()), ("_reasons", _REASONS)])
_RULES = {"missing": "required", "string_pattern_mismatch": "pattern", "string_too_long": "length",
          "literal_error": "enum", "greater_than_equal": "range", "less_than_equal": "range"}  # fmt: skip


class Order(BaseModel):
    """One order."""

    order_id: int
    customer_id: Annotated[int, Field(ge=1)]
    email: Annotated[str | None, Field(pattern=f"^(?:{EMAIL})$")] = None
    ordered_at: datetime
    country: Annotated[str | None, Field(pattern=f"^(?:{COUNTRY})$")] = None
    status: Literal["new", "paid", "shipped", "returned"]
    sku: Annotated[str, Field(pattern=f"^(?:{SKU})$")]
    quantity: Annotated[int | None, Field(ge=1, le=1000)] = None
    unit_price: Annotated[Decimal | None, Field(ge=0, max_digits=10, decimal_places=2)] = None
    discount: Annotated[float | None, Field(ge=0, le=1)] = None
    gift: bool | None = None
    note: Annotated[str | None, Field(max_length=40)] = None


def ready() -> Callable[[Job], None]:
    """The model's validator is built once."""
    adapter = TypeAdapter(Order)
    return lambda job: run(job, adapter)


def run(job: Job, adapter: TypeAdapter[Order]) -> None:
    """Refine all files, row by row."""
    with ExitStack() as files:
        writers: dict[str, pq.ParquetWriter] = {}
        waiting: dict[str, list[dict[str, Any]]] = {}
        for file in job.files:
            identity = f"s3://landing/shop/orders/{file.name}?versionId=v1"
            for number, fields in enumerate(_records(file), 1):
                where = {"_object": identity, "_row": number, "_batch": 1, "_contract": "1.0.0"}
                good, row = _judged(fields, adapter)
                folder = f"curated/{row['ordered_at']:%Y-%m-%d}" if good else "quarantine"
                if folder not in writers:
                    schema = _CURATED if good else _QUARANTINE
                    writers[folder] = files.enter_context(_writer(job.out / folder, schema))
                    waiting[folder] = []
                waiting[folder].append(row | where)
                if len(waiting[folder]) == _ROWS:
                    _flush(waiting[folder], writers[folder])
        for folder, rows in waiting.items():
            _flush(rows, writers[folder])


def _judged(fields: dict[str, str], adapter: TypeAdapter[Order]) -> tuple[bool, dict[str, Any]]:
    present = {name: value for name, value in fields.items() if value != ""}
    masked = _hashed(present["email"]) if "email" in present else None
    try:
        order = adapter.validate_python(present)
    except ValidationError as error:
        shown = present | ({"email": masked} if masked else {})
        reasons = [
            {"column": str(one["loc"][0]), "rule": _RULES.get(one["type"], "type"),
             "value_excerpt": shown.get(str(one["loc"][0]), "")[:EXCERPT]}
            for one in error.errors(include_url=False, include_context=False)
        ]  # fmt: skip
        return False, {"_raw": json.dumps({name: shown.get(name) for name in fields}), "_reasons": reasons}
    values = dict(order)
    values["email"] = masked
    values["ordered_at"] = order.ordered_at.replace(tzinfo=UTC)
    return True, values


def _records(file: Path) -> Iterator[dict[str, str]]:
    with file.open(newline="") as lines:
        if file.suffix == ".ndjson":
            yield from map(json.loads, lines)
        else:
            yield from csv.DictReader(lines)


def _hashed(value: str) -> str:
    return hashlib.sha256(KEY + value.encode()).hexdigest()[:32]


def _writer(folder: Path, schema: pa.Schema) -> pq.ParquetWriter:
    folder.mkdir(parents=True)
    return pq.ParquetWriter(folder / "0.parquet", schema, compression="zstd", compression_level=1)


def _flush(rows: list[dict[str, Any]], writer: pq.ParquetWriter) -> None:
    if rows:
        writer.write_table(pa.Table.from_pylist(rows, writer.schema))
        rows.clear()
