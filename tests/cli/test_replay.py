"""Replays: what is asked for, what is told of a plan, and how a replay is followed to its end."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from botocore.stub import ANY, Stubber

from headrace.domain import keys
from headrace.domain.batch import (
    Audit,
    Entry,
    Manifest,
    ObjectAudit,
    ObjectReport,
    RuleOutcome,
    UnitReport,
    Verdict,
    WorkUnit,
)
from headrace.domain.comparison import Comparison, compare
from headrace.domain.contract.compile import compile_contract
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import Finished
from headrace.domain.replay import ReplayRequest
from headrace.steps import records
from headrace.steps.plan_replay import PlanReplay, ReplayPlanned
from headrace.steps.quarantined import Quarantined
from headrace.steps.replay_requests import LeftOut
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.replay.asking import Asked, request
from headrace_cli.replay.replaying import Replayed, RequestEnd
from headrace_cli.replay.views import show_replay
from tests.cli.conftest import TIDES, Run
from tests.cli.deployed import NOW, Deployed, loaded, page

SEA = DatasetId("sea", "tides")
TIGHT = TIDES.replace("logicalType: number}", "logicalType: number, logicalTypeOptions: {maximum: 4}}")
NEWER = TIDES.replace("version: 1.0.0", "version: 1.1.0")
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:replay:1"
FAILED_RULE = RuleOutcome("some_rows", "row_count at least 9", 3.0, False, "error")


class Sea:
    """sea/tides after batch 1: one object with one of three rows in quarantine, under a tight contract."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.then, self.now = (self._contract(text) for text in (TIGHT, NEWER))
        deployed.ledger.register(SEA, self.then)
        self.object = deployed.land("a.csv", SEA)
        deployed.start(SEA)
        deployed.close(1, loaded(self.object, 3, 1), dataset=SEA)
        deployed.ledger.register(SEA, self.now)
        self.key = keys.request_key(SEA, "1", 0)
        self.standing = self.line(ObjectState.LOADED_WITH_REJECTS, 2, 1)

    def _contract(self, text: str) -> str:
        compiled = compile_contract(f"contracts/{SEA}.odcs.yaml", text).compiled
        return records.write_contract(self.deployed.artefacts, SEA, compiled)

    def line(self, state: ObjectState, curated: int, quarantined: int) -> ObjectAudit:
        return ObjectAudit(self.object.identity, state, 3, curated, quarantined, "0" * 64, "")

    @property
    def plan(self) -> ReplayPlanned:
        left_out = (LeftOut(1, 2, "rejected under the same contract"),)
        return ReplayPlanned((self.key,), 1, 1, 3, 2, 1, (self.then,), self.now, left_out=left_out)

    def admit(self) -> LandedObject:
        """Write the request and admit it, as PlanReplay does."""
        asked = ReplayRequest(SEA, self.now, (Entry(self.object, batch=1),), (self.standing,))
        body = records.encode(asked)
        self.deployed.artefacts.write(self.key, body)
        landed = LandedObject("artefacts", self.key, "", hashlib.sha256(body).hexdigest(), len(body))
        self.deployed.ledger.admit(SEA, landed, NOW)
        return landed

    def replayed(self, state: ObjectState, *lines: ObjectAudit, verdict: Verdict) -> None:
        """Close batch 2, which is the replay."""
        landed = self.admit()
        reason = "" if verdict.publish else "some_rows: measured 3"
        self.deployed.close(2, Finished(landed, state, reason), dataset=SEA)
        own = ObjectAudit(landed.identity, state, 3, 3, 0, "", reason)
        audit = Audit(SEA, 2, "1.1.0+x", verdict, lines, 3, 3, 0, (), (), (), NOW.isoformat(), replay=own)
        self.deployed.artefacts.write(keys.audit_key(SEA, 2), records.encode(audit))

    def machine(
        self, output: Any = None, meanwhile: Callable[[], object] = lambda: None, **ended: str
    ) -> Stubber:
        """Let the state machine end so; while it ran, `meanwhile` happened."""
        stub = Stubber(self.deployed.clients.stepfunctions)
        stub.add_response(
            "start_execution",
            {"executionArn": EXECUTION, "startDate": NOW},
            {"stateMachineArn": ANY, "name": ANY, "input": ANY},
        )
        common: dict[str, Any] = {"executionArn": EXECUTION, "stateMachineArn": "arn:x", "startDate": NOW}
        answer = {**common, "status": "SUCCEEDED", **ended}
        if output is not None:
            answer["output"] = msgspec.json.encode(output).decode()
        stub.add_response("describe_execution", answer)

        def happens(**_: Any) -> None:
            meanwhile()

        events = self.deployed.clients.stepfunctions.meta.events
        events.register("provide-client-params.sfn.DescribeExecution", happens)
        stub.activate()
        return stub


