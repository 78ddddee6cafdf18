"""One behaviour of every clock, state machine, bus, topic, counter and keyring."""

import json
from collections import Counter
from datetime import UTC

import pytest

from headrace.aws.clock import SystemClock
from headrace.domain.dataset import DatasetId
from headrace.ports import Clock
from headrace.telemetry import EmbeddedMetrics
from tests.fakes import FakeClock, FakeMetrics
from tests.ports.worlds import World

ALBUMS = DatasetId("music", "albums")
TRACKS = DatasetId("music", "tracks")


@pytest.mark.parametrize("clock", [FakeClock(), SystemClock()])
def test_time_is_told_in_utc_and_never_goes_back(clock: Clock) -> None:
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert first <= second


def test_an_execution_runs_until_it_ends(world: World) -> None:
    machine = world.machine()
    assert not machine.known("music-albums-1-1")
    assert not machine.running("music-albums-1-1")
    machine.start("music-albums-1-1", ALBUMS)
    assert machine.known("music-albums-1-1")
    assert machine.running("music-albums-1-1")
    machine.stop("music-albums-1-1")
    assert machine.known("music-albums-1-1")
    assert not machine.running("music-albums-1-1")


def test_starting_an_execution_again_is_success(world: World) -> None:
    machine = world.machine()
    assert machine.start("music-albums-1-1", ALBUMS)
    assert machine.start("music-albums-1-1", ALBUMS)
    assert machine.running("music-albums-1-1")


def test_an_execution_that_ended_is_not_started_again(world: World) -> None:
    machine = world.machine()
    machine.start("music-albums-1-1", ALBUMS)
    machine.stop("music-albums-1-1")
    assert not machine.start("music-albums-1-1", ALBUMS)
    assert not machine.running("music-albums-1-1")
    assert not machine.known("music-albums-1-2")


def test_an_event_arrives_as_it_was_published(world: World) -> None:
    bus = world.bus()
    detail = {"id": "music/albums:1", "batch": 1, "tables": {"music_albums": 42}, "note": "Šlágr 🎺"}
    bus.publish("Dataset Updated", detail)
    assert bus.received(1) == [("Dataset Updated", detail)]


def test_an_alert_arrives_with_its_subject_cut_to_one_line_of_100_characters(world: World) -> None:
    topic = world.topic()
    topic.alert("music/albums: batch 1\nrejected", "Two rules failed.\nSee the verdict.")
    topic.alert("s" * 150, "long")
    expected = [
        ("music/albums: batch 1 rejected", "Two rules failed.\nSee the verdict."),
        ("s" * 100, "long"),
    ]
    assert sorted(topic.received(2)) == expected


def test_counts_are_told_by_name_and_dataset(capsys: pytest.CaptureFixture[str]) -> None:
    fake, counts = FakeMetrics(), ((1, ALBUMS), (2, ALBUMS), (4, TRACKS))
    for metrics in (EmbeddedMetrics(), fake):
        for value, dataset in counts:
            metrics.count("RowsCurated", value, dataset)
    told: Counter[tuple[str, DatasetId]] = Counter()
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Headrace"
        (value,) = line["RowsCurated"]
        told["RowsCurated", DatasetId.parse(line["dataset"])] += value
    assert told == fake.counts == {("RowsCurated", ALBUMS): 3, ("RowsCurated", TRACKS): 4}


def test_each_dataset_has_a_key_of_its_own_for_ever(world: World) -> None:
    keys = world.masking_keys()
    assert len(keys.key(ALBUMS)) == 32
    assert keys.key(ALBUMS) == keys.key(ALBUMS)
    assert keys.key(ALBUMS) != keys.key(TRACKS)


def test_the_deployments_key_is_no_datasets(world: World) -> None:
    keys = world.masking_keys()
    assert len(keys.token_key()) == 32
    assert keys.token_key() == keys.token_key()
    assert keys.token_key() not in {keys.key(ALBUMS), keys.key(TRACKS)}
