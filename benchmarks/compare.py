"""Checks that contestants gave the same output, in whatever order and number of files."""

from pathlib import Path

import duckdb

from benchmarks.job import COLUMNS

_CURATED = ", ".join(COLUMNS)
# Engines spell a null of a masked or empty field differently in JSON: what is not there is left out.
_RAW = ", ".join(f"coalesce(_raw ->> '$.{name}', '')" for name in COLUMNS)
_REASONS = "list_sort(list_transform(_reasons, r -> r.column || ' ' || r.rule || ' ' || r.value_excerpt))"


def fingerprint(out: Path, *, numbered: bool) -> tuple[tuple[int, int], ...]:
    """Rows and the sum of their hashes for curated and quarantine; with their row numbers, if `numbered`."""
    where = "_object, _row" if numbered else "_object"
    sides = {"curated": f"{_CURATED}, {where}", "quarantine": f"{_RAW}, {_REASONS}, {where}"}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return tuple(
            connection.sql(
                f"SELECT count(*), sum(hash({columns})::HUGEINT)::TEXT "
                f"FROM read_parquet('{out / side}/**/*.parquet', hive_partitioning = false)"
            ).fetchall()[0]
            for side, columns in sides.items()
        )
