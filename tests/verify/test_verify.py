"""A deployment that is right passes; each way in which it can be wrong is told under its invariant."""

import gzip
import io
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.batch import Audit, Manifest
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import ObjectState
from headrace.domain.zones import WATERMARK
from headrace.steps import records
from headrace.steps.commit_batch import CommitBatch, commit_batch
from headrace.steps.judge_batch import JudgeBatch, judge_batch
from headrace.steps.plan_batch import PlanBatch, plan_batch
from headrace.steps.refine_unit import RefineUnit, refine_unit
from headrace_cli.verify import Outside, Verified, verify
from tests.steps.conftest import MILLS, WHEELS
from tests.world import World

DATASET = DatasetId("river", "mills")
NAMES = ["_object", "_row", "_batch"]
FIRST = b"name,wheels\nOld Mill,2\nBad Mill,-1\nMill on the Floss,1\n"


@pytest.fixture
def world() -> World:
    """Three batches at rest: objects of several ends, one of them refused as unrouted."""
    world = World()
    world.register(MILLS, WHEELS)
    world.land("river/mills/a.csv", FIRST)
    world.rest()
    world.land("river/mills/b.csv", b"name,wheels\nNew Mill,2\n")
    world.land("river/mills/c.csv.gz", gzip.compress(FIRST)[:-7])
    world.land("elsewhere/d.csv", b"name\n")
    world.rest()
    world.land("river/mills/a.csv", FIRST)
    world.rest()
    return world


def told(found: Verified) -> set[tuple[str, str]]:
    """Invariant and dataset of each violation."""
    return {(one.invariant, one.dataset) for one in found.violations}


def audit_changed(world: World, batch: int, change: Callable[[Audit], Audit]) -> None:
    key = keys.audit_key(DATASET, batch)
    world.artefacts.write(key, records.encode(change(records.read(world.artefacts, key, Audit))))


def table_changed(world: World, zone: str, **change: object) -> None:
    ref = getattr(world.zones, zone)(DATASET)
    world.catalog.tables[ref] = replace(world.catalog.tables[ref], **change)


def files(world: World, zone: str) -> tuple[str, ...]:
    return world.catalog.tables[getattr(world.zones, zone)(DATASET)].files


def add_file(world: World, zone: str, rows: pa.RecordBatch) -> None:
    """Add a file with these rows to a table, behind the back of the records."""
    ids = world.catalog.tables[getattr(world.zones, zone)(DATASET)].field_ids
    fields = [one.with_metadata({"PARQUET:field_id": str(ids[one.name])}) for one in rows.schema]
    body = io.BytesIO()
    pq.write_table(pa.Table.from_batches([rows]).cast(pa.schema(fields)), body)
    key = f"{zone}/river/mills/data/added.parquet"
    world.lake.write(key, body.getvalue())
    table_changed(world, zone, files=(*files(world, zone), f"s3://lake/{key}"))


def test_a_deployment_at_rest_passes(world: World) -> None:
    found = verify(world, outside=Outside(events=world.events.events))
    assert (found.violations, found.warnings, found.under_way) == ((), (), ())
    assert (found.datasets, found.batches, found.objects, found.rows) == (("river/mills",), 3, 4, 5)
    assert found.at_rest


def test_nothing_is_written(world: World) -> None:
    stores = (world.landing, world.lake, world.artefacts)
    before = [[list(store.list("")) for store in stores], dict(world.catalog.tables)]
    verify(world)
    assert [[list(store.list("")) for store in stores], dict(world.catalog.tables)] == before


# ── I1: every row in one table, once ─────────────────────────────────────────────────────────────


def test_rows_that_are_missing_are_told(world: World) -> None:
    table_changed(world, "quarantine", files=files(world, "quarantine")[:1])
    found = verify(world)
    assert told(found) == {("I1", "river/mills")}
    assert [one.what for one in found.violations] == ["quarantine has 0 rows, audit record 2 promises 1"]


def test_rows_that_are_there_twice_are_told(world: World) -> None:
    table_changed(world, "curated", files=(*files(world, "curated"), files(world, "curated")[0]))
    found = verify(world)
    assert {("I1", "2 rows of curated are there more than once")} <= {
        (one.invariant, one.what) for one in found.violations
    }


def test_rows_in_both_tables_are_told(world: World) -> None:
    (old_mill, *_) = world.catalog.read(world.zones.curated(DATASET), NAMES)
    add_file(world, "quarantine", old_mill.slice(0, 1))
    assert "1 rows are in curated and in quarantine" in [one.what for one in verify(world).violations]


def test_rows_that_no_record_promises_are_told(world: World) -> None:
    strange = pa.RecordBatch.from_pylist(
        [{"_object": "s3://landing/river/mills/z.csv", "_row": 1, "_batch": 1}]
    )
    add_file(world, "curated", strange)
    homeless = pa.RecordBatch.from_arrays(
        [pa.nulls(2, pa.string()), pa.array([1, 1]), pa.array([1, 1])], NAMES
    )
    add_file(world, "quarantine", homeless)
    assert [one.what for one in verify(world).violations] == [
        "curated has 1 rows of an object that no audit record tells of",
        "2 rows of quarantine have no origin",
    ]


