"""What `status` says to look at stays until somebody has dealt with it."""

import json
from typing import Any

import pytest

from headrace.domain.batch import Audit, ObjectAudit, RuleOutcome, Verdict
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import Finished
from headrace_cli.recent import still_told
from headrace_cli.status import status_of
from tests.cli.deployed import NOW, RUNWAYS, Deployed, loaded

REQUEST = ObjectAudit("s3://artefacts/replays/1", ObjectState.LOADED, 3, 3, 0, "", "")


def looks(deployed: Deployed) -> list[str]:
    return [one.what for one in status_of(deployed).trouble if not one.stuck]


def unreadable(landed: LandedObject) -> Finished:
    return Finished(landed, ObjectState.QUARANTINED, "not UTF-8 at byte 7", 1, 0, 1)


def audit(batch: int, *, rules: tuple[RuleOutcome, ...] = (), **told: Any) -> Audit:
    """A published batch without objects."""
    return Audit(
        RUNWAYS,
        batch,
        "1.0.0+1a2b3c4d",
        Verdict(True, rules),
        (),
        0,
        0,
        0,
        (),
        (),
        (),
        NOW.isoformat(),
        **told,
    )


def test_an_unreadable_object_is_still_told_of_when_other_batches_have_closed(deployed: Deployed) -> None:
    deployed.register()
    bad = deployed.land("bad.csv")
    deployed.close(1, unreadable(bad))
    for batch in (2, 3, 4):
        deployed.close(batch, loaded(deployed.land(f"{batch}.csv")))
    (told,) = looks(deployed)
    assert f"{bad.identity}: not UTF-8 at byte 7" in told
    assert [len(one.batches) for one in status_of(deployed).datasets] == [1]


def test_of_several_objects_only_those_that_nobody_dealt_with_are_told(deployed: Deployed) -> None:
    deployed.register()
    left, replayed, again = (deployed.land(name) for name in ("left.csv", "replayed.csv", "again.csv"))
    deployed.close(1, *map(unreadable, (left, replayed, again)))
    deployed.close(2, loaded(replayed), replay=REQUEST)
    newer = LandedObject("landing", again.key, "another-version", "other", 10)
    deployed.ledger.admit(RUNWAYS, newer, NOW)
    deployed.close(3, loaded(newer))
    (told,) = looks(deployed)
    assert left.identity in told
    assert replayed.identity not in told
    assert again.identity not in told


def test_a_rejected_batch_is_told_until_its_objects_were_replayed(deployed: Deployed) -> None:
    deployed.register()
    landed = deployed.land("a.csv")
    deployed.close(1, Finished(landed, ObjectState.REJECTED, "some_rows", 3, 0, 3), publish=False)
    deployed.close(2, loaded(deployed.land("b.csv")))
    (told,) = looks(deployed)
    assert told.startswith("Nothing of batch 1 was published")
    deployed.close(3, loaded(landed), replay=REQUEST)
    assert looks(deployed) == []


def test_a_refused_replay_is_told_until_another_one_was_published(deployed: Deployed) -> None:
    deployed.register()
    landed = deployed.land("a.csv")
    deployed.close(1, loaded(landed))
    deployed.close(2, publish=False, replay=REQUEST)
    deployed.close(3, loaded(deployed.land("b.csv")))
    (told,) = looks(deployed)
    assert told.startswith("Nothing changed")
    deployed.close(4, loaded(landed), replay=REQUEST)
    assert looks(deployed) == []


def test_what_looks_personal_is_told_until_the_contract_in_force_classifies_it(deployed: Deployed) -> None:
    deployed.register()
    landed = deployed.land("a.csv")
    deployed.close(1, loaded(landed), personal=("pilot", "home.email"))
    deployed.close(2, loaded(landed), replay=REQUEST)
    (told,) = looks(deployed)
    assert told == "batch 1 published what looks personal and is not masked: pilot, home.email"
    columns = [{"name": "pilot", "classification": "public"}, {"name": "home", "mask": "redact"}]
    newer = {"type": "dataset", "contract": "1.1.0+9d8c7b6a", "columns": columns}
    deployed.artefacts.write("contracts/aviation/runways/2.json", json.dumps(newer).encode())
    deployed.ledger.register(RUNWAYS, "contracts/aviation/runways/2.json")
    assert looks(deployed) == []


def test_each_column_that_looks_personal_is_told_once_with_its_newest_batch() -> None:
    newer, older = still_told([audit(2, personal=("email",)), audit(1, personal=("email", "name"))], set())
    assert (newer.personal, older.personal) == (("email",), ("name",))


@pytest.mark.parametrize(
    ("newer", "left"),
    [
        (audit(2, profile="profile"), ()),
        (audit(2), ("length_ft",)),
        (audit(2, profile="profile", replay=REQUEST), ("length_ft",)),
    ],
    ids=["profiled", "not profiled", "replay"],
)
def test_drift_is_told_until_a_newer_batch_was_compared(newer: Audit, left: tuple[str, ...]) -> None:
    older = audit(1, profile="profile", drifted=("length_ft",))
    assert [one.drifted for one in still_told([newer, older], set())] == [(), left]


def test_a_rule_that_warned_is_told_until_it_was_judged_again() -> None:
    warns, fine = (RuleOutcome("fresh", "at most 1", 2.0, passed, "warning") for passed in (False, True))
    other = RuleOutcome("other", "at most 1", 2.0, False, "warning")
    judged = still_told([audit(2, rules=(fine,)), audit(1, rules=(warns, other))], set())
    assert [one.verdict.warned for one in judged] == [(), (other,)]
