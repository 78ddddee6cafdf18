"""`headrace verify` says what is wrong, and its exit code tells wrong from not at rest."""

import json

import pytest

from headrace.domain.dataset import DatasetId
from headrace_cli.failures import ExitCode
from headrace_cli.verify import Verified, Violation
from headrace_cli.verify.views import show_verified
from tests.cli.conftest import Run
from tests.cli.deployed import RUNWAYS, Deployed


def test_a_deployment_without_datasets_is_at_rest(deployed: Deployed, run: Run) -> None:
    ran = run("verify")
    assert (ran.exit_code, ran.stdout) == (
        ExitCode.FINE,
        "0 datasets, 0 batches, 0 objects, 0 rows: 0 violations; all at rest\n",
    )


def test_what_lies_in_landing_and_nobody_knows_is_wrong(deployed: Deployed, run: Run) -> None:
    deployed.clients.s3.put_object(Bucket="landing", Key="sea/tides/a.csv", Body=b"harbour\n")
    assert run("verify").exit_code == ExitCode.NOT_AT_REST
    ran = run("verify", "--settle", "0")
    assert ran.exit_code == ExitCode.TROUBLE
    assert ran.stdout.startswith(
        "WRONG  I2 deployment: a landed object is unknown to the ledger (s3://landing/sea"
    )


def test_messages_on_their_way_are_told_from_dead_ones(deployed: Deployed, run: Run) -> None:
    deployed.sqs.send_message(QueueUrl=deployed.outputs.buffer_queue_url, MessageBody="{}")
    ran = run("verify", "--json")
    assert ran.exit_code == ExitCode.NOT_AT_REST
    assert json.loads(ran.stdout)["under_way"] == ["1 message is in the queue buffer"]
    deployed.sqs.send_message(QueueUrl=deployed.outputs.buffer_dead_letter_queue_url, MessageBody="{}")
    ran = run("verify", "--json")
    assert ran.exit_code == ExitCode.TROUBLE
    (violation,) = json.loads(ran.stdout)["violations"]
    assert (violation["invariant"], violation["evidence"]) == ("I5", "dead letters; `headrace redrive`")
    assert violation["what"] == "1 dead message is in a queue"


def test_a_dataset_that_is_not_registered_is_a_wrong_word(deployed: Deployed, run: Run) -> None:
    deployed.register(RUNWAYS)
    ran = run("verify", str(DatasetId("sea", "tides")))
    assert ran.exit_code == ExitCode.USAGE
    assert "these datasets are: aviation/runways" in ran.stderr


def test_what_is_wrong_stands_first_and_data_has_no_power_over_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = Violation("I1", "sea/tides", "2 rows of curated are there more than once", "s3://a\nb")
    left = Violation("I4b", "sea/tides", "1 files (5 bytes) are in no table and no record", "such as a")
    busy = "sea/tides: execution a works on it"
    show_verified(Verified(("sea/tides",), 1, 2, 3, (wrong,), (left,), (busy,)))
    assert capsys.readouterr().out.splitlines() == [
        r"WRONG  I1 sea/tides: 2 rows of curated are there more than once (s3://a\nb)",
        "LOOK   I4b sea/tides: 1 files (5 bytes) are in no table and no record (such as a)",
        "BUSY   sea/tides: execution a works on it",
        "1 dataset, 1 batch, 2 objects, 3 rows: 1 violation; not at rest, and what is worked on was left out",
    ]
