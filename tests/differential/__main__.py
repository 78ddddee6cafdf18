"""Holds Spark against DuckDB over made-up contracts and rows: `python -m tests.differential CASES [SEED]`.

A case is one row under one contract. Prints one line of figures; where the engines differ, also the seed and
the smallest contract and row found that show it, and exits with 1.
"""

import argparse
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, seed, settings
from pyspark.sql import SparkSession

from tests.differential.both import compare
from tests.differential.contracts import Case, cases
from tests.differential.spark import local_spark

ROWS = 400


@dataclass
class Tally:
    """What many comparisons came to."""

    cases: int = 0
    curated: int = 0
    differences: int = 0
    smallest: str = ""


def tally(spark: SparkSession, contracts: int, rows: int, start: int) -> Tally:
    """Compare the engines over so many contracts with so many rows each, made from the seed `start`."""
    total = Tally()

    @seed(start)
    @settings(
        max_examples=contracts,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(rows))
    def look(case: Case) -> None:
        compared = compare(spark, case.plan, case.files)
        total.cases += compared.curated + compared.quarantined
        total.curated += compared.curated
        total.differences += len(compared.differences)
        if compared.differences and not total.smallest:
            total.smallest = smallest(spark, case, compared.differences[0].place[2])

    look()
    return total


def smallest(spark: SparkSession, case: Case, row: int) -> str:
    """A contract of as few columns as show the difference in one row, with that row."""
    at = max(row - 1, 0)
    kept = frozenset(one.name for one in case.plan.columns)
    for name in sorted(kept):
        if len(kept) > 1 and _differs(spark, case.only(at, kept - {name})):
            kept -= {name}
    smaller = case.only(at, kept)
    shown = smaller if _differs(spark, smaller) else case
    differences = compare(spark, shown.plan, shown.files).differences
    parts = [repr(shown.plan), repr(shown.files if shown is smaller else shown.rows[at])]
    return "\n".join([*parts, *map(str, differences[:3])])


def _differs(spark: SparkSession, case: Case) -> bool:
    return bool(compare(spark, case.plan, case.files).differences)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="differential", description=__doc__)
    parser.add_argument("cases", type=int, help="how many rows to compare, at least")
    parser.add_argument("seed", type=int, nargs="?", default=secrets.randbelow(2**32))
    asked = parser.parse_args()
    began = time.monotonic()
    total = Tally()
    with TemporaryDirectory(prefix="headrace-spark-") as home, local_spark(Path(home)) as spark:
        round_ = 0
        while total.cases < asked.cases and not total.differences:
            missing = -(-(asked.cases - total.cases) // ROWS)
            more = tally(spark, missing, ROWS, asked.seed + round_)
            total.cases += more.cases
            total.curated += more.curated
            total.differences, total.smallest = more.differences, more.smallest
            round_ += 1
    took = time.monotonic() - began
    figures = f"cases={total.cases} curated={total.curated} differences={total.differences}"
    sys.stdout.write(f"{figures} seed={asked.seed} seconds={took:.0f}\n{total.smallest}")
    return 1 if total.differences else 0


if __name__ == "__main__":
    sys.exit(main())
