"""A batch is judged as a whole: its keys across units and the table, its dataset rules, its verdict."""

import io
import json
from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.batch import Verdict
from headrace.domain.dataset import DatasetId
from headrace.domain.plan import DatasetRule, Duplicates, Nulls, Orphans, Sql
from headrace.steps import records
from headrace.steps.judge_batch import BatchJudged, JudgeBatch, judge_batch
from headrace.steps.plan_batch import BatchPlanned, PlanBatch, UnitOfWork, plan_batch
from headrace.steps.refine_unit import RefineUnit, refine_unit
from tests.steps.conftest import MILLS as CONTRACT
from tests.steps.conftest import in_force
from tests.world import World

MILLS = DatasetId("river", "mills")
NAMES = "{name: name, logicalType: string, required: true"


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose mills have one name each, and whose objects make a work unit each."""
    monkeypatch.setattr("headrace.domain.packing.UNIT_OBJECTS", 1)
    world = World()
    world.register(CONTRACT.replace(NAMES, f"{NAMES}, unique: true"))
    return world


def land(world: World, **mills: str) -> None:
    """One object a keyword, of mills of two wheels."""
    for name, names in mills.items():
        body = "name,wheels\n" + "".join(f"{one},2\n" for one in names.split(","))
        world.land(f"river/mills/{name}.csv", body.encode())


def plan(world: World) -> BatchPlanned:
    return world.call(plan_batch, PlanBatch("river/mills", "river-mills-1-1"))


def record(world: World, key: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.artefacts.read(key))
    return found


def verdict(world: World, batch: int = 1) -> Verdict:
    return records.read(world.artefacts, keys.verdict_key(MILLS, batch), Verdict)


def table(world: World, zone: str) -> list[dict[str, Any]]:
    files = world.catalog.tables[getattr(world.zones, zone)(MILLS)].files
    bodies = [world.lake.read(uri.removeprefix("s3://lake/")) for uri in files]
    return [row for body in bodies for row in pq.read_table(io.BytesIO(body)).to_pylist()]


def published(world: World) -> list[str]:
    return sorted(row["name"] for row in table(world, "curated"))


def reasons(world: World) -> Mapping[str, list[tuple[str, str, str]]]:
    """Why rows are in quarantine, by their raw text."""
    return {
        row["_raw"]: [(one["column"], one["rule"], one["value_excerpt"]) for one in row["_reasons"]]
        for row in table(world, "quarantine")
    }


# ── the verdict ──────────────────────────────────────────────────────────────────────────────────


def test_a_good_batch_is_published(world: World) -> None:
    land(world, a="Old Mill")
    world.rest()
    assert verdict(world).publish


def test_too_many_bad_rows_reject_the_batch_with_the_figure(world: World) -> None:
    world.land("river/mills/a.csv", b"name,wheels\nOld Mill,-1\n,1\nNew Mill,3\n")
    world.rest()
    assert not verdict(world).publish
    (rule,) = verdict(world).rules
    assert rule.told == "measured 66.6667 percent, expected quarantined at most 60 percent"


def test_a_verdict_stands_whatever_is_found_later(world: World) -> None:
    in_force(world, MILLS, rules=(DatasetRule("known", Orphans(("name",), MILLS, ("name",)), most=0),))
    land(world, a="Old Mill")
    manifest = plan(world).manifest
    world.call(refine_unit, RefineUnit(manifest, 0))
    stands = Verdict(publish=False, rules=())
    records.create(world.artefacts, keys.verdict_key(MILLS, 1), stands)
    judged = world.call(judge_batch, JudgeBatch(manifest))
    assert judged == BatchJudged(publish=False, rejected=(UnitOfWork(manifest, 0),))
    assert verdict(world) == stands


def test_a_rule_that_warns_publishes_and_tells(world: World) -> None:
    rule = DatasetRule("names", Duplicates(("name",)), most=0, severity="warning")
    in_force(world, MILLS, rules=(rule,))
    land(world, a="Old Mill,Old Mill")
    world.rest()
    assert published(world) == ["Old Mill", "Old Mill"]
    ((subject, message),) = world.alerts.alerts
    assert subject == "river/mills: batch 1 published, and a rule warns"
    assert "names: measured 1 rows, expected duplicates of name at most 0" in message
    audit = record(world, keys.audit_key(MILLS, 1))
    assert [(one["rule"], one["passed"]) for one in audit["verdict"]["rules"]] == [("names", False)]


def test_every_rule_is_measured_over_the_whole_batch(world: World) -> None:
    rules = (
        DatasetRule("wheels", Nulls("wheels"), most=10, percent=True),
        DatasetRule("names", Duplicates(("name",)), most=1),
        DatasetRule("known", Orphans(("name",), DatasetId("river", "ghosts"), ("name",)), most=0),
        DatasetRule("wheels in all", Sql("SELECT sum(wheels) FROM batch"), least=6, most=6),
    )
    in_force(world, MILLS, rules=rules)
    land(world, a="Old Mill,New Mill", b="Old Mill")
    world.rest()
    told = [(one.rule, one.measured, one.unit, one.passed) for one in verdict(world).rules]
    assert told == [
        ("wheels", 0, "percent", True),
        ("names", 1, "rows", True),
        ("known", None, "rows", False),
        ("wheels in all", 6, "", True),
    ]
    assert not verdict(world).publish
    assert "there is no table" in verdict(world).rules[2].problem
    assert published(world) == []


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_is_judged_across_work_units(keyed: World) -> None:
    land(keyed, a="Old Mill,New Mill", b="Mill on the Floss,New Mill", c="New Mill,Water Mill")
    planned = plan(keyed)
    assert len(planned.units) == 3
    keyed.rest()
    assert published(keyed) == ["Mill on the Floss", "New Mill", "Old Mill", "Water Mill"]
    assert reasons(keyed) == {
        '{"name":"New Mill","wheels":"2"}': [("name", "unique", "New Mill")],
    }
    assert len(table(keyed, "quarantine")) == 2
    assert verdict(keyed).again == (1, 2)


def test_only_the_units_concerned_are_refined_again(keyed: World) -> None:
    land(keyed, a="Old Mill", b="Water Mill", c="Old Mill")
    manifest = plan(keyed).manifest
    for unit in range(3):
        keyed.call(refine_unit, RefineUnit(manifest, unit))
    assert keyed.call(judge_batch, JudgeBatch(manifest)) == BatchJudged(publish=False, again=(2,))


def test_a_key_that_the_table_has_is_not_published_again(keyed: World) -> None:
    land(keyed, a="Old Mill,New Mill")
    keyed.rest()
    land(keyed, b="New Mill,Water Mill")
    keyed.rest()
    assert published(keyed) == ["New Mill", "Old Mill", "Water Mill"]
    assert list(reasons(keyed).values()) == [[("name", "unique", "New Mill")]]
    assert keyed.states("river/mills") == {
        "river/mills/a.csv": "LOADED",
        "river/mills/b.csv": "LOADED_WITH_REJECTS",
    }
    assert record(keyed, keys.audit_key(MILLS, 2))["reasons"] == [
        {"column": "name", "rule": "unique", "rows": 1}
    ]


def test_within_a_batch_the_table_is_not_asked(keyed: World) -> None:
    in_force(keyed, MILLS, keys_within="batch")
    for name in "ab":
        land(keyed, **{name: "Old Mill"})
        keyed.rest()
    assert published(keyed) == ["Old Mill", "Old Mill"]


def test_a_hashed_key_is_compared_by_its_hash(keyed: World) -> None:
    state = keyed.ledger.dataset(MILLS)
    assert state is not None
    (name, *others) = records.read_plan(keyed.artefacts, state.contract).columns
    in_force(keyed, MILLS, columns=(replace(name, mask="hash"), *others))
    land(keyed, a="Old Mill", b="Old Mill")
    keyed.rest()
    land(keyed, c="Old Mill,New Mill")
    keyed.rest()
    assert len(table(keyed, "curated")) == 2
    shown = {one["value_excerpt"] for row in table(keyed, "quarantine") for one in row["_reasons"]}
    assert shown == {table(keyed, "curated")[0]["name"]}


def test_a_key_that_a_mask_blurs_is_judged_in_one_work_unit(keyed: World) -> None:
    state = keyed.ledger.dataset(MILLS)
    assert state is not None
    (name, *others) = records.read_plan(keyed.artefacts, state.contract).columns
    in_force(keyed, MILLS, columns=(replace(name, mask="redact"), *others))
    land(keyed, a="Old Mill,Old Mill", b="Old Mill")
    assert len(plan(keyed).units) == 1
    keyed.rest()
    assert published(keyed) == ["***", "***"]  # two batches: the table has no name to compare with


def test_what_is_late_is_the_same_after_the_batch_is_committed(keyed: World) -> None:
    land(keyed, a="Old Mill")
    keyed.rest()
    land(keyed, b="Old Mill,New Mill")
    manifest = plan(keyed).manifest
    keyed.rest()
    first = record(keyed, keys.late_key(MILLS, 2))
    repeats = keyed.artefacts.read(keys.repeats_key(MILLS, 2, 0))
    for key in (keys.late_key(MILLS, 2), keys.verdict_key(MILLS, 2)):
        keyed.artefacts.delete(key)
    assert keyed.call(judge_batch, JudgeBatch(manifest)).again == (0,)
    assert record(keyed, keys.late_key(MILLS, 2)) == first
    assert keyed.artefacts.read(keys.repeats_key(MILLS, 2, 0)) == repeats


def test_rows_of_a_rejected_batch_keep_what_was_found_late(keyed: World) -> None:
    in_force(keyed, MILLS, rules=(DatasetRule("names", Sql("SELECT count(*) FROM batch"), least=9),))
    land(keyed, a="Old Mill", b="Old Mill")
    keyed.rest()
    assert published(keyed) == []
    told = "measured 1, expected the query's number at least 9"
    assert sorted([one["rule"] for one in row["_reasons"]] for row in table(keyed, "quarantine")) == [
        ["names"],
        ["unique", "names"],
    ]
    assert told in table(keyed, "quarantine")[0]["_reasons"][0]["value_excerpt"]


def test_dataset_rules_see_the_rows_that_are_left(keyed: World) -> None:
    in_force(keyed, MILLS, rules=(DatasetRule("rows", Sql("SELECT count(*) FROM batch"), most=1),))
    land(keyed, a="Old Mill", b="Old Mill")
    keyed.rest()
    assert verdict(keyed).publish
    assert [one.measured for one in verdict(keyed).rules] == [1]


@pytest.mark.parametrize(("most", "publish"), [(50, True), (49, False)])
def test_a_rule_on_duplicates_of_a_key_counts_what_the_key_keeps_out(
    keyed: World, most: int, publish: bool
) -> None:
    in_force(keyed, MILLS, rules=(DatasetRule("names", Duplicates(("name",)), most=most, percent=True),))
    land(keyed, a="Old Mill,New Mill,Old Mill", b="Old Mill")
    keyed.rest()
    assert [one.measured for one in verdict(keyed).rules] == [50]
    assert verdict(keyed).publish is publish
    assert len(published(keyed)) == (2 if publish else 0)
    assert [one["rule"] for row in table(keyed, "quarantine") for one in row["_reasons"]].count("unique") == 2


def test_duplicates_of_a_key_are_counted_under_a_mask_that_blurs_it(keyed: World) -> None:
    state = keyed.ledger.dataset(MILLS)
    assert state is not None
    (name, *others) = records.read_plan(keyed.artefacts, state.contract).columns
    rule = DatasetRule("names", Duplicates(("name",)), most=9)
    in_force(keyed, MILLS, columns=(replace(name, mask="redact"), *others), rules=(rule,))
    land(keyed, a="Old Mill,New Mill,Old Mill")
    keyed.rest()
    assert [one.measured for one in verdict(keyed).rules] == [1]


# ── columns that a batch adds ────────────────────────────────────────────────────────────────────


@pytest.fixture
def evolving(keyed: World) -> World:
    in_force(keyed, MILLS, evolution="evolve")
    return keyed


def columns(world: World) -> set[str]:
    return {name for name in world.catalog.tables[world.zones.curated(MILLS)].columns if name[0] != "_"}


def test_a_field_that_units_bring_becomes_a_column_that_takes_the_values_of_all(evolving: World) -> None:
    evolving.land("river/mills/a.csv", b"name,wheels\nOld Mill,2\n")
    evolving.land("river/mills/b.csv", b"name,wheels,height\nNew Mill,2,3\n")
    evolving.land("river/mills/c.csv", b"name,wheels,height\nWater Mill,2,2.5\n")
    evolving.rest()
    assert columns(evolving) == {"name", "wheels", "height"}
    assert verdict(evolving).again == (1, 2)
    heights = {row["name"]: row.get("height") for row in table(evolving, "curated")}
    assert heights == {"Old Mill": None, "New Mill": 3.0, "Water Mill": 2.5}
    assert {row["_rescued"] for row in table(evolving, "curated")} == {None}


def test_later_batches_know_the_column_from_the_start(evolving: World) -> None:
    for name in "ab":
        evolving.land(f"river/mills/{name}.csv", f"name,wheels,height\nMill {name},2,3\n".encode())
        evolving.rest()
    assert verdict(evolving, 1).again == (0,)
    assert verdict(evolving, 2).again == ()
    assert [row["height"] for row in table(evolving, "curated")] == [3, 3]
    state = evolving.ledger.dataset(MILLS)
    assert state is not None
    assert verdict(evolving, 1).contract == state.contract
    contract = records.read_plan(evolving.artefacts, state.contract).contract
    assert {row["_contract"] for row in table(evolving, "curated")} == {contract}
    assert record(evolving, keys.audit_key(MILLS, 1))["contract"] == contract


def test_a_repeat_and_a_new_field_in_one_unit_cost_one_more_refining(evolving: World) -> None:
    evolving.land("river/mills/a.csv", b"name,wheels\nOld Mill,2\n")
    evolving.land("river/mills/b.csv", b"name,wheels,height\nOld Mill,2,3\nNew Mill,2,4\n")
    evolving.rest()
    assert verdict(evolving).again == (1,)
    assert {row["name"]: row.get("height") for row in table(evolving, "curated")} == {
        "Old Mill": None,
        "New Mill": 4,
    }
    assert [row["_reasons"][0]["rule"] for row in table(evolving, "quarantine")] == ["unique"]


def test_a_batch_that_is_rejected_leaves_no_columns_behind(evolving: World) -> None:
    evolving.land("river/mills/a.csv", b"name,wheels,height\n,2,3\n,2,3\nNew Mill,2,4\n")
    evolving.rest()
    assert not verdict(evolving).publish
    assert columns(evolving) == {"name", "wheels"}


def test_a_contract_registered_meanwhile_is_not_taken_back(evolving: World) -> None:
    evolving.land("river/mills/a.csv", b"name,wheels,height\nOld Mill,2,3\n")
    plan(evolving)
    frozen = in_force(evolving, MILLS, evolution="freeze")
    evolving.rest()
    state = evolving.ledger.dataset(MILLS)
    assert state is not None
    assert state.contract == frozen
