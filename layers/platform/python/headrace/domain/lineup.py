"""Where a dataset stands in the ledger: its next batch and who is working on it."""

from datetime import datetime, timedelta

from msgspec import Struct

from headrace.domain.batch import Previous
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState


class Lease(Struct, frozen=True):
    """The execution that works on a dataset. An optimisation: correctness never rests on it."""

    execution: str
    since: datetime


MAX_ATTEMPTS = 8
"""Executions that may fail on one batch before people have to look."""


class DatasetState(Struct, frozen=True):
    """A registered dataset: the key of its compiled contract, the batch that is open or comes next.

    `attempt` counts the executions started for `next_batch`; it makes their names differ. `registration`
    tells this dataset of this ledger from one that was lost, or forgotten, and registered anew.
    """

    dataset: DatasetId
    contract: str
    next_batch: int
    attempt: int
    lease: Lease | None = None
    registration: str = ""

    def retry_due(self, now: datetime) -> bool:
        """Whether a failed attempt may be followed by the next: the second at once, then after a
        minute from the last one's start, two, four …, so that an outage does not use them all up."""
        if self.lease is None or self.attempt <= 1:
            return True
        return now - self.lease.since >= timedelta(minutes=2 ** (self.attempt - 2))


class MartState(Struct, frozen=True):
    """A registered mart: the key of its compiled contract and the datasets it reads."""

    mart: DatasetId
    contract: str
    reads: tuple[DatasetId, ...]


class Finished(Struct, frozen=True):
    """The end of one object; `loaded` is what a later re-upload of its key is compared with. `batch` is the
    batch it is in, where that is not the one that gives it this end."""

    object: LandedObject
    state: ObjectState
    reason: str = ""
    rows: int = 0
    curated: int = 0
    quarantined: int = 0
    loaded: Previous | None = None
    batch: int = 0
