"""An object whose refining ends the process is found, quarantined whole, and its neighbours are loaded."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from headrace.domain import keys
from headrace.domain.batch import UnitReport
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import Unavailable
from headrace.domain.landed import LandedObject
from headrace.engines.duckdb import Refined, Refusal, Source, refine
from headrace.engines.probe import ProbeJob, run
from headrace.steps import isolation, records
from headrace.steps import refine_unit as refining
from tests.world import World

MILLS = DatasetId("river", "mills")
REPORT = keys.report_key(MILLS, 1, 0)
GOOD = b"name,wheels\nOld Mill,2\n"
DEADLY = b"name,wheels\nDeadly Mill,2\n"


CHILD = """
import os, signal, sys
from pathlib import Path
sys.path[:] = {path!r}
from headrace.engines.probe import child
refine = child._refine
def refine_or_die(job):
    if any(b"Deadly" in Path(one.path).read_bytes() for one in job.sources):
        os.kill(os.getpid(), signal.SIGSEGV)
    refine(job)
child._refine = refine_or_die
child.main()
"""


class Died(BaseException):
    """The process that refined is gone: no handler of errors sees it."""


class Mortal:
    """Refining that ends the process where a source has a deadly mill; probes are counted."""

    def __init__(self, refine: Callable[..., Refined]) -> None:
        self.immortal = refine
        self.probes = 0
        self.calls = 0

    def refine(self, *args: Any, sources: Sequence[Source], **named: Any) -> Refined:
        self.calls += 1
        if any(_deadly(one.content) for one in sources):
            raise Died
        return self.immortal(*args, sources=sources, **named)

    def death(self, job: ProbeJob) -> str:
        self.probes += 1
        return "it was ended by SIGKILL" if any(_deadly(Path(one.path)) for one in job.sources) else ""


def _deadly(content: Path | Refusal) -> bool:
    return isinstance(content, Path) and b"Deadly" in content.read_bytes()


@pytest.fixture
def mortal(monkeypatch: pytest.MonkeyPatch) -> Mortal:
    mortal = Mortal(refine)
    monkeypatch.setattr(refining, "refine", mortal.refine)
    monkeypatch.setattr(isolation, "death", mortal.death)
    return mortal


def land(world: World, *bodies: bytes) -> list[LandedObject]:
    return [world.land(f"river/mills/{number:02d}.csv", body) for number, body in enumerate(bodies)]


def run_until_rest(world: World) -> int:
    """Run as reconcile would have it, attempt after attempt; how many died."""
    died = 0
    while running := list(world.waiting_executions()):
        try:
            world.run(running[0])
        except Died:
            died += 1
            world.executions.stop(running[0])
            world.reconcile(list_landing=True)
    return died


def states(world: World) -> Counter[str]:
    return Counter(str(one.state) for one in world.ledger.objects("river/mills"))


def test_the_one_that_kills_is_quarantined_and_its_neighbours_are_loaded(
    world: World, mortal: Mortal
) -> None:
    landed = land(world, *[GOOD] * 12, DEADLY, *[GOOD] * 7)
    assert run_until_rest(world) == isolation.ENOUGH
    assert states(world) == {"LOADED": 19, "QUARANTINED": 1}
    (refused,) = (one for one in world.ledger.objects("river/mills") if one.state == "QUARANTINED")
    assert refused.object == landed[12]
    assert refused.reason.startswith("refining this object alone ended its process: it was ended by SIGKILL")
    assert world.watermark("river/mills") == 1
    assert mortal.probes < 12


def test_two_that_kill_are_both_found(world: World, mortal: Mortal) -> None:
    land(world, DEADLY, GOOD, GOOD, DEADLY, GOOD)
    run_until_rest(world)
    assert states(world) == {"LOADED": 3, "QUARANTINED": 2}


def test_a_lone_object_that_kills_does_not_stop_its_dataset(world: World, mortal: Mortal) -> None:
    land(world, DEADLY)
    run_until_rest(world)
    assert states(world) == {"QUARANTINED": 1}
    world.land("river/mills/next.csv", GOOD)
    assert run_until_rest(world) == 0
    assert states(world) == {"QUARANTINED": 1, "LOADED": 1}


@pytest.mark.slow
def test_the_same_with_processes_that_really_die(
    world: World, mortal: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "death", run.death)
    monkeypatch.setattr(run, "_CHILD", CHILD)
    land(world, GOOD, GOOD, DEADLY, GOOD)
    assert run_until_rest(world) == isolation.ENOUGH
    assert states(world) == {"LOADED": 3, "QUARANTINED": 1}
    (refused,) = (one for one in world.ledger.objects("river/mills") if one.state == "QUARANTINED")
    assert "it was ended by SIGSEGV" in refused.reason


def test_one_death_is_nobodys_fault(world: World, mortal: Mortal, monkeypatch: pytest.MonkeyPatch) -> None:
    land(world, GOOD, GOOD)
    monkeypatch.setattr(refining, "refine", lambda *_, **__: (_ for _ in ()).throw(Died))
    with pytest.raises(Died):
        world.run("river-mills-1-1")
    world.executions.stop("river-mills-1-1")
    monkeypatch.setattr(refining, "refine", mortal.refine)
    world.reconcile(list_landing=True)
    assert run_until_rest(world) == 0
    assert states(world) == {"LOADED": 2}
    assert mortal.probes == 0


def test_a_handful_may_be_all_of_their_unit(world: World, mortal: Mortal) -> None:
    land(world, DEADLY, DEADLY)
    run_until_rest(world)
    assert states(world) == {"QUARANTINED": 2}


def test_where_nothing_at_all_survives_no_object_is_blamed(
    world: World, mortal: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(world, DEADLY, DEADLY)
    monkeypatch.setattr(isolation, "death", lambda _: "it was ended by SIGKILL")
    with pytest.raises(Unavailable, match="rather something else"):
        run_until_rest(world)
    assert set(states(world)) == {"BATCHED"}
    monkeypatch.setattr(isolation, "death", lambda _: "")
    monkeypatch.setattr(refining, "refine", mortal.immortal)  # the function has more memory now
    world.executions.stop(next(world.waiting_executions()))
    world.reconcile(list_landing=True)
    world.rest()
    assert states(world) == {"LOADED": 2}


def test_where_none_of_many_survives_none_is_blamed(world: World, mortal: Mortal) -> None:
    land(world, *[DEADLY] * 4)
    with pytest.raises(Unavailable, match="rather something else"):
        run_until_rest(world)


def test_a_unit_whose_report_stands_is_not_refined_again(world: World, mortal: Mortal) -> None:
    land(world, GOOD)
    world.rest()
    calls = mortal.calls
    request = refining.RefineUnit(keys.manifest_key(MILLS, 1), 0)
    assert world.call(refining.refine_unit, request).report == REPORT
    assert mortal.calls == calls


def test_a_rejected_batch_refines_without_those_that_kill(world: World, mortal: Mortal) -> None:
    """More than 60 % of the rows are bad: the batch is refined once more, to quarantine every row."""
    land(world, b"name,wheels\nBad Mill,-1\nWorse Mill,-2\n", DEADLY)
    run_until_rest(world)
    assert states(world) == {"REJECTED": 1, "QUARANTINED": 1}
    again = records.read(world.artefacts, keys.report_key(MILLS, 1, 0, "rejected"), UnitReport)
    assert [one.outcome for one in again.objects] == ["refined", "unprocessable"]


def test_files_without_those_that_kill_stand_apart_from_files_with_them(world: World, mortal: Mortal) -> None:
    land(world, GOOD, DEADLY)
    run_until_rest(world)
    report = records.read(world.artefacts, REPORT, UnitReport)
    assert all("-without-" in file.key for file in (*report.curated, *report.quarantine))


def test_whom_a_call_blamed_before_it_died_is_not_probed_again(world: World) -> None:
    landed = [world.landing.land(f"river/mills/{number}.csv", DEADLY) for number in range(2)]
    sources = [Source(index, one, Path(one.key)) for index, one in enumerate(landed)]
    world.artefacts.write(
        f"{REPORT}.killers",
        records.encode(isolation.Killers({landed[0].identity: "it was ended by SIGKILL"})),
    )
    asked: list[str] = []

    def dies(group: Sequence[Source]) -> str:
        asked.extend(one.landed.key for one in group)
        return ""

    assert set(isolation.blamed(world.artefacts, REPORT, sources, dies)) == {landed[0].identity}
    assert asked == ["river/mills/1.csv"]
