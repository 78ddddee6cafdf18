"""A replay refines what has landed before again: row-identical, unless the contract is another."""

from typing import Any

import pytest

from headrace.steps.quarantined import Quarantined
from tests.steps.conftest import MILLS as CONTRACT
from tests.steps.replays import DAY, MILLS, ends, land, names, requests, table, tables
from tests.world import World

STRICT = CONTRACT.replace("minimum: 0", "minimum: 3").replace("version: 1.0.0", "version: 1.1.0")
KEYED = CONTRACT.replace("required: true", "required: true, unique: true").replace("value: 60", "value: 100")


@pytest.fixture
def busy(world: World) -> World:
    """Three batches on three days: of two objects, of one that is unreadable, of one with rejects."""
    for name, line in (("a", "Old Mill,2"), ("b", "New Mill,0")):
        world.land(f"river/mills/{name}.csv", f"name,wheels\n{line}\nWater Mill,4\nBad,-1\n".encode())
    world.rest()
    world.clock.advance(DAY)
    world.land("river/mills/c.csv", b"\x1f\x8b\x08")
    world.rest()
    world.clock.advance(DAY)
    land(world, "d", "Tide Mill,1", "Worse,-2")
    return world


@pytest.mark.parametrize(
    "asked",
    [
        {"objects": ("river/mills/a.csv",)},
        {"objects": ("river/mills/c.csv", "river/mills/d.csv")},
        {"batches": (1, 1)},
        {"batches": (2, 3)},
        {"day": "2026-03-01"},
        {"day": "2026-03-03"},
        {"all": True},
        {"quarantined": Quarantined()},
        {"quarantined": Quarantined(rule="range", column="wheels")},
        {"quarantined": Quarantined(batch=3)},
        {"quarantined": Quarantined(object="river/mills/b.csv")},
    ],
    ids=str,
)
def test_under_the_same_contract_nothing_changes(busy: World, asked: dict[str, Any]) -> None:
    before, stood = tables(busy), ends(busy)
    files = busy.catalog.files(busy.zones.quarantine(MILLS))
    for _ in range(2):
        busy.replay("river/mills", **asked)
    assert tables(busy) == before
    assert ends(busy) == stood
    assert requests(busy) == [("LOADED", "")] * 2
    assert busy.watermark("river/mills") == 5
    assert busy.catalog.files(busy.zones.quarantine(MILLS)) != files


def test_rows_that_a_looser_contract_takes_leave_quarantine(world: World) -> None:
    world.register(STRICT)
    land(world, "a", "Old Mill,2", "New Mill,5", ",7", "Water Mill,9")
    assert names(world) == ["New Mill", "Water Mill"]
    world.register(CONTRACT.replace("version: 1.0.0", "version: 1.2.0"))
    planned = world.replay("river/mills", quarantined=Quarantined(rule="range"))
    assert (planned.objects, planned.rows, planned.curated, planned.quarantined) == (1, 1, 0, 1)
    assert names(world) == ["New Mill", "Old Mill", "Water Mill"]
    assert ends(world) == {"a.csv": ("LOADED_WITH_REJECTS", 4, 3, 1)}
    contracts = {row["name"]: row["_contract"].partition("+")[0] for row in table(world, "curated")}
    assert contracts == {"New Mill": "1.1.0", "Old Mill": "1.2.0", "Water Mill": "1.1.0"}
    assert {row["_batch"] for row in table(world, "curated")} == {1}


def test_an_object_of_which_some_rows_were_replayed_is_of_both_contracts_until_it_is_replayed_whole(
    world: World,
) -> None:
    world.register(STRICT)
    land(world, "a", "Old Mill,2", "New Mill,5")
    world.register(CONTRACT.replace("version: 1.0.0", "version: 1.2.0"))
    in_part = world.replay("river/mills", quarantined=Quarantined())
    whole = world.replay("river/mills", batches=(1, 1))
    again = world.replay("river/mills", batches=(1, 1))
    (first,) = in_part.contract_then
    assert set(whole.contract_then) == {first, in_part.contract_now}
    assert again.contract_then == (in_part.contract_now,)
    assert {row["_contract"].partition("+")[0] for row in table(world, "curated")} == {"1.2.0"}


def test_rows_that_a_stricter_contract_refuses_leave_curated(world: World) -> None:
    land(world, "a", "Old Mill,2", "New Mill,5")
    world.register(STRICT)
    planned = world.replay("river/mills", batches=(1, 1))
    assert planned.contract_then != (planned.contract_now,)
    assert names(world) == ["New Mill"]
    assert ends(world) == {"a.csv": ("LOADED_WITH_REJECTS", 2, 1, 1)}
    assert [one["rule"] for row in table(world, "quarantine") for one in row["_reasons"]] == ["range"]


