"""What Athena does between `plan_refresh` and `publish_mart`: it fills the stage table."""

from msgspec.structs import replace

from headrace.domain.dataset import DatasetId
from headrace.steps.plan_refresh import Refresh
from tests.world import World


def fill_stage(world: World, refresh: Refresh) -> tuple[str, ...]:
    """Make the stage table stand with one file; returns its files."""
    mart = world.catalog.tables[world.zones.mart(DatasetId.parse(refresh.mart))]
    files = (f"s3://lake/marts/{refresh.stage.name}/data.parquet",)
    world.catalog.tables[refresh.stage] = replace(mart, files=files, properties={}, snapshot_id=1)
    return files
