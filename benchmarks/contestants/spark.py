"""PySpark on local[2], as one would write it: a frame of texts, casts and rules as expressions, two writes.

Its `_row` only ascends within a file: to number the rows it would have to read twice.
"""

import os
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sf

from benchmarks.job import COLUMNS, COUNTRY, EMAIL, EXCERPT, KEY, SKU, STATUSES, Job


def ready() -> Callable[[Job], None]:
    """A session on two cores."""
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "1500m",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[2]").appName("orders")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    return lambda job: run(job, spark)


def run(job: Job, spark: SparkSession) -> None:
    """Refine all files; the judged rows are kept between the two writes."""
    judged = _judged(_read(job.files, spark)).persist()
    provenance = [sf.lit(1).cast("bigint").alias("_batch"), sf.lit("1.0.0").alias("_contract")]
    typed = [sf.col(f"v_{name}").alias(name) for name in COLUMNS]
    where = [sf.col("_object"), sf.col("_row"), *provenance]
    curated = judged.where(sf.size("_reasons") == 0).select(*typed, *where)
    raw = sf.to_json(sf.struct(*(sf.col("v_email").alias(n) if n == "email" else sf.col(n) for n in COLUMNS)))
    quarantine = judged.where(sf.size("_reasons") > 0).select(*where, raw.alias("_raw"), "_reasons")
    day = sf.to_date("ordered_at").alias("day")
    curated.select("*", day).write.partitionBy("day").parquet(str(job.out / "curated"))
    quarantine.write.parquet(str(job.out / "quarantine"))
    spark.stop()


def _read(files: tuple[Path, ...], spark: SparkSession) -> DataFrame:
    schema = ", ".join(f"{name} STRING" for name in COLUMNS)
    paths = [str(file) for file in files]
    if files[0].suffix == ".ndjson":
        rows = spark.read.schema(schema).json(paths)
        rows = rows.select(
            *(sf.nullif(sf.col(name), sf.lit("")).alias(name) for name in COLUMNS), "_metadata"
        )
    else:
        rows = spark.read.schema(schema).option("header", True).option("escape", '"').csv(paths)
    name = sf.concat(
        sf.lit("s3://landing/shop/orders/"), sf.col("_metadata.file_name"), sf.lit("?versionId=v1")
    )
    return rows.withColumn("_object", name).withColumn("_row", sf.monotonically_increasing_id())


def _judged(rows: DataFrame) -> DataFrame:
    casts = {"order_id": "bigint", "customer_id": "bigint", "ordered_at": "timestamp", "quantity": "bigint",
             "unit_price": "decimal(10,2)", "discount": "double", "gift": "boolean"}  # fmt: skip
    hashed = sf.substring(sf.sha2(sf.concat(sf.lit(bytearray(KEY)), sf.encode("email", "utf-8")), 256), 1, 32)
    values = {name: sf.col(name).try_cast(casts[name]) if name in casts else sf.col(name) for name in COLUMNS}
    typed = rows.withColumns({f"v_{name}": hashed if name == "email" else values[name] for name in COLUMNS})
    reasons = sf.array(
        *(
            sf.when(
                broken,
                sf.struct(
                    sf.lit(name).alias("column"),
                    sf.lit(rule).alias("rule"),
                    sf.coalesce(sf.col("v_email" if name == "email" else name), sf.lit(""))
                    .substr(1, EXCERPT)
                    .alias("value_excerpt"),
                ),
            )
            for name, rule, broken in _checks()
        )
    )
    return typed.withColumn("_reasons", sf.array_compact(reasons))


def _checks() -> list[tuple[str, str, Column]]:
    def wrong(name: str) -> tuple[str, str, Column]:
        return name, "type", sf.col(f"v_{name}").isNull() & sf.col(name).isNotNull()

    def missing(name: str) -> tuple[str, str, Column]:
        return name, "required", sf.col(name).isNull()

    def whole(name: str, pattern: str) -> tuple[str, str, Column]:
        return name, "pattern", ~sf.col(name).rlike(f"^(?:{pattern})$")

    quantity, discount = sf.col("v_quantity"), sf.col("v_discount")
    return [
        missing("order_id"), wrong("order_id"),
        missing("customer_id"), wrong("customer_id"), ("customer_id", "range", sf.col("v_customer_id") < 1),
        whole("email", EMAIL),
        missing("ordered_at"), wrong("ordered_at"),
        whole("country", COUNTRY),
        missing("status"), ("status", "enum", ~sf.col("status").isin(*STATUSES)),
        missing("sku"), whole("sku", SKU),
        wrong("quantity"), ("quantity", "range", (quantity < 1) | (quantity > 1000)),
        wrong("unit_price"), ("unit_price", "range", sf.col("v_unit_price") < 0),
        wrong("discount"), ("discount", "range", (discount < 0) | (discount > 1)),
        wrong("gift"),
        ("note", "length", sf.length("note") > 40),
    ]  # fmt: skip
