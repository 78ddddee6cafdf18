"""What the steps need from the world, each port named by its role.

Every port has an adapter in `headrace.aws` and a fake in `tests/fakes.py`; one suite
(`tests/ports`) holds them to the same behaviour. Adapters translate their service's
errors at the border: a port raises only `headrace.domain.errors`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from msgspec import Struct

from headrace.domain.batch import Previous
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState, Rows
from headrace.domain.lineup import DatasetState, Finished, MartState
from headrace.domain.plan import Column, Partition
from headrace.domain.zones import WATERMARK, TableRef

if TYPE_CHECKING:
    from pyarrow import RecordBatch


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, in UTC, aware."""


class Version(Struct, frozen=True):
    """One version of an object as a listing shows it: when it was written, and whether it is what the key
    holds now."""

    object: LandedObject
    written: datetime
    newest: bool


class VersionPage(Struct, frozen=True):
    """A part of a listing, which took so many requests; the next begins after the key `next` (empty: it was
    the last)."""

    versions: tuple[Version, ...]
    next: str
    requests: int = 1


class ObjectStore(Protocol):
    """One bucket."""

    @property
    def bucket(self) -> str: ...

    def read(self, key: str, version_id: str = "") -> bytes:
        """The whole body. Raises MissingArtefact where there is none."""

    def open(self, key: str, version_id: str = "") -> BinaryIO:
        """A stream over the body of exactly this version. Raises MissingArtefact where there is none."""

    def write(self, key: str, body: bytes | Path) -> None:
        """Put a body, replacing what stood there: only where the same work always writes the same, or the
        last word counts."""

    def create(self, key: str, body: bytes) -> bool:
        """Put a body only where nothing stands; False where something does. Our own retried
        success reads as True: the bytes that stand there are compared."""

    def list(self, prefix: str) -> Iterator[LandedObject]:
        """The newest version of every object under a prefix, in key order."""

    def versions(self, prefix: str, after: str = "") -> VersionPage:
        """A page of the versions of all objects under a prefix whose keys come after `after`, whether they
        were overwritten, deleted or neither: in key order, the newest of a key first. All versions of a key
        are on one page."""


class LedgerObject(Struct, frozen=True):
    """An object as the ledger remembers it; `batch` is 0 until it is in one, `amended` the newest replay
    that gave it its state, 0 where none did."""

    object: LandedObject
    dataset: str
    state: ObjectState
    batch: int
    reason: str
    rows: int
    curated: int
    quarantined: int
    amended: int = 0


