"""Rebuilds: what is told of a plan, of a comparison, and of a shadow that does not get on."""

import json
from typing import Any

import pytest

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import Finished
from headrace.domain.rebuild import Rebuild
from headrace.steps import records
from headrace_cli.failures import ExitCode
from headrace_cli.rebuild.difference import Difference
from headrace_cli.rebuild.rebuilding import Rebuilt
from headrace_cli.rebuild.views import show_rebuild
from tests.cli.conftest import Run
from tests.cli.deployed import NOW, RUNWAYS, Deployed, loaded, page

SHADOW = DatasetId("aviation", "runways_rebuild1")
LINE = {"rows": "bigint", "only_old": "bigint", "only_new": "bigint", "different": "bigint"}


@pytest.fixture
def runways(deployed: Deployed) -> Deployed:
    """One batch of aviation/runways: three rows, one of them in quarantine."""
    deployed.register()
    landed = deployed.land("a.csv")
    deployed.start()
    deployed.close(1, loaded(landed, 3, 1))
    return deployed


def answer(watermark: int, **told: object) -> bytes:
    return json.dumps({"shadow": str(SHADOW), "watermark": watermark, "copied": watermark, **told}).encode()


def filled(deployed: Deployed) -> None:
    """The shadow stands, and has closed batch 1."""
    deployed.register(SHADOW)
    landed = deployed.land("a.csv", SHADOW)
    deployed.start(SHADOW)
    deployed.close(1, loaded(landed, 3, 1), dataset=SHADOW)


def test_a_plan_says_what_would_be_refined_again_and_changes_nothing(runways: Deployed, run: Run) -> None:
    ran = run("rebuild", str(RUNWAYS), "--plan")
    assert ran.exit_code == ExitCode.FINE
    assert ran.stdout == (
        "aviation/runways: 1 batch of 1 object would be refined again: 3 rows = 2 curated + 1 quarantined\n"
    )
    begun = Rebuild(RUNWAYS, 1, SHADOW, NOW.isoformat())
    records.create(runways.artefacts, keys.rebuild_key(RUNWAYS, 1), begun)
    planned = json.loads(run("rebuild", str(RUNWAYS), "--plan", "--json").stdout)
    assert planned == {
        "dataset": "aviation/runways",
        "batches": 1,
        "objects": 1,
        "rows": 3,
        "curated": 2,
        "quarantined": 1,
        "shadow": "aviation/runways_rebuild1",
    }
    assert runways.ledger.dataset(SHADOW) is None


def test_a_dataset_that_is_not_registered_is_not_rebuilt(deployed: Deployed, run: Run) -> None:
    for options in ((), ("--plan",)):
        ran = run("rebuild", "aviation/taxiways", *options)
        assert ran.exit_code == ExitCode.USAGE
        assert "aviation/taxiways is not registered" in ran.stderr


def test_options_that_exclude_each_other_are_refused(deployed: Deployed, run: Run) -> None:
    ran = run("rebuild", str(RUNWAYS), "--plan", "--accept")
    assert (ran.exit_code, ran.stdout) == (ExitCode.USAGE, "")
    assert "--plan, --keep, --accept and --drop exclude each other" in ran.stderr


def test_a_plan_counts_what_landed_and_not_the_requests_for_replays(runways: Deployed, run: Run) -> None:
    request = LandedObject("artefacts", f"replays/{RUNWAYS}/1/00000.json", "", "c0ffee", 42)
    runways.ledger.admit(RUNWAYS, request, NOW)
    runways.ledger.assign(RUNWAYS, 2, [request])
    runways.ledger.finish(RUNWAYS, 2, [Finished(request, ObjectState.LOADED, "", 3, 3, 0)])
    state = runways.ledger.dataset(RUNWAYS)
    assert state
    runways.ledger.advance(RUNWAYS, 2, state.registration)
    planned = json.loads(run("rebuild", str(RUNWAYS), "--plan", "--json").stdout)
    assert [planned[name] for name in ("batches", "objects", "rows", "curated")] == [2, 1, 3, 2]


@pytest.mark.parametrize("error", ["InvalidRequest", "UnknownDataset"])
def test_what_the_function_refuses_is_said_in_its_own_words(runways: Deployed, run: Run, error: str) -> None:
    refusal = {"errorType": error, "errorMessage": "aviation/runways has no batch yet"}
    with runways.function_answers(json.dumps(refusal).encode(), failed=True):
        ran = run("rebuild", str(RUNWAYS))
    assert (ran.exit_code, ran.stdout) == (ExitCode.USAGE, "")
    assert ran.stderr == "aviation/runways has no batch yet\n"


