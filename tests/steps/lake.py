"""What stands in a dataset's tables, for tests of steps to compare."""

from typing import Any

from headrace.domain.dataset import DatasetId
from tests.world import World


def rows(world: World, zone: str, dataset: DatasetId) -> list[dict[str, Any]]:
    """All rows of one of its two tables, with all their columns, in order."""
    table = getattr(world.zones, zone)(dataset)
    columns = [path for path in world.catalog.state(table).field_ids if "." not in path]
    found = [row for batch in world.catalog.read(table, columns) for row in batch.to_pylist()]
    return sorted(found, key=lambda row: (row["_object"], row["_row"]))
