"""A deployment in memory that hostile things land in, and what must be true of it afterwards."""

import io
import json
import logging
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from headrace.domain.dataset import DatasetId
from headrace.telemetry import logger
from tests.hostile.strings import CANARY
from tests.world import World

Rows = list[dict[str, Any]]

_LOGGER = logging.getLogger(logger.name)

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: sayings
version: 1.0.0
status: active
domain: river
name: sayings
servers: [{{server: landing, type: s3, location: "s3://landing/river/sayings/", format: {kind}}}]
schema:
  - name: sayings
    logicalType: object
    properties: {properties}
customProperties:
  - {{property: headrace.evolution, value: {evolution}}}
"""
SAYINGS = DatasetId("river", "sayings")
WITNESS = CONTRACT.replace("sayings", CANARY).format(
    kind="csv", properties="[{name: said, logicalType: string}]", evolution="rescue"
)


def contract(*properties: dict[str, Any], kind: str = "csv", evolution: str = "rescue") -> str:
    """The contract of river/sayings, whose objects are of a kind: csv, ndjson, …"""
    written = _yaml(list(properties))
    return CONTRACT.format(kind=kind, properties=written, evolution=evolution)


def _yaml(value: object) -> str:
    """In flow style, all that is not plain ASCII escaped: PyYAML itself spells some line breaks wrong."""
    match value:
        case dict():
            return "{" + ", ".join(f"{name}: {_yaml(one)}" for name, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_yaml, value)) + "]"
        case str():
            plain = (one if one.isalnum() and one.isascii() else f"\\U{ord(one):08x}" for one in value)
            return f'"{"".join(plain)}"'
        case _:
            return json.dumps(value)


def masked(name: str, mask: str) -> dict[str, Any]:
    settings = [{"property": "headrace.mask", "value": mask}]
    return {"name": name, "logicalType": "string", "customProperties": settings}


class Flow:
    """A world with a table and a file that nothing may touch, and the log of all that it does."""

    def __init__(self, home: Path) -> None:
        self.world = World()
        self._home = home
        self._log = io.StringIO()
        self._handler = logging.StreamHandler(self._log)
        _LOGGER.addHandler(self._handler)
        (home / CANARY).write_text("sings")
        self.world.register(WITNESS)
        self.world.land(f"river/{CANARY}/a.csv", b"said\nsings\n")
        self.world.rest()
        self._before = self._witnesses()

    def close(self) -> None:
        _LOGGER.removeHandler(self._handler)

    def land(self, bodies: dict[str, bytes]) -> None:
        """Land bodies by what follows the dataset's prefix in their keys, and run until all is done."""
        for name, body in bodies.items():
            self.world.land(f"river/sayings/{name}", body)
        self.world.rest()

    def curated(self) -> Rows:
        return self._rows(self.world.zones.curated(SAYINGS))

    def quarantine(self) -> Rows:
        return self._rows(self.world.zones.quarantine(SAYINGS))

    def states(self) -> dict[str, str]:
        """By what follows the dataset's prefix in the key."""
        return {
            key.removeprefix("river/sayings/"): one for key, one in self.world.states(str(SAYINGS)).items()
        }

    def told(self) -> str:
        """All that is logged and published, and the audit records, as text."""
        listed = self.world.artefacts.list("batches/")
        audits = [self.world.artefacts.read(one.key).decode() for one in listed if "audit" in one.key]
        published = [self.world.events.events, self.world.alerts.alerts]
        return "\n".join([self._log.getvalue(), *audits, json.dumps(published, ensure_ascii=False)])

    def check(self) -> None:
        """Everything ended, nothing is lost or doubled, and the witnesses are as they were."""
        objects = self.world.ledger.objects(str(SAYINGS))
        assert all(one.state.terminal for one in objects)
        assert all(one.rows == one.curated + one.quarantined for one in objects)
        assert sum(one.curated for one in objects) == len(self.curated())
        assert sum(one.quarantined for one in objects) == len(self.quarantine())
        assert all(row["_reasons"] for row in self.quarantine())
        assert self._witnesses() == self._before

    def _rows(self, ref: Any) -> Rows:
        table = self.world.catalog.tables[ref]
        bodies = [self.world.lake.read(uri.removeprefix("s3://lake/")) for uri in table.files]
        return [row for body in bodies for row in pq.read_table(io.BytesIO(body)).to_pylist()]

    def _witnesses(self) -> tuple[Rows, list[tuple[str, bytes]]]:
        """The other table's rows, and all files at home."""
        files = sorted(path for path in self._home.rglob("*") if path.is_file())
        table = self._rows(self.world.zones.curated(DatasetId("river", CANARY)))
        return table, [(str(path), path.read_bytes()) for path in files]
