"""What only a batch as a whole shows: rows whose key stands elsewhere, and columns that it adds.

The units concerned are refined again, once, in the light of it.
"""

from collections.abc import Collection

from msgspec import Struct

from headrace.domain.keys import Variant
from headrace.domain.plan import Key, Plan

_EXACT = (None, "hash", "tokenise")


class LateUnit(Struct, frozen=True):
    """A unit to be refined again. `repeats` is the key of a Parquet file in the artefacts bucket with its
    rows to quarantine, `rows` their number; empty and 0 where it has none."""

    unit: int
    repeats: str = ""
    rows: int = 0


class Late(Struct, frozen=True):
    """The late knowledge of a batch; written once. `contract` is the key of the compiled contract that
    the batch widened, empty where the manifest's stays in force."""

    units: tuple[LateUnit, ...]
    contract: str = ""

    @property
    def again(self) -> tuple[int, ...]:
        """The numbers of the units to refine again."""
        return tuple(one.unit for one in self.units)

    def variant(self, unit: int) -> Variant:
        """Which refining of a unit is judged."""
        return "again" if unit in self.again else ""


def comparable_keys(plan: Plan) -> tuple[Key, ...]:
    """The keys that can be compared with what is written already."""
    return tuple(key for key in plan.keys if not blurred(plan, key.columns))


def blurred(plan: Plan, columns: Collection[str]) -> tuple[str, ...]:
    """Those of some columns whose values, once masked, may be the same where they were different before."""
    return tuple(
        column.name for column in plan.columns if column.name in columns and column.mask not in _EXACT
    )


def needs_one_unit(plan: Plan) -> bool:
    """Whether a batch must be one work unit: only refine sees the values of a key that a mask blurs."""
    return len(comparable_keys(plan)) < len(plan.keys)