def test_an_object_that_only_another_contract_can_read_is_loaded(world: World) -> None:
    other = CONTRACT.replace("format: csv}", "format: csv, delimiter: ';'}").replace("1.0.0", "2.0.0")
    world.land("river/mills/a.csv", b"name;wheels\nOld Mill;2\n")
    world.rest()
    assert ends(world)["a.csv"][0] != "LOADED"
    world.register(other)
    world.replay("river/mills", quarantined=Quarantined())
    assert (names(world), table(world, "quarantine")) == (["Old Mill"], [])
    assert ends(world) == {"a.csv": ("LOADED", 1, 1, 0)}


def test_re_uploads_come_out_as_they_did(world: World) -> None:
    for line in ("Old Mill,2", "Old Mill,2", "New Mill,3"):
        land(world, "a", line)
    before, stood = tables(world), [one.state for one in world.ledger.objects(str(MILLS))]
    assert stood == ["LOADED", "DUPLICATE", "QUARANTINED"]
    world.replay("river/mills", all=True)
    assert tables(world) == before
    assert [one.state for one in world.ledger.objects(str(MILLS))][:3] == stood
    land(world, "a", "Old Mill,2")
    assert [one.state for one in world.ledger.objects(str(MILLS))][4:] == ["DUPLICATE"]


# ── dataset rules ────────────────────────────────────────────────────────────────────────────────

PICKY = CONTRACT.replace("value: 60", "value: 10")


def test_a_rejected_batch_is_published_by_a_contract_that_lets_it(world: World) -> None:
    world.register(PICKY)
    land(world, "a", "Old Mill,2", "Bad,-1")
    assert ends(world)["a.csv"] == ("REJECTED", 2, 0, 2)
    world.register(CONTRACT.replace("version: 1.0.0", "version: 1.1.0"))
    world.replay("river/mills", objects=("river/mills/a.csv",))
    assert names(world) == ["Old Mill"]
    assert ends(world)["a.csv"] == ("LOADED_WITH_REJECTS", 2, 1, 1)
    land(world, "a", "Old Mill,2", "Bad,-1")
    assert [one.state for one in world.ledger.objects(str(MILLS))][-1] == "DUPLICATE"


def test_what_was_rejected_under_the_same_contract_is_left_out(world: World) -> None:
    world.register(PICKY)
    land(world, "a", "Old Mill,2", "Bad,-1")
    land(world, "b", "New Mill,2")
    planned = world.replay("river/mills", all=True)
    assert (planned.objects, [(one.batch, one.objects) for one in planned.left_out]) == (1, [(1, 1)])
    assert "under this very contract" in planned.left_out[0].why
    assert ends(world)["a.csv"] == ("REJECTED", 2, 0, 2)


def test_a_dataset_rule_refuses_a_replay_and_nothing_changes(world: World) -> None:
    land(world, "a", "Old Mill,2", "Bad,-1")
    world.register(PICKY.replace("version: 1.0.0", "version: 1.1.0"))
    before, stood = tables(world), ends(world)
    files = {ref: one.files for ref, one in world.catalog.tables.items()}
    world.replay("river/mills", all=True)
    assert tables(world) == before
    assert ends(world) == stood
    assert {ref: one.files for ref, one in world.catalog.tables.items()} == files
    ((state, reason),) = requests(world)
    assert state == "REJECTED"
    assert "measured 50 percent, expected quarantined at most 10 percent" in reason
    assert world.watermark("river/mills") == 2
    assert [subject for subject, _ in world.alerts.alerts] == ["river/mills: replay refused in batch 2"]
    land(world, "b", "New Mill,2")
    assert names(world) == ["New Mill", "Old Mill"]


def test_what_was_published_under_the_same_contract_is_not_judged_again(world: World) -> None:
    land(world, "a", "Old Mill,2")
    land(world, "b", "New Mill,2", "Tide Mill,4", "Bad,-1", "Worse,-2", ",3")
    land(world, "c", "Water Mill,2", "Bad,-1")
    assert ends(world)["b.csv"][0] == "LOADED_WITH_REJECTS"
    world.replay("river/mills", quarantined=Quarantined())  # every row of it fails again
    assert requests(world) == [("LOADED", "")]


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> World:
    """Mills of one name each, an object a work unit; New Mill is in three objects of two batches."""
    monkeypatch.setattr("headrace.domain.packing.UNIT_OBJECTS", 1)
    world = World()
    world.register(KEYED)
    world.land("river/mills/a.csv", b"name,wheels\nOld Mill,2\nNew Mill,3\n")
    world.land("river/mills/b.csv", b"name,wheels\nNew Mill,4\nNew Mill,5\nWater Mill,1\n")
    world.rest()
    land(world, "c", "Tide Mill,6", "New Mill,7", "Tide Mill,8")
    return world


