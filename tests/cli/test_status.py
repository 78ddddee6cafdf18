"""What `status` says of a deployment, from all at rest to all in trouble."""

import json

import pytest

from headrace.domain.batch import ObjectAudit
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import ObjectState
from headrace.domain.lineup import Finished
from headrace.domain.zones import CONTRACT, SOURCES, WATERMARK
from headrace_cli import status
from headrace_cli.failures import ExitCode
from headrace_cli.status import status_of
from tests.cli.conftest import Run
from tests.cli.deployed import NOW, RUNWAYS, Deployed, loaded

AIRPORTS = DatasetId("aviation", "airports")
LONGEST = DatasetId("aviation", "longest_runways")


@pytest.fixture(autouse=True)
def a_moment_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "_A_MOMENT_S", 0.01)


def mart_of(batch: int) -> dict[str, str]:
    return {WATERMARK: "1", SOURCES: json.dumps({"aviation/runways": batch}), CONTRACT: "key"}


def test_a_deployment_at_rest_is_fine(deployed: Deployed, run: Run) -> None:
    deployed.register(AIRPORTS)
    deployed.register()
    deployed.close(1, loaded(deployed.land("a.csv"), rows=3, quarantined=1))
    deployed.register_mart(LONGEST, [RUNWAYS], mart_of(1))
    ran = run("status", "--json")
    found = json.loads(ran.stdout)
    assert ran.exit_code == ExitCode.FINE
    assert ran.stderr == ""
    assert (found["at_rest"], found["trouble"]) == (True, [])
    assert found["buffer"] == {"waiting": 0, "in_flight": 0, "dead": 0, "undelivered": 0}
    assert [one["dataset"] for one in found["datasets"]] == ["aviation/airports", "aviation/runways"]
    runways = found["datasets"][1]
    assert (runways["contract"], runways["watermark"], runways["waiting"]) == ("1.0.0+1a2b3c4d", 1, 0)
    assert runways["states"] == {"LOADED_WITH_REJECTS": 1}
    assert runways["batches"][0]["reasons"] == [{"column": "length_ft", "rule": "type", "rows": 1}]
    (mart,) = found["marts"]
    assert (mart["holds"], mart["published"]) == ({"aviation/runways": 1}, {"aviation/runways": 1})


def test_a_running_batch_is_no_trouble(deployed: Deployed) -> None:
    deployed.register()
    deployed.land("a.csv")
    execution = deployed.start()
    found = status_of(deployed)
    assert (found.at_rest, found.trouble) == (False, ())
    (runways,) = found.datasets
    assert runways.execution
    assert (runways.execution.name, runways.execution.status) == (execution, "RUNNING")
    assert runways.states == {"PENDING": 1}


def test_a_batch_whose_execution_ended_is_on_top_with_what_to_do(deployed: Deployed, run: Run) -> None:
    deployed.register()
    deployed.land("a.csv")
    deployed.stop(deployed.start())
    ran = run("status")
    assert ran.exit_code == ExitCode.TROUBLE
    above, below = ran.stdout.split("buffer:")
    assert (
        "STUCK  aviation/runways: batch 1: execution aviation-runways-1-1 is ABORTED (attempt 1 of 8)"
        in above
    )
    assert "next: `headrace reconcile` starts the next attempt now" in above
    assert "aviation/runways" in below


def test_after_the_last_attempt_registering_again_starts_over(deployed: Deployed) -> None:
    deployed.register()
    deployed.land("a.csv")
    deployed.exhaust()
    (trouble,) = status_of(deployed).trouble
    assert "(attempt 8 of 8)" in trouble.what
    assert "`headrace register contracts/aviation/runways.odcs.yaml` starts over" in trouble.next


def test_objects_that_wait_with_nobody_working_are_stuck(deployed: Deployed) -> None:
    deployed.register()
    deployed.land("a.csv")
    (trouble,) = status_of(deployed).trouble
    assert (trouble.subject, trouble.stuck) == ("aviation/runways", True)
    assert trouble.what == "1 object waiting, and no execution takes them"


