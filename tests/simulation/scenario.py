"""What happens to a simulated world besides its faults: its datasets, uploads and interventions."""

import gzip
from collections.abc import Callable, Sequence
from random import Random

from msgspec import Struct

from headrace.steps.isolation import HANDFUL
from tests.simulation.chaos import EVENTS, swarm
from tests.simulation.engine import DEADLY
from tests.simulation.focus import Focus, focus

CANARY = "keeper@canary.example"
"""Stands in every row, in a column that is masked: nothing that people or logs get to see may hold it."""

_CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: {name}
version: {version}.0.0
status: active
domain: river
name: {name}
servers:
  - {{server: landing, type: s3, location: "s3://landing/river/{name}/", format: csv}}
schema:
  - name: {name}
    logicalType: object
    properties:
      - {{name: name, logicalType: string, required: true}}
      - {{name: wheels, logicalType: integer, logicalTypeOptions: {{minimum: {minimum}}}}}
      - name: keeper
        logicalType: string
        classification: pii
        customProperties: [{{property: headrace.mask, value: hash}}]
{more}customProperties:
  - {{property: headrace.maxQuarantinedPercent, value: 70}}
  - {{property: headrace.reupload, value: {reupload}}}
"""

_QUERY = """\
  - property: headrace.queries
    value: [{name: wheels, sql: "SELECT sum(wheels) AS wheels FROM river.mills"}]
"""

REUPLOAD = {"mills": "immutable", "weirs": "append"}


def contract(name: str, version: int) -> str:
    """Version 1 takes wheels from 0, version 2 from 1 and knows a height, version 3 takes any again."""
    more = "      - {name: height, logicalType: integer}\n" if version > 1 else ""
    minimum = {1: 0, 2: 1, 3: -9}[version]
    text = _CONTRACT.format(name=name, version=version, minimum=minimum, reupload=REUPLOAD[name], more=more)
    return text + _QUERY if name == "mills" else text


class Landing(Struct, frozen=True):
    """An upload, so many seconds after the start; the body's rows are counted here, not by what is tested."""

    name: str
    at: float
    key: str
    body: bytes
    rows: int
    readable: bool


class Deed(Struct, frozen=True):
    """An intervention of a kind, so many seconds after the start."""

    name: str
    at: float
    kind: str


class Scenario(Struct, frozen=True):
    """A world's story. `storm`: seconds until the faults end. `unit_objects`: the most of one work unit.
    `gentle`: no function ever fails, so that nothing may be left for reconcile to find."""

    seed: int
    datasets: tuple[str, ...]
    storm: float
    unit_objects: int
    rates: dict[str, float]
    landings: tuple[Landing, ...]
    deeds: tuple[Deed, ...]
    gentle: bool
    focus: Focus | None = None


GENTLE = frozenset(EVENTS) - {"drop_for_ever"} | {"reupload", "compaction", "clock_skew", "snapshots_expired"}
"""Faults that no function notices."""


def scenario(seed: int, without: frozenset[str] = frozenset()) -> Scenario:
    """The story of a seed, less the uploads and deeds that are left out."""
    random = Random(f"{seed}/scenario")
    gentle = random.random() < 0.1
    rates = swarm(random, GENTLE) if gentle else swarm(random)
    dense = focus(Random(f"{seed}/focus"), gentle=gentle)
    datasets = random.choice((("mills",), ("weirs",), ("mills", "weirs")))
    storm = random.choice((300.0, 1800.0, 7200.0, 14400.0))
    if dense:
        rates = dense.among(rates)
    landings = _landings(random, datasets, storm, rates.get("reupload", 0.0), few=bool(dense))
    return Scenario(
        seed,
        datasets,
        storm,
        random.choice((1, 2, 1000)),
        rates,
        tuple(one for one in landings if one.name not in without),
        tuple(one for one in _deeds(random, storm, rates) if one.name not in without),
        gentle,
        dense,
    )


def _landings(
    random: Random, datasets: tuple[str, ...], storm: float, reupload: float, *, few: bool
) -> list[Landing]:
    landings: list[Landing] = []
    bursts = [random.uniform(0, storm * 0.8) for _ in range(random.randint(1, 3 if few else 6))]
    for number in range(random.randint(2, 5) if few else random.randint(3, 12)):
        again = landings and random.random() < reupload
        former = random.choice(landings) if again else None
        name = f"upload-{number}" if former is None else f"reupload-{number}"
        key = former.key if former else f"{_prefix(datasets, random)}{number}.csv"
        if former and random.random() < 0.4:
            body, rows, readable = former.body, former.rows, former.readable
        else:
            rows = random.randint(1, 4)
            body, readable = _body(number, rows, random), True
            if random.random() < 0.02 and sum(DEADLY in one.body for one in landings) < HANDFUL:
                body, readable = body.replace(b"mill ", DEADLY), False
            elif former is None and random.random() < 0.12:
                key, body, readable = f"{key}.gz", gzip.compress(body, mtime=0)[:-9], False
            if former and key.endswith(".gz"):
                body = gzip.compress(body, mtime=0)
        at = random.choice(bursts) + random.uniform(0, 6)
        landings.append(Landing(name, at, key, body, rows, readable))
    return landings


def one_more(random: Random, name: str, at: float, keys: Sequence[str], datasets: Sequence[str]) -> Landing:
    """An upload besides those of the story: of a key that was landed, or of a new one."""
    rows = random.randint(1, 3)
    body = _body(random.randint(100, 999), rows, random)
    again = bool(keys) and random.random() < 0.5
    key = random.choice(keys) if again else f"river/{random.choice(datasets)}/{name}.csv"
    if key.endswith(".gz"):
        body = gzip.compress(body, mtime=0)
    return Landing(f"reupload-{name}" if again else f"upload-{name}", at, key, body, rows, readable=True)


def _prefix(datasets: tuple[str, ...], random: Random) -> str:
    """Where an upload goes: now and then to where no dataset takes it."""
    if random.random() < 0.05:
        return random.choice(("stray/", "river/canals/"))
    return f"river/{random.choice(datasets)}/"


def _body(number: int, rows: int, random: Random) -> bytes:
    bad = random.choice((0.0, 0.2, 0.2, 0.9))
    lines = ["name,wheels,keeper"]
    for row in range(rows):
        wheels = random.choice(("-1", "many", "0")) if random.random() < bad else str(random.randint(1, 9))
        lines.append(f"mill {number}.{row},{wheels},{CANARY}")
    return "\n".join(lines).encode() + b"\n"


_DEEDS: dict[str, Callable[[Random], int]] = {
    "listing": lambda random: random.randint(0, 2),
    "compaction": lambda random: random.randint(2, 6),
    "snapshots_expired": lambda random: random.randint(1, 3),
    "registration": lambda random: random.randint(1, 2),
    "redrive": lambda random: random.randint(1, 2),
    "two_workers": lambda random: random.randint(0, 2),
    "ledger_lost": lambda _: 1,
    "ledger_restored": lambda _: 1,
    "replay": lambda random: random.randint(1, 2),
}
"""How many deeds of a kind a world sees, where it sees any."""


def _deeds(random: Random, storm: float, rates: dict[str, float]) -> list[Deed]:
    deeds = []
    for kind, many in _DEEDS.items():
        chance = 1.0 if kind == "listing" else rates.get(kind, 0.0)
        if random.random() < chance:
            deeds += [
                Deed(f"{kind}-{number}", random.uniform(0, storm), kind) for number in range(many(random))
            ]
    return deeds