@pytest.mark.parametrize(
    "asked",
    [
        {"objects": ("river/mills/a.csv",)},
        {"objects": ("river/mills/b.csv",)},
        {"objects": ("river/mills/a.csv", "river/mills/c.csv")},
        {"batches": (2, 2)},
        {"all": True},
        {"quarantined": Quarantined(rule="unique")},
    ],
    ids=str,
)
def test_the_first_row_of_a_key_stays(keyed: World, asked: dict[str, Any]) -> None:
    before, stood = tables(keyed), ends(keyed)
    assert names(keyed) == ["New Mill", "Old Mill", "Tide Mill", "Water Mill"]
    for _ in range(2):
        keyed.replay("river/mills", **asked)
    assert tables(keyed) == before
    assert ends(keyed) == stood


def test_a_key_that_is_free_now_goes_to_a_row_that_repeated_it(keyed: World) -> None:
    keyed.register(KEYED.replace("minimum: 0", "minimum: 4").replace("version: 1.0.0", "version: 1.1.0"))
    keyed.replay("river/mills", objects=("river/mills/a.csv",))
    assert names(keyed) == ["Tide Mill", "Water Mill"]
    keyed.replay("river/mills", objects=("river/mills/b.csv",))
    assert names(keyed) == ["New Mill", "Tide Mill"]


def test_keys_within_a_batch_are_compared_with_the_batch_they_came_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("headrace.domain.packing.UNIT_OBJECTS", 1)
    world = World()
    world.register(KEYED + "  - {property: headrace.keysWithin, value: batch}\n")
    for key in "abcd":
        world.land(f"river/mills/{key}.csv", f"name,wheels\nMoon Mill,1\nMill {key},1\n".encode())
        if key in "bd":
            world.rest()
    before = tables(world)
    assert names(world).count("Moon Mill") == 2
    for asked in ({"objects": ("river/mills/b.csv",)}, {"all": True}, {"quarantined": Quarantined(batch=2)}):
        world.replay("river/mills", **asked)
        assert tables(world) == before


def test_a_key_over_a_blurred_column_is_replayed_by_whole_batches() -> None:
    world = World()
    world.register(KEYED.replace("unique: true", "unique: true, classification: pii"))
    for key, line in (("a", "Old Mill,2"), ("b", "Old Mill,3")):
        world.land(f"river/mills/{key}.csv", f"name,wheels\n{line}\n".encode())
    world.rest()
    before = tables(world)
    assert [len(rows) for rows in before] == [1, 1]
    planned = world.replay("river/mills", objects=("river/mills/b.csv",))
    assert planned.objects == 2
    world.replay("river/mills", quarantined=Quarantined())
    assert tables(world) == before


def test_rows_of_several_keys_meet_as_they_met_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.domain.packing.UNIT_OBJECTS", 1)
    world = World()
    world.register(KEYED.replace("logicalTypeOptions", "unique: true, logicalTypeOptions"))
    land(world, "a", "Old Mill,1")
    land(world, "b", "New Mill,1")
    land(world, "c", "New Mill,3")
    world.land("river/mills/d.csv", b"name,wheels\nTide Mill,4\n")
    world.land("river/mills/e.csv", b"name,wheels\nMoon Mill,4\nMoon Mill,5\n")
    world.rest()
    before = tables(world)
    assert names(world) == ["New Mill", "Old Mill", "Tide Mill"]
    asked: list[dict[str, Any]] = [
        {"all": True},
        {"objects": ("river/mills/e.csv",)},
        {"quarantined": Quarantined(object="river/mills/e.csv")},
        {"batches": (2, 3)},
    ]
    for one in asked:
        world.replay("river/mills", **one)
        assert tables(world) == before
    world.register(
        KEYED.replace("logicalTypeOptions", "unique: true, logicalTypeOptions")
        .replace("minimum: 0", "minimum: 2")
        .replace("version: 1.0.0", "version: 1.1.0")
    )
    world.replay("river/mills", batches=(1, 1))
    assert names(world) == ["New Mill", "Tide Mill"]
    world.replay("river/mills", batches=(2, 2), contract="1.0.0")
    assert names(world) == ["New Mill", "Tide Mill"]  # its name stands in a later batch
