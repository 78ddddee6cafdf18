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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Literal

import msgspec
from botocore.exceptions import ClientError
from msgspec.structs import asdict, replace

from headrace.aws.backoff import backoff
from headrace.aws.errors import code_of, domain_error, translated
from headrace.domain.batch import Previous
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import Throttled, UnknownDataset
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import DatasetState, Finished, Lease, MartState
from headrace.ports import LedgerObject

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        PutTypeDef,
        QueryInputTypeDef,
        TransactWriteItemTypeDef,
        UpdateItemInputTypeDef,
    )

    Group = list[TransactWriteItemTypeDef]

Item = Mapping[str, str | int]
Key = tuple[str, str]

_ACTIONS_AT_ONCE = 100
_LOOKUPS_AT_ONCE = 100
_DATASETS = "datasets"
_MARTS = "marts"
_UNROUTED = "unrouted"


class DynamoLedger:
    """Ledger over one table.

    A dataset that is not registered cannot be leased: `acquire` raises UnknownDataset.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    # ── datasets ─────────────────────────────────────────────────────────────────────────────────

    def register(self, dataset: DatasetId, contract: str, instead_of: str | None = None) -> bool:
        expected = {":expected": instead_of} if instead_of is not None else {}
        return self._update_dataset(
            dataset,
            "SET contract = :contract, next_batch = if_not_exists(next_batch, :one), "
            "attempt = if_not_exists(attempt, :zero)",
            only_if="contract = :expected" if expected else "",
            values={":contract": contract, ":one": 1, ":zero": 0, **expected},
        )

    def dataset(self, dataset: DatasetId) -> DatasetState | None:
        item = self._get((_DATASETS, str(dataset)))
        return _dataset_state(item) if item else None

    def datasets(self) -> list[DatasetState]:
        return [_dataset_state(item) for item in self._query(_DATASETS)]

    def advance(self, dataset: DatasetId, batch: int) -> None:
        self._update_dataset(
            dataset,
            "SET next_batch = :next, attempt = :zero",
            only_if="next_batch = :batch",
            values={":next": batch + 1, ":zero": 0, ":batch": batch},
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
        self._apply(f"register mart {mart}", [[self._put((_MARTS, str(mart)), item)]])

    def mart(self, mart: DatasetId) -> MartState | None:
        item = self._get((_MARTS, str(mart)))
        return _mart_state(item) if item else None

    def marts(self) -> list[MartState]:
        return [_mart_state(item) for item in self._query(_MARTS)]

    def marts_reading(self, dataset: DatasetId) -> list[MartState]:
        return [mart for mart in self.marts() if dataset in mart.reads]

    # ── objects ──────────────────────────────────────────────────────────────────────────────────

    def admit(self, dataset: DatasetId, landed: LandedObject, at: datetime) -> bool:
        place = _pending(str(dataset), _instant(at), landed)
        return self._remember(place, Finished(landed, ObjectState.PENDING), at)

    def refuse(self, landed: LandedObject, reason: str, at: datetime) -> bool:
        place = _batch(_UNROUTED, 0, landed)
        return self._remember(place, Finished(landed, ObjectState.QUARANTINED, reason), at)

    def known(self, dataset: DatasetId, landed: LandedObject) -> bool:
        return self._get(_known(str(dataset), landed)) is not None

    def pending(self, dataset: DatasetId, limit: int) -> list[LandedObject]:
        found = islice(self._query(str(dataset), "pending#", limit), limit)
        return [msgspec.convert(item, LandedObject) for item in found]

    def loaded_content(self, dataset: DatasetId, keys: Sequence[str]) -> Mapping[str, Previous]:
        found = self._lookup(_loaded(dataset, key) for key in keys)
        return {str(item["key"]): msgspec.convert(item, Previous) for item in found}

    def assign(self, dataset: DatasetId, batch: int, objects: Sequence[LandedObject]) -> None:
        distinct = {_known(str(dataset), landed): landed for landed in objects}
        groups: list[Group] = []
        for known in self._lookup(distinct):
            landed = distinct[str(known["pk"]), str(known["sk"])]
            waiting = _pending(str(dataset), str(known["admitted"]), landed)
            placed = _placed(Finished(landed, ObjectState.BATCHED), batch)
            groups.append([self._leave(waiting), self._put(_batch(str(dataset), batch, landed), placed)])
        self._apply(f"assign batch {batch} of {dataset}", groups)

    def finish(self, dataset: DatasetId, batch: int, objects: Sequence[Finished]) -> None:
        last = {finished.object.key: finished.object.fingerprint for finished in objects if finished.loaded}
        groups: list[Group] = []
        for fingerprint, finished in {finished.object.fingerprint: finished for finished in objects}.items():
            place = _batch(str(dataset), batch, finished.object)
            group = [self._put(place, _placed(finished, batch), over="batched")]
            key = finished.object.key
            if finished.loaded and last[key] == fingerprint:
                group.append(self._put(_loaded(dataset, key), {"key": key, **asdict(finished.loaded)}))
            groups.append(group)
        self._apply(f"finish batch {batch} of {dataset}", groups)

    def objects(self, dataset: str, batch: int | None = None) -> list[LedgerObject]:
        items = self._query(dataset, "" if batch is None else _batch_prefix(batch))
        return [msgspec.convert({**item, "object": item, "dataset": dataset}, LedgerObject) for item in items]

    def _remember(self, place: Key, placed: Finished, at: datetime) -> bool:
        known = self._put(_known(place[0], placed.object), {"admitted": _instant(at)}, over="nothing")
        doing = f"admit {placed.object.identity} to {place[0]}"
        return self._apply(doing, [[known, self._put(place, _placed(placed, 0))]])

    # ── the table ────────────────────────────────────────────────────────────────────────────────

    def _get(self, key: Key) -> Item | None:
        with translated(f"read {key} of {self._table}"):
            reply = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True)
        return _plain(reply["Item"]) if "Item" in reply else None

    def _lookup(self, keys: Iterable[Key]) -> Iterator[Item]:
        """The items that stand under these keys, in no order."""
        doing = f"look up items of {self._table}"
        distinct = list(dict.fromkeys(keys))
        for start in range(0, len(distinct), _LOOKUPS_AT_ONCE):
            asked = [_key(key) for key in distinct[start : start + _LOOKUPS_AT_ONCE]]
            waits = backoff(doing)
            while asked:
                with translated(doing):
                    reply = self._client.batch_get_item(
                        RequestItems={self._table: {"Keys": asked, "ConsistentRead": True}}
                    )
                yield from map(_plain, reply["Responses"].get(self._table, ()))
                if left := reply["UnprocessedKeys"].get(self._table):
                    next(waits)
                asked = left["Keys"] if left else []

    def _query(self, pk: str, prefix: str = "", page: int | None = None) -> Iterator[Item]:
        """A partition's items whose sort key starts with `prefix`, in its order, `page` at a time."""
        request: QueryInputTypeDef = {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk" + (" AND begins_with(sk, :prefix)" if prefix else ""),
            "ExpressionAttributeValues": _attributes({":pk": pk} | ({":prefix": prefix} if prefix else {})),
        }
        if page:
            request["Limit"] = page
        while True:
            with translated(f"list {pk} {prefix} of {self._table}"):
                reply = self._client.query(**request)
            yield from map(_plain, reply["Items"])
            if not (last := reply.get("LastEvaluatedKey")):
                return
            request["ExclusiveStartKey"] = last

    def _update_dataset(self, dataset: DatasetId, change: str, values: Item, only_if: str = "") -> bool:
        """Whether the change was made; False where `only_if` does not hold."""
        request: UpdateItemInputTypeDef = {
            "TableName": self._table,
            "Key": _key((_DATASETS, str(dataset))),
            "UpdateExpression": change,
            "ExpressionAttributeValues": _attributes(values),
        }
        if only_if:
            request["ConditionExpression"] = only_if
        with translated(f"update {dataset} in {self._table}"):
            try:
                self._client.update_item(**request)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def _apply(self, doing: str, groups: "Sequence[Group]") -> bool:
        """Apply each group of actions as one, except those with a condition that does not hold.

        Whether all were applied.
        """
        applied = True
        at_once = _ACTIONS_AT_ONCE // max(map(len, groups), default=1)
        for start in range(0, len(groups), at_once):
            applied &= self._transact(doing, groups[start : start + at_once])
        return applied

    def _transact(self, doing: str, groups: "Sequence[Group]") -> bool:
        waits = backoff(doing)
        left = groups
        while left:
            with translated(doing):
                try:
                    self._client.transact_write_items(
                        TransactItems=[action for group in left for action in group]
                    )
                    break
                except ClientError as error:
                    if code_of(error) != "TransactionCanceledException":
                        raise
                    reasons = iter([reason["Code"] for reason in error.response["CancellationReasons"]])
            codes = [{next(reasons) for _ in group} for group in left]
            if any("ConditionalCheckFailed" in code for code in codes):
                left = [
                    group
                    for group, code in zip(left, codes, strict=True)
                    if "ConditionalCheckFailed" not in code
                ]
                continue
            for code in set().union(*codes) - {"None"}:
                refusal = domain_error(doing, code)
                if not isinstance(refusal, Throttled):
                    raise refusal
            next(waits)
        return len(left) == len(groups)

    def _put(
        self, key: Key, values: Item, over: Literal["anything", "nothing", "batched"] = "anything"
    ) -> "TransactWriteItemTypeDef":
        put: PutTypeDef = {
            "TableName": self._table,
            "Item": _attributes({"pk": key[0], "sk": key[1], **values}),
        }
        if over == "nothing":
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        elif over == "batched":
            put["ConditionExpression"] = "#state = :batched"
            put["ExpressionAttributeNames"] = {"#state": "state"}
            put["ExpressionAttributeValues"] = _attributes({":batched": ObjectState.BATCHED})
        return {"Put": put}

    def _leave(self, key: Key) -> "TransactWriteItemTypeDef":
        return {
            "Delete": {
                "TableName": self._table,
                "Key": _key(key),
                "ConditionExpression": "attribute_exists(pk)",
            }
        }


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


def _dataset_state(item: Item) -> DatasetState:
    leased = "execution" in item
    return DatasetState(
        dataset=DatasetId.parse(str(item["sk"])),
        contract=str(item["contract"]),
        next_batch=int(item["next_batch"]),
        attempt=int(item["attempt"]),
        lease=Lease(str(item["execution"]), datetime.fromisoformat(str(item["since"]))) if leased else None,
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


def _key(key: Key) -> "dict[str, AttributeValueTypeDef]":
    return _attributes({"pk": key[0], "sk": key[1]})


def _attributes(values: Item) -> "dict[str, AttributeValueTypeDef]":
    return {name: {"N": str(v)} if isinstance(v, int) else {"S": str(v)} for name, v in values.items()}


def _plain(item: "Mapping[str, AttributeValueTypeDef]") -> Item:
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}
