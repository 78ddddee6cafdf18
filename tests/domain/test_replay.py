"""A replay's entries are packed into requests and units; an object's line is made of what was replayed."""

import pytest
from msgspec.structs import replace

from headrace.domain import packing
from headrace.domain.batch import Entry, ObjectAudit
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.plan import Column, Key, Plan, Text
from headrace.domain.replay import ReplayRequest, line_after, manifest_of, parts_of, units_of

PLAN = Plan(DatasetId("river", "mills"), "1.0.0+cafe", (), (Column("name", "name", Text()),))
LINE = ObjectAudit("s3://landing/a", ObjectState.LOADED_WITH_REJECTS, 10, 7, 3, "sha", "3 of 10")


def entry(name: str, batch: int, size: int = 1) -> Entry:
    return Entry(LandedObject("landing", f"river/mills/{name}", "1", "c0ffee", size), batch=batch)


def request(rows: str = "rows.parquet", *entries: Entry) -> ReplayRequest:
    return ReplayRequest(PLAN.dataset, "contracts/1.json", entries, (LINE,), rows)


def packed(plan: Plan) -> list[tuple[int, ...]]:
    entries = [entry("a", 1), entry("b", 1), entry("c", 2), entry("d", 3)]
    return [unit.entries for unit in units_of(entries, plan)]


def test_units_are_packed_over_batches() -> None:
    assert packed(PLAN) == [(0, 1, 2, 3)]


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, keys_within="batch"),
        replace(
            PLAN, keys=(Key(("name",), "unique"),), columns=(Column("name", "name", Text(), mask="redact"),)
        ),
    ],
    ids=["keys within the batch", "a key that a mask blurs"],
)
def test_batches_whose_rows_must_not_meet_have_units_of_their_own(plan: Plan) -> None:
    assert packed(plan) == [(0, 1), (2,), (3,)]


def test_parts_are_of_whole_units_and_keep_within_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.domain.packing.UNIT_OBJECTS", 2)
    monkeypatch.setattr("headrace.domain.packing.BATCH_OBJECTS", 5)
    entries = tuple(entry(f"{number}", 1) for number in range(11))
    assert [len(part) for part in parts_of(entries, PLAN)] == [4, 4, 3]
    monkeypatch.setattr("headrace.domain.packing.BATCH_UNITS", 1)
    assert [len(part) for part in parts_of(entries, PLAN)] == [2, 2, 2, 2, 2, 1]
    assert parts_of((), PLAN) == []


def test_the_units_of_a_part_are_those_it_was_made_of() -> None:
    large = packing.UNIT_BYTES
    entries = tuple(entry(f"{number}", 1 + number % 3, large // 2) for number in range(700))
    units = [
        tuple(part[at] for at in unit.entries)
        for part in parts_of(entries, PLAN)
        for unit in units_of(part, PLAN)
    ]
    whole = [tuple(entries[at] for at in unit.entries) for unit in units_of(entries, PLAN)]
    assert units == whole
    assert len(whole) == 350


def test_what_others_replayed_meanwhile_is_not_in_the_manifest() -> None:
    kept, moved = entry("a", 1), entry("b", 1)
    landed = LandedObject("artefacts", "replays/x.json", "", "sha", 9)
    manifest = manifest_of(
        request("", kept, moved), landed, PLAN, batch=7, without={moved.object.identity}, last_replay=3
    )
    assert (manifest.entries, manifest.taken) == ((kept,), (landed,))
    assert (manifest.batch, manifest.last_replay) == (7, 3)


@pytest.mark.parametrize(
    ("curated", "quarantined", "after"),
    [
        (3, 0, (ObjectState.LOADED, 10, 10, 0, "")),
        (1, 2, (ObjectState.LOADED_WITH_REJECTS, 10, 8, 2, "2 of 10 rows are in quarantine")),
        (0, 3, (ObjectState.LOADED_WITH_REJECTS, 10, 7, 3, "3 of 10 rows are in quarantine")),
    ],
)
def test_rows_replayed_alone_change_the_line_of_the_whole_object(
    curated: int, quarantined: int, after: tuple[object, ...]
) -> None:
    new = ObjectAudit(LINE.identity, ObjectState.LOADED, 3, curated, quarantined, "sha", "")
    line = line_after(request(), LINE, new)
    assert (line.state, line.rows, line.curated, line.quarantined, line.reason) == after


def test_a_rejected_object_of_which_nothing_passes_stays_rejected() -> None:
    standing = replace(LINE, state=ObjectState.REJECTED, curated=0, quarantined=10, reason="a rule")
    new = ObjectAudit(LINE.identity, ObjectState.LOADED_WITH_REJECTS, 3, 0, 3, "sha", "")
    assert line_after(request(), standing, new) == standing
    passed = line_after(request(), standing, replace(new, curated=1, quarantined=2))
    assert (passed.state, passed.curated, passed.quarantined) == (ObjectState.LOADED_WITH_REJECTS, 1, 9)


@pytest.mark.parametrize(
    ("rows", "standing"), [("", LINE), ("rows.parquet", replace(LINE, state=ObjectState.QUARANTINED))]
)
def test_the_line_of_a_whole_object_is_the_new_one(rows: str, standing: ObjectAudit) -> None:
    new = ObjectAudit(LINE.identity, ObjectState.LOADED, 12, 12, 0, "sha", "")
    assert line_after(request(rows), standing, new) == new
