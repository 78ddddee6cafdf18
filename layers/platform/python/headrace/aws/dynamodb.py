"""The ledger: one DynamoDB table of keys `pk` and `sk` (strings), without indexes.

    pk                      sk                              holds
    datasets                <domain>/<name>                 DatasetState; `execution` and `since` while leased
    marts                   <domain>/<name>                 MartState; `reads` as JSON
    object#<dataset>#<fp>   known                           when the object was admitted; never changes
    key#<dataset>#<hash>    loaded                          Previous: what a landing key last loaded
    <dataset>               pending#<admitted>#<fp>         an object that waits for a batch
    <dataset>               batch#<number>#<fp>             an object of a batch, up to its terminal state

`<fp>` is the object's fingerprint, `<hash>` the SHA-256 of its key (a landing key may be longer than a sort
key), `<dataset>` `domain/name` or `unrouted`. What is only looked up has a partition of its own; what is
listed shares the dataset's, in the order in which it is listed.

A known object stands in exactly one place, `pending` or `batch`, and every move is one transaction whose
condition is the place it leaves. So no interleaving of `admit`, `assign` and `finish` loses an object or
has it twice, and repeating any of them changes nothing. All reads are strongly consistent.

When the answer to a write is lost, botocore repeats it: a transaction under the same token, which DynamoDB
answers as it did the first time. A caller that dies and comes back finds the object known (False): it
stands in the ledger, so its message may be acknowledged either way.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
from msgspec.structs import asdict, replace

from headrace.aws.backoff import backoff
from headrace.aws.dynamodb_table import Action, Item, Key, Table, check, delete, put
from headrace.domain.batch import Previous
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import UnknownDataset
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import DatasetState, Finished, Lease, MartState
from headrace.ports import LedgerObject

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DATASETS = "datasets"
_MARTS = "marts"
_UNROUTED = "unrouted"
_FORGOTTEN_AT_ONCE = 1000


class DynamoLedger:
    """Ledger over one table.

    A dataset that is not registered cannot be leased: `acquire` raises UnknownDataset.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._table = Table(client, table)

    # ── datasets ─────────────────────────────────────────────────────────────────────────────────

    def register(self, dataset: DatasetId, contract: str, instead_of: str | None = None) -> bool:
        expected = {":expected": instead_of} if instead_of is not None else {}
        return self._update_dataset(
            dataset,
            "SET contract = :contract, next_batch = if_not_exists(next_batch, :one), "
            "attempt = if_not_exists(attempt, :zero), "
            "registration = if_not_exists(registration, :registration)",
            only_if="contract = :expected" if expected else "",
            values={
                ":contract": contract,
                ":one": 1,
                ":zero": 0,
                ":registration": uuid4().hex,
                **expected,
            },
        )

    def dataset(self, dataset: DatasetId) -> DatasetState | None:
        item = self._table.get((_DATASETS, str(dataset)))
        return _dataset_state(item) if item else None

    def datasets(self) -> list[DatasetState]:
        return [_dataset_state(item) for item in self._table.query(_DATASETS)]

    def advance(self, dataset: DatasetId, batch: int, registration: str) -> None:
        self._update_dataset(
            dataset,
            "SET next_batch = :next, attempt = :zero",
            only_if="next_batch = :batch AND registration = :registration",
            values={":next": batch + 1, ":zero": 0, ":batch": batch, ":registration": registration},
        )

    def acquire(self, dataset: DatasetId, at: datetime, instead_of: str | None = None) -> DatasetState | None:
        waits = backoff(f"lease {dataset}")
        while True:
            seen = self.dataset(dataset)
            if seen is None:
                raise UnknownDataset(f"{dataset} is not registered: register its contract first")
            if seen.lease and seen.lease.execution != instead_of:
                return None
            attempt = seen.attempt + 1
            lease = Lease(f"{dataset.slug}-{seen.next_batch}-{attempt}", at)
            taken = replace(seen, attempt=attempt, lease=lease)
            # Refused, yet it stands as we wrote it: the answer to our first try was lost.
            if self._take(seen, attempt, lease) or self.dataset(dataset) == taken:
                return taken
            next(waits)

    def release(self, dataset: DatasetId, execution: str) -> None:
        self._update_dataset(
            dataset,
            "REMOVE execution, since",
            only_if="execution = :execution",
            values={":execution": execution},
        )

    def _take(self, seen: DatasetState, attempt: int, lease: Lease) -> bool:
        held = {":held": seen.lease.execution} if seen.lease else {}
        return self._update_dataset(
            seen.dataset,
            "SET attempt = :next, execution = :execution, since = :since",
            only_if="next_batch = :batch AND attempt = :attempt AND "
            + ("execution = :held" if held else "attribute_not_exists(execution)"),
            values={
                ":batch": seen.next_batch,
                ":attempt": seen.attempt,
                ":next": attempt,
                ":execution": lease.execution,
                ":since": _instant(lease.since),
                **held,
            },
        )

    # ── marts ────────────────────────────────────────────────────────────────────────────────────

    def register_mart(self, mart: DatasetId, contract: str, reads: Sequence[DatasetId]) -> None:
        item = {"contract": contract, "reads": msgspec.json.encode(reads).decode()}
        self._table.apply(f"register mart {mart}", [[put((_MARTS, str(mart)), item)]])

    def mart(self, mart: DatasetId) -> MartState | None:
        item = self._table.get((_MARTS, str(mart)))
        return _mart_state(item) if item else None

    def marts(self) -> list[MartState]:
        return [_mart_state(item) for item in self._table.query(_MARTS)]

    def marts_reading(self, dataset: DatasetId) -> list[MartState]:
        return [mart for mart in self.marts() if dataset in mart.reads]

    # ── objects ──────────────────────────────────────────────────────────────────────────────────

    def admit(self, dataset: DatasetId, landed: LandedObject, at: datetime, batch: int = 0) -> bool:
        if batch:
            place, state = _batch(str(dataset), batch, landed), ObjectState.BATCHED
        else:
            place, state = _pending(str(dataset), _instant(at), landed), ObjectState.PENDING
        return self._remember(place, Finished(landed, state), at, batch)

    def refuse(self, landed: LandedObject, reason: str, at: datetime) -> bool:
        place = _batch(_UNROUTED, 0, landed)
        return self._remember(place, Finished(landed, ObjectState.QUARANTINED, reason), at)

    def route(self, dataset: DatasetId, landed: LandedObject, at: datetime) -> bool:
        leave = [_leave(_batch(_UNROUTED, 0, landed)), _leave(_known(_UNROUTED, landed))]
        place = _pending(str(dataset), _instant(at), landed)
        remember = self._remembering(place, Finished(landed, ObjectState.PENDING), at)
        doing = f"route {landed.identity} to {dataset}"
        if self._table.apply(doing, [[*leave, *remember]]):
            return True
        self._table.apply(doing, [leave])
        return False

    def known(self, dataset: DatasetId, landed: LandedObject) -> bool:
        return self._table.get(_known(str(dataset), landed)) is not None

    def unknown(self, dataset: str, landed: Sequence[LandedObject]) -> list[LandedObject]:
        places = [(_known(dataset, one), one) for one in landed]
        known = {(item["pk"], item["sk"]) for item in self._table.lookup(key for key, _ in places)}
        return [one for key, one in places if key not in known]

    def pending(self, dataset: DatasetId, limit: int) -> list[LandedObject]:
        found = islice(self._table.query(str(dataset), "pending#", limit), limit)
        return [msgspec.convert(item, LandedObject) for item in found]

    def loaded_content(self, dataset: DatasetId, keys: Sequence[str]) -> Mapping[str, Previous]:
        found = self._table.lookup(_loaded(dataset, key) for key in keys)
        return {str(item["key"]): msgspec.convert(item, Previous) for item in found}

    def assign(self, dataset: DatasetId, batch: int, objects: Sequence[LandedObject]) -> None:
        distinct = {_known(str(dataset), landed): landed for landed in objects}
        groups: list[list[Action]] = []
        for known in self._table.lookup(distinct):
            landed = distinct[str(known["pk"]), str(known["sk"])]
            waiting = _pending(str(dataset), str(known["admitted"]), landed)
            placed = _placed(Finished(landed, ObjectState.BATCHED), batch)
            groups.append([_leave(waiting), put(_batch(str(dataset), batch, landed), placed)])
        self._table.apply(f"assign batch {batch} of {dataset}", groups)

    def finish(self, dataset: DatasetId, batch: int, objects: Sequence[Finished]) -> None:
        last = {finished.object.key: finished.object.fingerprint for finished in objects if finished.loaded}
        groups: list[list[Action]] = []
        for fingerprint, finished in {finished.object.fingerprint: finished for finished in objects}.items():
            place = _batch(str(dataset), batch, finished.object)
            batched = {"batched": ObjectState.BATCHED}
            group = [put(place, _placed(finished, batch), "#state = :batched", batched)]
            key = finished.object.key
            if finished.loaded and last[key] == fingerprint:
                group.append(put(_loaded(dataset, key), _content(key, finished.loaded)))
            groups.append(group)
        self._table.apply(f"finish batch {batch} of {dataset}", groups)

    def amend(self, dataset: DatasetId, batch: int, objects: Sequence[Finished]) -> None:
        doing = f"amend objects of {dataset} by batch {batch}"
        ended = "attribute_exists(pk) AND #state <> :batched"
        older = f"{ended} AND (attribute_not_exists(#amended) OR #amended < :batch)"
        given: Item = {"batched": ObjectState.BATCHED, "batch": batch}
        places = {
            _batch(str(dataset), one.batch, one.object): {**_placed(one, one.batch), "amended": batch}
            for one in objects
        }
        self._table.apply(doing, [[put(place, item, older, given)] for place, item in places.items()])
        for one_a_key in _one_a_key(objects):
            self._table.apply(doing, [self._reloaded(dataset, batch, one) for one in one_a_key])

    def forget(self, dataset: DatasetId) -> None:
        doing, items = f"forget {dataset}", self._table.query(str(dataset))
        while some := list(islice(items, _FORGOTTEN_AT_ONCE)):
            landed = [msgspec.convert(item, LandedObject) for item in some]
            gone = [_known(str(dataset), one) for one in landed]
            gone += {_loaded(dataset, one.key) for one in landed}
            gone += [
                (str(item["pk"]), str(item["sk"])) for item in some
            ]  # last: by these a next call goes on
            self._table.apply(doing, [[_leave(key)] for key in gone])
        self._table.apply(doing, [[_leave((_DATASETS, str(dataset)))]])

    def objects(self, dataset: str, batch: int | None = None) -> list[LedgerObject]:
        items = self._table.query(dataset, "" if batch is None else _batch_prefix(batch))
        return [msgspec.convert({**item, "object": item, "dataset": dataset}, LedgerObject) for item in items]

    def _remember(self, place: Key, placed: Finished, at: datetime, batch: int = 0) -> bool:
        doing = f"admit {placed.object.identity} to {place[0]}"
        return self._table.apply(doing, [self._remembering(place, placed, at, batch)])

    def _remembering(self, place: Key, placed: Finished, at: datetime, batch: int = 0) -> list[Action]:
        """Puts an object that is not known in its place."""
        new = "attribute_not_exists(pk)"
        known = put(_known(place[0], placed.object), {"admitted": _instant(at)}, new)
        return [known, put(place, _placed(placed, batch))]

    def _reloaded(self, dataset: DatasetId, batch: int, finished: Finished) -> list[Action]:
        """What becomes of the loaded content of a key whose object has the end that `batch` gave it."""
        place = _batch(str(dataset), finished.batch, finished.object)
        amended = check(place, "#amended = :batch", {"batch": batch})
        key = finished.object.key
        ours = {"identity": finished.object.identity}
        if finished.loaded is None:
            return [amended, delete(_loaded(dataset, key), "#identity = :identity", ours)]
        free = "attribute_not_exists(pk) OR #identity = :identity"
        return [amended, put(_loaded(dataset, key), _content(key, finished.loaded), free, ours)]

    def _update_dataset(self, dataset: DatasetId, change: str, values: Item, only_if: str = "") -> bool:
        return self._table.update((_DATASETS, str(dataset)), change, values, only_if)


