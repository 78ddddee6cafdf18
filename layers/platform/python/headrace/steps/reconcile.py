"""Finds what events lost: executions that ended without closing their batch, and objects nobody announced.

A dataset whose lease is held by an execution that no longer runs is given a new attempt, after a pause
that grows and up to a limit; then people are told, and registering its contract again starts over.
"""

from msgspec import Struct

from headrace.domain.lineup import MAX_ATTEMPTS, DatasetState
from headrace.ports import Alerts, Clock, Executions, Ledger, ObjectStore
from headrace.steps.admit_objects import admit
from headrace.steps.wake import wake


class Reconcile(Struct, frozen=True):
    """`list_landing`: also compare the whole landing bucket with the ledger, and make no pause before
    the next attempt."""

    list_landing: bool = False


class Reconciled(Struct, frozen=True):
    """Objects admitted, and datasets for which an execution was started."""

    admitted: int
    woken: tuple[str, ...]


def reconcile(
    request: Reconcile,
    *,
    landing: ObjectStore,
    artefacts: ObjectStore,
    ledger: Ledger,
    executions: Executions,
    alerts: Alerts,
    clock: Clock,
) -> Reconciled:
    admitted = 0
    if request.list_landing:
        admitted = _admit_unknown(landing=landing, artefacts=artefacts, ledger=ledger, clock=clock)
    woken = [
        state
        for state in ledger.datasets()
        if _revive(
            state,
            at_once=request.list_landing,
            ledger=ledger,
            executions=executions,
            alerts=alerts,
            clock=clock,
        )
    ]
    return Reconciled(admitted, tuple(str(state.dataset) for state in woken))


def _admit_unknown(*, landing: ObjectStore, artefacts: ObjectStore, ledger: Ledger, clock: Clock) -> int:
    admitted = 0
    for state in ledger.datasets():
        for landed in landing.list(f"{state.dataset}/"):
            if not landed.key.endswith("/") and not ledger.known(state.dataset, landed):
                admit(landed, ledger=ledger, artefacts=artefacts, clock=clock)
                admitted += 1
    return admitted


def _revive(
    state: DatasetState,
    *,
    at_once: bool,
    ledger: Ledger,
    executions: Executions,
    alerts: Alerts,
    clock: Clock,
) -> bool:
    if state.lease is None:
        waits = bool(ledger.pending(state.dataset, 1))
        return waits and wake(state.dataset, ledger=ledger, executions=executions, clock=clock)
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
