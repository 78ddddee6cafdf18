"""Refines one work unit: parses, validates, masks, splits, and writes curated and quarantine files.

Reads exact object versions and writes to keys that only (dataset, batch, unit, contract) decide, so
running it twice writes the same bytes to the same places. An object that cannot be read costs one
row in quarantine and leaves its neighbours alone.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.batch import Entry, Manifest, ObjectReport, OutputFile, UnitReport, Verdict
from headrace.domain.errors import UnreadableObject
from headrace.domain.machine import Machine
from headrace.domain.plan import Plan
from headrace.engines.duckdb import Reason, Refined, Refusal, Source, refine, stage
from headrace.ports import MaskingKeys, ObjectStore
from headrace.steps import records


class RefineUnit(Struct, frozen=True):
    """Unit `unit` of a manifest. `rejected`: the batch was rejected, so every row goes to quarantine."""

    manifest: str
    unit: int
    rejected: bool = False


class UnitRefined(Struct, frozen=True):
    """`report` is the key of the unit's report."""

    report: str


def refine_unit(
    request: RefineUnit,
    *,
    landing: ObjectStore,
    artefacts: ObjectStore,
    lake: ObjectStore,
    masking_keys: MaskingKeys,
    machine: Machine,
) -> UnitRefined:
    manifest = records.read(artefacts, request.manifest, Manifest)
    plan = records.read_plan(artefacts, manifest.contract)
    entries = [manifest.entries[position] for position in manifest.units[request.unit].entries]
    with TemporaryDirectory(prefix="headrace-") as directory:
        work = Path(directory)
        staged = [_stage(entry, plan, landing, work / f"{index:05d}") for index, entry in enumerate(entries)]
        refined = refine(
            plan,
            batch=manifest.batch,
            sources=[one for one in staged if not isinstance(one, ObjectReport)],
            workdir=work,
            masking_key=masking_keys.key(plan.dataset) if _hashes(plan) else b"",
            rejection=_rejection(artefacts, manifest) if request.rejected else (),
            machine=machine,
        )
        duplicates = [one for one in staged if isinstance(one, ObjectReport)]
        report = _write(refined, duplicates, manifest, plan, request, lake)
    key = keys.report_key(manifest.dataset, manifest.batch, request.unit, request.rejected)
    artefacts.write(key, records.encode(report))
    return UnitRefined(key)
