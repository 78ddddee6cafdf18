"""What a batch's columns hold: sketches of one work unit's rows that add up to the batch's profile."""

from msgspec import Struct


class ColumnSketch(Struct, frozen=True):
    """One column over the published rows of one work unit, in a form that adds up across work units.

    Only counts are kept of a column that is masked: no value of it.
    """

    column: str
    rows: int
    nulls: int
