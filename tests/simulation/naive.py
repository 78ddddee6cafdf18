"""What most people build: a function that loads what a message announces. At least once, and no more.

It stands in the place of Headrace's own functions, under the same faults, to show that they are not
harmless. It keeps no ledger and no watermark, so it is judged by its rows alone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from headrace.domain.dataset import DatasetId
from headrace.domain.envelope import landed_objects
from headrace.domain.errors import UnreadableObject
from headrace.domain.landed import LandedObject
from headrace.domain.zones import Zones
from headrace.engines.duckdb import Refusal, Source
from headrace.ports import Ledger, ObjectStore, TableCatalog
from headrace.steps import records
from tests.simulation.engine import refine, stage
from tests.simulation.simulation import Simulation


def load_objects(
    event: Mapping[str, Any],
    *,
    landing: ObjectStore,
    artefacts: ObjectStore,
    lake: ObjectStore,
    ledger: Ledger,
    catalog: TableCatalog,
    zones: Zones,
) -> dict[str, list[dict[str, str]]]:
    """Load each object that the messages announce; a message that fails comes back."""
    failed = []
    for record in event["Records"]:
        try:
            for landed in landed_objects(record["body"]):
                _load(landed, f"{record['messageId']}", landing, artefacts, lake, ledger, catalog, zones)
        except Exception:  # noqa: BLE001 - as such pipelines do
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _load(
    landed: LandedObject,
    message: str,
    landing: ObjectStore,
    artefacts: ObjectStore,
    lake: ObjectStore,
    ledger: Ledger,
    catalog: TableCatalog,
    zones: Zones,
) -> None:
    dataset = DatasetId.of_key(landed.key)
    state = ledger.dataset(dataset) if dataset else None
    if state is None:
        return
    plan = records.read_plan(artefacts, state.contract)
    with TemporaryDirectory(prefix="headrace-") as directory:
        refined = refine(
            plan,
            batch=1,
            sources=[Source(0, landed, _content(landed, landing, Path(directory) / "object"))],
            workdir=Path(directory),
            masking_key=b"",
        )
        for ref, files in (
            (zones.quarantine(plan.dataset), refined.quarantine),
            (zones.curated(plan.dataset), refined.curated),
        ):
            for file in files:
                key = f"{ref.database}/{plan.dataset}/data/{message}-{landed.fingerprint[:8]}.parquet"
                lake.write(key, file.path)
                catalog.append(ref, [f"s3://{lake.bucket}/{key}"], {}, {})


def _content(landed: LandedObject, landing: ObjectStore, to: Path) -> Path | Refusal:
    try:
        return stage(landing.open(landed.key, landed.version_id), to, landed.key).path
    except UnreadableObject as error:
        return Refusal("unreadable", str(error))


def lost_and_doubled(simulation: Simulation) -> Iterator[str]:
    """Where an upload's rows are not each in exactly one of the tables, once."""
    world = simulation.world
    for name in simulation.scenario.datasets:
        dataset = DatasetId("river", name)
        seen: Counter[tuple[str, int]] = Counter()
        for ref in (world.zones.curated(dataset), world.zones.quarantine(dataset)):
            for batch in world.catalog.read(ref, ["_object", "_row"]):
                seen.update(zip(*(column.to_pylist() for column in batch.columns), strict=True))
        for one in simulation.landed:
            if one.object.key.startswith(f"{dataset}/"):
                places = range(1, one.upload.rows + 1) if one.upload.readable else (0,)
                counts = {seen[one.object.identity, place] for place in places}
                if counts != {1}:
                    yield f"I1 {one.object.identity}: its rows are there {sorted(counts)} times"