class Ledger(Protocol):
    """Remembers objects, batches and datasets. A cache of what the tables themselves prove.

    All reads are strongly consistent: an object admitted before a read is seen by it.
    """

    def register(self, dataset: DatasetId, contract: str, instead_of: str | None = None) -> bool:
        """Point a dataset at a compiled contract; a new dataset starts at batch 1, under a registration that
        no other has.

        With `instead_of`, only where that is the contract in force; whether it was done.
        """

    def dataset(self, dataset: DatasetId) -> DatasetState | None:
        """The dataset's state, if it is registered."""

    def datasets(self) -> list[DatasetState]:
        """Every registered dataset, by name; marts are not among them."""

    def register_mart(self, mart: DatasetId, contract: str, reads: Sequence[DatasetId]) -> None:
        """Point a mart at a compiled contract; it is found by what it reads now, not by what it read."""

    def mart(self, mart: DatasetId) -> MartState | None:
        """The mart, if it is registered."""

    def marts(self) -> list[MartState]:
        """Every registered mart, by name."""

    def marts_reading(self, dataset: DatasetId) -> list[MartState]:
        """The marts that read a dataset (or another mart), by name."""

    def admit(self, dataset: DatasetId, landed: LandedObject, at: datetime, batch: int = 0) -> bool:
        """Remember an object as PENDING, or with a `batch` that took it already as BATCHED there, so that it
        never waits for another; False where it was known. Never changes a known object."""

    def refuse(self, landed: LandedObject, reason: str, at: datetime) -> bool:
        """Remember an object that no dataset takes, as QUARANTINED under the name `unrouted`; False
        where it was known."""

    def route(self, dataset: DatasetId, landed: LandedObject, at: datetime) -> bool:
        """Move an object from `unrouted` to the dataset that takes it now, as PENDING. False where it was
        not refused, or the dataset knows it: then it only leaves `unrouted`."""

    def known(self, dataset: DatasetId, landed: LandedObject) -> bool:
        """Whether an object was ever admitted to this dataset."""

    def unknown(self, dataset: str, landed: Sequence[LandedObject]) -> list[LandedObject]:
        """Those, in order, that were never admitted to a dataset (or refused, where it is `unrouted`)."""

    def pending(self, dataset: DatasetId, limit: int) -> list[LandedObject]:
        """At most `limit` objects that wait for a batch, in the order of their admission."""

    def loaded_content(self, dataset: DatasetId, keys: Sequence[str]) -> Mapping[str, Previous]:
        """For each landing key that was loaded before, what was loaded last."""

    def assign(self, dataset: DatasetId, batch: int, objects: Sequence[LandedObject]) -> None:
        """Move objects PENDING → BATCHED(batch). Idempotent; leaves alone what is in another batch or
        at its end."""

    def finish(self, dataset: DatasetId, batch: int, objects: Sequence[Finished]) -> None:
        """Move a batch's objects BATCHED → their terminal states. Idempotent: a terminal state never
        changes."""

    def amend(self, dataset: DatasetId, batch: int, objects: Sequence[Finished]) -> None:
        """Give objects that are at their end, in the batch that each `Finished` names, the end that the
        replay `batch` gave them. Idempotent, and only forwards: a newer replay's word stands. A key's
        loaded content is forgotten with the object it is of, and set only where there is none."""

    def advance(self, dataset: DatasetId, batch: int, registration: str) -> None:
        """Make batch + 1 the next one and its attempt 0. No effect unless `batch` is the next one and the
        dataset's `registration` this one: a ledger that was lost and made anew meanwhile knows nothing of
        what the batch did to the old one."""

    def acquire(self, dataset: DatasetId, at: datetime, instead_of: str | None = None) -> DatasetState | None:
        """Take the dataset's lease and count the attempt, if it is free (or held by the execution
        `instead_of`). The lease's execution is named `<slug>-<batch>-<attempt>`. None where it is taken."""

    def release(self, dataset: DatasetId, execution: str) -> None:
        """Give the lease back. No effect where another execution holds it."""

    def forget(self, dataset: DatasetId) -> None:
        """Forget a dataset and every object of it, the dataset last; no effect where it is not known."""

    def objects(self, dataset: str, batch: int | None = None) -> list[LedgerObject]:
        """Every object of a dataset (or of `unrouted`), or of one of its batches, for people to read."""


class TableSpec(Struct, frozen=True):
    """A table that must stand: the contract's columns, then Headrace's own, as `tables.published` gives
    them. A column's `aliases` are what the table may call it now. `location` is an s3:// prefix.
    `partitions` are None for a table that stands, however it is partitioned.
    """

    ref: TableRef
    columns: tuple[Column, ...]
    location: str
    properties: Mapping[str, str]
    partitions: tuple[Partition, ...] | None = ()


class TableState(Struct, frozen=True):
    """A table as it stands: its properties, its field ids by column path, its newest snapshot (0: none)."""

    properties: Mapping[str, str]
    field_ids: Mapping[str, int]
    snapshot_id: int

    @property
    def watermark(self) -> int:
        """The number of the last committed batch, 0 before the first."""
        return int(self.properties.get(WATERMARK, "0"))


