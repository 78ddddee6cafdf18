"""Refining writes the same bytes to the same keys, and one bad object costs one quarantine."""

import gzip
import json

from headrace.domain import keys
from headrace.domain.batch import UnitReport
from headrace.domain.dataset import DatasetId
from headrace.steps import records
from headrace.steps.plan_batch import PlanBatch, plan_batch
from headrace.steps.refine_unit import RefineUnit, refine_unit
from tests.world import World

MILLS = DatasetId("river", "mills")
GOOD = b"name,wheels\nOld Mill,2\nMill on the Floss,1\n"


def refine(world: World) -> UnitReport:
    planned = world.call(plan_batch, PlanBatch("river/mills", "river-mills-1-1"))
    reply = world.call(refine_unit, RefineUnit(planned.manifest, 0))
    return records.read(world.artefacts, reply.report, UnitReport)


def test_refining_twice_writes_the_same_bytes_to_the_same_keys(world: World) -> None:
    world.land("river/mills/a.csv", GOOD + b"Bad,-1\n")
    first = refine(world)
    assert refine(world) == first
    assert len({file.key for file in (*first.curated, *first.quarantine)}) == 2


def test_an_unreadable_object_leaves_its_neighbours_alone(world: World) -> None:
    world.land("river/mills/good.csv", GOOD)
    world.land("river/mills/cut.csv.gz", gzip.compress(GOOD * 100)[:-20])
    world.land("river/mills/empty.csv", b"")
    world.land("river/mills/also-good.csv.gz", gzip.compress(GOOD))
    report = refine(world)
    assert [(one.outcome, one.curated, one.quarantined) for one in report.objects] == [
        ("refined", 2, 0),
        ("unreadable", 0, 1),
        ("unreadable", 0, 1),
        ("refined", 2, 0),
    ]
    assert all(one.reason for one in report.objects if one.outcome == "unreadable")


def test_the_same_content_under_the_same_key_is_a_duplicate(world: World) -> None:
    for _ in range(2):
        world.land("river/mills/a.csv", GOOD)
        world.rest()
    states = [one.state for one in world.ledger.objects("river/mills")]
    assert states == ["LOADED", "DUPLICATE"]
    assert len(world.catalog.tables[world.zones.curated(MILLS)].files) == 1


def test_other_content_under_an_immutable_key_is_quarantined(world: World) -> None:
    for body in (GOOD, GOOD + b"New Mill,9\n"):
        world.land("river/mills/a.csv", body)
        world.rest()
    last = world.ledger.objects("river/mills")[-1]
    assert (last.state, last.quarantined) == ("QUARANTINED", 1)
    assert "immutable" in last.reason


def test_a_re_upload_that_repairs_an_unreadable_object_is_loaded(world: World) -> None:
    for body in (b"\x1f\x8b\x08", GOOD):
        world.land("river/mills/a.csv", body)
        world.rest()
    assert [one.state for one in world.ledger.objects("river/mills")] == ["QUARANTINED", "LOADED"]


def test_a_contract_may_let_re_uploads_append(world: World, mills: str) -> None:
    appending = mills + "  - {property: headrace.reupload, value: append}\n"
    world.register(appending)
    for body in (GOOD, GOOD + b"New Mill,9\n", GOOD + b"New Mill,9\n"):
        world.land("river/mills/a.csv", body)
        world.rest()
    assert [one.state for one in world.ledger.objects("river/mills")] == ["LOADED", "LOADED", "DUPLICATE"]


def test_a_batch_keeps_the_contract_it_was_planned_under(world: World, mills: str) -> None:
    world.land("river/mills/a.csv", b"name,wheels\nOld Mill,2\nNew Mill,0\n")
    planned = world.call(plan_batch, PlanBatch("river/mills", "river-mills-1-1"))
    world.register(mills.replace("minimum: 0", "minimum: 1"))
    reply = world.call(refine_unit, RefineUnit(planned.manifest, 0))
    assert records.read(world.artefacts, reply.report, UnitReport).objects[0].curated == 2


def test_the_report_is_a_record_beside_the_manifest(world: World) -> None:
    world.land("river/mills/a.csv", GOOD)
    report = refine(world)
    stored = json.loads(world.artefacts.read(keys.report_key(MILLS, 1, 0)))
    assert stored["curated"][0]["sha256"] == report.curated[0].sha256
