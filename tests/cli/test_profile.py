"""`headrace profile`: what a batch published, what changed, what looks personal."""

import json

import msgspec
import pytest

from headrace.domain import keys
from headrace.domain.batch_profile import BatchProfile
from headrace.domain.drift import Drift
from headrace.domain.pii import Suspicion
from headrace.domain.profile import ColumnProfile, Value, merged, sketch
from headrace_cli import status
from headrace_cli.failures import ExitCode
from headrace_cli.status import status_of
from tests.cli.conftest import Run
from tests.cli.deployed import RUNWAYS, Deployed, loaded


@pytest.fixture(autouse=True)
def a_moment_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "_A_MOMENT_S", 0.01)


def lengths() -> ColumnProfile:
    values = [Value(str(number), float(number), None, number, 1) for number in range(100, 200)]
    return merged([sketch("length_ft", 105, values, "number")])


def surfaces() -> ColumnProfile:
    values = [Value("ASPH\x1b[31m", None, 4, 1, 3), Value("TURF", None, 4, 2, 1)]
    return merged([sketch("surface", 4, values)])


@pytest.fixture
def profiled(deployed: Deployed) -> Deployed:
    """Batch 2 published what drifted and looks personal; batch 3 published nothing."""
    deployed.register()
    profile = BatchProfile(
        RUNWAYS,
        2,
        "1.0.0+1a2b3c4d",
        105,
        (lengths(), surfaces(), ColumnProfile("owner", 105, 5, 90, withheld=True)),
        {"owner": Suspicion("email", 0.9, "90% of 100 sampled values are e-mail addresses")},
        (1,),
        (Drift("length_ft", "nulls", 0.0, 0.05, "4.8% of its rows have no value; before, it was 0.0%"),),
    )
    deployed.close(1, loaded(deployed.land("a.csv")))
    deployed.close(
        2,
        loaded(deployed.land("b.csv")),
        profile=keys.profile_key(RUNWAYS, 2),
        personal=("owner",),
        drifted=("length_ft",),
    )
    deployed.clients.s3.put_object(
        Bucket="artefacts", Key=keys.profile_key(RUNWAYS, 2), Body=msgspec.json.encode(profile)
    )
    return deployed


def test_the_newest_profile_is_shown_with_what_is_wrong(profiled: Deployed, run: Run) -> None:
    profiled.close(3, loaded(profiled.land("c.csv")))
    ran = run("profile", "aviation/runways")
    assert ran.exit_code == ExitCode.FINE
    assert "aviation/runways batch 2: 105 rows published, 1.0.0+1a2b3c4d" in ran.stdout
    lines = {line.split()[0]: line for line in ran.stdout.splitlines() if line.split()}
    assert lines["length_ft:"] == "  length_ft: 4.8% of its rows have no value; before, it was 0.0%"
    assert lines["owner"].endswith("withheld")
    assert "changed against batch 1:" in ran.stdout
    assert "owner: 90% of 100 sampled values are e-mail addresses" in ran.stdout
    assert "\x1b" not in ran.stdout


def test_one_column_is_shown_in_detail(profiled: Deployed, run: Run) -> None:
    ran = run("profile", "aviation/runways", "--batch", "2", "--column", "length_ft")
    rows = [line.split() for line in ran.stdout.splitlines()]
    assert ["no", "value", "5", "(4.8%)"] in rows
    assert ["least", "100"] in rows
    assert ["50", "%", "149"] in rows
    assert "owner" not in ran.stdout


def test_the_json_answer_is_the_record(profiled: Deployed, run: Run) -> None:
    ran = run("profile", "aviation/runways", "--json")
    found = msgspec.json.decode(ran.stdout, type=BatchProfile)
    assert found == msgspec.json.decode(
        profiled.artefacts.read(keys.profile_key(RUNWAYS, 2)), type=BatchProfile
    )
    narrowed = json.loads(run("profile", "aviation/runways", "--column", "owner", "--json").stdout)
    assert [one["column"] for one in narrowed["columns"]] == ["owner"]
    assert ([*narrowed["suspicions"]], narrowed["drift"]) == (["owner"], [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--batch", "1"), "batch 1 published no row, or is not closed"),
        (("--column", "depth"), "has no column depth; it has length_ft, surface, owner"),
    ],
)
def test_what_is_not_there_is_said(
    profiled: Deployed, run: Run, arguments: tuple[str, ...], said: str
) -> None:
    ran = run("profile", "aviation/runways", *arguments)
    assert (ran.exit_code, ran.stdout) == (ExitCode.USAGE, "")
    assert said in ran.stderr


def test_a_dataset_without_a_published_batch_says_so(deployed: Deployed, run: Run) -> None:
    deployed.register()
    ran = run("profile", "aviation/runways")
    assert ran.exit_code == ExitCode.USAGE
    assert "no row was published lately" in ran.stderr


def test_status_tells_of_personal_data_and_changes(profiled: Deployed) -> None:
    told = {one.what: one for one in status_of(profiled).trouble}
    assert [(one.subject, one.stuck) for one in told.values()] == [("aviation/runways", False)] * 2
    assert "batch 2 published what looks personal and is not masked: owner" in told
    assert "columns of batch 2 changed against earlier batches: length_ft" in told