class TableCatalog(Protocol):
    """Iceberg tables, changed by compare-and-swap only."""

    def ensure(self, spec: TableSpec) -> TableState:
        """Create the table, or give the one that stands what it lacks, in one commit: columns it has not
        (inside others, too), Iceberg's wider types, names in the place of aliases, descriptions.

        Its columns are never dropped, moved or narrowed: what `columns` does not name stays for the rows
        that have it. Raises IncompatibleTable, with every difference, where that is not enough, and
        where it is partitioned otherwise.
        """

    def state(self, ref: TableRef) -> TableState:
        """Load the table. Raises IncompatibleTable where there is none."""

    def read(
        self,
        ref: TableRef,
        columns: Sequence[str],
        *,
        below_batch: int | None = None,
        between: Mapping[str, tuple[object, object]] = {},
    ) -> "Iterator[RecordBatch]":
        """The rows of the table as it stands now, in any order, with these of its columns in this order.

        Only rows whose `_batch` is below `below_batch`, and whose values in the columns of `between` lie
        between two bounds, both included (NULL does not). Files without such rows are not opened; a few
        are in memory at a time. Raises IncompatibleTable where there is no such table or column.
        """

    def append(
        self,
        ref: TableRef,
        files: Sequence[str],
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
    ) -> int:
        """In one commit, add Parquet files (s3:// URIs) and set properties, if the table's properties
        still hold what `expect` says (None: not set). Returns the snapshot id (0 where there were no files).
        Raises CommitConflict where they do not or another writer came first, OutcomeUnknown where
        the answer was lost."""

    def replace(
        self,
        ref: TableRef,
        source: TableRef,
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
        *,
        keep_columns: bool = False,
    ) -> int:
        """Like append, but the table then holds exactly the files of `source`, and has its columns. With
        `keep_columns` it keeps its own: raises IncompatibleTable where those are other ones."""

    def replace_rows(
        self,
        ref: TableRef,
        gone: Rows,
        files: Sequence[str],
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
    ) -> int:
        """Like append, but in the same commit rows leave the table: of each object identity in `gone`,
        those at these places (`_row`), or all (None). Where nothing leaves, it is append.

        Files all of whose rows leave are let go unread but for `_object` and `_row`; where some stay,
        they are written anew, under the table's location, in files named after the old ones.
        """

    def clone(self, ref: TableRef, of: TableRef, location: str) -> TableState:
        """Create an empty table at `location` with the columns, field ids, partitions and properties of
        another, but for its watermark; one that stands is left as it is."""

    def files(self, ref: TableRef) -> Mapping[str, int]:
        """The rows of each data file that the table names now, by its URI."""

    def drop(self, ref: TableRef) -> None:
        """Forget a table, leaving its files; no effect where there is none."""


class Executions(Protocol):
    """The `ingest` state machine."""

    def start(self, name: str, dataset: DatasetId) -> bool:
        """Start an execution; one of this name that runs is success. False where one has ended: it is not
        started again."""

    def known(self, name: str) -> bool:
        """Whether an execution of this name runs or ran."""

    def running(self, name: str) -> bool:
        """Whether an execution of this name runs now."""


class Metrics(Protocol):
    """Counts what passes."""

    def count(self, name: str, value: float, dataset: DatasetId | None = None) -> None:
        """Add to a metric of the `Headrace` namespace, dimension `dataset` (None: of the deployment)."""


class EventBus(Protocol):
    """Tells other systems what happened."""

    def publish(self, detail_type: str, detail: Mapping[str, object]) -> None:
        """Put one event, source `headrace`, on the bus. `detail["id"]` is stable, so receivers can
        tell a repetition."""


class Alerts(Protocol):
    """Tells people what went wrong."""

    def alert(self, subject: str, message: str) -> None:
        """Send to the operators' topic. `subject` is cut to 100 characters."""


class MaskingKeys(Protocol):
    """Keys for masks of the kinds `hash` and `tokenise`, 32 bytes each: derived from the deployment's
    secret, the same for ever, and no two the same."""

    def key(self, dataset: DatasetId) -> bytes:
        """The dataset's own key."""

    def token_key(self) -> bytes:
        """The key of the whole deployment, by which datasets still join."""
