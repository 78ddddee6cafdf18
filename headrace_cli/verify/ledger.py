"""The ledger held against landing and the records: invariants I2 and I3, and what is not at its end."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import ObjectState
from headrace.ports import LedgerObject, ObjectStore, Version
from headrace.steps.listing import every_version
from headrace_cli.render import many
from headrace_cli.verify.books import Books
from headrace_cli.verify.findings import Findings
from headrace_cli.verify.place import Place

UNROUTED = "unrouted"


def check_ledger(
    place: Place, dataset: DatasetId, objects: Sequence[LedgerObject], books: Books, findings: Findings
) -> None:
    """Each object that the ledger knows has the end that the records give it, and the reverse."""
    known: set[str] = set()
    requests: set[str] = set()
    for one in objects:
        identity = one.object.identity
        if identity in known:
            findings.violated("I2", dataset, "an object stands in the ledger twice", identity)
        known.add(identity)
        if one.object.bucket == place.artefacts.bucket:
            requests.add(identity)
        if identity in books.open:
            continue
        if identity in requests:
            _check_request(one, dataset, books, findings)
        else:
            _check_object(one, dataset, books, findings)
    findings.objects += len(known - requests)
    for identity, promise in books.promises.items():
        if identity not in known and DatasetId.of_key(promise.object.key) == dataset:
            what = f"batch {promise.audited} gave an object its end, and the ledger does not know it"
            findings.violated("I2", dataset, what, identity)
    for identity, batch in books.requests.items():
        if identity not in known:
            what = f"the ledger does not know the request that batch {batch} answered"
            findings.violated("I2", dataset, what, identity)


def _check_object(one: LedgerObject, dataset: DatasetId, books: Books, findings: Findings) -> None:
    identity = one.object.identity
    promise = books.promises.get(identity)
    if promise is None:
        if one.state.terminal:
            what = f"an object is {one.state} in the ledger, and no audit record tells of it"
            findings.violated("I2", dataset, what, identity)
        elif one.state is ObjectState.BATCHED:
            what = f"an object is BATCHED in batch {one.batch}, whose manifest has it not"
            findings.violated("I2", dataset, what, identity)
        return  # what waits is told of once, by the check of what is under way
    line = promise.line
    if one.state is not line.state:
        what = f"an object is {one.state} in the ledger and {line.state} in audit record {promise.audited}"
        findings.violated("I2", dataset, what, identity)
    elif (one.rows, one.curated, one.quarantined) != (line.rows, line.curated, line.quarantined):
        what = (
            f"the ledger counts {one.curated} + {one.quarantined} = {one.rows} rows, "
            f"audit record {promise.audited} {line.curated} + {line.quarantined} = {line.rows}"
        )
        findings.violated("I3", dataset, what, identity)


def _check_request(one: LedgerObject, dataset: DatasetId, books: Books, findings: Findings) -> None:
    """A request for a replay ends with the batch that answers it."""
    answered = one.object.identity in books.requests
    if answered and not one.state.terminal:
        findings.violated("I2", dataset, f"a request that was answered is {one.state}", one.object.identity)
    elif not answered and one.state is not ObjectState.PENDING:
        findings.violated(
            "I2", dataset, f"a request is {one.state} and no batch answers it", one.object.identity
        )


class Landed:
    """The landing bucket held against the ledger. What was written less than `settle` ago may still be on its
    way."""

    def __init__(self, place: Place, findings: Findings, settle: timedelta) -> None:
        self._place, self._findings, self._settle = place, findings, settle
        self._unrouted = {one.object.identity: one.object for one in place.ledger.objects(UNROUTED)}

    def check_dataset(self, dataset: DatasetId, known: set[str]) -> None:
        """Each version under the dataset's prefix is known to the ledger, in one place."""
        unknown = every_version(self._place.landing, f"{dataset}/")
        self._check_unknown((one for one in unknown if one.object.identity not in known), str(dataset))
        for identity in sorted(known & self._unrouted.keys()):
            what = "an object was refused, and admitted to the dataset too"
            self._findings.violated("I2", dataset, what, f"{identity}; `headrace reconcile` settles it")

    def check_elsewhere(self, datasets: tuple[DatasetId, ...]) -> None:
        """Each version under no dataset's prefix was refused, with a record that says why."""
        self._check_unknown(_outside(self._place.landing, set(datasets)), "")
        told = {one.key for one in self._place.artefacts.list(keys.REFUSALS)} if self._unrouted else set()
        for identity, landed in self._unrouted.items():
            if keys.refusal_key(landed) not in told:
                self._findings.violated("I2", "", "an object was refused without an audit record", identity)

    def _check_unknown(self, versions: Iterable[Version], dataset: str) -> None:
        recent = 0
        for version in versions:
            landed = version.object
            if landed.is_folder or landed.identity in self._unrouted:
                continue
            if self._settle and self._place.clock.now() - version.written < self._settle:
                recent += 1
                continue
            what = "a landed object is unknown to the ledger"
            self._findings.violated("I2", dataset, what, f"{landed.identity}; `headrace reconcile` admits it")
        if recent:
            where = dataset or "elsewhere"
            self._findings.under_way.append(f"{where}: {many(recent, 'object')} landed a moment ago")


_AFTER_ALL = "\U0010fffd"
"""Sorts behind nearly every key: what comes after it is passed one by one."""


def _outside(landing: ObjectStore, datasets: set[DatasetId]) -> Iterator[Version]:
    """The versions of all keys that are of none of these datasets, with a request or two for each of them."""
    after, more = "", True
    while more:
        page = landing.versions("", after)
        after, more = page.next, bool(page.next)
        for version in page.versions:
            owner = DatasetId.of_key(version.object.key)
            if owner not in datasets:
                yield version
            elif (jump := f"{owner}/{_AFTER_ALL}") > version.object.key:
                after, more = jump, True
                break
