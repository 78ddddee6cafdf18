"""Starts an execution for a dataset that waits and that nobody works on.

No wake-up is lost: whoever adds an object adds it before trying the lease, and whoever gives the
lease back looks for work after doing so. The ledger and the manifests that they look at are consistent.
"""

from headrace.domain import keys
from headrace.domain.batch import Manifest
from headrace.domain.dataset import DatasetId
from headrace.domain.lineup import MAX_ATTEMPTS
from headrace.ports import Clock, Executions, Ledger, ObjectStore
from headrace.steps import records


def wake(
    dataset: DatasetId,
    *,
    ledger: Ledger,
    executions: Executions,
    clock: Clock,
    instead_of: str | None = None,
) -> bool:
    """Take the dataset's lease and start its next execution; False where the lease is taken.

    `instead_of` names an execution that no longer runs and whose lease may be taken over. Names under which
    executions have ended are passed over, as many as a batch may have: a ledger that lost something gives
    them out again.
    """
    for _ in range(MAX_ATTEMPTS):
        leased = ledger.acquire(dataset, clock.now(), instead_of)
        if leased is None or leased.lease is None:
            return False
        if executions.start(leased.lease.execution, dataset):
            return True
        instead_of = leased.lease.execution
    return False


def begun(dataset: DatasetId, batch: int, artefacts: ObjectStore) -> bool:
    """Whether a batch has a manifest. Where nobody holds the lease it must be gone on with: an execution
    ended between two steps, the ledger was put back, or the batch is another dataset's and copied."""
    return records.find(artefacts, keys.manifest_key(dataset, batch), Manifest) is not None


def waits(dataset: DatasetId, *, ledger: Ledger, artefacts: ObjectStore) -> bool:
    """Whether a dataset has work: objects that are in no batch, or a batch that is begun and not closed."""
    if ledger.pending(dataset, 1):
        return True
    state = ledger.dataset(dataset)
    return state is not None and begun(dataset, state.next_batch, artefacts)


def start_over(
    dataset: DatasetId, *, ledger: Ledger, artefacts: ObjectStore, executions: Executions, clock: Clock
) -> None:
    """Wake a dataset that has work, also where an execution that no longer runs holds its lease."""
    state = ledger.dataset(dataset)
    if state and state.lease and not executions.running(state.lease.execution):
        holder = state.lease.execution
        wake(dataset, ledger=ledger, executions=executions, clock=clock, instead_of=holder)
    elif waits(dataset, ledger=ledger, artefacts=artefacts):
        wake(dataset, ledger=ledger, executions=executions, clock=clock)


def rest(
    dataset: DatasetId,
    execution: str,
    *,
    ledger: Ledger,
    artefacts: ObjectStore,
    executions: Executions,
    clock: Clock,
) -> None:
    """Give the lease back, and start anew if work came in while it was still held."""
    ledger.release(dataset, execution)
    if waits(dataset, ledger=ledger, artefacts=artefacts):
        wake(dataset, ledger=ledger, executions=executions, clock=clock)
