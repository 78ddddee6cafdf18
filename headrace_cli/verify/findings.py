"""What a verification finds: violations, warnings, and what was under way while it looked."""

from collections import Counter
from typing import Literal

from msgspec import Struct

Invariant = Literal["I1", "I2", "I3", "I4", "I4b", "I5", "I6", "I7", "I8"]

TOLD = 100
"""Violations of one invariant that are told of one dataset; the others are counted."""


class Violation(Struct, frozen=True):
    """An invariant that does not hold: of which dataset (empty: of none), what is wrong, what shows it."""

    invariant: Invariant
    dataset: str
    what: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.dataset or 'deployment'}: {self.what} ({self.evidence})"


class Verified(Struct, frozen=True):
    """The result: what was looked at, and what was found. `under_way` says why a dataset is not at rest:
    what it works on was left out."""

    datasets: tuple[str, ...]
    batches: int
    objects: int
    rows: int
    violations: tuple[Violation, ...] = ()
    warnings: tuple[Violation, ...] = ()
    under_way: tuple[str, ...] = ()

    @property
    def at_rest(self) -> bool:
        return not self.under_way


class Findings:
    """Collects what is found; what is one of too many is counted, not told."""

    def __init__(self) -> None:
        self.warnings: list[Violation] = []
        self.under_way: list[str] = []
        self.batches = self.objects = self.rows = 0
        self._violations: list[Violation] = []
        self._found: Counter[tuple[Invariant, str]] = Counter()

    def violated(self, invariant: Invariant, dataset: object, what: str, evidence: object) -> None:
        self._found[invariant, str(dataset)] += 1
        if self._found[invariant, str(dataset)] <= TOLD:
            self._violations.append(Violation(invariant, str(dataset), what, str(evidence)))

    def warned(self, invariant: Invariant, dataset: object, what: str, evidence: object) -> None:
        self.warnings.append(Violation(invariant, str(dataset), what, str(evidence)))

    def verified(self, datasets: tuple[str, ...]) -> Verified:
        untold = [
            Violation(invariant, dataset, "more of the same", f"{found - TOLD} that are not listed")
            for (invariant, dataset), found in self._found.items()
            if found > TOLD
        ]
        return Verified(
            datasets,
            self.batches,
            self.objects,
            self.rows,
            (*self._violations, *untold),
            tuple(self.warnings),
            tuple(self.under_way),
        )
