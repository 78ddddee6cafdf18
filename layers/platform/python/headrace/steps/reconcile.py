"""Finds what events lost: executions that ended without closing their batch, and objects nobody announced.

A dataset whose lease is held by an execution that no longer runs is given a new attempt, after a pause
that grows and up to a limit; then people are told, and registering its contract again starts over.
"""

from msgspec import Struct

from headrace.domain.lineup import MAX_ATTEMPTS, DatasetState
from headrace.ports import Alerts, Clock, Executions, Ledger, Metrics, ObjectStore
from headrace.steps.search_landing import Search, Searched, search_landing
from headrace.steps.wake import waits, wake
from headrace.telemetry import logger


class Reconcile(Struct, frozen=True):
    """`list_landing`: also compare the whole landing bucket with the ledger, and make no pause before the
    next attempt; otherwise only an unfinished comparison goes on. `requests` is what one run may spend on
    it (a request lists up to 1,000 versions). `inventory` is the prefix in the artefacts bucket under which
    S3 keeps its inventory of the landing bucket, which is then read instead of listing."""

    list_landing: bool = False
    requests: int = 1000
    inventory: str = ""


class Reconciled(Struct, frozen=True):
    """Objects admitted, or given back to the ledger from the records; datasets for which an execution was
    started; the list requests made, and whether the budget ended before the bucket did: then the next run
    goes on."""

    admitted: int
    woken: tuple[str, ...]
    restored: int = 0
    requests: int = 0
    unfinished: bool = False


def reconcile(
    request: Reconcile,
    *,
    landing: ObjectStore,
    artefacts: ObjectStore,
    ledger: Ledger,
    executions: Executions,
    alerts: Alerts,
    metrics: Metrics,
    clock: Clock,
) -> Reconciled:
    search = Search(request.list_landing, request.requests, request.inventory)
    searched = search_landing(search, landing=landing, artefacts=artefacts, ledger=ledger, clock=clock)
    _tell(searched, metrics)
    woken = [
        state
        for state in ledger.datasets()
        if _revive(
            state,
            at_once=request.list_landing,
            artefacts=artefacts,
            ledger=ledger,
            executions=executions,
            alerts=alerts,
            clock=clock,
        )
    ]
    return Reconciled(
        searched.admitted,
        tuple(str(state.dataset) for state in woken),
        searched.restored,
        searched.requests,
        searched.unfinished,
    )


def _tell(searched: Searched, metrics: Metrics) -> None:
    """What the search found and what it cost."""
    if not searched.requests:
        return
    logger.info(
        "landing searched",
        extra={
            "requests": searched.requests,
            "admitted": searched.admitted,
            "restored": searched.restored,
            "unfinished": searched.unfinished,
        },
    )
    metrics.count("ListRequests", searched.requests)
    for dataset, found in searched.found:
        metrics.count("ObjectsFound", found, dataset)


def _revive(
    state: DatasetState,
    *,
    at_once: bool,
    artefacts: ObjectStore,
    ledger: Ledger,
    executions: Executions,
    alerts: Alerts,
    clock: Clock,
) -> bool:
    if state.lease is None:
        if not waits(state.dataset, ledger=ledger, artefacts=artefacts):
            return False
        return wake(state.dataset, ledger=ledger, executions=executions, clock=clock)
    if executions.running(state.lease.execution):
        return False
    if state.attempt >= MAX_ATTEMPTS:
        alerts.alert(
            f"{state.dataset}: stopped after {state.attempt} attempts",
            f"Batch {state.next_batch} failed {state.attempt} times, last as execution "
            f"{state.lease.execution}. Look at its failed state, remove the cause, then register the "
            "contract again to start over. Nothing is lost: its objects wait in the ledger.",
        )
        return False
    if not (at_once or state.retry_due(clock.now())):
        return False
    return wake(
        state.dataset, ledger=ledger, executions=executions, clock=clock, instead_of=state.lease.execution
    )
