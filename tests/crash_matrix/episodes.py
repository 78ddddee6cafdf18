"""The recorded flow: small episodes that begin and end at rest, together all ways through the protocol."""

import gzip
from collections.abc import Callable

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.steps.plan_replay import PlanReplay, plan_replay
from headrace.steps.quarantined import Quarantined
from tests.crash_matrix.stack import redrive_buffer
from tests.crash_matrix.world import Flow
from tests.world import event_bridge

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
      - name: miller
        logicalType: string
        classification: restricted
        customProperties: [{property: headrace.mask, value: hash}]
customProperties:
  - {property: headrace.maxQuarantinedPercent, value: 60}
  - {property: headrace.evolution, value: evolve}
"""

MART = """
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

MENDED = MILLS.replace("version: 1.0.0", "version: 1.1.0").replace("minimum: 0", "minimum: -1")

WEIRS = """
apiVersion: v3.1.0
kind: DataContract
id: weirs
version: 1.0.0
status: active
domain: river
name: weirs
servers:
  - {server: landing, type: s3, location: "s3://landing/river/weirs/", format: csv}
schema:
  - name: weirs
    logicalType: object
    properties:
      - {name: name, logicalType: string, required: true}
      - {name: gates, logicalType: integer}
"""

CANARY = "Hegel-4711"
"""A miller's name: hashed by the contract, so nowhere to be read but in landing."""


DATASET = DatasetId("river", "mills")


class Episode(Struct, frozen=True):
    """`begin` lands objects, or asks for what else begins it, in a world at rest. When it is at rest again,
    the dataset has this many objects, and its tables these rows, from the first episode on."""

    name: str
    begin: Callable[[Flow], object]
    objects: int
    curated: int
    quarantined: int
    same_rows: bool = False
    """Both tables hold the very rows that they held before."""
    struck: tuple[str, ...] = ()
    """The steps whose single calls fail; empty: all. The others were struck in an earlier episode."""


def csv(*rows: str, header: str = "name,wheels,miller") -> bytes:
    return "\n".join([header, *rows, ""]).encode()


A = csv(f"Old Mill,2,{CANARY}", "Oat Mill,2,", f"Bad Mill,-1,{CANARY}")


def _register(world: Flow) -> None:
    world.insist(lambda: world.register(MILLS, MART))


def _some_rejects(world: Flow) -> None:
    """One row, one unreadable object, and one object that no dataset takes yet."""
    world.land("river/mills/a.csv", A)
    world.land("river/mills/b.csv.gz", gzip.compress(A)[:-9])
    world.land("river/weirs/a.csv", csv("Old Weir,3", header="name,gates"))


def _late_knowledge(world: Flow) -> None:
    """A key stands in both objects, and another in the table; one object brings a new field."""
    world.land("river/mills/c.csv", csv("New Mill,1,", "Old Mill,2,", "Mole Mill,2,", "Mud Mill,2,"))
    world.land(
        "river/mills/d.csv", csv("New Mill,1,,3", "Water Mill,1,,2.5", header="name,wheels,miller,height")
    )


def _rejection(world: Flow) -> None:
    """Too many bad rows, and a file that was loaded before."""
    world.land("river/mills/e.csv", csv("Wind Mill,-2,", "Saw Mill,-3,"))
    world.land("river/mills/a.csv", A)


def _unannounced(world: Flow) -> None:
    """Nobody hears of a good object, and of other content under a key that was loaded before."""
    world.landing.land("river/mills/f.csv", csv("Paper Mill,1,"))
    world.landing.land("river/mills/a.csv", csv("Other Mill,2,"))


def _registered_later(world: Flow) -> None:
    world.insist(lambda: world.register(WEIRS))


def _replay(world: Flow) -> None:
    world.insist(lambda: world.call(plan_replay, PlanReplay(str(DATASET), "again", batches=(2, 2))))


def _replay_mended(world: Flow) -> None:
    """Rows that were quarantined are replayed under a contract that takes them."""
    world.insist(lambda: world.register(MENDED, MART))
    selected = Quarantined(object="river/mills/a.csv", rule="range")
    world.insist(lambda: world.call(plan_replay, PlanReplay(str(DATASET), "mended", quarantined=selected)))


def _dead_letters(world: Flow) -> None:
    """Two messages died: one can be handled by now, the other never will be."""
    world.stack.die(event_bridge(world.landing.land("river/mills/g.csv", csv("Gold Mill,1,"))))
    world.stack.die("no envelope")
    world.insist(lambda: world.call(redrive_buffer, 0.0))
    world.queue += world.stack.sent_back()
    assert len(list(world.artefacts.list("dead_letters/"))) == 1


EPISODES = (
    Episode("register", _register, 0, 0, 0),
    Episode("some rejects", _some_rejects, 2, 2, 2),
    Episode("late knowledge", _late_knowledge, 4, 6, 4),
    Episode("rejection", _rejection, 6, 6, 6),
    Episode("unannounced", _unannounced, 8, 7, 7, struck=("reconcile", "refine_unit", "close_batch")),
    Episode("registered later", _registered_later, 8, 7, 7, same_rows=True, struck=("register_dataset",)),
    Episode("replay", _replay, 8, 7, 7, same_rows=True),
    Episode("replay of mended rows", _replay_mended, 8, 8, 6),
    Episode("dead letters", _dead_letters, 9, 9, 6, struck=("redrive_buffer",)),
)
