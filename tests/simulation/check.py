"""What must hold of a world at rest: the checker's invariants, and that its tables hold what was uploaded."""

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from headrace.domain.batch import UnitReport
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import ObjectState
from headrace.ports import LedgerObject
from headrace.steps import records
from headrace_cli.verify import Outside, verify
from tests.simulation.producers import Landed
from tests.simulation.scenario import CANARY, REUPLOAD
from tests.simulation.simulation import Simulation

LOADED = (ObjectState.LOADED, ObjectState.LOADED_WITH_REJECTS)
_Row = tuple[str, int | None]


def violations(simulation: Simulation, *, rested: bool) -> list[str]:
    """Everything that does not hold; nothing where all does."""
    if not rested:
        return [f"I6: the world did not come to rest: {_state(simulation)}", *simulation.surprises]
    world, buffer = simulation.world, simulation.buffer
    texts = [("alert", f"{subject} {message}") for subject, message in world.alerts.alerts]
    texts += [("event", str(detail)) for _, detail in world.events.events]
    outside = Outside(
        queues={"buffer": len(buffer.messages)},
        dead={"dead letters": len(buffer.dead)},
        events=world.events.events,
        texts=texts,
        canaries=(CANARY,),
    )
    found = verify(world, outside=outside)
    return [
        *map(str, found.violations),
        *(f"I6: {one}" for one in found.under_way),
        *simulation.surprises,
        *(said for name in simulation.scenario.datasets for said in _untrue(simulation, name)),
        *_unnamed(simulation),
    ]


def _state(simulation: Simulation) -> str:
    return f"{simulation.world.ledger.datasets()}, {len(simulation.buffer.messages)} messages"


_MAINTENANCE = ("/compacted-", "-kept-")
"""In the names of data files that no work unit wrote."""


def _unnamed(simulation: Simulation) -> Iterator[str]:
    """Data files that no work unit's report tells of: the same work went to several places."""
    artefacts = simulation.world.artefacts
    kept = [one.key for one in artefacts.list("batches/") if "/units/" in one.key]
    if any(key.endswith(".killers") for key in kept):  # a unit is written without them, and once with them
        return
    keys = [key for key in kept if key.endswith(".json")]
    reports = [records.read(artefacts, key, UnitReport) for key in keys]
    told = {file.key for report in reports for file in (*report.curated, *report.quarantine)}
    for one in simulation.world.lake.list(""):
        if one.key not in told and not any(part in one.key for part in _MAINTENANCE):
            yield f"I4 {one.key} is in no report"


def _untrue(simulation: Simulation, name: str) -> Iterator[str]:
    """Where a dataset's tables and ends are not what its uploads make them."""
    dataset = DatasetId("river", name)
    ends = {one.object.identity: one for one in simulation.world.ledger.objects(str(dataset))}
    uploads = [one for one in simulation.landed if one.object.key.startswith(f"{dataset}/")]
    curated = _curated(simulation, dataset)
    for landed in uploads:
        identity = landed.object.identity
        if end := ends.get(identity):
            yield from _untrue_end(landed, end, uploads, ends, REUPLOAD[name])
        for number, row in curated.pop(identity, {}).items():
            if row not in _rows(landed.upload.body)[number - 1 : number]:
                yield f"I1 {identity}: row {number} of curated is not what was uploaded"
    if curated:
        yield f"I1 {dataset}: curated holds rows that nobody uploaded: {sorted(curated)}"


def _untrue_end(
    landed: Landed, end: LedgerObject, uploads: list[Landed], ends: dict[str, LedgerObject], policy: str
) -> Iterator[str]:
    """Where the end of an object is none that its content can have."""
    own, upload = landed.object, landed.upload
    same_key = [one for one in uploads if one.object.key == own.key and one is not landed]
    loaded = [one for one in same_key if (its := ends.get(one.object.identity)) and its.state in LOADED]
    expected = upload.rows
    between = policy == "append" and any(one.object.etag != own.etag for one in loaded)
    twin = any(one.object.etag == own.etag or policy == "immutable" for one in loaded) and not between
    right = upload.readable and not (twin and end.state in LOADED)
    if end.state is ObjectState.QUARANTINED:
        expected = 1
        others = [one for one in loaded if one.object.etag != own.etag]
        right = not upload.readable or (policy == "immutable" and bool(others))
    elif end.state is ObjectState.DUPLICATE:
        expected = 0
        right = any(one.object.etag == own.etag for one in loaded)
    if not right:
        yield f"I2 {own.identity} cannot end as {end.state}: {end.reason}"
    if end.rows != expected:
        yield f"I1 {own.identity} has {expected} rows, and {end.rows} are accounted for"


def _curated(simulation: Simulation, dataset: DatasetId) -> dict[str, dict[int, _Row]]:
    """Name and wheels of each curated row, by object and place."""
    found: dict[str, dict[int, _Row]] = defaultdict(dict)
    ref = simulation.world.zones.curated(dataset)
    for batch in simulation.world.catalog.read(ref, ["_object", "_row", "name", "wheels"]):
        columns: list[list[Any]] = [column.to_pylist() for column in batch.columns]
        for identity, number, name, wheels in zip(*columns, strict=True):
            found[identity][number] = (name, wheels)
    return found


def _rows(body: bytes) -> list[_Row]:
    plain = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    read = csv.DictReader(io.StringIO(plain.decode()))
    return [
        (row["name"], int(row["wheels"]) if row["wheels"].lstrip("-").isdigit() else None) for row in read
    ]
