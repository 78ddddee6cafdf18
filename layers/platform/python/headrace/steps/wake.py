"""Starts an execution for a dataset that waits and that nobody works on.

No wake-up is lost: whoever adds an object adds it before trying the lease, and whoever gives the
lease back looks for objects after doing so. Both look at the ledger, whose reads are consistent.
"""

from headrace.domain.dataset import DatasetId
from headrace.ports import Clock, Executions, Ledger


def wake(
    dataset: DatasetId,
    *,
    ledger: Ledger,
    executions: Executions,
    clock: Clock,
    instead_of: str | None = None,
) -> bool:
    """Take the dataset's lease and start its next execution; False where the lease is taken.

    `instead_of` names an execution that no longer runs and whose lease may be taken over.
    """
    leased = ledger.acquire(dataset, clock.now(), instead_of)
    if leased is None or leased.lease is None:
        return False
    executions.start(leased.lease.execution, dataset)
    return True


def rest(dataset: DatasetId, execution: str, *, ledger: Ledger, executions: Executions, clock: Clock) -> None:
    """Give the lease back, and start anew if an object came in while it was still held."""
    ledger.release(dataset, execution)
    if ledger.pending(dataset, 1):
        wake(dataset, ledger=ledger, executions=executions, clock=clock)
