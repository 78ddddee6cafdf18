"""Refines one work unit: reads its sources once, splits every row into curated or quarantine, and counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from headrace.domain.batch import ReasonCount
from headrace.domain.machine import Machine
from headrace.domain.plan import Plan
from headrace.domain.tables import CURATED_SYSTEM_COLUMNS, QUARANTINE_COLUMNS
from headrace.engines.duckdb.load import Spoilt, load
from headrace.engines.duckdb.reading import Reason, Refusal, Source
from headrace.engines.duckdb.render import reason, work_columns
from headrace.engines.duckdb.session import EngineFault, Session
from headrace.engines.duckdb.sql import E, all_of, array, call, column, is_not_null, is_null, named, number, struct, text
from headrace.engines.duckdb.write import Written, write_parquet


@dataclass(frozen=True)
class ObjectOutcome:
    """What became of the source `index`: rows = curated + quarantined; a refused object is one row."""

    index: int
    rows: int
    curated: int
    quarantined: int
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Refined:
    """The files written, none for a side without rows; the outcome of each source; why rows failed."""

    curated: tuple[Written, ...]
    quarantine: tuple[Written, ...]
    objects: tuple[ObjectOutcome, ...]
    reasons: tuple[ReasonCount, ...]


def refine(
    plan: Plan,
    *,
    batch: int,
    sources: Sequence[Source],
    workdir: Path,
    masking_key: bytes,
    rejection: tuple[Reason, ...] = (),
    machine: Machine,
) -> Refined:
    """Refine the sources under the plan into Parquet files in `workdir`, sorted by source and row.

    Bad data never raises: a row that breaks a rule goes to quarantine with all its reasons, a source
    that cannot be read becomes one row there. With a `rejection`, every row does, with these reasons
    after its own. The same input gives the same bytes. Raises Unavailable where memory or disk ran
    out, and EngineFault where rows would be lost.
    """
    ordered = sorted(sources, key=lambda source: source.index)
    refusals = {one.index: one.content for one in ordered if isinstance(one.content, Refusal)}
    while True:
        readable = {
            one.index: (one.landed.key, one.content)
            for one in ordered
            if isinstance(one.content, Path) and one.index not in refusals
        }
        with Session(workdir, [path for _, path in readable.values()], machine.memory_mb) as session:
            try:
                loaded = load(session, plan, readable, masking_key, all_raw=bool(rejection) or _has_unique(plan))
            except Spoilt as spoilt:  # DuckDB may not survive such a file: begin anew without it
                refusals |= spoilt.refusals
                continue
            return _Unit(session, plan, batch, ordered, workdir, rejection).written(
                loaded.rows, refusals | loaded.refusals, in_order=loaded.in_order
            )


def _has_unique(plan: Plan) -> bool:
    return any(one.unique for one in plan.columns)
