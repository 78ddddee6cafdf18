"""polars, lazily, on its streaming engine: one scan, two sinks."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import polars as pl

from benchmarks.job import COLUMNS, COUNTRY, EMAIL, EXCERPT, KEY, ROW_GROUP, SKU, STATUSES, Job


def ready() -> Callable[[Job], None]:
    """Nothing to prepare."""
    return run


def run(job: Job) -> None:
    """Refine all files."""
    rows = pl.concat([_scan(file) for file in job.files])
    moment = pl.col("ordered_at").str.to_datetime(
        "%Y-%m-%dT%H:%M:%S", time_unit="us", time_zone="UTC", strict=False
    )
    gift = pl.col("gift").replace_strict(
        {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
    )
    typed = rows.with_columns(
        pl.col("order_id").cast(pl.Int64, strict=False).alias("v_order_id"),
        pl.col("customer_id").cast(pl.Int64, strict=False).alias("v_customer_id"),
        moment.alias("v_ordered_at"),
        pl.col("quantity").cast(pl.Int64, strict=False).alias("v_quantity"),
        pl.col("unit_price").cast(pl.Decimal(10, 2), strict=False).alias("v_unit_price"),
        pl.col("discount").cast(pl.Float64, strict=False).alias("v_discount"),
        gift.alias("v_gift"),
        pl.col("email").map_batches(_hashed, return_dtype=pl.String).alias("v_email"),
    )  # fmt: skip
    checks = list(_checks())
    judged = typed.with_columns(
        pl.any_horizontal(broken.fill_null(False) for _, _, broken in checks).alias("bad")
    )
    provenance = [pl.lit(1, pl.Int64).alias("_batch"), pl.lit("1.0.0").alias("_contract")]
    curated = judged.filter(~pl.col("bad")).select(
        *(pl.col(f"v_{name}").alias(name) if name in _TYPED else pl.col(name) for name in COLUMNS),
        pl.col("_object"), pl.col("_row"), *provenance,
    )  # fmt: skip
    shown = {name: pl.col(f"v_{name}" if name == "email" else name).fill_null("") for name in COLUMNS}
    reasons = [
        pl.when(broken).then(
            pl.struct(column=pl.lit(name), rule=pl.lit(rule), value_excerpt=shown[name].str.head(EXCERPT))
        )
        for name, rule, broken in checks
    ]
    raw = pl.struct(
        *(pl.col("v_email").alias("email") if name == "email" else pl.col(name) for name in COLUMNS)
    )
    quarantine = judged.filter(pl.col("bad")).select(
        pl.col("_object"), pl.col("_row"), *provenance,
        raw.struct.json_encode().alias("_raw"),
        pl.concat_list(reasons).list.drop_nulls().alias("_reasons"),
    )  # fmt: skip
    day = pl.col("ordered_at").dt.strftime("%Y-%m-%d").alias("day")
    days = pl.PartitionBy(job.out / "curated", key=day, include_key=False)
    sinks = [_sink(curated, days), _sink(quarantine, job.out / "quarantine" / "0.parquet")]
    pl.collect_all(sinks, engine="streaming")


_TYPED = {"order_id", "customer_id", "email", "ordered_at", "quantity", "unit_price", "discount", "gift"}


def _scan(file: Path) -> pl.LazyFrame:
    identity = f"s3://landing/shop/orders/{file.name}?versionId=v1"
    kinds = dict.fromkeys(COLUMNS, pl.String)
    if file.suffix == ".ndjson":
        rows = pl.scan_ndjson(file, schema=kinds, row_index_name="_row", row_index_offset=1)
        rows = rows.with_columns(pl.col(COLUMNS).replace("", None))
    else:
        rows = pl.scan_csv(file, schema=kinds, row_index_name="_row", row_index_offset=1)
    return rows.with_columns(pl.col("_row").cast(pl.Int64), pl.lit(identity).alias("_object"))


def _checks() -> list[tuple[str, str, pl.Expr]]:
    def wrong(name: str) -> tuple[str, str, pl.Expr]:
        return name, "type", pl.col(f"v_{name}").is_null() & pl.col(name).is_not_null()

    def missing(name: str) -> tuple[str, str, pl.Expr]:
        return name, "required", pl.col(name).is_null()

    def whole(name: str, pattern: str) -> tuple[str, str, pl.Expr]:
        return name, "pattern", ~pl.col(name).str.contains(f"^(?:{pattern})$")

    quantity, discount = pl.col("v_quantity"), pl.col("v_discount")
    return [
        missing("order_id"), wrong("order_id"),
        missing("customer_id"), wrong("customer_id"), ("customer_id", "range", pl.col("v_customer_id") < 1),
        whole("email", EMAIL),
        missing("ordered_at"), wrong("ordered_at"),
        whole("country", COUNTRY),
        missing("status"), ("status", "enum", ~pl.col("status").is_in(STATUSES)),
        missing("sku"), whole("sku", SKU),
        wrong("quantity"), ("quantity", "range", (quantity < 1) | (quantity > 1000)),
        wrong("unit_price"), ("unit_price", "range", pl.col("v_unit_price") < 0),
        wrong("discount"), ("discount", "range", (discount < 0) | (discount > 1)),
        wrong("gift"),
        ("note", "length", pl.col("note").str.len_chars() > 40),
    ]  # fmt: skip


def _hashed(values: pl.Series) -> pl.Series:
    return pl.Series(
        [None if v is None else hashlib.sha256(KEY + v.encode()).hexdigest()[:32] for v in values],
        dtype=pl.String,
    )


def _sink(rows: pl.LazyFrame, to: Path | pl.PartitionBy) -> pl.LazyFrame:
    sink = rows.sink_parquet(
        to, compression="zstd", compression_level=1, row_group_size=ROW_GROUP, mkdir=True, lazy=True
    )
    if sink is None:
        raise TypeError("a lazy sink is a frame")
    return sink