def test_rows_that_name_another_batch_are_told(world: World) -> None:
    (first, *_) = world.catalog.read(world.zones.curated(DATASET), NAMES)
    table_changed(world, "curated", files=files(world, "curated")[1:])
    moved = first.set_column(2, "_batch", pa.array([2] * first.num_rows))
    add_file(world, "curated", moved)
    assert [one.what for one in verify(world).violations] == [
        "rows of curated say they are of batch [2], and batch 1 took the object"
    ]


def test_a_watermark_behind_the_records_is_told(world: World) -> None:
    table_changed(world, "curated", properties={WATERMARK: "2"})
    assert [one.what for one in verify(world).violations] == [
        "the watermark is 2, and the records close batch 3"
    ]


def test_a_table_that_is_gone_is_told_and_not_raised(world: World) -> None:
    world.catalog.drop(world.zones.curated(DATASET))
    assert told(verify(world)) == {("I1", "river/mills"), ("I4", "river/mills")}


# ── I2: one end and one audit record ─────────────────────────────────────────────────────────────


def test_an_object_nobody_announced_is_told(world: World) -> None:
    landed = world.landing.land("river/mills/late.csv", FIRST)
    elsewhere = world.landing.land("river/unknown/late.csv", FIRST)
    assert [
        (one.invariant, one.dataset, one.evidence.partition(";")[0]) for one in verify(world).violations
    ] == [
        ("I2", "river/mills", landed.identity),
        ("I2", "", elsewhere.identity),
    ]


def test_an_overwritten_version_nobody_announced_is_told(world: World) -> None:
    lost = world.landing.land("river/mills/e.csv", FIRST)
    world.land("river/mills/e.csv", FIRST + b"More,1\n")
    world.rest()
    (violation,) = verify(world).violations
    assert violation.evidence.startswith(lost.identity)


def test_an_object_that_landed_a_moment_ago_may_be_on_its_way(world: World) -> None:
    world.landing.land("river/mills/late.csv", FIRST)
    found = verify(world, settle=timedelta(minutes=5))
    assert (found.violations, found.at_rest) == ((), False)
    world.clock.advance(timedelta(minutes=5))
    assert told(verify(world, settle=timedelta(minutes=5))) == {("I2", "river/mills")}


def test_an_audit_record_that_is_missing_or_broken_is_told(world: World) -> None:
    world.artefacts.delete(keys.audit_key(DATASET, 2))
    what = "batch 2 is closed, and no audit record of it can be read"
    assert what in [one.what for one in verify(world).violations]
    world.artefacts.write(keys.audit_key(DATASET, 2), b'{"dataset": ')
    assert what in [one.what for one in verify(world).violations]


def test_two_batches_that_took_the_same_object_are_told(world: World) -> None:
    manifest = records.read(world.artefacts, keys.manifest_key(DATASET, 1), Manifest)
    line = records.read(world.artefacts, keys.audit_key(DATASET, 1), Audit).objects[0]
    second = keys.manifest_key(DATASET, 3)
    standing = records.read(world.artefacts, second, Manifest)
    world.artefacts.write(
        second, records.encode(replace(standing, entries=standing.entries + manifest.entries))
    )
    audit_changed(world, 3, lambda audit: replace(audit, objects=(*audit.objects, line)))
    assert "batches 1 and 3 both took an object" in [one.what for one in verify(world).violations]


def test_a_ledger_that_says_otherwise_is_told(world: World) -> None:
    def rejected(audit: Audit) -> Audit:
        return replace(
            audit, objects=tuple(replace(one, state=ObjectState.REJECTED) for one in audit.objects)
        )

    audit_changed(world, 1, rejected)
    assert [one.what for one in verify(world).violations] == [
        "an object is LOADED_WITH_REJECTS in the ledger and REJECTED in audit record 1"
    ]


def test_a_refusal_without_a_record_is_told(world: World) -> None:
    (refused,) = world.ledger.objects("unrouted")
    world.artefacts.delete(keys.refusal_key(refused.object))
    assert [one.what for one in verify(world).violations] == ["an object was refused without an audit record"]


def test_an_object_that_was_refused_and_admitted_is_told(world: World) -> None:
    (landed, *_) = world.ledger.objects("river/mills")
    world.artefacts.land(keys.refusal_key(landed.object), b"{}")
    world.ledger.refuse(landed.object, "no contract", world.clock.now())
    assert [one.what for one in verify(world).violations] == [
        "an object was refused, and admitted to the dataset too"
    ]
    world.reconcile(list_landing=True)
    assert verify(world).violations == ()


def test_a_dataset_the_ledger_does_not_know_is_told(world: World) -> None:
    assert told(verify(world, DatasetId("river", "weirs"))) == {("I2", "river/weirs")}


