"""Of versions of one key that were never loaded, a replay loads what landing them now would."""

from datetime import UTC, datetime

import pytest

from headrace.domain.batch import Entry, ObjectAudit, Previous
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import Finished
from headrace.domain.plan import Reupload
from headrace.steps.superseded import superseded
from tests.fakes import FakeLedger

MILLS = DatasetId("river", "mills")
FIRST, SECOND, THIRD = (LandedObject("landing", "river/mills/a.csv", f"v{n}", f"e{n}", 9) for n in (1, 2, 3))


def rejected(landed: LandedObject, content: str) -> tuple[Entry, ObjectAudit]:
    return Entry(landed), ObjectAudit(landed.identity, ObjectState.REJECTED, 2, 0, 2, content, "")


@pytest.mark.parametrize(
    ("policy", "contents", "left"),
    [
        ("immutable", ("x", "y", "z"), {FIRST, SECOND}),
        ("append", ("x", "y", "z"), set()),
        ("append", ("x", "y", "x"), {FIRST}),
        ("append", ("", "", ""), set()),
    ],
)
def test_of_versions_that_were_never_loaded_the_last_has_the_place(
    policy: Reupload, contents: tuple[str, ...], left: set[LandedObject]
) -> None:
    objects = map(rejected, (FIRST, SECOND, THIRD), contents)
    assert superseded(MILLS, objects, policy, FakeLedger()) == {one.identity for one in left}


@pytest.mark.parametrize(("policy", "left"), [("immutable", {SECOND, THIRD}), ("append", {SECOND})])
def test_what_is_loaded_keeps_its_place(policy: Reupload, left: set[LandedObject]) -> None:
    ledger = FakeLedger()
    ledger.admit(MILLS, FIRST, datetime(2026, 3, 1, tzinfo=UTC), 1)
    loaded = Previous(FIRST.identity, "x")
    ledger.finish(MILLS, 1, [Finished(FIRST, ObjectState.LOADED, loaded=loaded)])
    objects = [rejected(SECOND, "x"), rejected(THIRD, "y")]
    assert superseded(MILLS, objects, policy, ledger) == {one.identity for one in left}
