"""Finds the sources that nobody survives, by halving."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def killers(sources: Sequence[T], dies: Callable[[Sequence[T]], str]) -> Iterator[tuple[T, str]]:
    """Each source that ends a process refining it alone, twice over, with how that ended.

    `dies` refines some of them in a process of its own, and says how that ended; nothing where it survived.
    Sources that only together are too much are not found.
    """
    groups = _halves(sources)
    while groups:
        group = groups.pop()
        ended = dies(group)
        if not ended:
            continue
        if len(group) > 1:
            groups += _halves(group)
        elif dies(group):
            yield group[0], ended


def _halves(group: Sequence[T]) -> list[Sequence[T]]:
    """The second half first: groups are taken from the end, so sources are found in their order."""
    middle = len(group) // 2
    return [half for half in (group[middle:], group[:middle]) if half]
