"""One contract over the same bytes in DuckDB and in Spark, held side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from headrace.domain.machine import Machine
from headrace.domain.plan import Plan
from headrace.engines.duckdb import Reason, Source
from headrace.engines.spark.refine import refine
from tests.engines.unit import DEPLOYMENT_KEY, KEY, landed, refine_files

MACHINE = Machine(1024)
Row = dict[str, Any]
Place = tuple[str, str, int]
"""Side, object, row."""


@dataclass(frozen=True)
class Difference:
    """A row that the engines do not agree about: what each has of it, or None."""

    place: Place
    duckdb: Row | None
    spark: Row | None

    def __str__(self) -> str:
        names = sorted({*(self.duckdb or {}), *(self.spark or {})})
        parts = [
            f"  {name}: DuckDB {(self.duckdb or {}).get(name)!r}, Spark {(self.spark or {}).get(name)!r}"
            for name in names
            if (self.duckdb or {}).get(name) != (self.spark or {}).get(name)
        ]
        return "\n".join([f"{self.place}", *parts])


@dataclass(frozen=True)
class Compared:
    """How many rows DuckDB gave on each side, and what differs."""

    curated: int
    quarantined: int
    differences: tuple[Difference, ...]


def compare(spark: SparkSession, plan: Plan, files: Mapping[str, bytes | Path]) -> Compared:
    """Refine `files` (by key) in both engines: every column of every row and each list of reasons."""
    expected = rows_in_duckdb(plan, files)
    found = rows_in_spark(spark, plan, files)
    differences = tuple(
        Difference(place, expected.get(place), found.get(place))
        for place in sorted({*expected, *found})
        if not _same(expected.get(place), found.get(place))
    )
    curated = sum(side == "curated" for side, _, _ in expected)
    return Compared(curated, len(expected) - curated, differences)


def rows_in_duckdb(
    plan: Plan, files: Mapping[str, bytes | Path], rejection: tuple[Reason, ...] = ()
) -> dict[Place, Row]:
    return _by_place(refine_files(plan, files, rejection=rejection).tables)


def rows_in_spark(
    spark: SparkSession, plan: Plan, files: Mapping[str, bytes | Path], rejection: tuple[Reason, ...] = ()
) -> dict[Place, Row]:
    with TemporaryDirectory() as directory:
        sources = []
        for index, (key, content) in enumerate(files.items()):
            path = Path(directory, f"{index:05d}")
            path.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
            sources.append(Source(index, landed(key), path))
        refined = refine(
            spark,
            plan,
            batch=1,
            sources=sources,
            masking_key=KEY,
            token_key=DEPLOYMENT_KEY,
            rejection=rejection,
            machine=MACHINE,
        )
        refined.judged.persist()
        tables = {"curated": refined.curated.toArrow(), "quarantine": refined.quarantine.toArrow()}
        refined.judged.unpersist()
    return _by_place(tables)


def _by_place(tables: Mapping[str, pa.Table]) -> dict[Place, Row]:
    rows = [(side, row) for side, table in tables.items() for row in table.to_pylist()]
    by_place = {(side, row["_object"], row["_row"]): row for side, row in rows}
    assert len(by_place) == len(rows), "a row stands twice"
    return by_place


def _same(one: Row | None, other: Row | None) -> bool:
    """Equal, and written alike: -0.0 is not 0.0, and 1 is not 1.0."""
    return one == other and repr(one) == repr(other)