def _known(dataset: str, landed: LandedObject) -> Key:
    return f"object#{dataset}#{landed.fingerprint}", "known"


def _loaded(dataset: DatasetId, key: str) -> Key:
    return f"key#{dataset}#{hashlib.sha256(key.encode()).hexdigest()}", "loaded"


def _pending(dataset: str, admitted: str, landed: LandedObject) -> Key:
    return dataset, f"pending#{admitted}#{landed.fingerprint}"


def _batch(dataset: str, batch: int, landed: LandedObject) -> Key:
    return dataset, f"{_batch_prefix(batch)}{landed.fingerprint}"


def _batch_prefix(batch: int) -> str:
    return f"batch#{batch:012d}#"


def _placed(finished: Finished, batch: int) -> Item:
    """An object in its place: what `objects` lists."""
    counts = {name: getattr(finished, name) for name in ("state", "reason", "rows", "curated", "quarantined")}
    return {**asdict(finished.object), **counts, "batch": batch}


def _leave(place: Key) -> Action:
    return delete(place, "attribute_exists(pk)")


def _one_a_key(objects: Sequence[Finished]) -> list[list[Finished]]:
    """Objects in groups that have one of each landing key; a key's later object comes in an earlier group."""
    groups: list[dict[str, Finished]] = []
    for one in reversed(objects):
        free = next((group for group in groups if one.object.key not in group), None)
        if free is None:
            groups.append(free := {})
        free[one.object.key] = one
    return [list(group.values()) for group in groups]


def _content(key: str, loaded: Previous) -> Item:
    return {"key": key, **asdict(loaded)}


def _dataset_state(item: Item) -> DatasetState:
    leased = "execution" in item
    return DatasetState(
        dataset=DatasetId.parse(str(item["sk"])),
        contract=str(item["contract"]),
        next_batch=int(item["next_batch"]),
        attempt=int(item["attempt"]),
        lease=Lease(str(item["execution"]), datetime.fromisoformat(str(item["since"]))) if leased else None,
        registration=str(item["registration"]),
    )


def _mart_state(item: Item) -> MartState:
    return MartState(
        mart=DatasetId.parse(str(item["sk"])),
        contract=str(item["contract"]),
        reads=msgspec.json.decode(str(item["reads"]), type=tuple[DatasetId, ...]),
    )


def _instant(at: datetime) -> str:
    """A moment whose text sorts as it does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
