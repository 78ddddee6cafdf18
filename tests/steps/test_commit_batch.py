"""A table takes batch N once: only when its watermark is N - 1, in the commit that sets it to N."""

import pytest

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import CommitConflict, OutcomeUnknown, OutOfOrder
from headrace.domain.zones import WATERMARK
from headrace.steps.commit_batch import BatchCommitted, CommitBatch, commit_batch
from headrace.steps.judge_batch import JudgeBatch, judge_batch
from headrace.steps.plan_batch import PlanBatch, plan_batch
from headrace.steps.refine_unit import RefineUnit, refine_unit
from tests.fake_tables import FakeTable
from tests.world import World

MILLS = DatasetId("river", "mills")
BODY = b"name,wheels\nOld Mill,2\nBad Mill,-1\n"


def judged(world: World) -> str:
    """A batch that waits for its commit; returns its manifest's key."""
    world.land("river/mills/a.csv", BODY)
    planned = world.call(plan_batch, PlanBatch("river/mills", "river-mills-1-1"))
    world.call(refine_unit, RefineUnit(planned.manifest, 0))
    world.call(judge_batch, JudgeBatch(planned.manifest))
    return planned.manifest


def commit(world: World, manifest: str) -> BatchCommitted:
    return world.call(commit_batch, CommitBatch(manifest))


def table(world: World, zone: str) -> FakeTable:
    return world.catalog.tables[getattr(world.zones, zone)(MILLS)]


def test_files_and_watermark_come_in_one_commit(world: World) -> None:
    committed = commit(world, judged(world))
    for zone in ("curated", "quarantine"):
        assert len(table(world, zone).files) == 1
        assert table(world, zone).properties[WATERMARK] == "1"
    assert [one.rows for one in committed.tables] == [1, 1]


def test_committing_twice_changes_nothing(world: World) -> None:
    manifest = judged(world)
    first = commit(world, manifest)
    before = dict(world.catalog.tables)
    assert commit(world, manifest) == first
    assert world.catalog.tables == before


def test_a_batch_out_of_order_is_stopped(world: World) -> None:
    manifest = judged(world)
    ref = world.zones.curated(MILLS)
    world.catalog.append(ref, [], {WATERMARK: "-1"}, {WATERMARK: None})
    with pytest.raises(OutOfOrder, match="batch 0 must be committed first"):
        commit(world, manifest)
    assert table(world, "curated").files == ()


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "lost"])
def test_a_commit_whose_answer_is_lost_is_decided_by_the_table(
    world: World, monkeypatch: pytest.MonkeyPatch, applied: bool
) -> None:
    manifest = judged(world)
    append = world.catalog.append
    lost: list[object] = []

    def append_and_lose_the_first_answer(*args: object) -> int:
        if lost:
            return append(*args)  # type: ignore[arg-type]
        lost.append(args)
        if applied:
            append(*args)  # type: ignore[arg-type]
        raise OutcomeUnknown("the answer was lost")

    monkeypatch.setattr(world.catalog, "append", append_and_lose_the_first_answer)
    commit(world, manifest)
    assert len(table(world, "quarantine").files) == len(table(world, "curated").files) == 1


def test_a_conflict_is_resolved_by_reading_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = judged(world)
    append = world.catalog.append
    others = iter([True])

    def another_writer_comes_first(*args: object) -> int:
        if next(others, False):
            append(*args)  # type: ignore[arg-type]
            raise CommitConflict("another writer came first")
        return append(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(world.catalog, "append", another_writer_comes_first)
    commit(world, manifest)
    assert len(table(world, "quarantine").files) == len(table(world, "curated").files) == 1


def test_a_table_that_never_comes_to_rest_ends_in_a_retryable_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = judged(world)

    def conflict(*_: object) -> int:
        raise CommitConflict("again")

    monkeypatch.setattr(world.catalog, "append", conflict)
    with pytest.raises(CommitConflict, match="5 attempts"):
        commit(world, manifest)
