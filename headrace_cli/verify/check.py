"""Verifies a deployment: invariants I1 to I8, from what its ports show. Bad state is told, never raised."""

from datetime import timedelta

from headrace.domain.dataset import DatasetId
from headrace.domain.lineup import DatasetState
from headrace_cli.verify.books import Books
from headrace_cli.verify.findings import Findings, Verified
from headrace_cli.verify.ledger import Landed, check_ledger
from headrace_cli.verify.outside import NOTHING, Outside, check_canaries, check_events, check_queues
from headrace_cli.verify.place import Place
from headrace_cli.verify.rest import check_rest
from headrace_cli.verify.rows import PortRows, RowEvidence
from headrace_cli.verify.tables import check_files, check_rows, look_at_files, look_at_rows

SWEEP_AGE = timedelta(days=7)
"""Data files that nobody names are left alone for so long: a batch under way may yet name them."""


def verify(
    place: Place,
    dataset: DatasetId | None = None,
    *,
    rows: RowEvidence | None = None,
    outside: Outside = NOTHING,
    settle: timedelta = timedelta(0),
    sweep_age: timedelta = SWEEP_AGE,
) -> Verified:
    """Verify one dataset, or all and what lies outside them.

    What an execution works on is told as under way, not judged. `settle` is how long an object, or a failed
    execution, may take to be noticed before that is a violation: nothing where the deployment must be at
    rest. `rows` looks at the tables' rows, by default through the catalog.
    """
    findings = Findings()
    evidence = rows or PortRows(place.catalog, place.zones)
    landed = Landed(place, findings, settle)
    check_queues(outside, findings, patient=bool(settle))
    states = [state for state in place.ledger.datasets() if dataset in (None, state.dataset)]
    if dataset and not states:
        findings.violated("I2", dataset, "the ledger does not know the dataset", "register its contract")
    told = {
        state.dataset: _check(place, state, evidence, landed, findings, settle, sweep_age) for state in states
    }
    if dataset is None:
        landed.check_elsewhere(tuple(told))
    check_events(outside, told, findings)
    check_canaries(outside, findings)
    return findings.verified(tuple(str(one) for one in told))


def _check(
    place: Place,
    state: DatasetState,
    evidence: RowEvidence,
    landed: Landed,
    findings: Findings,
    settle: timedelta,
    sweep_age: timedelta,
) -> Books:
    """One dataset: all is looked at, what moved meanwhile is set aside, then the rest is judged."""
    dataset = state.dataset
    books = Books(dataset, place.artefacts, findings)
    books.read(state.next_batch)
    seen = look_at_rows(dataset, evidence, findings)
    files = look_at_files(place, dataset, findings)
    objects = place.ledger.objects(str(dataset))
    now = place.ledger.dataset(dataset) or state
    for batch in range(books.closed + 1, now.next_batch + 1):
        books.open_batch(batch)
    at_rest = check_rest(place, state, now, books, findings, settle)
    check_ledger(place, dataset, objects, books, findings)
    landed.check_dataset(dataset, {one.object.identity for one in objects})
    if seen is not None:
        check_rows(dataset, seen, books, findings)
    check_files(place, dataset, files, seen if at_rest else None, books, findings, sweep_age)
    return books
