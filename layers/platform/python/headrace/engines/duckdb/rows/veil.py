"""Masks and hidden names inside JSON values, which Python has at hand."""

from collections.abc import Callable
from dataclasses import dataclass

from headrace.domain.lookalikes import HIDDEN, any_masked, holds_masks, lookalike
from headrace.domain.plan import Array, Boolean, Column, Object, Plan, Type
from headrace.engines.duckdb.read import strict_json
from headrace.engines.duckdb.read.strict_json import Value
from headrace.engines.duckdb.read.unknown_members import covered
from headrace.engines.duckdb.rows.masks import Masks


def resolved(one: Column, members: dict[str, Value]) -> str:
    """The name under which an object gives a column."""
    return next((name for name in (one.source, *one.aliases) if name in members), one.source)


def written(type_: Type, value: Value) -> str:
    """A value as the text that is read for a type; JSON text of objects and arrays."""
    match type_, value:
        case Boolean(true=true, false=false), bool():
            return (true if value else false)[0]
        case _, str():
            return str(value)
        case _:
            return strict_json.dump(value)


@dataclass(frozen=True)
class Veil:
    """What may be shown of values that the contract describes."""

    masks: Masks
    hidden: Callable[[str], bool]
    is_needed: bool

    @classmethod
    def of(cls, plan: Plan, masks: Masks) -> "Veil":
        return cls(masks, lookalike(plan), any_masked(plan.columns))

    def over(self, type_: Type, value: Value) -> Value:
        """A value of a type with what is masked inside it masked, and lookalikes covered."""
        match type_, value:
            case _, None:
                return None
            case Array(items=items), list():
                return [self.over(items, item) for item in value]
            case Object(columns=columns), dict():
                return self._over_object({resolved(one, value): one for one in columns}, value)
            case ((Array() | Object()), _):
                return HIDDEN if holds_masks(type_) else value
            case _:
                return value

    def _over_object(self, known: dict[str, Column], members: dict[str, Value]) -> Value:
        veiled: dict[str, Value] = {}
        for name, item in members.items():
            one = known.get(name)
            if one is None:
                veiled[name] = self.unknown(name, item)
            elif one.mask is None or item is None:
                veiled[name] = self.over(one.type, item)
            elif one.mask != "drop":
                veiled[name] = self.masks.shown(one.mask, one.type, written(one.type, item))
        return veiled

    def unknown(self, name: str, value: Value) -> Value:
        """What may be shown of a member that the contract does not know."""
        return covered(self.hidden, name, value) if self.is_needed else value
