"""A world with one dataset of two columns, and a mart over it."""

from typing import Any

import pytest
from msgspec.structs import replace

from headrace.domain.dataset import DatasetId
from headrace.steps import records
from tests.world import World

MILLS = """
apiVersion: v3.1.0
kind: DataContract
id: mills
version: 1.0.0
status: active
domain: river
name: mills
servers:
  - {server: landing, type: s3, location: "s3://landing/river/mills/", format: csv}
schema:
  - name: mills
    logicalType: object
    properties:
      - {name: name, logicalType: string, required: true}
      - {name: wheels, logicalType: integer, logicalTypeOptions: {minimum: 0}}
customProperties:
  - {property: headrace.maxQuarantinedPercent, value: 60}
  - property: headrace.queries
    value: [{name: wheels, sql: "SELECT sum(wheels) AS wheels FROM river.mills"}]
"""

WHEELS = """
apiVersion: v3.1.0
kind: DataContract
id: wheels
version: 1.0.0
status: active
domain: river
name: wheels
schema:
  - name: wheels
    logicalType: object
    properties:
      - {name: wheels, logicalType: integer}
customProperties:
  - {property: headrace.sql, value: "SELECT sum(wheels) AS wheels FROM river.mills"}
"""


@pytest.fixture
def world() -> World:
    world = World()
    world.register(MILLS, WHEELS)
    return world


@pytest.fixture
def mills() -> str:
    return MILLS


def in_force(world: World, dataset: DatasetId, **changes: Any) -> str:
    """Change the compiled contract of a dataset, in what its tables need not know of; returns its key."""
    state = world.ledger.dataset(dataset)
    assert state is not None
    changed = replace(records.read_plan(world.artefacts, state.contract), **changes)
    key = records.write_contract(world.artefacts, dataset, changed)
    world.ledger.register(dataset, key)
    return key
