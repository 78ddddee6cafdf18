"""Refines one work unit: parses, validates, masks, splits, and writes curated and quarantine files.

Reads exact object versions and writes to keys that only (dataset, batch, unit, contract) decide, so
running it twice writes the same bytes to the same places. An object that cannot be read costs one
row in quarantine and leaves its neighbours alone.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.batch import Entry, Manifest, ObjectReport, OutputFile, UnitReport, Verdict
from headrace.domain.errors import MissingArtefact, UnreadableObject
from headrace.domain.keys import Variant
from headrace.domain.late import Late
from headrace.domain.machine import Machine
from headrace.domain.plan import Array, Column, Mask, Object, Plan
from headrace.engines.duckdb import LateReason, Reason, Refined, Refusal, Source, Written, refine, stage
from headrace.engines.duckdb.batch.batch_repeats import read_repeats
from headrace.ports import MaskingKeys, ObjectStore
from headrace.steps import records


class RefineUnit(Struct, frozen=True):
    """Unit `unit` of a manifest. `again`: with what only the batch as a whole showed. `rejected`: the batch
    was rejected, so every row goes to quarantine."""

    manifest: str
    unit: int
    again: bool = False
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
    verdict = _verdict(artefacts, manifest) if request.rejected else None
    late = _late(artefacts, manifest, request, verdict)
    plan = records.read_plan(artefacts, late.contract or manifest.contract)
    entries = [manifest.entries[position] for position in manifest.units[request.unit].entries]
    with TemporaryDirectory(prefix="headrace-") as directory:
        work = Path(directory)
        fetched = [_fetch(entry, plan, landing, work / f"{index:05d}") for index, entry in enumerate(entries)]
        masks = set(_masks(plan.columns))
        refined = refine(
            plan,
            batch=manifest.batch,
            sources=[
                Source(index, entries[index].object, one.content)
                for index, one in enumerate(fetched)
                if one.content is not None
            ],
            workdir=work,
            masking_key=masking_keys.key(plan.dataset) if "hash" in masks else b"",
            token_key=masking_keys.token_key() if "tokenise" in masks else b"",
            late=_repeats(artefacts, late, request.unit, work),
            rejection=_rejection(verdict),
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
        measured=refined.measured,
        unknown=refined.unknown,
        profile=refined.profile,
    )
    key = keys.report_key(manifest.dataset, manifest.batch, request.unit, _variant(request))
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
    """Put a zone's files where only the work itself decides."""
    uploaded = []
    for index, file in enumerate(files):
        part = index if len(files) > 1 else None
        key = keys.data_key(
            zone, manifest.dataset, manifest.batch, request.unit, plan.contract, _variant(request), part
        )
        lake.write(key, file.path)
        with file.path.open("rb") as body:
            digest = hashlib.file_digest(body, "sha256").hexdigest()
        uploaded.append(OutputFile(key, file.rows, file.path.stat().st_size, digest))
    return tuple(uploaded)


def _variant(request: RefineUnit) -> Variant:
    if request.rejected:
        return "rejected"
    return "again" if request.again else ""


def _verdict(artefacts: ObjectStore, manifest: Manifest) -> Verdict:
    return records.read(artefacts, keys.verdict_key(manifest.dataset, manifest.batch), Verdict)


def _rejection(verdict: Verdict | None) -> tuple[Reason, ...]:
    """The failed dataset rules, as a reason for each row."""
    return tuple(Reason("", rule.rule, rule.told) for rule in verdict.failed) if verdict else ()


def _late(artefacts: ObjectStore, manifest: Manifest, request: RefineUnit, verdict: Verdict | None) -> Late:
    """What was found out about the unit after it was first refined; a rejection does not forget it."""
    if request.again or (verdict and request.unit in verdict.again):
        return records.read(artefacts, keys.late_key(manifest.dataset, manifest.batch), Late)
    return Late(())


def _repeats(artefacts: ObjectStore, late: Late, unit: int, work: Path) -> tuple[LateReason, ...]:
    """The unit's rows whose key stands elsewhere."""
    file = work / "repeats.parquet"
    for one in late.units:
        if one.unit == unit and one.repeats:
            file.write_bytes(artefacts.read(one.repeats))
            return tuple(read_repeats(file))
    return ()


def _masks(columns: Sequence[Column]) -> Iterator[Mask]:
    """The masks of columns, and of those inside them."""
    for column in columns:
        if column.mask:
            yield column.mask
        kind = column.type
        while isinstance(kind, Array):
            kind = kind.items
        if isinstance(kind, Object):
            yield from _masks(kind.columns)
