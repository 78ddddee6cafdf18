"""Refines one work unit: parses, validates, masks, splits, and writes curated and quarantine files.

Reads exact object versions and writes to keys that only (dataset, batch, unit, contract) decide, so
running it twice writes the same bytes to the same places; a unit whose report stands is left as it is. An
object that cannot be read costs one row in quarantine and leaves its neighbours alone, and so does one
whose refining ends the process (`isolation`).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.batch import Entry, Manifest, ObjectReport, Outcome, OutputFile, UnitReport, Verdict
from headrace.domain.errors import MissingArtefact, UnreadableObject
from headrace.domain.keys import Variant
from headrace.domain.landed import LandedObject, Rows
from headrace.domain.late import Late
from headrace.domain.machine import Machine
from headrace.domain.plan import Array, Column, Mask, Object, Plan
from headrace.domain.replay import ReplayRequest, manifest_of
from headrace.engines.duckdb import (
    LateReason,
    ObjectOutcome,
    Reason,
    Refined,
    Refusal,
    Source,
    Written,
    refine,
    stage,
)
from headrace.engines.duckdb.batch.batch_repeats import read_repeats
from headrace.engines.probe import ProbeJob
from headrace.ports import MaskingKeys, ObjectStore
from headrace.steps import isolation, records
from headrace.steps.replayed import replayed_rows

KeyOf = Callable[[str, int | None], str]
"""The key of a file in the lake, by its zone and, where there are several, its number."""


class RefineUnit(Struct, frozen=True):
    """Unit `unit` of a manifest. `again`: with what only the batch as a whole showed. `rejected`: the batch
    was rejected, so every row goes to quarantine. `rehearse`: `manifest` is the key of a replay request, and
    only a report is written, beside it."""

    manifest: str
    unit: int
    again: bool = False
    rejected: bool = False
    rehearse: bool = False


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
    manifest = _manifest(artefacts, request)
    key = _report_key(manifest, request)
    before = isolation.begin(artefacts, key)
    if before and records.find(artefacts, key, UnitReport):
        return UnitRefined(key)
    verdict = _verdict(artefacts, manifest) if request.rejected else None
    late = _late(artefacts, manifest, request, verdict)
    plan = records.read_plan(artefacts, late.contract or manifest.contract)
    rows = replayed_rows(artefacts, manifest)
    entries = [manifest.entries[position] for position in manifest.units[request.unit].entries]
    with TemporaryDirectory(prefix="headrace-") as directory:
        work = Path(directory)
        fetched = [
            _fetch(entry, plan, landing, work / f"{index:05d}", replay=manifest.replay is not None)
            for index, entry in enumerate(entries)
        ]
        masking_key, token_key = _secrets(plan, masking_keys)
        job = ProbeJob(plan, manifest.batch, (), str(work), masking_key, token_key, machine.memory_mb)
        suspects = _sources(entries, fetched, rows) if before == isolation.ENOUGH else []
        first = _first(artefacts, manifest, request)
        killers = isolation.blamed(artefacts, key, suspects, isolation.probing(job), first)
        fetched = _without(killers, entries, fetched, manifest)
        refined = refine(
            plan,
            batch=manifest.batch,
            sources=_sources(entries, fetched, rows),
            workdir=work,
            masking_key=masking_key,
            token_key=token_key,
            late=_repeats(artefacts, late, request.unit, work),
            rejection=_rejection(verdict),
            machine=machine,
        )
        key_of = _key_of(manifest, plan, request, killers)
        report = UnitReport(
            unit=request.unit,
            objects=_object_reports(entries, fetched, refined, rows),
            curated=() if request.rehearse else _upload(refined.curated, "curated", key_of, lake),
            quarantine=() if request.rehearse else _upload(refined.quarantine, "quarantine", key_of, lake),
            reasons=refined.reasons,
            measured=refined.measured,
            unknown=refined.unknown,
            profile=refined.profile,
        )
    records.create(artefacts, key, report)
    return UnitRefined(key)


def _manifest(artefacts: ObjectStore, request: RefineUnit) -> Manifest:
    if not request.rehearse:
        return records.read(artefacts, request.manifest, Manifest)
    rehearsed = records.read(artefacts, request.manifest, ReplayRequest)
    landed = LandedObject(artefacts.bucket, request.manifest, "", "", 0)
    plan = records.read_plan(artefacts, rehearsed.contract)
    return manifest_of(rehearsed, landed, plan, batch=rehearsed.last + 1)


def _report_key(manifest: Manifest, request: RefineUnit) -> str:
    if request.rehearse:
        return keys.rehearsal_key(request.manifest, request.unit)
    return keys.report_key(manifest.dataset, manifest.batch, request.unit, _variant(request))


class _Fetched(Struct, frozen=True):
    """A landed object here: its plain file, why it is refused, or nothing for a duplicate and for what a
    replay leaves as it stands, which `left` says why."""

    sha256: str
    content: Path | Refusal | None
    left: str = ""


def _fetch(entry: Entry, plan: Plan, landing: ObjectStore, to: Path, *, replay: bool) -> _Fetched:
    landed, previous = entry.object, entry.previous
    try:
        with landing.open(landed.key, landed.version_id) as stream:
            staged = stage(stream, to, landed.key)
    except UnreadableObject as error:
        return _Fetched("", Refusal("unreadable", str(error)))
    except MissingArtefact:
        return _gone(replay=replay)
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


def _gone(*, replay: bool) -> _Fetched:
    """What a replay cannot read again must not take the place of what stands."""
    gone = "this version is gone from the landing bucket"
    if replay:
        return _Fetched("", None, gone)
    return _Fetched("", Refusal("unreadable", f"{gone}; upload the file again"))


def _sources(entries: Sequence[Entry], fetched: Sequence[_Fetched], rows: Rows) -> list[Source]:
    return [
        Source(index, entry.object, one.content, entry.batch, rows.get(entry.object.identity))
        for index, (entry, one) in enumerate(zip(entries, fetched, strict=True))
        if one.content is not None
    ]


def _secrets(plan: Plan, masking_keys: MaskingKeys) -> tuple[bytes, bytes]:
    """The keys of the masks `hash` and `tokenise`; empty where no column has such a mask."""
    masks = set(_masks(plan.columns))
    return (
        masking_keys.key(plan.dataset) if "hash" in masks else b"",
        masking_keys.token_key() if "tokenise" in masks else b"",
    )


def _first(artefacts: ObjectStore, manifest: Manifest, request: RefineUnit) -> UnitReport | None:
    """What the first refining of the unit gave; None in that one itself."""
    if not _variant(request):
        return None
    first = keys.report_key(manifest.dataset, manifest.batch, request.unit)
    return records.read(artefacts, first, UnitReport)


def _without(
    killers: Mapping[str, Refusal], entries: Sequence[Entry], fetched: Sequence[_Fetched], manifest: Manifest
) -> list[_Fetched]:
    """What was fetched, these objects refused; a replay leaves them as they stand."""

    def refused(one: _Fetched, refusal: Refusal) -> _Fetched:
        if manifest.replay is not None:
            return replace(one, content=None, left=refusal.message)
        return replace(one, content=refusal)

    return [
        refused(one, killers[entry.object.identity]) if entry.object.identity in killers else one
        for entry, one in zip(entries, fetched, strict=True)
    ]


def _object_reports(
    entries: Sequence[Entry], fetched: Sequence[_Fetched], refined: Refined, rows: Rows
) -> tuple[ObjectReport, ...]:
    outcomes = {outcome.index: outcome for outcome in refined.objects}
    return tuple(
        _object_report(entry, one, outcomes.get(index), part=rows.get(entry.object.identity) is not None)
        for index, (entry, one) in enumerate(zip(entries, fetched, strict=True))
    )


def _object_report(
    entry: Entry, fetched: _Fetched, outcome: ObjectOutcome | None, *, part: bool
) -> ObjectReport:
    """`part`: only some rows of the object are refined; where it is refused now, they stay as they stand."""
    identity = entry.object.identity
    if outcome is None:
        same = f"the same content was loaded as {entry.previous.identity}" if entry.previous else ""
        end: Outcome = "left" if fetched.left else "duplicate"
        return ObjectReport(identity, end, fetched.sha256, 0, 0, 0, fetched.left or same)
    refusal = outcome.refusal
    if refusal and part:
        return ObjectReport(identity, "left", fetched.sha256, 0, 0, 0, refusal.message)
    return ObjectReport(
        identity,
        refusal.rule if refusal else "refined",
        fetched.sha256,
        outcome.rows,
        outcome.curated,
        outcome.quarantined,
        refusal.message if refusal else "",
    )


def _key_of(manifest: Manifest, plan: Plan, request: RefineUnit, without: Iterable[str]) -> KeyOf:
    """Where the unit's files go: only the work itself decides, and which objects were kept from it."""
    kept = isolation.digest(without)
    return lambda zone, part: keys.data_key(
        zone,
        manifest.dataset,
        manifest.batch,
        request.unit,
        plan.contract,
        _variant(request),
        part,
        kept,
    )


def _upload(files: Sequence[Written], zone: str, key_of: KeyOf, lake: ObjectStore) -> tuple[OutputFile, ...]:
    uploaded = []
    for index, file in enumerate(files):
        key = key_of(zone, index if len(files) > 1 else None)
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
