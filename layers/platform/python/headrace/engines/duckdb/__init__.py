"""Refining on DuckDB: landed files of one work unit in, curated and quarantine Parquet out.

On the way stand `stage` (plain local files), `load` (their rows, read and judged, in one table),
`partitions`, `write` and, over all of them, `refine`; each asks DuckDB through a `session`. What they are
made of lies in `read`, `rows` and `profile`; `rows` builds on what `read` hands over, never the reverse.
`batch` asks of all units' files together, `athena` translates the SQL that contracts supply, `contract_sql`
proves it before any row waits for it, `infer` takes samples for a contract yet to be written.
"""

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
