"""What a quality check compares with: ODCS's operators as one range, its severity and its unit."""

from typing import Literal

from msgspec import Struct

from headrace.domain.contract.source import Findings, Place, excerpt
from headrace.domain.plan import DatasetRule, Measure

OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
LENIENT = frozenset({"warning", "warn", "info", "information", "low", "minor"})
"""The severities that publish and tell; any other stops the publish."""


class Bounds(Struct, frozen=True):
    """What a check's number must lie in, or, if `outside`, must not; as in `DatasetRule`."""

    least: float | None = None
    most: float | None = None
    least_excluded: bool = False
    most_excluded: bool = False
    outside: bool = False

    @property
    def none_at_all(self) -> bool:
        """Whether only zero will do, of something that cannot be negative."""
        return not self.outside and self.most == 0 and not self.most_excluded

    def rule(self, name: str, measure: Measure, check: Place) -> DatasetRule:
        """The dataset rule of a check that is compared with these bounds."""
        return DatasetRule(
            name=name,
            measure=measure,
            least=self.least,
            most=self.most,
            least_excluded=self.least_excluded,
            most_excluded=self.most_excluded,
            outside=self.outside,
            percent=check.text_of("unit").lower() in ("percent", "%", "percentage"),
            severity=severity_of(check),
        )


def severity_of(check: Place) -> Literal["error", "warning"]:
    """Whether a check stops the publish."""
    return "warning" if check.text_of("severity").lower() in LENIENT else "error"


def bounds_of(check: Place, found: Findings) -> Bounds | None:
    """The range that a check's operators describe together; None, and a note, where they describe none."""
    given = [name for name in OPERATORS if check.get(name)]
    if not given:
        return None
    bounds = Bounds()
    for at, name in enumerate(given):
        numbers = _numbers(check.at(name))
        wanted = 2 if name.endswith("Between") else 1
        if len(numbers) != wanted:
            found.note(
                check.at(name), f"{excerpt(check.at(name).value)} is no number", "it is not compared with"
            )
            return None
        if any(_meets(name, other) for other in given[at + 1 :]):
            found.problem(
                check.at(name), f"{name} stands beside another operator", "make it a check of its own"
            )
        bounds = _narrowed(bounds, name, numbers)
    if bounds.least is not None and bounds.most is not None and bounds.least > bounds.most:
        found.problem(check, "no number can satisfy this", "give the smaller number first")
    return bounds


def _meets(operator: str, other: str) -> bool:
    """Whether two operators bound the same side of a number."""
    sides = (next((side for side in ("Greater", "Less") if side in name), "") for name in (operator, other))
    one, another = sides
    return not one or not another or one == another


def _narrowed(bounds: Bounds, operator: str, numbers: list[float]) -> Bounds:
    number = numbers[0]
    match operator:
        case "mustBeGreaterThan":
            return Bounds(number, bounds.most, True, bounds.most_excluded)
        case "mustBeGreaterOrEqualTo":
            return Bounds(number, bounds.most, False, bounds.most_excluded)
        case "mustBeLessThan":
            return Bounds(bounds.least, number, bounds.least_excluded, True)
        case "mustBeLessOrEqualTo":
            return Bounds(bounds.least, number, bounds.least_excluded, False)
        case _:
            return Bounds(number, numbers[-1], outside=operator.startswith("mustNot"))


def _numbers(place: Place) -> list[float]:
    """The numbers of an operator; a truth value, as a query may give it, counts 1 or 0."""
    values = [item.value for item in place.items] if place.items else [place.value]
    return [float(value) for value in values if isinstance(value, int | float) and abs(value) <= 2**53]
