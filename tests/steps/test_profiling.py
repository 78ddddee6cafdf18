"""Closing a batch keeps its profile, compares it with earlier ones, and tells of personal data once."""

from collections.abc import Sequence

import pytest
from msgspec.json import decode

from headrace.domain import keys
from headrace.domain.batch import Audit
from headrace.domain.batch_profile import BatchProfile
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import MissingArtefact, Unavailable
from tests.world import World

MILLS = DatasetId("river", "mills")


def mills(wheels: Sequence[int | str], name: str = "Mill") -> bytes:
    return ("name,wheels\n" + "".join(f"{name} {at},{one}\n" for at, one in enumerate(wheels))).encode()


def mails(count: int) -> bytes:
    return ("name,wheels\n" + "".join(f"miller{at}@example.org,{at % 5}\n" for at in range(count))).encode()


def profile(world: World, batch: int) -> BatchProfile:
    return decode(world.artefacts.read(keys.profile_key(MILLS, batch)), type=BatchProfile)


def audit(world: World, batch: int) -> Audit:
    return decode(world.artefacts.read(keys.audit_key(MILLS, batch)), type=Audit)


def land(world: World, *bodies: bytes) -> None:
    """Each body is a batch of its own."""
    landed = len(list(world.landing.list("river/mills/")))
    for at, body in enumerate(bodies, start=landed):
        world.land(f"river/mills/{at}.csv", body)
        world.rest()


def test_the_audit_record_points_to_the_profile_of_what_was_published(world: World) -> None:
    land(world, mills([1, 2, 2, -1]))
    found = profile(world, 1)
    assert audit(world, 1).profile == keys.profile_key(MILLS, 1)
    assert (found.rows, [one.column for one in found.columns]) == (3, ["name", "wheels", "_rescued"])
    assert (found.columns[1].least, found.columns[1].most) == ("1", "2")
    assert found.columns[1].mean == pytest.approx(5 / 3)


def test_a_batch_without_published_rows_has_none(world: World) -> None:
    land(world, mills([-1, -2, -3]))
    assert audit(world, 1).profile == ""
    with pytest.raises(MissingArtefact):
        profile(world, 1)


def test_what_changed_against_published_batches_is_in_the_profile_and_counted(world: World) -> None:
    steady = mills([one % 7 for one in range(300)])
    land(world, steady, mills([-1] * 9), steady, mills([one % 7 + 90 for one in range(300)]))
    assert profile(world, 3).drift == ()
    found = profile(world, 4)
    assert found.compared == (1, 3)
    assert found.drifted == ("wheels",)
    assert audit(world, 4).drifted == ("wheels",)
    assert world.metrics.counts["ColumnsDrifted", MILLS] == 1


def test_people_are_told_once_of_a_column_that_looks_personal(world: World) -> None:
    land(world, mails(30), mails(40))
    ((subject, message),) = world.alerts.alerts
    assert subject == "river/mills: 1 column looks personal"
    assert "- name: " in message
    assert "e-mail addresses" in message
    assert "@" not in message
    assert audit(world, 2).personal == ("name",)


def test_a_new_version_of_the_contract_tells_again(world: World, mills: str) -> None:
    land(world, mails(30))
    world.register(mills.replace("version: 1.0.0", "version: 1.1.0", 1))
    land(world, mails(40))
    assert len(world.alerts.alerts) == 2


def test_a_column_that_the_contract_speaks_of_is_left_alone(world: World, mills: str) -> None:
    world.register(mills.replace("{name: name,", "{name: name, classification: public,", 1))
    land(world, mails(30))
    assert world.alerts.alerts == []
    assert profile(world, 1).suspicions == {}


def test_an_alert_that_failed_is_sent_by_the_next_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Unavailable("no answer")

    world.land("river/mills/a.csv", mails(30))
    monkeypatch.setattr(world.alerts, "alert", fail)
    with pytest.raises(Unavailable):
        world.rest()
    monkeypatch.undo()
    kept = world.artefacts.read(keys.profile_key(MILLS, 1))
    world.executions.stop("river-mills-1-1")
    world.reconcile()
    world.rest()
    assert [subject for subject, _ in world.alerts.alerts] == ["river/mills: 1 column looks personal"]
    assert world.artefacts.read(keys.profile_key(MILLS, 1)) == kept
