"""What tests of replays look at: both tables' rows, the objects' ends, the requests."""

import io
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from tests.world import World

MILLS = DatasetId("river", "mills")
DAY = timedelta(days=1)

Row = dict[str, Any]


def table(world: World, zone: str) -> list[Row]:
    """The rows of one of the two tables, by object and row."""
    ref = getattr(world.zones, zone)(MILLS)
    bodies = (world.lake.read(uri.removeprefix("s3://lake/")) for uri in world.catalog.tables[ref].files)
    rows = [row for body in bodies for row in pq.read_table(io.BytesIO(body)).to_pylist()]
    return sorted(rows, key=lambda row: (row["_object"], row["_row"]))


def tables(world: World) -> tuple[list[Row], list[Row]]:
    return table(world, "curated"), table(world, "quarantine")


def names(world: World) -> list[str]:
    return sorted(row["name"] for row in table(world, "curated"))


def land(world: World, key: str, *lines: str) -> LandedObject:
    """Land one object of mills and run what it starts."""
    body = "\n".join(("name,wheels", *lines, ""))
    landed = world.land(f"river/mills/{key}.csv", body.encode())
    world.rest()
    return landed


def ends(world: World) -> dict[str, tuple[str, int, int, int]]:
    """State, rows, curated and quarantined of each landed object, by key."""
    return {
        one.object.key.removeprefix("river/mills/"): (one.state.value, one.rows, one.curated, one.quarantined)
        for one in world.ledger.objects(str(MILLS))
        if one.object.bucket == "landing"
    }


def requests(world: World) -> list[tuple[str, str]]:
    """State and reason of each replay request, in order."""
    return [
        (one.state.value, one.reason)
        for one in world.ledger.objects(str(MILLS))
        if one.object.bucket == "artefacts"
    ]
