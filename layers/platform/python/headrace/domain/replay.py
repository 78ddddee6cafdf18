"""A replay request: objects of earlier batches that are refined again and take their own place."""

from collections.abc import Collection, Sequence
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain import packing
from headrace.domain.batch import Entry, Manifest, ObjectAudit, Replay, WorkUnit
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.late import needs_one_unit
from headrace.domain.plan import Plan


class ReplayRequest(Struct, frozen=True):
    """One batch's worth of objects to replay under the compiled contract at the key `contract`.

    `entries` are those of their first manifests, in the order of these, each with its `batch`; `standing`
    are their newest audit lines, in the same order. `rows` is the key of a Parquet file (`_object` text,
    `_row` bigint; row 0 is the whole object) with the rows that alone are replayed; empty: whole objects.
    `judged`: the dataset rules are judged, for the objects were not published under this contract.
    `last` is the last batch that was closed when the request was made.
    """

    dataset: DatasetId
    contract: str
    entries: tuple[Entry, ...]
    standing: tuple[ObjectAudit, ...]
    rows: str = ""
    judged: bool = False
    last: int = 0

    def takes_part(self, line: ObjectAudit) -> bool:
        """Whether only some rows of the object with this standing line are replayed."""
        return bool(self.rows) and line.state is not ObjectState.QUARANTINED


def by_whole_batches(plan: Plan) -> bool:
    """Whether what repeats a key depends on all of a batch: where only refine can compare a key, and where
    there are several, for a row that one of them takes out is still a row that another key knows."""
    return needs_one_unit(plan) or len(plan.keys) > 1


def units_of(entries: Sequence[Entry], plan: Plan) -> tuple[WorkUnit, ...]:
    """The work units of a replay. Where keys hold within a batch only, or are compared by whole batches, no
    unit has entries of two batches."""
    apart = plan.keys_within == "batch" or by_whole_batches(plan)
    units: list[tuple[int, ...]] = []
    first = 0
    for _, group in groupby(entries, key=lambda entry: entry.batch if apart else 0):
        sizes = [entry.object.size for entry in group]
        units += [tuple(first + at for at in unit) for unit in packing.units(sizes)]
        first += len(sizes)
    return tuple(WorkUnit(index, unit) for index, unit in enumerate(units))


def parts_of(entries: Sequence[Entry], plan: Plan) -> list[tuple[Entry, ...]]:
    """The entries in parts that one batch each can take, of whole work units; of one batch each, where there
    are several keys: replayed one after the other, rows meet as they met first."""
    parts: list[list[Entry]] = []
    units = 0
    for unit in units_of(entries, plan):
        more = [entries[at] for at in unit.entries]
        full = not parts or units == packing.BATCH_UNITS or len(parts[-1]) + len(more) > packing.BATCH_OBJECTS
        if full or (len(plan.keys) > 1 and parts[-1][-1].batch != more[0].batch):
            parts.append([])
            units = 0
        parts[-1] += more
        units += 1
    return [tuple(part) for part in parts]


def manifest_of(
    request: ReplayRequest,
    landed: LandedObject,
    plan: Plan,
    *,
    batch: int,
    last_replay: int = 0,
    without: Collection[str] = (),
) -> Manifest:
    """The batch that answers the request, which is the object `landed`; identities in `without` are left as
    they stand. `plan` is the contract of the request."""
    entries = tuple(entry for entry in request.entries if entry.object.identity not in without)
    return Manifest(
        dataset=request.dataset,
        batch=batch,
        contract=request.contract,
        entries=entries,
        units=units_of(entries, plan),
        replay=Replay(landed, request.rows, request.judged),
        last_replay=last_replay,
    )


def line_after(request: ReplayRequest, standing: ObjectAudit, new: ObjectAudit) -> ObjectAudit:
    """An object's line after its replay: `new` is of the rows replayed, `standing` is the whole one before.

    Where only some rows were replayed, they all were in quarantine.
    """
    if not request.takes_part(standing):
        return new
    quarantined = standing.quarantined - new.curated
    curated = standing.curated + new.curated
    state, reason = ObjectState.LOADED, ""
    if standing.state is ObjectState.REJECTED and not curated:
        state, reason = standing.state, standing.reason
    elif quarantined:
        state = ObjectState.LOADED_WITH_REJECTS
        reason = f"{quarantined} of {standing.rows} rows are in quarantine"
    return replace(standing, state=state, curated=curated, quarantined=quarantined, reason=reason)
