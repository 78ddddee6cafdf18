"""Compares both tables of a dataset, row by row, with what landed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.zones import TableRef
from headrace.ports import TableCatalog
from headrace_cli.deployment import Deployment
from tests.front_door import rows

_SHOWN = 5


class Compared(Struct):
    """Rows in the tables, and those that are not as they landed; `examples` name a few of them."""

    curated: int = 0
    quarantined: int = 0
    lost: int = 0
    doubled: int = 0
    foreign: int = 0
    examples: list[str] = msgspec.field(default_factory=list)

    @property
    def exact(self) -> bool:
        return not (self.lost or self.doubled or self.foreign)

    def tell(self, fault: str, place: object) -> None:
        """Keep a fault to be shown, if there are not enough of them."""
        if len(self.examples) < _SHOWN:
            self.examples.append(f"{fault}: {place}")

    def __add__(self, other: "Compared") -> "Compared":
        return Compared(
            self.curated + other.curated,
            self.quarantined + other.quarantined,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.foreign + other.foreign,
            (self.examples + other.examples)[:_SHOWN],
        )


def compare(deployment: Deployment, dataset: DatasetId, landed: Mapping[int, int]) -> Compared:
    """`landed` is the rows of each object by its number; versions of one object have the same content."""
    catalog = deployment.catalog
    found = Compared()
    seen = {number: bytearray(count + 1) for number, count in landed.items()}
    for place in _curated(catalog, deployment.zones.curated(dataset), found):
        _see(place, seen, found)
    for place in _quarantined(catalog, deployment.zones.quarantine(dataset), found):
        _see(place, seen, found)
    for number, times in seen.items():
        tally = Counter(times[1:])
        found.lost += tally.pop(0, 0)
        found.doubled += sum((count - 1) * many for count, many in tally.items())
        for fault, wrong in (("lost", times.find(0, 1)), ("doubled", times.find(2, 1))):
            if wrong > 0:
                found.tell(fault, f"{dataset} object {number} row {wrong}")
    return found


Place = tuple[int, int]


def _see(place: Place, seen: Mapping[int, bytearray], found: Compared) -> None:
    number, row = place
    times = seen.get(number)
    if times is None or not 0 < row < len(times):
        found.foreign += 1
        found.tell("never landed", f"object {number} row {row}")
    elif times[row] < 255:
        times[row] += 1


def _curated(catalog: TableCatalog, table: TableRef, found: Compared) -> Iterator[Place]:
    for one in _rows(catalog, table, "name", "wheels"):
        found.curated += 1
        number, row = rows.number(one["_object"]), one["_row"]
        if (one["name"], one["wheels"]) == (rows.name(number, row), rows.wheels(number, row)) and (
            one["wheels"] >= 0
        ):
            yield number, row
        else:
            found.foreign += 1
            found.tell("not as it landed", f"{table} {one}")


def _quarantined(catalog: TableCatalog, table: TableRef, found: Compared) -> Iterator[Place]:
    for one in _rows(catalog, table, "_raw"):
        found.quarantined += 1
        number, row = rows.number(one["_object"]), one["_row"]
        value = rows.wheels(number, row)
        raw = {"name": rows.name(number, row), "wheels": str(value)}
        if value < 0 and msgspec.json.decode(one["_raw"]) == raw:
            yield number, row
        else:
            found.foreign += 1
            found.tell("wrongly in quarantine", f"{table} {one}")


def _rows(catalog: TableCatalog, table: TableRef, *columns: str) -> Iterator[dict[str, Any]]:
    for batch in catalog.read(table, ("_object", "_row", *columns)):
        yield from batch.to_pylist()