# ── I3: counts ───────────────────────────────────────────────────────────────────────────────────


def test_counts_that_do_not_add_up_are_told(world: World) -> None:
    audit_changed(world, 1, lambda audit: replace(audit, rows=audit.rows + 1))
    assert [one.what for one in verify(world).violations] == [
        "4 rows are not 2 curated + 1 quarantined",
        "it says 4 rows, and its lines 3",
    ]


# ── I4: files ────────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_is_gone_is_told(world: World) -> None:
    gone = files(world, "curated")[0]
    world.lake.delete(gone.removeprefix("s3://lake/"))
    assert ("I4", "river/mills") in told(verify(world))


def test_an_old_file_that_nobody_names_is_a_warning(world: World) -> None:
    world.lake.write("curated/river/mills/data/000000001-00000-x-kept-1.parquet", b"12345")
    assert verify(world).warnings == ()
    world.clock.advance(timedelta(days=8))
    (warning,) = verify(world).warnings
    assert warning.what == "1 files (5 bytes) are in no table and no record"


# ── I5, I6: rest ─────────────────────────────────────────────────────────────────────────────────


def test_a_batch_under_way_is_no_violation(world: World) -> None:
    world.land("river/mills/f.csv", FIRST)
    (execution,) = world.waiting_executions()
    assert verify(world).under_way == (f"river/mills: execution {execution} works on it",)
    planned = world.call(plan_batch, PlanBatch("river/mills", execution))
    world.call(refine_unit, RefineUnit(planned.manifest, 0))
    world.call(judge_batch, JudgeBatch(planned.manifest))
    assert verify(world).violations == ()
    world.call(commit_batch, CommitBatch(planned.manifest))
    assert (verify(world).violations, verify(world).at_rest) == ((), False)
    world.executions.stop(execution)
    assert [(one.invariant, one.what) for one in verify(world).violations] == [
        ("I5", "the lease is held by an execution that does not run, attempt 1"),
        ("I6", "batch 4 is begun and no execution works on it"),
    ]


def test_an_execution_that_died_leaves_its_lease_and_its_objects(world: World) -> None:
    world.land("river/mills/f.csv", FIRST)
    (execution,) = world.waiting_executions()
    world.executions.stop(execution)
    assert told(verify(world)) == {("I5", "river/mills"), ("I6", "river/mills")}
    found = verify(world, settle=timedelta(minutes=5))
    assert (found.violations, len(found.under_way)) == ((), 1)


def test_an_object_that_landed_a_moment_ago_may_wait_for_its_wake_up(world: World) -> None:
    landed = world.landing.land("river/mills/f.csv", FIRST)
    world.ledger.admit(DATASET, landed, world.clock.now())
    assert told(verify(world)) == {("I6", "river/mills")}
    found = verify(world, settle=timedelta(minutes=5))
    assert (found.violations, found.under_way) == (
        (),
        ("river/mills: what landed a moment ago waits for its wake-up",),
    )
    world.clock.advance(timedelta(minutes=5))
    assert told(verify(world, settle=timedelta(minutes=5))) == {("I6", "river/mills")}


def test_messages_that_wait_are_told(world: World) -> None:
    found = verify(world, outside=Outside(queues={"buffer": 0, "buffer (dead letters)": 2}))
    assert [(one.invariant, one.evidence) for one in found.violations] == [("I5", "buffer (dead letters)")]


# ── I7, I8: what others see ──────────────────────────────────────────────────────────────────────


def test_events_are_compared_with_the_records(world: World) -> None:
    events = world.events.events
    assert verify(world, outside=Outside(events=[*events, *events])).violations == ()
    assert told(verify(world, outside=Outside(events=events[:-1]))) == {("I7", "river/mills")}
    updates = [
        (kind, {**detail, "id": "river/mills:3"}) for kind, detail in events if kind == "Dataset Updated"
    ]
    assert told(verify(world, outside=Outside(events=[*events, updates[0]]))) == {("I7", "river/mills")}
    other = [(kind, {**detail, "rows": 99}) for kind, detail in events if kind == "Dataset Updated"]
    assert told(verify(world, outside=Outside(events=[*events, other[0]]))) == {("I7", "river/mills")}


def test_a_canary_in_a_text_is_told_without_repeating_it(world: World) -> None:
    texts = [("log", "nothing here"), ("state input", "row of jane@example.com")]
    found = verify(world, outside=Outside(texts=texts, canaries=["jane@example.com"]))
    assert [(one.invariant, one.evidence) for one in found.violations] == [("I8", "state input")]
    assert "jane" not in msgspec.json.encode(found).decode()


def test_the_records_of_many_batches_are_read_in_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = verify(world)
    monkeypatch.setattr("headrace_cli.verify.books._AHEAD", 2)
    assert verify(world) == before
    world.artefacts.delete(keys.audit_key(DATASET, 2))
    monkeypatch.undo()
    wrong = verify(world)
    monkeypatch.setattr("headrace_cli.verify.books._AHEAD", 2)
    assert verify(world) == wrong
