"""The tables held against the records: invariants I1 and I4."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import IncompatibleTable, MissingArtefact
from headrace.domain.zones import TableRef
from headrace.ports import Version
from headrace.steps.listing import every_version
from headrace_cli.verify.books import Books, Promise
from headrace_cli.verify.findings import Findings
from headrace_cli.verify.place import Place
from headrace_cli.verify.rows import NOBODY, RowEvidence, Seen, SeenRows

_NONE = Seen(0, 0, 0, 0)


def look_at_rows(dataset: DatasetId, rows: RowEvidence, findings: Findings) -> SeenRows | None:
    """What the tables show, None where they cannot be read."""
    try:
        seen = rows.seen(dataset)
    except (IncompatibleTable, MissingArtefact) as error:
        findings.violated("I1", dataset, "a table cannot be read", error)
        return None
    findings.rows += sum(one.rows for table in (seen.curated, seen.quarantine) for one in table.values())
    return seen


def check_rows(dataset: DatasetId, seen: SeenRows, books: Books, findings: Findings) -> None:
    """Each row that the records promise is in its table, once, and no other row is (I1)."""
    for zone, table in (("curated", seen.curated), ("quarantine", seen.quarantine)):
        for identity, found in table.items():
            if identity == NOBODY:
                findings.violated(
                    "I1", dataset, f"{found.rows} rows of {zone} have no origin", "_object, _row"
                )
            elif identity not in books.promises and identity not in books.open:
                what = f"{zone} has {found.rows} rows of an object that no audit record tells of"
                findings.violated("I1", dataset, what, identity)
    for identity, shared in seen.both.items():
        if identity not in books.open:
            findings.violated("I1", dataset, f"{shared} rows are in curated and in quarantine", identity)
    for identity, promise in books.promises.items():
        if identity not in books.open:
            _check_object(dataset, promise, seen, findings)


def _check_object(dataset: DatasetId, promise: Promise, seen: SeenRows, findings: Findings) -> None:
    line = promise.line
    for zone, table, promised in (
        ("curated", seen.curated, line.curated),
        ("quarantine", seen.quarantine, line.quarantined),
    ):
        found = table.get(line.identity, _NONE)
        if found.rows > found.places:
            twice = found.rows - found.places
            findings.violated(
                "I1", dataset, f"{twice} rows of {zone} are there more than once", line.identity
            )
        if found.places != promised:
            what = f"{zone} has {found.places} rows, audit record {promise.audited} promises {promised}"
            findings.violated("I1", dataset, what, line.identity)
        if found.rows and (found.first_batch, found.last_batch) != (promise.batch, promise.batch):
            batches = sorted({found.first_batch, found.last_batch})
            what = (
                f"rows of {zone} say they are of batch {batches}, and batch {promise.batch} took the object"
            )
            findings.violated("I1", dataset, what, line.identity)


class ZoneFiles(Struct, frozen=True):
    """The data files of a table: the rows of those that it names, by URI, and by key all that are there."""

    ref: TableRef
    zone: str
    named: Mapping[str, int]
    there: Mapping[str, Version]


def look_at_files(place: Place, dataset: DatasetId, findings: Findings) -> tuple[ZoneFiles, ...]:
    """The files of both tables; a table that cannot be read is left out."""
    zones, found = place.zones, []
    for ref, zone in ((zones.curated(dataset), "curated"), (zones.quarantine(dataset), "quarantine")):
        try:
            named = place.catalog.files(ref)
        except (IncompatibleTable, MissingArtefact) as error:
            findings.violated("I4", dataset, f"the files of {ref} cannot be told", error)
            continue
        there = {
            version.object.key: version
            for folder in sorted({_home(zone, dataset), *map(_folder, named)})
            for version in every_version(place.lake, folder)
            if version.newest
        }
        found.append(ZoneFiles(ref, zone, named, there))
    return tuple(found)


def check_files(
    place: Place,
    dataset: DatasetId,
    files: Iterable[ZoneFiles],
    seen: SeenRows | None,
    books: Books,
    findings: Findings,
    sweep_age: timedelta,
) -> None:
    """Each data file that a table names is there, with its rows (I4); old files that nobody names (I4b).
    `seen` is given where the dataset was at rest."""
    oldest = place.clock.now() - sweep_age
    for one in files:
        _check_named(one, dataset, books, findings)
        if seen is not None:
            table = seen.curated if one.zone == "curated" else seen.quarantine
            says, has = sum(one.named.values()), sum(found.rows for found in table.values())
            if says != has:
                what = f"the files say that they have {says} rows, and have {has}"
                findings.violated("I4", dataset, what, one.ref)
        keys, home = set(map(_key, one.named)), _home(one.zone, dataset)
        left = [
            version.object
            for key, version in one.there.items()
            if key not in keys and key.startswith(home) and version.written < oldest
            if key not in books.files and not books.reports_name(key)
        ]
        if left:
            size = sum(landed.size for landed in left)
            what = f"{len(left)} files ({size} bytes) are in no table and no record"
            findings.warned("I4b", dataset, what, f"such as {left[0].key}")


def _check_named(one: ZoneFiles, dataset: DatasetId, books: Books, findings: Findings) -> None:
    for uri, rows in one.named.items():
        key = _key(uri)
        if key not in one.there:
            findings.violated("I4", dataset, f"{one.ref} names a file that is not there", uri)
            continue
        size, record = one.there[key].object.size, books.files.get(key)
        if record and (record.rows, record.size) != (rows, size):
            what = f"a file has {rows} rows in {size} bytes, its record {record.rows} in {record.size}"
            findings.violated("I4", dataset, what, uri)


def _home(zone: str, dataset: DatasetId) -> str:
    return f"{zone}/{dataset}/data/"


def _key(uri: str) -> str:
    return uri.removeprefix("s3://").partition("/")[2]


def _folder(uri: str) -> str:
    """The data location that a file is in, whatever partition."""
    key = _key(uri)
    root, data, _ = key.partition("/data/")
    return f"{root}/data/" if data else key.rpartition("/")[0] + "/"
