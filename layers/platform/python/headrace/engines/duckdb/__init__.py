"""Refining on DuckDB: landed files of one work unit in, curated and quarantine Parquet out."""

from headrace.domain.errors import EngineFault
from headrace.engines.duckdb.read.reading import Reason, Refusal, Source
from headrace.engines.duckdb.refine import ObjectOutcome, Refined, refine
from headrace.engines.duckdb.rows.late import LateReason
from headrace.engines.duckdb.stage import Limits, Staged, stage
from headrace.engines.duckdb.write import Written

__all__ = [
    "EngineFault",
    "LateReason",
    "Limits",
    "ObjectOutcome",
    "Reason",
    "Refined",
    "Refusal",
    "Source",
    "Staged",
    "Written",
    "refine",
    "stage",
]
