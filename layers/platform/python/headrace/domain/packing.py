"""Packs a batch's objects into work units by their bytes."""

from collections.abc import Sequence

UNIT_BYTES = 256 * 2**20
"""Landed bytes that one refine call should see; one larger object makes a unit of its own."""

UNIT_OBJECTS = 1000
"""The most objects of one unit: what one Lambda call can fetch in its time."""

BATCH_UNITS = 200
"""The most units of one batch: their requests fit the 256 KB that a state may hold."""

BATCH_OBJECTS = 2000
"""The most objects of one batch: its manifest stays below 1 MB."""


def pack(sizes: Sequence[int], *, one_unit: bool) -> list[tuple[int, ...]]:
    """Positions of `sizes` (bytes), in order, in units of at most UNIT_BYTES and UNIT_OBJECTS.

    Stops at BATCH_UNITS (at one, where only one refine call can compare the rows): what is left
    out waits for the next batch.
    """
    return units(sizes)[: 1 if one_unit else BATCH_UNITS]


def units(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """The same, however many units it takes."""
    filled: list[list[int]] = []
    held = 0
    for position, size in enumerate(sizes):
        if not filled or held + size > UNIT_BYTES or len(filled[-1]) == UNIT_OBJECTS:
            filled.append([])
            held = 0
        filled[-1].append(position)
        held += size
    return [tuple(unit) for unit in filled]
