"""Runs a statement without tables through translation and DuckDB, as a query would, at a fixed moment."""

from datetime import UTC, datetime
from typing import cast

from headrace_local.athena.formatting import text
from headrace_local.athena.lake import Lake
from headrace_local.athena.select import Run
from headrace_local.athena.trino.dialect import parse

NOW = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)


def run(statement: str) -> tuple[list[str], list[list[str | None]]]:
    """The result's types, in Trino's spelling, and its rows as Athena writes them."""
    rows = Run(statement, cast("Lake", None), NOW).query(parse(statement))
    kinds = [t for _, t in rows.query.columns]
    values = [
        [None if v is None else text(v, t) for v, t in zip(row.values(), kinds, strict=True)]
        for row in rows.table.to_pylist()
    ]
    return [str(t) for t in kinds], values


def answer(expression: str) -> str | None:
    """What one expression is worth."""
    _, rows = run(f"SELECT {expression}")
    return rows[0][0]
