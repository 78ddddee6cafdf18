"""Replays and rebuilt ledgers pass: the newest audit line of an object counts, and requests have ends too."""

import pytest

from headrace.domain import keys
from headrace.domain.batch import Audit, Manifest
from headrace.domain.landed import LandedObject
from headrace.steps import records
from headrace.steps.quarantined import Quarantined
from headrace_cli.verify import Outside, verify
from tests.fakes import FakeLedger
from tests.steps.conftest import MILLS as CONTRACT
from tests.steps.replays import DAY, MILLS, land
from tests.world import World

STRICT = CONTRACT.replace("minimum: 0", "minimum: 3").replace("1.0.0", "1.1.0")
LOOSE = CONTRACT.replace("version: 1.0.0", "version: 1.2.0")


@pytest.fixture
def world() -> World:
    """Two objects under a strict contract, then three replays under others: of single rows, of an object that
    loses a row, and one that is refused."""
    world = World()
    world.register(STRICT.replace("value: 60", "value: 90"))
    land(world, "a", "Old Mill,2", "New Mill,5", ",7", "Water Mill,9")
    world.clock.advance(DAY)
    land(world, "b", "Old Mill,4", "Paper Mill,5")
    world.clock.advance(DAY)
    world.register(LOOSE)
    world.replay("river/mills", quarantined=Quarantined(rule="range"))
    world.clock.advance(DAY)
    world.register(CONTRACT.replace("minimum: 0", "minimum: 5").replace("1.0.0", "1.3.0"))
    world.replay("river/mills", objects=("river/mills/b.csv",))
    world.register(CONTRACT.replace("minimum: 0", "minimum: 9").replace("1.0.0", "1.4.0").replace("60", "1"))
    world.replay("river/mills", objects=("river/mills/b.csv",))
    return world


def test_replays_pass(world: World) -> None:
    ends = [
        one.state.value for one in world.ledger.objects("river/mills") if one.object.bucket == "artefacts"
    ]
    assert ends == ["LOADED", "LOADED", "REJECTED"]
    found = verify(world, outside=Outside(events=world.events.events))
    assert (found.violations, found.under_way) == ((), ())
    assert (found.batches, found.objects, found.rows) == (5, 2, 6)


def test_the_newest_audit_line_counts(world: World) -> None:
    key = keys.audit_key(MILLS, 4)
    world.artefacts.delete(key)
    found = verify(world)
    assert {one.invariant for one in found.violations} == {"I1", "I2"}


def test_a_request_without_its_line_is_told(world: World) -> None:
    key = keys.audit_key(MILLS, 5)
    audit = records.read(world.artefacts, key, Audit)
    world.artefacts.write(key, records.encode(audit).replace(b'"replay":{', b'"other":{'))
    what = "audit record 5 has no line for the request it answers"
    assert what in [one.what for one in verify(world).violations]


def test_a_request_that_the_ledger_lost_is_told(world: World) -> None:
    manifest = records.read(world.artefacts, keys.manifest_key(MILLS, 3), Manifest)
    assert manifest.replay
    forget(world, manifest.replay.request)
    assert [one.what for one in verify(world).violations] == [
        "the ledger does not know the request that batch 3 answered"
    ]


def forget(world: World, landed: LandedObject) -> None:
    world.ledger._placed.pop(("river/mills", landed.fingerprint))
    world.ledger._loaded.pop((MILLS, landed.key), None)


def test_a_replayed_object_is_restored_as_its_replays_left_it(world: World) -> None:
    before = world.ledger.objects("river/mills")
    contents = world.ledger.loaded_content(MILLS, [one.object.key for one in before])
    for one in before:
        if one.object.bucket == "landing":
            forget(world, one.object)
    found = world.reconcile(list_landing=True)
    assert (found.admitted, found.restored) == (0, 2)
    assert world.ledger.objects("river/mills") == before
    assert world.ledger.loaded_content(MILLS, [one.object.key for one in before]) == contents
    assert verify(world).violations == ()


def test_a_ledger_lost_whole_is_recalled_with_its_replays(world: World) -> None:
    before = world.ledger
    world.ledger = FakeLedger()
    world.register(CONTRACT.replace("version: 1.0.0", "version: 2.0.0"))
    world.rest()
    objects = before.objects("river/mills")
    assert world.ledger.objects("river/mills") == objects
    names = [one.object.key for one in objects]
    assert world.ledger.loaded_content(MILLS, names) == before.loaded_content(MILLS, names)
    assert verify(world).violations == ()
