"""Whether a changed rule lets more rows through, or fewer."""

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from msgspec.structs import replace

from headrace.domain.plan import DatasetRule, Fields, Items, Length, MultipleOf, NoneOf, OneOf, Range, Rule

Strictness = Literal["compatible", "tighter"]

_NAMES: dict[type, str] = {OneOf: "enum", NoneOf: "missing values", MultipleOf: "multiple"}


def row_rule_effects(old: Sequence[Rule], new: Sequence[Rule]) -> Iterator[tuple[Strictness, str]]:
    """Each changed rule of a column, in a few words, and what it means to the rows."""
    gone = [rule for rule in old if rule not in new]
    come = [rule for rule in new if rule not in old]
    for kind in dict.fromkeys(type(rule) for rule in (*gone, *come)):
        name = _NAMES.get(kind, kind.__name__.lower())
        before = [rule for rule in gone if type(rule) is kind]
        after = [rule for rule in come if type(rule) is kind]
        if not after:
            yield "compatible", f"its {name} is no longer checked"
        elif not before:
            yield "tighter", f"its {name} is checked"
        elif len(before) == len(after) == 1 and _looser(before[0], after[0]):
            yield "compatible", f"its {name} allows more"
        else:
            yield "tighter", f"its {name} allows less, or other values"


def dataset_rule_effect(old: DatasetRule | None, new: DatasetRule | None) -> tuple[Strictness, str]:
    """The same of a rule on the batch; None where there is none."""
    if new is None:
        return "compatible", "is no longer measured"
    if new.severity == "warning":
        return "compatible", "only warns"
    if old is None:
        return "tighter", "is measured, and rejects batches"
    if old.severity == "error" and not new.outside and _looser_bounds(old, new):
        return "compatible", "allows more"
    return "tighter", "allows less, or measures otherwise"


def _looser(old: Rule, new: Rule) -> bool:
    """Whether every value that the old rule allows is allowed by the new one, a rule of the same kind."""
    match old, new:
        case (OneOf(values=before), OneOf(values=after)):
            return set(before) <= set(after)
        case (NoneOf(values=before), NoneOf(values=after)):
            return set(after) <= set(before)
        case (MultipleOf(of=before_of), MultipleOf(of=after_of)):
            return Decimal(before_of) % Decimal(after_of) == 0
        case (Range(), Range()) | (Length(), Length()) | (Items(), Items()) | (Fields(), Fields()):
            return _looser_bounds(old, new)
        case _:
            return False


def _looser_bounds(old: Any, new: Any) -> bool:
    """Whether two rules differ in what bounds them alone, and the new one's bounds lie no closer."""
    flags = {"least_excluded", "most_excluded", "unique"} & set(old.__struct_fields__)
    unbound = {"least": None, "most": None, **dict.fromkeys(flags, False)}
    if replace(old, **unbound) != replace(new, **unbound):
        return False
    if getattr(new, "unique", False) and not old.unique:
        return False
    return _further(old, new, "least") and _further(old, new, "most")


def _further(old: Any, new: Any, bound: str) -> bool:
    before, after = _value(getattr(old, bound)), _value(getattr(new, bound))
    if after is None or before == after:
        excluded = f"{bound}_excluded"
        return after is None or not getattr(new, excluded, False) or getattr(old, excluded, False)
    if before is None or type(before) is not type(after):
        return False
    return bool(after < before if bound == "least" else after > before)


def _value(bound: float | str | None) -> Any:
    """A bound to be compared: a number where it is one, else the text, as ISO dates compare."""
    if bound is None:
        return None
    try:
        return Decimal(str(bound))
    except InvalidOperation:
        return str(bound)
