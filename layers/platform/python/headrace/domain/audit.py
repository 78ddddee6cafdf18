"""What is said of a batch when it closes: the audit record, the objects' ends, and the trouble."""

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.batch import (
    Audit,
    Committed,
    Manifest,
    ObjectAudit,
    ObjectReport,
    Previous,
    ReasonCount,
    RuleOutcome,
    UnitReport,
    Verdict,
)
from headrace.domain.batch_profile import BatchProfile
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import Finished
from headrace.domain.replay import ReplayRequest, line_after


def audit_of(
    manifest: Manifest,
    *,
    contract: str,
    verdict: Verdict,
    reports: Sequence[UnitReport],
    tables: tuple[Committed, ...],
    profile: BatchProfile | None,
    closed_at: str,
) -> Audit:
    """The audit record; `reports` are those of the rows that were committed."""
    objects = lines(reports, verdict)
    return Audit(
        dataset=manifest.dataset,
        batch=manifest.batch,
        contract=contract,
        verdict=verdict,
        objects=objects,
        rows=sum(one.rows for one in objects),
        curated=sum(one.curated for one in objects),
        quarantined=sum(one.quarantined for one in objects),
        reasons=_reasons(reports),
        tables=tables,
        files=tuple(file for report in reports for file in (*report.curated, *report.quarantine)),
        closed_at=closed_at,
        profile=keys.profile_key(manifest.dataset, manifest.batch) if profile else "",
        drifted=profile.drifted if profile else (),
        personal=tuple(profile.suspicions) if profile else (),
    )


def of_replay(audit: Audit, landed: LandedObject, request: ReplayRequest) -> Audit:
    """The audit record of a replay, from that of the rows replayed: its objects' lines take the place of
    earlier ones, and the request, which is the object `landed`, has a line of its own."""
    standing = {one.identity: one for one in request.standing}
    left = len(request.entries) - len(audit.objects)
    reason = f"{left} of {len(request.entries)} objects are left as they stand" if left else ""
    if not audit.verdict.publish:
        reason = _failed(audit.verdict)
    line = ObjectAudit(
        landed.identity,
        ObjectState.LOADED if audit.verdict.publish else ObjectState.REJECTED,
        audit.rows,
        audit.curated,
        audit.quarantined,
        landed.etag,
        reason,
    )
    objects = tuple(line_after(request, standing[one.identity], one) for one in audit.objects)
    return replace(audit, objects=objects, replay=line)


def lines(reports: Sequence[UnitReport], verdict: Verdict) -> tuple[ObjectAudit, ...]:
    """The line of each object that a batch handled; a replay may have left some alone."""
    return tuple(
        _object(one, verdict) for report in reports for one in report.objects if one.outcome != "left"
    )


def _reasons(reports: Sequence[UnitReport]) -> tuple[ReasonCount, ...]:
    """How many rows broke each rule, over all units."""
    reasons: Counter[tuple[str, str]] = Counter()
    for report in reports:
        reasons.update({(one.column, one.rule): one.rows for one in report.reasons})
    return tuple(ReasonCount(column, rule, rows) for (column, rule), rows in sorted(reasons.items()))


def _object(report: ObjectReport, verdict: Verdict) -> ObjectAudit:
    state, reason = _end(report, verdict)
    return ObjectAudit(
        report.identity, state, report.rows, report.curated, report.quarantined, report.sha256, reason
    )


def _end(report: ObjectReport, verdict: Verdict) -> tuple[ObjectState, str]:
    if report.outcome == "duplicate":
        return ObjectState.DUPLICATE, report.reason
    if report.outcome != "refined":
        return ObjectState.QUARANTINED, report.reason
    if not verdict.publish:
        return ObjectState.REJECTED, _failed(verdict)
    if report.quarantined:
        return (
            ObjectState.LOADED_WITH_REJECTS,
            f"{report.quarantined} of {report.rows} rows are in quarantine",
        )
    return ObjectState.LOADED, report.reason


def _failed(verdict: Verdict) -> str:
    return "; ".join(f"{rule.rule}: {rule.told}" for rule in verdict.failed)


def finished_objects(manifest: Manifest, audit: Audit) -> list[Finished]:
    """The ledger's line for each object that the batch took, which of a replay is its request; what was
    loaded is what a later re-upload is compared with."""
    if manifest.replay and audit.replay:
        one = audit.replay
        landed = manifest.replay.request
        return [Finished(landed, one.state, one.reason, one.rows, one.curated, one.quarantined)]
    return _finished(manifest, audit)


def amended_objects(manifest: Manifest, audit: Audit) -> list[Finished]:
    """The ledger's new line for each object that a replay changes, in the order of its entries."""
    return _finished(manifest, audit) if manifest.replay else []


def _finished(manifest: Manifest, audit: Audit) -> list[Finished]:
    entries = {entry.object.identity: entry for entry in manifest.entries}
    loaded = (ObjectState.LOADED, ObjectState.LOADED_WITH_REJECTS)
    return [
        Finished(
            entries[one.identity].object,
            one.state,
            one.reason,
            one.rows,
            one.curated,
            one.quarantined,
            Previous(one.identity, one.sha256) if one.state in loaded else None,
            entries[one.identity].batch,
        )
        for one in audit.objects
    ]


def trouble(audit: Audit) -> Iterator[tuple[str, str]]:
    """Subject and message of each thing an operator should hear of; no row data in either."""
    if audit.replay and not audit.verdict.publish:
        yield (
            f"{audit.dataset}: replay refused in batch {audit.batch}",
            "Nothing changed: every row stands where it stood before the replay.\n"
            + _listed(audit.verdict.failed),
        )
    elif not audit.verdict.publish:
        yield (
            f"{audit.dataset}: batch {audit.batch} rejected",
            f"Nothing of batch {audit.batch} was published; its {audit.rows} rows are in quarantine.\n"
            + _listed(audit.verdict.failed),
        )
    if audit.verdict.warned:
        end = "published" if audit.verdict.publish else "refused" if audit.replay else "rejected"
        yield (
            f"{audit.dataset}: batch {audit.batch} {end}, and a rule warns",
            f"These rules do not keep batch {audit.batch} back:\n" + _listed(audit.verdict.warned),
        )
    whole = [one for one in audit.objects if one.state is ObjectState.QUARANTINED]
    if whole:
        listed = "\n".join(f"- {one.identity}: {one.reason}" for one in whole[:20])
        yield (
            f"{audit.dataset}: {len(whole)} object{'' if len(whole) == 1 else 's'} quarantined",
            f"These objects of batch {audit.batch} were quarantined whole:\n{listed}",
        )


def _listed(rules: Sequence[RuleOutcome]) -> str:
    return "\n".join(f"- {rule.rule}: {rule.told}" for rule in rules)