@pytest.fixture
def sea(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Sea:
    monkeypatch.setattr("headrace_cli.replay.replaying._POLL_S", 0)
    return Sea(deployed)


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            Asked(objects=("a.csv", "sea/tides/b.csv", "s3://landing/sea/tides/c.csv?versionId=1")),
            {"objects": ("sea/tides/a.csv", "sea/tides/b.csv", "s3://landing/sea/tides/c.csv?versionId=1")},
        ),
        (Asked(batch=3), {"batches": (3, 3)}),
        (Asked(batches="3:7"), {"batches": (3, 7)}),
        (Asked(day="2026-11-21"), {"day": "2026-11-21"}),
        (Asked(whole=True), {"all": True}),
        (Asked(whole=True, contract="1.2.0", plan=True), {"all": True, "contract": "1.2.0", "submit": False}),
        (Asked(quarantined=True), {"quarantined": Quarantined()}),
        (
            Asked(quarantined=True, rule="range", column="height_m", batch=2, objects=("a.csv",)),
            {"quarantined": Quarantined("range", "height_m", 2, "sea/tides/a.csv")},
        ),
    ],
)
def test_options_become_a_request_under_a_new_id(asked: Asked, told: dict[str, Any]) -> None:
    wanted, again = request(SEA, asked), request(SEA, asked)
    assert wanted == PlanReplay("sea/tides", wanted.id, **told)
    assert wanted.id != again.id
    assert len(wanted.id) < 80


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Asked(), "say what to replay: --object, --batch"),
        (Asked(batch=1, day="2026-11-21"), "--batch and --day do not go together"),
        (Asked(whole=True, quarantined=True), "beside it, not --all"),
        (Asked(quarantined=True, objects=("a", "b")), "one --object"),
        (Asked(batch=1, rule="range"), "give --quarantined, too"),
        (Asked(rule="range"), "give --quarantined, too"),
        (Asked(batches="7:3"), "like 3:7, not '7:3'"),
        (Asked(batches="all"), "like 3:7, not 'all'"),
        (Asked(day="yesterday"), "like 2026-11-21, not 'yesterday'"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_and_say_what_to_write(asked: Asked, why: str) -> None:
    with pytest.raises(Failure, match="Nothing was replayed") as refused:
        request(SEA, asked)
    assert why in str(refused.value)
    assert refused.value.code == ExitCode.USAGE


def test_the_command_hands_its_options_on(sea: Sea, run: Run) -> None:
    given = {}

    def keep(params: dict[str, Any], **_: Any) -> None:
        given.update(params)

    sea.deployed.clients.stepfunctions.meta.events.register(
        "provide-client-params.sfn.StartExecution", lambda params, **_: keep(params)
    )
    with sea.machine({"plan": msgspec.structs.replace(sea.plan, requests=())}):
        run("replay", "sea/tides", "--quarantined", "--rule", "range", "--contract", "1.1.0")
    asked = msgspec.json.decode(given["input"], type=PlanReplay)
    assert asked.quarantined == Quarantined("range")
    assert (asked.contract, asked.submit, given["name"]) == ("1.1.0", True, asked.id)


# ── following ────────────────────────────────────────────────────────────────────────────────────


def test_a_replay_is_followed_and_its_counts_are_told_before_and_after(sea: Sea, run: Run) -> None:
    def replay() -> None:
        after = sea.line(ObjectState.LOADED, 3, 0)
        sea.replayed(ObjectState.LOADED, after, verdict=Verdict(publish=True, rules=()))

    with sea.machine({"plan": sea.plan}, replay):
        ran = run("replay", "sea/tides", "--all", "--json")
    assert ran.exit_code == ExitCode.FINE, ran.stderr
    told = json.loads(ran.stdout)
    assert told["comparison"]["before"] == {
        "rows": 3,
        "curated": 2,
        "quarantined": 1,
        "states": {"LOADED_WITH_REJECTS": 1},
    }
    assert told["comparison"]["after"] == {"rows": 3, "curated": 3, "quarantined": 0, "states": {"LOADED": 1}}
    assert told["requests"] == [{"request": sea.key, "batch": 2, "state": "LOADED", "reason": ""}]
    (change,) = told["contract_changes"]
    assert change["changes"][0]["where"] == "height_m"
    assert not told["planned"]


def test_an_object_that_is_left_as_it_stands_is_told_with_the_reason(sea: Sea, run: Run) -> None:
    def replay() -> None:
        sea.replayed(ObjectState.LOADED, verdict=Verdict(publish=True, rules=()))
        unit = WorkUnit(0, (0,))
        manifest = Manifest(SEA, 2, sea.now, (Entry(sea.object, batch=1),), (unit,))
        gone = ObjectReport(sea.object.identity, "left", "", 0, 0, 0, "this version is gone from landing")
        sea.deployed.artefacts.write(keys.manifest_key(SEA, 2), records.encode(manifest))
        report = UnitReport(0, (gone,), (), (), ())
        sea.deployed.artefacts.write(keys.report_key(SEA, 2, 0), records.encode(report))

    with sea.machine({"plan": sea.plan}, replay):
        ran = run("replay", "sea/tides", "--all")
    assert ran.exit_code == ExitCode.FINE, ran.stderr
    assert f"left as it stands: {sea.object.identity}: this version is gone from landing" in ran.stdout


def test_a_replay_that_a_dataset_rule_refuses_changes_nothing_and_exits_with_trouble(
    sea: Sea, run: Run
) -> None:
    refused = Verdict(publish=False, rules=(FAILED_RULE,))
    with sea.machine({"plan": sea.plan}, lambda: sea.replayed(ObjectState.REJECTED, verdict=refused)):
        ran = run("replay", "sea/tides", "--batch", "1")
    assert ran.exit_code == ExitCode.TROUBLE
    assert ran.stdout.startswith("sea/tides: 1 object of 1 batch refused under contract 1.1.0+")
    assert "dataset rule some_rows refused the replay" in ran.stdout
    assert ran.stdout.splitlines()[1] == "as batch 2"
    assert "none of 1 object changes" in ran.stderr


def test_a_replay_of_which_one_request_is_refused_was_done_in_part(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = ObjectAudit("s3://landing/a", ObjectState.LOADED, 3, 3, 0, "", "")
    ends = tuple(RequestEnd("1.json", 2, state, "") for state in (ObjectState.LOADED, ObjectState.REJECTED))
    compared = compare([line], [line])
    show_replay(Replayed("sea/tides", "1", False, 1, ("1.0.0",), "1.1.0", (), compared, ends, ()))
    assert capsys.readouterr().out.startswith("sea/tides: 1 object of 1 batch partly replayed under")


def test_a_plan_tells_what_would_change_and_what_it_cannot_know(sea: Sea, run: Run) -> None:
    found: Comparison = compare(
        [sea.standing], [sea.line(ObjectState.LOADED, 3, 0)], unseen=("whether a row repeats another",)
    )
    sea.deployed.artefacts.write(keys.comparison_key(sea.key), records.encode(found))
    with sea.machine({"plan": sea.plan, "comparison": keys.comparison_key(sea.key)}):
        ran = run("replay", "sea/tides", "--all", "--plan")
    assert ran.exit_code == ExitCode.FINE, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0].startswith("sea/tides: 1 object of 1 batch would be replayed under contract 1.1.0+")
    assert any("since 1.0.0+" in line and "height_m" in line for line in lines)
    assert ["quarantined", "1", "0"] in [line.split() for line in lines]
    assert "LOADED_WITH_REJECTS 2 + 1" in ran.stdout
    assert "left out: 2 objects of batch 1: rejected under the same contract" in ran.stdout
    assert "whether a row repeats another" in ran.stdout
    assert "nothing was changed" in ran.stderr


def test_many_objects_are_counted_and_the_first_are_shown(sea: Sea, run: Run) -> None:
    before = [
        msgspec.structs.replace(sea.standing, identity=f"s3://landing/{number}") for number in range(30)
    ]
    after = [
        msgspec.structs.replace(one, state=ObjectState.LOADED, curated=3, quarantined=0) for one in before
    ]
    found = compare(before, after, left=["s3://landing/gone: this version is gone"])
    sea.deployed.artefacts.write(keys.comparison_key(sea.key), records.encode(found))
    with sea.machine({"plan": sea.plan, "comparison": keys.comparison_key(sea.key)}):
        ran = run("replay", "sea/tides", "--all", "--plan")
    assert "30 objects with another state or other counts" in ran.stdout
    assert ran.stdout.count("LOADED 3 + 0") == 20
    assert "10 more; --json lists up to 1,000" in ran.stderr
    assert "left as it stands: s3://landing/gone: this version is gone" in ran.stdout


def test_nothing_to_replay_says_so_and_why(sea: Sea, run: Run) -> None:
    with sea.machine({"plan": msgspec.structs.replace(sea.plan, requests=(), objects=0)}):
        ran = run("replay", "sea/tides", "--batch", "1")
    assert ran.exit_code == ExitCode.FINE, ran.stderr
    assert ran.stdout.startswith("sea/tides: nothing to replay\nleft out: 2 objects of batch 1")


@pytest.mark.parametrize(
    ("error", "cause", "code", "said"),
    [
        (
            "InvalidRequest",
            '{"errorMessage": "sea/tides has no batch 9: it has 1 to 1"}',
            ExitCode.USAGE,
            "sea/tides has no batch 9: it has 1 to 1\nNothing was replayed.",
        ),
        ("EngineFault", "PlanReplay", ExitCode.TROUBLE, "failed with EngineFault in PlanReplay"),
    ],
)
def test_a_replay_that_cannot_be_planned_says_why(
    sea: Sea, run: Run, error: str, cause: str, code: ExitCode, said: str
) -> None:
    with sea.machine(status="FAILED", error=error, cause=cause):
        ran = run("replay", "sea/tides", "--batch", "9")
    assert ran.exit_code == code
    assert said in ran.stderr


def test_a_rule_that_no_row_broke_is_said_with_the_rules_there_are(sea: Sea, run: Run) -> None:
    rows = (["column", "rule"], ["height_m", "range"], [None, "unreadable"], [None, None])
    sea.deployed.athena_answers(page({"column": "varchar", "rule": "varchar"}, *rows))
    cause = '{"errorMessage": "no row is what is asked for"}'
    with sea.machine(status="FAILED", error="InvalidRequest", cause=cause):
        ran = run("replay", "sea/tides", "--quarantined", "--rule", "nonsense")
    assert ran.exit_code == ExitCode.USAGE
    assert ran.stderr.splitlines() == [
        "no row is what is asked for",
        "Its rows are in quarantine by column and rule: height_m range, unreadable.",
        "Nothing was replayed.",
    ]


def test_rules_that_cannot_be_read_do_not_hide_why_a_replay_is_refused(sea: Sea, run: Run) -> None:
    sea.deployed.athena_answers(state="FAILED")
    cause = '{"errorMessage": "no row is what is asked for"}'
    with sea.machine(status="FAILED", error="InvalidRequest", cause=cause):
        ran = run("replay", "sea/tides", "--quarantined", "--rule", "nonsense")
    assert ran.exit_code == ExitCode.USAGE
    assert ran.stderr.splitlines() == ["no row is what is asked for", "Nothing was replayed."]


def test_requests_that_do_not_come_to_their_end_in_time_are_safe_in_the_ledger(sea: Sea, run: Run) -> None:
    with sea.machine({"plan": sea.plan}, sea.admit):
        ran = run("replay", "sea/tides", "--batch", "1", "--timeout", "0.2")
    assert ran.exit_code == ExitCode.TROUBLE
    assert "not all at their end within 0.2 s: 1 of 1 replay requests wait in the ledger" in ran.stderr


def test_a_replay_that_is_still_planned_when_time_is_up_goes_on_by_itself(sea: Sea, run: Run) -> None:
    with sea.machine(status="RUNNING"):
        ran = run("replay", "sea/tides", "--batch", "1", "--timeout", "0")
    assert ran.exit_code == ExitCode.TROUBLE
    assert "is still being planned; it goes on by itself" in ran.stderr
