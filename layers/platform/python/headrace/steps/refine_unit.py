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
from headrace.domain.errors import MissingArtefact, UnreadableObject
from headrace.domain.machine import Machine
from headrace.domain.plan import Column, Plan
from headrace.engines.duckdb import Reason, Refined, Refusal, Source, Written, refine, stage
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
        fetched = [_fetch(entry, plan, landing, work / f"{index:05d}") for index, entry in enumerate(entries)]
        refined = refine(
            plan,
            batch=manifest.batch,
            sources=[
                Source(index, entries[index].object, one.content)
                for index, one in enumerate(fetched)
                if one.content is not None
            ],
            workdir=work,
            masking_key=masking_keys.key(plan.dataset) if _hashes(plan.columns) else b"",
            rejection=_rejection(artefacts, manifest) if request.rejected else (),
            machine=machine,
        )
        zones = ("curated", refined.curated), ("quarantine", refined.quarantine)
        written = {zone: _upload(files, zone, manifest, plan, request, lake) for zone, files in zones}
    report = UnitReport(
        unit=request.unit,
        objects=_object_reports(entries, fetched, refined),
        curated=written["curated"],
        quarantine=written["quarantine"],
        reasons=refined.reasons,
    )
    key = keys.report_key(manifest.dataset, manifest.batch, request.unit, request.rejected)
    artefacts.write(key, records.encode(report))
    return UnitRefined(key)


class _Fetched(Struct, frozen=True):
    """A landed object here: its plain file, why it is refused, or nothing for a duplicate."""

    sha256: str
    content: Path | Refusal | None


def _fetch(entry: Entry, plan: Plan, landing: ObjectStore, to: Path) -> _Fetched:
    landed, previous = entry.object, entry.previous
    try:
        with landing.open(landed.key, landed.version_id) as stream:
            staged = stage(stream, to, landed.key)
    except UnreadableObject as error:
        return _Fetched("", Refusal("unreadable", str(error)))
    except MissingArtefact:
        gone = "this version is gone from the landing bucket; upload the file again"
        return _Fetched("", Refusal("unreadable", gone))
    if previous is None:
        return _Fetched(staged.sha256, staged.path)
    if previous.sha256 == staged.sha256:
        return _Fetched(staged.sha256, None)
    if plan.reupload == "append":
        return _Fetched(staged.sha256, staged.path)
    return _Fetched(
        staged.sha256,
        Refusal(
            "immutable",
            f"the contract says immutable, and {previous.identity} was loaded from this key with other "
            "content; upload it under a new key",
        ),
    )


def _object_reports(
    entries: Sequence[Entry], fetched: Sequence[_Fetched], refined: Refined
) -> tuple[ObjectReport, ...]:
    outcomes = {outcome.index: outcome for outcome in refined.objects}
    reports = []
    for index, (entry, one) in enumerate(zip(entries, fetched, strict=True)):
        identity = entry.object.identity
        outcome = outcomes.get(index)
        if outcome is None:
            same = f"the same content was loaded as {entry.previous.identity}" if entry.previous else ""
            reports.append(ObjectReport(identity, "duplicate", one.sha256, 0, 0, 0, same))
            continue
        refusal = outcome.refusal
        reports.append(
            ObjectReport(
                identity,
                refusal.rule if refusal else "refined",
                one.sha256,
                outcome.rows,
                outcome.curated,
                outcome.quarantined,
                refusal.message if refusal else "",
            )
        )
    return tuple(reports)


def _upload(
    files: Sequence[Written],
    zone: str,
    manifest: Manifest,
    plan: Plan,
    request: RefineUnit,
    lake: ObjectStore,
) -> tuple[OutputFile, ...]:
    """Put a zone's file, if it has one, where only the work itself decides."""
    uploaded = []
    for file in files:
        key = keys.data_key(
            zone, manifest.dataset, manifest.batch, request.unit, plan.contract, request.rejected
        )
        lake.write(key, file.path)
        with file.path.open("rb") as body:
            digest = hashlib.file_digest(body, "sha256").hexdigest()
        uploaded.append(OutputFile(key, file.rows, file.path.stat().st_size, digest))
    return tuple(uploaded)


def _rejection(artefacts: ObjectStore, manifest: Manifest) -> tuple[Reason, ...]:
    """The failed dataset rules, as a reason for each row."""
    verdict = records.read(artefacts, keys.verdict_key(manifest.dataset, manifest.batch), Verdict)
    return tuple(
        Reason("", rule.rule, f"measured {rule.measured:g}, expected {rule.expectation}")
        for rule in verdict.failed
    )


def _hashes(columns: Sequence[Column]) -> bool:
    return any(column.mask == "hash" for column in columns)
