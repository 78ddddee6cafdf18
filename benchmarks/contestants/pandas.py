"""pandas in the manner of awswrangler: chunks of a CSV become frames, frames become Parquet files."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.job import COLUMNS, COUNTRY, EMAIL, EXCERPT, KEY, SKU, STATUSES, Job

_CHUNK = 200_000
_REASONS = pa.list_(
    pa.struct([("column", pa.string()), ("rule", pa.string()), ("value_excerpt", pa.string())])
)
_CENTS = pa.decimal128(10, 2)


def ready() -> Callable[[Job], None]:
    """Nothing to prepare."""
    return run


def run(job: Job) -> None:
    """Refine all files, chunk by chunk."""
    for zone in ("curated", "quarantine"):
        (job.out / zone).mkdir()
    for file in job.files:
        identity = f"s3://landing/shop/orders/{file.name}?versionId=v1"
        for at, chunk in enumerate(_chunks(file)):
            _refine(chunk, identity, job.out, f"{file.stem}-{at:05d}")


def _chunks(file: Path) -> Iterator[pd.DataFrame]:
    if file.suffix == ".ndjson":
        chunks = pd.read_json(file, lines=True, dtype=False, convert_dates=False, chunksize=_CHUNK)
        yield from (chunk.replace("", None) for chunk in chunks)
    else:
        yield from pd.read_csv(file, dtype="str", chunksize=_CHUNK, keep_default_na=False, na_values=[""])


def _refine(rows: pd.DataFrame, identity: str, out: Path, name: str) -> None:
    typed = pd.DataFrame({"order_id": _whole(rows["order_id"]), "customer_id": _whole(rows["customer_id"])})
    typed["email"] = rows["email"].map(_hashed, na_action="ignore")
    typed["ordered_at"] = pd.to_datetime(
        rows["ordered_at"], format="%Y-%m-%dT%H:%M:%S", errors="coerce", utc=True
    )
    for column in ("country", "status", "sku", "note"):
        typed[column] = rows[column]
    typed["quantity"] = _whole(rows["quantity"])
    typed["unit_price"] = pd.to_numeric(rows["unit_price"], errors="coerce")
    typed["discount"] = pd.to_numeric(rows["discount"], errors="coerce")
    typed["gift"] = rows["gift"].map({"true": True, "false": False}).astype("boolean")
    checks = [
        (column, rule, broken.fillna(False).astype(bool)) for column, rule, broken in _checks(rows, typed)
    ]
    bad = pd.concat([broken for _, _, broken in checks], axis=1).any(axis=1)
    provenance = {"_object": identity, "_row": rows.index + 1, "_batch": 1, "_contract": "1.0.0"}
    curated = typed[list(COLUMNS)].assign(**provenance)[~bad]
    table = pa.Table.from_pandas(curated, preserve_index=False)
    price = table.schema.get_field_index("unit_price")
    cents = pa.compute.round(table["unit_price"], 2).cast(_CENTS, safe=False)
    table = table.set_column(price, "unit_price", cents)
    days = pa.array(curated["ordered_at"].dt.strftime("%Y-%m-%d"))
    pq.write_to_dataset(
        table.append_column("day", days),
        out / "curated",
        partition_cols=["day"],
        basename_template=f"{name}-{{i}}.parquet",
        existing_data_behavior="overwrite_or_ignore",
        compression="zstd",
        compression_level=1,
    )
    if bad.any():
        _quarantine(rows, typed, checks, bad, provenance, out / "quarantine" / f"{name}.parquet")


def _checks(rows: pd.DataFrame, typed: pd.DataFrame) -> Iterator[tuple[str, str, "pd.Series[bool]"]]:
    def wrong(name: str) -> tuple[str, str, "pd.Series[bool]"]:
        return name, "type", typed[name].isna() & rows[name].notna()

    def missing(name: str) -> tuple[str, str, "pd.Series[bool]"]:
        return name, "required", rows[name].isna()

    def whole(name: str, pattern: str) -> tuple[str, str, "pd.Series[bool]"]:
        return (
            name,
            "pattern",
            rows[name].notna() & ~rows[name].str.fullmatch(pattern).fillna(False).astype(bool),
        )

    yield from (missing("order_id"), wrong("order_id"), missing("customer_id"), wrong("customer_id"))
    yield "customer_id", "range", typed["customer_id"] < 1
    yield from (whole("email", EMAIL), missing("ordered_at"), wrong("ordered_at"), whole("country", COUNTRY))
    yield missing("status")
    yield "status", "enum", rows["status"].notna() & ~rows["status"].isin(STATUSES)
    yield from (missing("sku"), whole("sku", SKU), wrong("quantity"))
    yield "quantity", "range", (typed["quantity"] < 1) | (typed["quantity"] > 1000)
    yield wrong("unit_price")
    yield "unit_price", "range", typed["unit_price"] < 0
    yield wrong("discount")
    yield "discount", "range", (typed["discount"] < 0) | (typed["discount"] > 1)
    yield wrong("gift")
    yield "note", "length", rows["note"].str.len() > 40


def _whole(texts: "pd.Series[str]") -> "pd.Series[int]":
    return pd.to_numeric(texts, errors="coerce").astype("Int64")


def _hashed(value: str) -> str:
    return hashlib.sha256(KEY + value.encode()).hexdigest()[:32]


def _quarantine(
    rows: pd.DataFrame,
    typed: pd.DataFrame,
    checks: list[tuple[str, str, "pd.Series[bool]"]],
    bad: "pd.Series[bool]",
    provenance: dict[str, object],
    to: Path,
) -> None:
    texts = rows.assign(email=typed["email"])
    reasons: dict[int, list[dict[str, str]]] = {at: [] for at in rows.index[bad]}
    for column, rule, broken in checks:
        for at, value in texts.loc[broken[broken].index, column].items():
            excerpt = "" if pd.isna(value) else value[:EXCERPT]
            reasons[at].append({"column": column, "rule": rule, "value_excerpt": excerpt})
    failed = texts[bad]
    raw = [line for line in failed[list(COLUMNS)].to_json(orient="records", lines=True).splitlines() if line]
    where = pd.DataFrame(provenance, index=rows.index)[bad]
    table = pa.Table.from_pandas(where, preserve_index=False)
    table = table.append_column("_raw", pa.array(raw)).append_column(
        "_reasons", pa.array(reasons.values(), _REASONS)
    )
    pq.write_table(table, to, compression="zstd", compression_level=1)
