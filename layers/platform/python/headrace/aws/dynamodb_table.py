"""One DynamoDB table of keys `pk` and `sk` (strings): consistent reads, conditional writes, transactions
whose parts stand or fall alone."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from headrace.aws.backoff import backoff
from headrace.aws.errors import code_of, domain_error, translated
from headrace.domain.errors import Throttled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        QueryInputTypeDef,
        TransactWriteItemTypeDef,
        UpdateItemInputTypeDef,
    )

Item = Mapping[str, str | int]
Key = tuple[str, str]
Action = dict[str, dict[str, object]]
"""One write of a transaction, without the name of its table."""

_ACTIONS_AT_ONCE = 100
_LOOKUPS_AT_ONCE = 100


def put(key: Key, values: Item, only_if: str = "", given: Item = MappingProxyType({})) -> Action:
    """Write an item over what stands there, if `only_if` holds of it: a condition that writes attributes as
    #name and its own values, `given`, as :name."""
    return {
        "Put": {"Item": _attributes({"pk": key[0], "sk": key[1], **values}), **_condition(only_if, given)}
    }


def delete(key: Key, only_if: str, given: Item = MappingProxyType({})) -> Action:
    return {"Delete": {"Key": _key(key), **_condition(only_if, given)}}


def check(key: Key, only_if: str, given: Item = MappingProxyType({})) -> Action:
    """Change nothing, but let the whole group fail where the condition does not hold."""
    return {"ConditionCheck": {"Key": _key(key), **_condition(only_if, given)}}


class Table:
    """The table, through a boto3 client. Errors are those of `headrace.domain.errors`."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client, self.name = client, name

    def get(self, key: Key) -> Item | None:
        with translated(f"read {key} of {self.name}"):
            reply = self._client.get_item(TableName=self.name, Key=_key(key), ConsistentRead=True)
        return _plain(reply["Item"]) if "Item" in reply else None

    def lookup(self, keys: Iterable[Key]) -> Iterator[Item]:
        """The items that stand under these keys, in no order."""
        doing = f"look up items of {self.name}"
        distinct = list(dict.fromkeys(keys))
        for start in range(0, len(distinct), _LOOKUPS_AT_ONCE):
            asked = [_key(key) for key in distinct[start : start + _LOOKUPS_AT_ONCE]]
            waits = backoff(doing)
            while asked:
                with translated(doing):
                    reply = self._client.batch_get_item(
                        RequestItems={self.name: {"Keys": asked, "ConsistentRead": True}}
                    )
                yield from map(_plain, reply["Responses"].get(self.name, ()))
                if left := reply["UnprocessedKeys"].get(self.name):
                    next(waits)
                asked = left["Keys"] if left else []

    def query(self, pk: str, prefix: str = "", page: int | None = None) -> Iterator[Item]:
        """A partition's items whose sort key starts with `prefix`, in its order, `page` at a time."""
        request: QueryInputTypeDef = {
            "TableName": self.name,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk" + (" AND begins_with(sk, :prefix)" if prefix else ""),
            "ExpressionAttributeValues": _attributes({":pk": pk} | ({":prefix": prefix} if prefix else {})),
        }
        if page:
            request["Limit"] = page
        while True:
            with translated(f"list {pk} {prefix} of {self.name}"):
                reply = self._client.query(**request)
            yield from map(_plain, reply["Items"])
            if not (last := reply.get("LastEvaluatedKey")):
                return
            request["ExclusiveStartKey"] = last

    def update(self, key: Key, change: str, values: Item, only_if: str = "") -> bool:
        """Whether the change was made; False where `only_if` does not hold."""
        request: UpdateItemInputTypeDef = {
            "TableName": self.name,
            "Key": _key(key),
            "UpdateExpression": change,
            "ExpressionAttributeValues": _attributes(values),
        }
        if only_if:
            request["ConditionExpression"] = only_if
        with translated(f"update {key[1]} in {self.name}"):
            try:
                self._client.update_item(**request)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def apply(self, doing: str, groups: Sequence[Sequence[Action]]) -> bool:
        """Apply each group of actions as one, except those with a condition that does not hold.

        Whether all were applied. No two groups may be about the same item.
        """
        applied = True
        at_once = _ACTIONS_AT_ONCE // max(map(len, groups), default=1)
        for start in range(0, len(groups), at_once):
            applied &= self._transact(doing, groups[start : start + at_once])
        return applied

    def _transact(self, doing: str, groups: Sequence[Sequence[Action]]) -> bool:
        waits = backoff(doing)
        left = groups
        while left:
            with translated(doing):
                try:
                    self._client.transact_write_items(TransactItems=self._written(left))
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

    def _written(self, groups: Sequence[Sequence[Action]]) -> "list[TransactWriteItemTypeDef]":
        actions = (action for group in groups for action in group)
        return [
            {kind: {"TableName": self.name, **what} for kind, what in action.items()}  # type: ignore[misc]
            for action in actions
        ]


def _condition(only_if: str, given: Item) -> dict[str, object]:
    if not only_if:
        return {}
    condition: dict[str, object] = {"ConditionExpression": only_if}
    if names := set(re.findall(r"#(\w+)", only_if)):
        condition["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
    if given:
        condition["ExpressionAttributeValues"] = _attributes({f":{n}": v for n, v in given.items()})
    return condition


def _key(key: Key) -> "dict[str, AttributeValueTypeDef]":
    return _attributes({"pk": key[0], "sk": key[1]})


def _attributes(values: Item) -> "dict[str, AttributeValueTypeDef]":
    return {name: {"N": str(v)} if isinstance(v, int) else {"S": str(v)} for name, v in values.items()}


def _plain(item: "Mapping[str, AttributeValueTypeDef]") -> Item:
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}
