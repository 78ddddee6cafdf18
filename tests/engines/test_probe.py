"""A source that ends the process which refines it is found among its neighbours, and blamed alone."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from headrace.domain.formats import Ndjson
from headrace.domain.plan import Column, Text
from headrace.engines.probe import ProbeJob, death, killers, run
from headrace.engines.probe.job import Probed
from tests.engines.unit import landed, plan

MILLS = plan(Column("name", "name", Text()))


@pytest.fixture
def job(tmp_path: Path) -> ProbeJob:
    """Two sound files."""
    sources = []
    for index, key in enumerate(("a.csv", "b.csv")):
        (tmp_path / key).write_text("name\nOld Mill\n")
        sources.append(Probed(index, landed(key), str(tmp_path / key)))
    return ProbeJob(MILLS, 1, tuple(sources), str(tmp_path), b"", b"", 1769)


def test_what_can_be_refined_is_survived_and_leaves_nothing_behind(job: ProbeJob) -> None:
    before = sorted(Path(job.workdir).iterdir())
    assert death(job) == ""
    assert sorted(Path(job.workdir).iterdir()) == before


def test_an_error_that_refining_tells_is_no_death(job: ProbeJob) -> None:
    masked = plan(Column("name", "name", Text(), mask="hash"))
    assert death(replace(job, plan=masked)) == ""


def test_running_out_of_memory_is_a_death_though_the_engine_catches_it(job: ProbeJob) -> None:
    wide = plan(*(Column(f"c{n}", f"c{n}", Text()) for n in range(20)), formats=(Ndjson(),))
    line = json.dumps({f"c{n}": "x" * 200_000 for n in range(20)})
    Path(job.sources[0].path).write_text((line + "\n") * 10)
    starved = replace(job, plan=wide, sources=job.sources[:1], memory_mb=8)
    first_seen = ("it ran out of memory or disk", "it took more than 256 MB of memory")
    assert death(starved) in first_seen  # by the engine, or by who watches the process


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "it was ended by SIGSEGV"),
        ("import time; time.sleep(60)", "it did not come to its end within 0 s"),
        ("import sys; sys.exit(7)", "it ended with code 7"),
        ("raise ValueError", ""),
        ("import sys; sys.exit(3)", "it ran out of memory or disk"),
        ("import time; big = b'x' * (400 << 20); time.sleep(60)", "it took more than 256 MB of memory"),
    ],
)
def test_the_end_of_a_process_is_told(
    job: ProbeJob, monkeypatch: pytest.MonkeyPatch, code: str, told: str
) -> None:
    monkeypatch.setattr(run, "_CHILD", code.replace("{", "{{").replace("}", "}}"))
    if "end within" in told:
        monkeypatch.setattr(run, "_SECONDS", 0.2)
    assert death(replace(job, memory_mb=0)) == told


class Mortal:
    """Refining that ends where a group holds one of these, and is counted."""

    def __init__(self, *deadly: int) -> None:
        self.deadly = set(deadly)
        self.probes = 0

    def __call__(self, group: Sequence[int]) -> str:
        self.probes += 1
        return "it died" if self.deadly & set(group) else ""


def test_one_in_five_hundred_is_found_in_a_score_of_probes() -> None:
    for deadly in (0, 7, 250, 499):
        dies = Mortal(deadly)
        assert list(killers(range(500), dies)) == [(deadly, "it died")]
        assert dies.probes <= 20


def test_several_are_found_in_their_order() -> None:
    assert [one for one, _ in killers(range(100), Mortal(3, 4, 60, 99))] == [3, 4, 60, 99]


def test_the_only_source_is_blamed_where_it_kills_twice() -> None:
    assert list(killers([1], Mortal(1))) == [(1, "it died")]
    assert list(killers([1], Mortal())) == []


def test_nobody_is_blamed_for_a_death_that_does_not_come_again() -> None:
    deaths = iter(["it died"])
    assert list(killers(range(4), lambda _: next(deaths, ""))) == []


def test_sources_that_only_together_are_too_much_are_not_blamed() -> None:
    assert list(killers(range(8), lambda group: "it died" if len(group) > 2 else "")) == []
