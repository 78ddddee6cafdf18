"""A batch: its manifest, what refining it gave, the verdict, and the audit record."""

from typing import Literal

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.keys import Variant
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.plan import Type
from headrace.domain.profile import ColumnSketch

Outcome = Literal["refined", "unreadable", "duplicate", "immutable", "left", "unprocessable"]


class Previous(Struct, frozen=True):
    """The content last loaded from the same key: what a re-upload is compared with."""

    identity: str
    sha256: str


class Entry(Struct, frozen=True):
    """One object of a manifest; `previous` is set where its key was loaded before. `batch` is the batch that
    first took the object, and that its rows name; 0 is the manifest's own."""

    object: LandedObject
    previous: Previous | None = None
    batch: int = 0


class WorkUnit(Struct, frozen=True):
    """The entries that one refine call handles, as positions in the manifest."""

    index: int
    entries: tuple[int, ...]


class Replay(Struct, frozen=True):
    """What makes a batch a replay: the request it answers. `rows` is the key of the Parquet file of the rows
    that alone are replayed; empty: the whole objects. `judged`: the dataset rules are judged again."""

    request: LandedObject
    rows: str = ""
    judged: bool = False


class Manifest(Struct, frozen=True):
    """Batch `batch` of `dataset`: immutable once written. `contract` is the key of the compiled contract.

    `last_replay` is the newest replay among the batches before it, 0 where there is none: so all replays
    are found without looking at every batch.
    """

    dataset: DatasetId
    batch: int
    contract: str
    entries: tuple[Entry, ...]
    units: tuple[WorkUnit, ...]
    replay: Replay | None = None
    last_replay: int = 0

    @property
    def taken(self) -> tuple[LandedObject, ...]:
        """What the batch takes from the ledger: its objects, or the request that it answers."""
        return (self.replay.request,) if self.replay else tuple(entry.object for entry in self.entries)


class ObjectReport(Struct, frozen=True):
    """What became of one object. Rows in = curated + quarantined.

    An object that is not refined counts as one row when it is quarantined whole (`unreadable`,
    `immutable`, `unprocessable`) and as none when it is a `duplicate`, or `left` as it stands by a replay
    that cannot have it.
    """

    identity: str
    outcome: Outcome
    sha256: str
    rows: int
    curated: int
    quarantined: int
    reason: str = ""


class OutputFile(Struct, frozen=True):
    """A Parquet file in the lake bucket; `size` in bytes."""

    key: str
    rows: int
    size: int
    sha256: str


class ReasonCount(Struct, frozen=True):
    """How many rows broke one rule on one column."""

    column: str
    rule: str
    rows: int


class UnknownField(Struct, frozen=True):
    """A field that the contract does not know, and the narrowest type that takes all its values."""

    source: str
    type: Type


class Measured(Struct, frozen=True):
    """What one work unit adds to a measure counted row by row; `rule` is its rule's place in the plan."""

    rule: int
    count: int


class UnitReport(Struct, frozen=True):
    """The result of refining one work unit.

    `unknown` is filled in where the contract says `evolve`, `measured` for the dataset rules that refine
    counts (`Nulls`, `Breaks`), `profile` for each column that is published.
    """

    unit: int
    objects: tuple[ObjectReport, ...]
    curated: tuple[OutputFile, ...]
    quarantine: tuple[OutputFile, ...]
    reasons: tuple[ReasonCount, ...]
    measured: tuple[Measured, ...] = ()
    unknown: tuple[UnknownField, ...] = ()
    profile: tuple[ColumnSketch, ...] = ()


class RuleOutcome(Struct, frozen=True):
    """A dataset rule with what it measured: `measured`, in `unit`, must satisfy `expectation`.

    `measured` is None where it could not be measured, `problem` says why, and the rule failed.
    """

    rule: str
    expectation: str
    measured: float | None
    passed: bool
    severity: Literal["error", "warning"]
    unit: Literal["", "rows", "percent"] = ""
    problem: str = ""

    @property
    def told(self) -> str:
        """What it measured and should have, for people to read."""
        if self.measured is None:
            return f"not measured ({self.problem}), expected {self.expectation}"
        measured = f"{round(self.measured, 4):.15g} {self.unit}".rstrip()
        return f"measured {measured}, expected {self.expectation}"


class Verdict(Struct, frozen=True):
    """The decision on a batch: published unless a rule of severity `error` failed.

    `again` are the units that were refined again with late knowledge; `contract` is the key of the
    compiled contract that the batch widened, empty where the manifest's stayed in force.
    """

    publish: bool
    rules: tuple[RuleOutcome, ...]
    again: tuple[int, ...] = ()
    contract: str = ""

    @property
    def failed(self) -> tuple[RuleOutcome, ...]:
        return self._broken("error")

    @property
    def warned(self) -> tuple[RuleOutcome, ...]:
        return self._broken("warning")

    def variant(self, unit: int) -> Variant:
        """Which refining of a unit counts."""
        if not self.publish:
            return "rejected"
        return "again" if unit in self.again else ""

    def _broken(self, severity: str) -> tuple[RuleOutcome, ...]:
        return tuple(rule for rule in self.rules if not rule.passed and rule.severity == severity)


class Committed(Struct, frozen=True):
    """The watermark commit of one table; `snapshot_id` is 0 where the batch added no file to it."""

    table: str
    snapshot_id: int
    rows: int


class ObjectAudit(Struct, frozen=True):
    """One object's line of the audit record."""

    identity: str
    state: ObjectState
    rows: int
    curated: int
    quarantined: int
    sha256: str
    reason: str


class Audit(Struct, frozen=True):
    """The audit record of a batch; written once, never changed.

    `profile` is the key of the profile of what was published, empty where nothing was; `drifted` are the
    columns that changed against earlier batches, `personal` those that look personal and are not masked.

    Of a replay, `replay` is the request's own line, `objects` are the lines that take the place of earlier
    ones (none where it was refused), and the counts are of the rows replayed.
    """

    dataset: DatasetId
    batch: int
    contract: str
    verdict: Verdict
    objects: tuple[ObjectAudit, ...]
    rows: int
    curated: int
    quarantined: int
    reasons: tuple[ReasonCount, ...]
    tables: tuple[Committed, ...]
    files: tuple[OutputFile, ...]
    closed_at: str
    profile: str = ""
    drifted: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    replay: ObjectAudit | None = None
