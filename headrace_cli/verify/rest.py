"""Whether a dataset is at rest: invariants I5 (no lease left) and I6 (nothing waits without an execution)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import IncompatibleTable
from headrace.domain.landed import LandedObject
from headrace.domain.lineup import MAX_ATTEMPTS, DatasetState
from headrace.steps.listing import every_version
from headrace_cli.verify.books import Books
from headrace_cli.verify.findings import Findings
from headrace_cli.verify.place import Place


def works_on(place: Place, state: DatasetState) -> str:
    """The running execution that holds the dataset's lease; empty where there is none."""
    lease = state.lease
    return lease.execution if lease and place.executions.running(lease.execution) else ""


def check_rest(
    place: Place,
    before: DatasetState,
    now: DatasetState,
    books: Books,
    findings: Findings,
    settle: timedelta,
) -> bool:
    """Whether the dataset was at rest all the while; says why not. With `settle`, a failed execution may wait
    for its next attempt, and what landed less than so long ago for its wake-up."""
    dataset = now.dataset
    pending = place.ledger.pending(dataset, 1)
    if execution := works_on(place, now) or works_on(place, before):
        findings.under_way.append(f"{dataset}: execution {execution} works on it")
    elif (now.next_batch, now.attempt) != (before.next_batch, before.attempt):
        findings.under_way.append(f"{dataset}: batch {before.next_batch} was worked on meanwhile")
    elif pending and not now.lease and any(_landed_lately(place, one, settle) for one in pending):
        findings.under_way.append(f"{dataset}: what landed a moment ago waits for its wake-up")
    elif now.lease and settle and now.attempt < MAX_ATTEMPTS:
        failed = f"execution {now.lease.execution} failed, attempt {now.attempt} of {MAX_ATTEMPTS}"
        findings.under_way.append(f"{dataset}: {failed}; reconcile starts the next")
    else:
        _check_left(place, now, books, pending, findings)
        return True
    return False


def _landed_lately(place: Place, landed: LandedObject, settle: timedelta) -> bool:
    """Whether an object, or a request, was written less than `settle` ago."""
    if not settle:
        return False
    store = place.landing if landed.bucket == place.landing.bucket else place.artefacts
    since = place.clock.now() - settle
    versions = every_version(store, landed.key)
    return any(one.written > since for one in versions if one.object.key == landed.key)


def _check_left(
    place: Place, state: DatasetState, books: Books, pending: Sequence[LandedObject], findings: Findings
) -> None:
    dataset, closed = state.dataset, state.next_batch - 1
    if state.lease:
        what = f"the lease is held by an execution that does not run, attempt {state.attempt}"
        findings.violated("I5", dataset, what, state.lease.execution)
    for landed in pending:
        findings.violated("I6", dataset, "objects wait and no execution takes them", landed.identity)
    if books.closed > closed:
        what = f"batch {books.closed} is closed, and the ledger is at batch {state.next_batch}"
        findings.violated("I6", dataset, what, "`headrace reconcile` recalls it from the records")
    if books.open:
        what = f"batch {books.closed + 1} is begun and no execution works on it"
        findings.violated("I6", dataset, what, keys.manifest_key(dataset, books.closed + 1))
    for table, watermark in watermarks(place, dataset).items():
        if watermark < books.closed or (watermark > books.closed and not books.open):
            what = f"the watermark is {watermark}, and the records close batch {books.closed}"
            findings.violated("I1", dataset, what, table)


def watermarks(place: Place, dataset: DatasetId) -> Mapping[str, int]:
    """The watermark of each of the dataset's tables that is there."""
    found = {}
    for ref in (place.zones.quarantine(dataset), place.zones.curated(dataset)):
        with suppress(IncompatibleTable):  # told by the check of its rows
            found[str(ref)] = place.catalog.state(ref).watermark
    return found
