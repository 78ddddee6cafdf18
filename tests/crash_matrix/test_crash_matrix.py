"""The matrix in short: every call fails once, and a sample of its cases in the processes of their own."""

import subprocess
import sys
from collections.abc import Sequence

import pytest
from botocore.retries.quota import RetryQuota

from headrace.aws.glue_iceberg import GlueTableCatalog
from headrace.domain.zones import TableRef
from tests.crash_matrix.account import deterministic
from tests.crash_matrix.episodes import EPISODES
from tests.crash_matrix.flow import played
from tests.crash_matrix.wire import Call, EveryCall, Kind, Wire
from tests.crash_matrix.world import Flow


@pytest.mark.parametrize("kind", ["refused", "lost"])
def test_a_flow_in_which_every_call_is_made_twice_ends_the_same(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        RetryQuota, "acquire", lambda *_: True
    )  # which clients of many processes do not share
    wire = EveryCall(kind)
    with deterministic(wire):
        flow = Flow(wire)
        for episode in EPISODES:
            assert played(flow, episode) == []
    assert wire.tries == 2 * wire.count


class DiesAfterCommit(Wire):
    """The first process that commits to a table dies of it."""

    def _kind(self, identity: str, call: Call, *, first: bool) -> Kind | None:
        if self.struck or call.operation != "glue.UpdateTable":
            return None
        self.struck.append(str(call))
        return "after"


@pytest.mark.parametrize("fenced", [True, False])
def test_only_a_commit_without_its_watermark_doubles_rows(
    monkeypatch: pytest.MonkeyPatch, *, fenced: bool
) -> None:
    append = GlueTableCatalog.append

    def unfenced(self: GlueTableCatalog, ref: TableRef, files: Sequence[str], *_: object) -> int:
        return append(self, ref, files, {}, {})

    if not fenced:
        monkeypatch.setattr(GlueTableCatalog, "append", unfenced)
    wire = DiesAfterCommit()
    with deterministic(wire):
        flow = Flow(wire)
        assert played(flow, EPISODES[0]) == []
        wrong = played(flow, EPISODES[1])
    assert wire.struck
    assert any(one.startswith("I1 river/mills") for one in wrong) is not fenced


@pytest.mark.slow
def test_a_sample_of_the_matrix_violates_nothing() -> None:
    command = [sys.executable, "-m", "tests.crash_matrix", "--sample", "100", "--pairs", "20"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ", cases 120 of 120, " in ran.stdout
    assert ", violations 0, " in ran.stdout