def test_a_plan_refuses_what_the_rebuild_would_refuse(deployed: Deployed, run: Run) -> None:
    deployed.register()
    ran = run("rebuild", str(RUNWAYS), "--plan")
    assert (ran.exit_code, ran.stdout) == (ExitCode.USAGE, "")
    assert ran.stderr == "aviation/runways has no batch yet, so there is nothing to rebuild\n"
    long = DatasetId("aviation", "r" * 32)
    deployed.register(long)
    deployed.close(1, loaded(deployed.land("a.csv", long)), dataset=long)
    ran = run("rebuild", str(long), "--plan")
    assert (ran.exit_code, ran.stdout) == (ExitCode.USAGE, "")
    assert "has too long a name for a rebuild, which adds `_rebuild1` to it" in ran.stderr


@pytest.mark.parametrize(
    ("shadow", "said"),
    [
        (
            str(SHADOW),
            "aviation/runways: aviation/runways_rebuild1 is given up; its tables are as they were\n",
        ),
        ("", "aviation/runways: no rebuild was begun; its tables are as they were\n"),
    ],
)
def test_a_rebuild_is_given_up(runways: Deployed, run: Run, shadow: str, said: str) -> None:
    with runways.function_answers(json.dumps({"shadow": shadow}).encode()):
        ran = run("rebuild", str(RUNWAYS), "--drop")
    assert (ran.exit_code, ran.stdout) == (ExitCode.FINE, said)


def test_a_shadow_that_is_stuck_ends_the_command_and_says_where(runways: Deployed, run: Run) -> None:
    runways.register(SHADOW)
    runways.land("a.csv", SHADOW)
    holder = runways.start(SHADOW)
    for _ in range(7):
        runways.stop(holder)
        holder = runways.start(SHADOW, instead_of=holder)
    runways.stop(holder)
    with runways.function_answers(answer(1)):
        ran = run("rebuild", str(RUNWAYS))
    assert ran.exit_code == ExitCode.TROUBLE
    assert "aviation/runways_rebuild1 is stuck at batch 1 of 1; aviation/runways is as it was" in ran.stderr


def test_a_shadow_that_is_not_filled_in_time_can_be_gone_on_with(runways: Deployed, run: Run) -> None:
    runways.register(SHADOW)
    runways.land("a.csv", SHADOW)
    runways.start(SHADOW)
    with runways.function_answers(answer(1)):
        ran = run("rebuild", str(RUNWAYS), "--timeout", "0")
    assert ran.exit_code == ExitCode.TROUBLE
    assert "was not filled in time" in ran.stderr
    assert "the same command goes on" in ran.stderr


def test_rows_that_differ_keep_the_tables_as_they_were(runways: Deployed, run: Run) -> None:
    filled(runways)
    database = runways.outputs.curated_database
    for name in (database, runways.outputs.quarantine_database):
        runways.clients.glue.create_database(DatabaseInput={"Name": name})
        for dataset in (RUNWAYS, SHADOW):
            columns = [{"Name": column, "Type": "string"} for column in ("name", "_object", "_row", "_batch")]
            described: Any = {"Name": dataset.table, "StorageDescriptor": {"Columns": columns}}
            runways.clients.glue.create_table(DatabaseName=name, TableInput=described)
    runways.athena_answers(page(LINE, list(LINE), ["1", "0", "0", "0"]))
    runways.athena_answers(page(LINE, list(LINE), ["1200", "0", "3", "1"]))
    with runways.function_answers(answer(1)):
        ran = run("rebuild", str(RUNWAYS))
    assert ran.exit_code == ExitCode.TROUBLE
    curated = next(line for line in ran.stdout.splitlines() if database in line).split()
    assert curated == ["headrace_curated.aviation_runways", "1,200", "0", "3", "1"]
    assert "its rebuilt rows are in aviation/runways_rebuild1" in ran.stdout
    assert "`headrace rebuild aviation/runways --accept` swaps them in" in ran.stderr
    assert "headrace query - <<'SQL'\nSELECT" in ran.stderr


def test_a_rebuild_that_was_swapped_in_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    same = Difference("curated.aviation_runways", 2, 0, 0, 0, "SELECT 1")
    show_rebuild(Rebuilt(str(RUNWAYS), str(SHADOW), 2, (same,), published=True))
    said = capsys.readouterr()
    assert "aviation/runways: rebuilt from 2 batches and swapped in" in said.out
    assert said.err == ""
