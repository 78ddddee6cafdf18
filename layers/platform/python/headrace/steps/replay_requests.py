"""Makes replay requests of chosen objects: what is left out, what goes together, what is written."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.replay import ReplayRequest, parts_of
from headrace.ports import Ledger, ObjectStore
from headrace.steps import records
from headrace.steps.audited import AuditedObject
from headrace.steps.replay_contract import ReplayContract
from headrace.steps.replayed import encode_rows
from headrace.steps.superseded import superseded


class Chosen(Struct, frozen=True):
    """An object to replay; `rows` are the numbers of those that alone are replayed (None: all).

    `by_rows`: it is part of a selection of rows, in which it may be whole only if it is quarantined whole.
    """

    audited: AuditedObject
    rows: frozenset[int] | None = None
    by_rows: bool = False

    @property
    def identity(self) -> str:
        return self.audited.line.identity

    @property
    def batch(self) -> int:
        return self.audited.entry.batch


class LeftOut(Struct, frozen=True):
    """Objects of one batch that are not replayed, and why."""

    batch: int
    objects: int
    why: str


class _Superseded(Struct, frozen=True):
    """Identities that are not replayed because another version of their key has their place."""

    identities: tuple[str, ...]


def sifted(
    replay: str,
    dataset: DatasetId,
    chosen: Sequence[Chosen],
    contract: ReplayContract,
    ledger: Ledger,
    artefacts: ObjectStore,
) -> tuple[list[Chosen], tuple[LeftOut, ...]]:
    """What is replayed, and what is left out; `replay` is its id."""
    key = keys.replay_prefix(dataset, replay) + "superseded.json"
    left = records.find(artefacts, key, _Superseded)
    if left is None:
        objects = ((one.audited.entry, one.audited.line) for one in chosen)
        found = superseded(dataset, objects, contract.plan.reupload, ledger)
        left = records.create(artefacts, key, _Superseded(tuple(sorted(found))))
    kept, why = [], Counter[tuple[int, str]]()
    for one in chosen:
        then = one.audited.contracts
        if one.audited.line.state is ObjectState.REJECTED and all(map(contract.is_that_of, then)):
            why[one.batch, "rejected by its dataset rules under this very contract"] += 1
        elif one.identity in left.identities:
            why[one.batch, "another version of the same key has its place: loaded, or replayed here"] += 1
        else:
            kept.append(one)
    return kept, tuple(LeftOut(batch, count, reason) for (batch, reason), count in sorted(why.items()))


class Part(Struct, frozen=True):
    """What one request is about."""

    objects: tuple[Chosen, ...]
    contract: str
    judged: bool
    by_rows: bool


def parts(kept: Sequence[Chosen], contract: ReplayContract) -> list[Part]:
    """The objects in requests, each of one contract that they all were published under, or all were not."""

    def kind(one: Chosen) -> tuple[str, bool, bool]:
        then = one.audited.contracts
        same = all(map(contract.is_that_of, then))
        return contract.key_for(then[0]) if same else contract.key, not same, one.by_rows

    parts = []
    for (key, judged, by_rows), group in groupby(kept, key=kind):
        by_identity = {one.identity: one for one in group}
        entries = [one.audited.entry for one in by_identity.values()]
        for part in parts_of(entries, contract.plan_of(key)):
            objects = tuple(by_identity[entry.object.identity] for entry in part)
            parts.append(Part(objects, key, judged, by_rows))
    return parts


def written(part: Part, key: str, dataset: DatasetId, last: int, artefacts: ObjectStore) -> LandedObject:
    """Write the request, with the rows that it selects; returns it as the ledger knows it."""
    rows_key = keys.request_rows_key(key) if part.by_rows else ""
    if rows_key:
        artefacts.create(rows_key, encode_rows({one.identity: one.rows for one in part.objects}))
    request = ReplayRequest(
        dataset,
        part.contract,
        tuple(one.audited.entry for one in part.objects),
        tuple(one.audited.line for one in part.objects),
        rows_key,
        part.judged,
        last,
    )
    body = records.encode(records.create(artefacts, key, request))
    return LandedObject(artefacts.bucket, key, "", hashlib.sha256(body).hexdigest(), len(body))