def test_what_an_event_moves_on_in_a_moment_is_no_trouble(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.register()
    deployed.land("a.csv")
    monkeypatch.setattr("time.sleep", lambda _: deployed.start())
    assert status_of(deployed).trouble == ()


@pytest.mark.parametrize(
    ("queue", "subject", "what"),
    [
        ("buffer_dead_letter_queue_url", "buffer", "1 message in the dead-letter queue"),
        ("undelivered_queue_url", "undelivered", "1 message in the queue of undelivered events and calls"),
    ],
)
def test_messages_given_up_on_are_trouble(deployed: Deployed, queue: str, subject: str, what: str) -> None:
    deployed.sqs.send_message(QueueUrl=getattr(deployed.outputs, queue), MessageBody="{}")
    (trouble,) = status_of(deployed).trouble
    assert (trouble.subject, trouble.stuck) == (subject, True)
    assert trouble.what.startswith(what)


def test_a_rejected_batch_is_to_be_looked_at_but_not_stuck(deployed: Deployed, run: Run) -> None:
    deployed.register()
    end = Finished(deployed.land("a.csv"), ObjectState.REJECTED, "some_rows", 3, 0, 3)
    deployed.close(1, end, publish=False)
    ran = run("status", "aviation/runways")
    assert ran.exit_code == ExitCode.FINE
    assert "LOOK   aviation/runways: Nothing of batch 1 was published" in ran.stdout
    assert "some_rows: measured 0, expected row_count at least 1" in ran.stdout
    assert "next: `headrace quarantine aviation/runways`" in ran.stdout
    assert "`headrace replay aviation/runways --batch 1 --plan`" in ran.stdout


def test_a_mart_behind_what_it_reads_is_stuck_when_no_refresh_runs(deployed: Deployed) -> None:
    deployed.register()
    deployed.close(1, loaded(deployed.land("a.csv")))
    deployed.close(2, loaded(deployed.land("b.csv")))
    deployed.register_mart(LONGEST, [RUNWAYS], mart_of(1))
    (trouble,) = status_of(deployed).trouble
    assert (trouble.subject, trouble.stuck) == ("aviation/longest_runways", True)
    assert "aviation/runways 1 of 2" in trouble.what
    machine = deployed.outputs.refresh_mart_state_machine_arn
    deployed.clients.stepfunctions.start_execution(stateMachineArn=machine)
    assert status_of(deployed).trouble == ()


def test_a_batch_that_published_nothing_leaves_no_mart_behind(deployed: Deployed) -> None:
    deployed.register()
    deployed.close(1, loaded(deployed.land("a.csv")))
    deployed.close(2, Finished(deployed.land("b.csv"), ObjectState.REJECTED, "", 3, 0, 3), publish=False)
    deployed.register_mart(LONGEST, [RUNWAYS], mart_of(1))
    assert not any(one.stuck for one in status_of(deployed).trouble)


def test_a_mart_holds_no_more_than_there_is(deployed: Deployed, run: Run) -> None:
    deployed.register()
    deployed.close(1, loaded(deployed.land("a.csv")))
    deployed.close(2, Finished(deployed.land("b.csv"), ObjectState.QUARANTINED, "not UTF-8", 1, 0, 1))
    deployed.register_mart(LONGEST, [RUNWAYS], mart_of(2))
    assert "aviation/runways 2 of 2" in run("status").stdout


def test_one_dataset_shows_its_batches_and_its_objects_worst_first(deployed: Deployed, run: Run) -> None:
    deployed.register(AIRPORTS)
    deployed.register()
    deployed.close(1, loaded(deployed.land("a.csv")))
    unreadable = Finished(deployed.land("b.csv"), ObjectState.QUARANTINED, "not UTF-8 at byte 7", 1, 0, 1)
    deployed.close(2, loaded(deployed.land("c.csv")), unreadable)
    deployed.land("d.csv")
    deployed.start()
    ran = run("status", "aviation/runways")
    assert "airports" not in ran.stdout
    listed = ran.stdout.split("objects, those to look at first")[1]
    rows = [line.split() for line in listed.splitlines() if "csv" in line]
    assert [row[0] for row in rows] == ["QUARANTINED", "PENDING", "LOADED", "LOADED"]
    assert listed.count("not UTF-8 at byte 7") == 1
    found = json.loads(run("status", "aviation/runways", "--json").stdout)
    assert [one["batch"] for one in found["datasets"][0]["batches"]] == [2, 1]
    assert found["datasets"][0]["states"] == {"PENDING": 1, "LOADED": 2, "QUARANTINED": 1}


def test_a_replayed_object_is_shown_once_as_it_is_now(deployed: Deployed, run: Run) -> None:
    deployed.register()
    landed = deployed.land("a.csv")
    deployed.close(1, loaded(landed, 3, 1))
    request = ObjectAudit("s3://artefacts/replays/1", ObjectState.LOADED, 3, 3, 0, "", "")
    deployed.close(2, loaded(landed, 3, 0), replay=request)
    found = json.loads(run("status", "aviation/runways", "--json").stdout)
    assert [(one["state"], one["batch"]) for one in found["objects"]] == [("LOADED", 2)]
    assert found["datasets"][0]["states"] == {"LOADED": 1}
    assert [one["verdict"] for one in found["datasets"][0]["batches"]] == ["replayed", "published"]


def test_a_refused_replay_is_shown_with_the_rule_that_refused_it(deployed: Deployed, run: Run) -> None:
    deployed.register()
    landed = deployed.land("a.csv")
    deployed.close(1, loaded(landed))
    request = ObjectAudit("s3://artefacts/replays/1", ObjectState.REJECTED, 3, 0, 3, "", "")
    deployed.close(2, publish=False, replay=request)
    batches = run("status", "aviation/runways").stdout.split("recent batches")[1]
    refused = next(line for line in batches.splitlines() if "refused" in line)
    assert "some_rows: measured 0, expected row_count at least 1" in refused


def test_a_mart_is_behind_a_replay_that_took_all_rows_away(deployed: Deployed) -> None:
    deployed.register()
    landed = deployed.land("a.csv")
    deployed.close(1, loaded(landed))
    request = ObjectAudit("s3://artefacts/replays/1", ObjectState.LOADED, 3, 0, 3, "", "")
    deployed.close(2, loaded(landed, 3, 3), replay=request)
    deployed.register_mart(LONGEST, [RUNWAYS], mart_of(1))
    (trouble,) = status_of(deployed).trouble
    assert "aviation/runways 1 of 2" in trouble.what


def test_objects_that_no_dataset_takes_are_listed_with_the_reason(deployed: Deployed, run: Run) -> None:
    stray = deployed.land("x.csv", AIRPORTS)
    deployed.ledger.refuse(stray, "no contract is registered for aviation/airports", NOW)
    ran = run("status")
    assert "unrouted objects" in ran.stdout
    assert "no contract is registered for aviation/airports" in ran.stdout
    assert ran.exit_code == ExitCode.FINE


@pytest.mark.parametrize(
    "command",
    [
        ("status", str(LONGEST)),
        ("verify", str(LONGEST)),
        ("quarantine", str(LONGEST)),
        ("replay", str(LONGEST), "--all"),
        ("rebuild", str(LONGEST)),
    ],
    ids=lambda command: command[0],
)
def test_a_mart_is_told_from_what_is_not_registered(
    deployed: Deployed, run: Run, command: tuple[str, ...]
) -> None:
    deployed.register()
    deployed.register_mart(LONGEST, [RUNWAYS], mart_of(1))
    ran = run(*command)
    assert (ran.exit_code, ran.stdout) == (ExitCode.USAGE, "")
    assert ran.stderr == (
        "aviation/longest_runways is a mart: `headrace status` shows it; it has no batches\n"
    )


def test_a_dataset_that_is_not_registered_is_a_usage_error(deployed: Deployed, run: Run) -> None:
    assert run("status", "aviation/runways").exit_code == ExitCode.USAGE
