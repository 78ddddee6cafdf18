"""A dataset's tables are made anew from landing: no row differs; and what was damaged is mended."""

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.aws.glue_iceberg import GlueTableCatalog
from headrace.domain.dataset import DatasetId
from tests.end_to_end.conftest import Headrace
from tests.end_to_end.test_evolution import contract, put

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

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
      - {name: name, logicalType: string, required: true, unique: true}
      - {name: wheels, logicalType: integer, logicalTypeOptions: {minimum: 0}}
      - {name: owner, logicalType: string, customProperties: [{property: headrace.mask, value: hash}]}
      - {name: built, logicalType: date, partitioned: true,
         customProperties: [{property: headrace.partition, value: month}]}
customProperties:
  - {property: headrace.evolution, value: evolve}
  - {property: headrace.maxQuarantinedPercent, value: 60}
"""
BATCHES = {
    "one.csv": "name,wheels,owner,built\nObermühle,3,Ada,1969-12-31\nNeumühle,4,Max,2026-03-01\nA,-1,,\n",
    "two.csv": "name,wheels,owner,built,weir\nUntermühle,5,Ada,,high\n",
    "bad.csv": "name,wheels,owner,built\nB,-1,,\nC,-2,,\n",
    "again.csv": "name,wheels,owner,built\nObermühle,9,Ada,2026-03-02\nTalmühle,6,Ada,2026-03-31\n",
}
ROWS = "SELECT * FROM river_mills ORDER BY _object, _row"


def content(headrace: Headrace) -> dict[str, list[dict[str, Any]]]:
    return {zone: headrace.rows(ROWS, zone) for zone in ("curated", "quarantine")}


def rebuilt(headrace: Headrace, *options: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(headrace("rebuild", "river/mills", "--json", *options, code=code))
    return found


def differences(found: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    """Of quarantine, then of curated."""
    names = ("rows", "only_old", "only_new", "different")
    return [tuple(one[name] for name in names) for one in found["differences"]]


def damage(headrace: Headrace) -> None:
    """A row leaves the curated table behind Headrace's back."""
    deployment = headrace.deployment
    catalog = GlueTableCatalog.connect("us-east-1", deployment.endpoint, deployment.clients.glue)
    table = deployment.zones.curated(DatasetId("river", "mills"))
    lost = headrace.rows("SELECT _object, _row FROM river_mills WHERE name = 'Obermühle'")
    catalog.replace_rows(table, {one["_object"]: frozenset({one["_row"]}) for one in lost}, [], {}, {})


def test_a_rebuild_finds_no_difference_and_mends_what_was_damaged(
    headrace: Headrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headrace("register", contract(tmp_path, "mills", MILLS))
    for name, text in BATCHES.items():
        put(headrace, tmp_path, name, text)
    good = content(headrace)
    assert [len(rows) for rows in good.values()] == [4, 4]

    planned = json.loads(headrace("rebuild", "river/mills", "--plan", "--json"))
    assert (planned["batches"], planned["objects"], planned["rows"]) == (4, 4, 8)
    kept = rebuilt(headrace, "--keep")
    assert (differences(kept), kept["published"]) == ([(4, 0, 0, 0), (4, 0, 0, 0)], False)
    done = rebuilt(headrace)
    assert (done["shadow"], done["published"]) == ("river/mills_rebuild1", True)
    assert content(headrace) == good

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    damage(headrace)
    assert len(content(headrace)["curated"]) == 3
    found = rebuilt(headrace, code=1)
    assert (differences(found), found["published"]) == ([(4, 0, 0, 0), (4, 0, 1, 0)], False)
    places = headrace.rows(found["differences"][1]["sql"])
    assert [(one["_row"], one["only_old"], one["only_new"]) for one in places] == [(1, 0, 1)]
    assert rebuilt(headrace, "--accept")["published"]
    assert content(headrace) == good
    assert "rebuild" not in headrace("status")

    put(headrace, tmp_path, "late.csv", "name,wheels,owner,built\nNeumühle,1,,\nSpätmühle,7,Ada,2026-04-01\n")
    assert headrace.conserved("river/mills") == 10
    assert headrace.value("SELECT count(*) FROM river_mills WHERE name = 'Neumühle'") == 1
