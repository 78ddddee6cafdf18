"""Names that are a masked column's in all but spelling: what such a field holds is hidden.

A producer who writes `E-Mail` where the contract masks `email` must not land the addresses unmasked
among the fields that the contract does not know.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from headrace.domain.plan import Array, Column, Object, Plan, Type

HIDDEN = "***"

_OTHER = re.compile(r"[^a-z0-9]")


def lookalike(plan: Plan) -> Callable[[str], bool]:
    """Whether a field's name, in lower-case letters and digits alone, is that of a column which the plan
    masks at any depth: its name, source or one of its aliases."""
    names = frozenset(
        reduced(name)
        for column in masked_columns(plan.columns)
        for name in (column.name, column.source, *column.aliases)
    )
    return lambda name: bool(names) and reduced(name) in names


def reduced(name: str) -> str:
    """A name's lower-case letters and digits; a name that has none as it is, in lower case."""
    return _OTHER.sub("", name.lower()) or name.lower()


def masked_columns(columns: Iterable[Column]) -> Iterator[Column]:
    """The columns that have a mask, at any depth."""
    for column in columns:
        if column.mask:
            yield column
        yield from masked_columns(inner_columns(column.type))


def holds_masks(type_: Type) -> bool:
    """Whether a column inside a type is masked."""
    return any_masked(inner_columns(type_))


def any_masked(columns: Iterable[Column]) -> bool:
    """Whether one of the columns is masked, at any depth."""
    return next(masked_columns(columns), None) is not None


def inner_columns(type_: Type) -> tuple[Column, ...]:
    """The columns of the objects that a value of a type is or, in arrays, holds."""
    while isinstance(type_, Array):
        type_ = type_.items
    return type_.columns if isinstance(type_, Object) else ()
