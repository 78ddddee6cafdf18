"""A rebuild is killed at each call that it makes, and asked for again: nothing is lost, nothing is left."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest

from headrace.domain import keys
from headrace.domain.batch import Manifest
from headrace.domain.dataset import DatasetId
from headrace.steps import records
from headrace.steps.rebuild_dataset import RebuildDataset, rebuild_dataset
from tests.steps.conftest import MILLS as CONTRACT
from tests.steps.kills import Faults, Killed, When
from tests.steps.lake import rows
from tests.world import World

MILLS, SHADOW = DatasetId("river", "mills"), DatasetId("river", "mills_rebuild1")
PORTS = ("artefacts", "lake", "catalog", "ledger", "executions")
SHARED = ("_lock", "_lake", "_clock")

Act = Callable[[World], object]


def run(world: World) -> object:
    return world.call(rebuild_dataset, RebuildDataset("river/mills"))


def publish(world: World) -> object:
    return world.call(rebuild_dataset, RebuildDataset("river/mills", "publish", watermark=2))


def drop(world: World) -> object:
    return world.call(rebuild_dataset, RebuildDataset("river/mills", "drop"))


class Saved:
    """What the ports of a world hold, to go back to."""

    def __init__(self, world: World) -> None:
        self._ports = {name: getattr(world, name) for name in PORTS}
        self._held = {name: self._state(port) for name, port in self._ports.items()}

    def restore(self, world: World) -> None:
        for name, port in self._ports.items():
            setattr(world, name, port)
            vars(port).update(deepcopy(self._held[name]))

    @staticmethod
    def _state(port: Any) -> dict[str, Any]:
        return deepcopy({name: held for name, held in vars(port).items() if name not in SHARED})


@pytest.fixture
def damaged() -> World:
    """Two batches, and a row that left the curated table."""
    world = World()
    world.register(CONTRACT)
    for name, body in (("a", "Old Mill,2\n,1\nUpper Mill,3\n"), ("b", "New Mill,4\n")):
        world.land(f"river/mills/{name}.csv", f"name,wheels\n{body}".encode())
        world.rest()
    lost = rows(world, "curated", MILLS)[0]
    world.catalog.replace_rows(
        world.zones.curated(MILLS), {lost["_object"]: frozenset({lost["_row"]})}, [], {}, {}
    )
    return world


@pytest.fixture
def filled(damaged: World) -> World:
    """Its shadow has caught up."""
    run(damaged)
    damaged.rest()
    return damaged


def killed(world: World, act: Act) -> Iterator[str]:
    """The world after `act` was killed before and after each of its calls, in turn; says where."""
    saved = Saved(world)
    act_calls = Faults(world)
    act(world)
    saved.restore(world)
    assert len(act_calls.calls) > 8
    moments: tuple[When, When] = ("before", "after")
    for at, name in enumerate(act_calls.calls, 1):
        for when in moments:
            Faults(world, at, when)
            # After a call that fails by itself there is nothing to strike.
            with pytest.raises(Killed) if when == "before" else suppress(Killed):
                act(world)
            yield f"{when} call {at}, {name}"
            saved.restore(world)


def test_a_rebuild_that_is_killed_while_it_begins_goes_on(damaged: World) -> None:
    for where in killed(damaged, run):
        assert run(damaged), where
        for batch in (1, 2):
            copy, original = (
                records.read(damaged.artefacts, keys.manifest_key(one, batch), Manifest)
                for one in (SHADOW, MILLS)
            )
            assert copy.entries == original.entries, where
        given = {one.object.identity for one in damaged.ledger.objects(str(SHADOW))}
        assert given == {one.object.identity for one in damaged.ledger.objects(str(MILLS))}, where
        (running,) = damaged.waiting_executions()
        assert damaged.executions.started[running] == SHADOW, where


def test_a_swap_that_is_killed_is_finished_by_the_next(filled: World) -> None:
    good = {zone: rows(filled, zone, SHADOW) for zone in ("curated", "quarantine")}
    assert len(good["curated"]) == 1 + len(rows(filled, "curated", MILLS))
    for where in killed(filled, publish):
        publish(filled)
        assert {zone: rows(filled, zone, MILLS) for zone in good} == good, where
        assert [state.dataset for state in filled.ledger.datasets()] == [MILLS], where
        tables = {filled.zones.curated(MILLS), filled.zones.quarantine(MILLS)}
        assert set(filled.catalog.tables) == tables, where


def test_a_rebuild_that_is_given_up_is_cleared_away_in_the_end(filled: World) -> None:
    before = rows(filled, "curated", MILLS)
    for where in killed(filled, drop):
        drop(filled)
        assert rows(filled, "curated", MILLS) == before, where
        assert [state.dataset for state in filled.ledger.datasets()] == [MILLS], where
        assert len(filled.catalog.tables) == 2, where
