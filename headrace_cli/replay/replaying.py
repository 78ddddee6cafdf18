"""Starts a replay, follows it to its end, and says what it changed; or what it would change."""

import hashlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from headrace.domain import keys
from headrace.domain.batch import Audit, Manifest, ObjectAudit, RuleOutcome
from headrace.domain.changes import Change, changes
from headrace.domain.comparison import Comparison, compare
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.replay import ReplayRequest
from headrace.ports import LedgerObject
from headrace.steps import records
from headrace.steps.plan_replay import PlanReplay, ReplayPlanned
from headrace.steps.replay_requests import LeftOut
from headrace_cli import put, scene
from headrace_cli.deployment import Deployment
from headrace_cli.failures import ExitCode, Failure, is_wrong_word
from headrace_cli.quarantine import reasons
from headrace_cli.render import many, note

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

_POLL_S = 0.3


class RequestEnd(Struct, frozen=True):
    """What became of one request: the batch it was replayed as, and why, where it was refused."""

    request: str
    batch: int
    state: str
    reason: str


class ContractChange(Struct, frozen=True):
    """What the contract replayed under changes of one that the objects were published under before."""

    then: str
    changes: tuple[Change, ...]


class Replayed(Struct, frozen=True):
    """A replay, or (`planned`) the rehearsal of one. `contract_then` and `contract_now` are contract ids;
    `comparison` is None where there was nothing to replay."""

    dataset: str
    id: str
    planned: bool
    batches: int
    contract_then: tuple[str, ...]
    contract_now: str
    contract_changes: tuple[ContractChange, ...]
    comparison: Comparison | None
    requests: tuple[RequestEnd, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def refused(self) -> bool:
        """Whether part of it was replayed in vain: a dataset rule kept it from the tables."""
        return any(one.state != ObjectState.LOADED for one in self.requests)


class _Output(Struct):
    """What the state machine ends with."""

    plan: ReplayPlanned
    comparison: str = ""


def run(deployment: Deployment, request: PlanReplay, *, timeout: float) -> Replayed:
    """Replay, or rehearse where the request is not to be submitted; `timeout` in seconds.

    Raises Failure where what is asked for is not there, and when it does not come to its end.
    """
    dataset = DatasetId.parse(request.dataset)
    before = deployment.registered(dataset)
    begun = time.monotonic()
    output = _planned(deployment, request, begun + timeout)
    plan = output.plan
    if not request.submit:
        found = (
            records.read(deployment.artefacts, output.comparison, Comparison) if output.comparison else None
        )
        return _told(deployment, request, plan, found, ())
    note(f"replay {request.id}: {many(plan.objects, 'object')} in {many(len(plan.requests), 'request')}")
    landed = [_as_landed(deployment, key) for key in plan.requests]
    ends = put.wait(
        deployment,
        dataset,
        landed,
        from_batch=before.next_batch,
        timeout=timeout,
        begun=begun,
        safe="replay requests wait in the ledger, and go on by themselves",
    )
    return _told(deployment, request, plan, _compared(deployment, ends), ends)


# ── the state machine ────────────────────────────────────────────────────────────────────────────


def _planned(deployment: Deployment, request: PlanReplay, deadline: float) -> _Output:
    client = deployment.clients.stepfunctions
    started = client.start_execution(
        stateMachineArn=deployment.outputs.replay_state_machine_arn,
        name=request.id,
        input=msgspec.json.encode(request).decode(),
    )
    while (ended := client.describe_execution(executionArn=started["executionArn"]))["status"] == "RUNNING":
        if time.monotonic() > deadline:
            raise Failure(
                ExitCode.TROUBLE,
                f"replay {request.id} is still being planned; it goes on by itself.\n"
                f"`headrace status {request.dataset}` shows what it does.",
            )
        time.sleep(_POLL_S)
    if ended["status"] != "SUCCEEDED":
        raise _failure(deployment, request, ended)
    return msgspec.json.decode(ended["output"], type=_Output)


def _failure(deployment: Deployment, request: PlanReplay, ended: "DescribeExecutionOutputTypeDef") -> Failure:
    error, said = ended.get("error", ended["status"]), scene.message(ended.get("cause", ""))
    if is_wrong_word(error):
        return Failure(ExitCode.USAGE, f"{said}\n{_there_are(deployment, request)}Nothing was replayed.")
    return Failure(
        ExitCode.TROUBLE,
        f"replay {request.id} failed with {error} in {said or 'the state machine'}.\n"
        "The function's log says more. Asking again is safe: rows take their own places.",
    )


def _there_are(deployment: Deployment, request: PlanReplay) -> str:
    """The reasons that rows are in quarantine for, where one was asked for; else empty, as where they cannot
    be read: why the replay was refused is to be said all the same."""
    from botocore.exceptions import ClientError

    wanted = request.quarantined
    if wanted is None or not (wanted.rule or wanted.column):
        return ""
    try:
        found = reasons(deployment, DatasetId.parse(request.dataset))
    except (Failure, ClientError):
        return ""
    listed = ", ".join(f"{one.column} {one.rule}".lstrip() for one in found)
    return f"Its rows are in quarantine by column and rule: {listed}.\n" if found else ""


# ── the requests ─────────────────────────────────────────────────────────────────────────────────


def _as_landed(deployment: Deployment, key: str) -> LandedObject:
    """A request as the ledger knows it."""
    body = deployment.artefacts.read(key)
    return LandedObject(deployment.artefacts.bucket, key, "", hashlib.sha256(body).hexdigest(), len(body))


def _compared(deployment: Deployment, ends: Sequence[LedgerObject]) -> Comparison | None:
    """The objects' lines before the replay and after it; None where nothing was replayed."""
    before: list[ObjectAudit] = []
    after: list[ObjectAudit] = []
    broken: list[RuleOutcome] = []
    left: list[str] = []
    for end in ends:
        request = records.read(deployment.artefacts, end.object.key, ReplayRequest)
        audit = records.read(deployment.artefacts, keys.audit_key(request.dataset, end.batch), Audit)
        new = {line.identity: line for line in audit.objects}
        before += request.standing
        after += [new.get(line.identity, line) for line in request.standing]
        broken += [*audit.verdict.failed, *audit.verdict.warned]
        if audit.verdict.publish and new.keys() < {line.identity for line in request.standing}:
            left += _left(deployment, audit)
    return compare(before, after, broken=broken, left=left) if ends else None


def _left(deployment: Deployment, audit: Audit) -> list[str]:
    """The objects that a replay left as they stand, each with the reason."""
    key = keys.manifest_key(audit.dataset, audit.batch)
    manifest = records.read(deployment.artefacts, key, Manifest)
    reports = records.read_reports(deployment.artefacts, manifest, audit.verdict.variant)
    objects = [one for report in reports for one in report.objects]
    return [f"{one.identity}: {one.reason}" for one in objects if one.outcome == "left"]


# ── the answer ───────────────────────────────────────────────────────────────────────────────────


def _told(
    deployment: Deployment,
    request: PlanReplay,
    plan: ReplayPlanned,
    comparison: Comparison | None,
    ends: Sequence[LedgerObject],
) -> Replayed:
    now = records.read_contract(deployment.artefacts, plan.contract_now)
    then = [records.read_contract(deployment.artefacts, key) for key in plan.contract_then]
    differing = ((one.contract, changes(one, now)) for one in then if one.contract != now.contract)
    return Replayed(
        dataset=request.dataset,
        id=request.id,
        planned=not request.submit,
        batches=plan.batches,
        contract_then=tuple(dict.fromkeys(one.contract for one in then)),
        contract_now=now.contract,
        contract_changes=tuple(ContractChange(*pair) for pair in differing),
        comparison=comparison,
        requests=tuple(RequestEnd(one.object.key, one.batch, one.state, one.reason) for one in ends),
        left_out=plan.left_out,
    )
