"""Uploading to landing, and waiting for the end."""

from pathlib import Path

import pytest

from headrace.domain.landed import LandedObject
from headrace_cli import put
from headrace_cli.failures import ExitCode, Failure
from tests.cli.conftest import Run
from tests.cli.deployed import NOW, RUNWAYS, Deployed, loaded


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "runways.csv"
    path.write_text("id,length_ft\n1,8000\n")
    return path


def test_a_file_lands_under_its_datasets_prefix(deployed: Deployed, run: Run, file: Path) -> None:
    deployed.register()
    ran = run("put", str(file), "--dataset", "aviation/runways", "--as", "2026/march.csv")
    assert ran.stdout == "s3://landing/aviation/runways/2026/march.csv\n"
    body = deployed.clients.s3.get_object(Bucket="landing", Key="aviation/runways/2026/march.csv")["Body"]
    assert body.read() == file.read_bytes()


def test_a_version_put_is_the_version_that_stands(deployed: Deployed, file: Path) -> None:
    (landed,) = put.put(deployed, RUNWAYS, {"runways.csv": file})
    head = deployed.clients.s3.head_object(Bucket="landing", Key="aviation/runways/runways.csv")
    assert landed == LandedObject(
        "landing", "aviation/runways/runways.csv", head["VersionId"], head["ETag"].strip('"'), 20
    )


def test_a_dataset_that_is_not_registered_is_refused_with_those_that_are(
    deployed: Deployed, run: Run, file: Path
) -> None:
    deployed.register()
    ran = run("put", str(file), "--dataset", "aviation/runway")
    assert ran.exit_code == ExitCode.USAGE
    assert "aviation/runway is not registered; these datasets are: aviation/runways." in ran.stderr
    assert "Contents" not in deployed.clients.s3.list_objects_v2(Bucket="landing")


def test_nothing_is_put_when_one_file_is_missing(deployed: Deployed, run: Run, file: Path) -> None:
    deployed.register()
    ran = run("put", str(file), str(file.with_name("gone.csv")), "--dataset", "aviation/runways")
    assert ran.exit_code == ExitCode.USAGE
    assert "gone.csv is not there. Nothing was put." in ran.stderr
    assert "Contents" not in deployed.clients.s3.list_objects_v2(Bucket="landing")


def test_two_files_of_one_name_are_refused(tmp_path: Path, file: Path) -> None:
    twin = tmp_path / "old" / file.name
    twin.parent.mkdir()
    twin.write_text("")
    with pytest.raises(Failure, match="would both be runways"):
        put.landing_names([file, twin], None)


@pytest.mark.parametrize("name", ["", "/runways.csv", "2026/"])
def test_a_name_that_makes_no_key_is_refused(file: Path, name: str) -> None:
    with pytest.raises(Failure, match="not a file's name"):
        put.landing_names([file], name)


def test_a_dataset_that_is_no_name_is_a_usage_error(deployed: Deployed, run: Run, file: Path) -> None:
    ran = run("put", str(file), "--dataset", "Aviation")
    assert ran.exit_code == ExitCode.USAGE
    assert "write domain/name" in ran.stderr


def test_waiting_ends_with_every_versions_state_in_whatever_batch(deployed: Deployed) -> None:
    deployed.register()
    first, second = deployed.land("a.csv"), deployed.land("b.csv")
    deployed.close(1, loaded(first))
    deployed.close(2, loaded(second, quarantined=1))
    ends = put.wait(deployed, RUNWAYS, [second, first], from_batch=1, timeout=5)
    assert [(end.object, str(end.state), end.batch) for end in ends] == [
        (second, "LOADED_WITH_REJECTS", 2),
        (first, "LOADED", 1),
    ]


def test_waiting_ends_with_its_time(deployed: Deployed) -> None:
    deployed.register()
    landed = deployed.land("a.csv")
    with pytest.raises(Failure, match="1 of 1 objects wait") as failed:
        put.wait(deployed, RUNWAYS, [landed], from_batch=1, timeout=0)
    assert failed.value.code is ExitCode.TROUBLE


def test_waiting_ends_when_nothing_but_a_person_will_move_the_dataset(deployed: Deployed) -> None:
    deployed.register()
    landed = deployed.land("a.csv")
    deployed.exhaust()
    with pytest.raises(Failure, match="the dataset is stuck"):
        put.wait(deployed, RUNWAYS, [landed], from_batch=1, timeout=600)


def test_put_and_wait_shows_the_ends(deployed: Deployed, run: Run, file: Path) -> None:
    deployed.register()
    uploads = deployed.clients.s3.meta.events

    def ingest(**_: object) -> None:
        uploads.unregister("after-call.s3.PutObject", ingest)
        found = deployed.clients.s3.list_object_versions(Bucket="landing")["Versions"][0]
        landed = LandedObject(
            "landing", found["Key"], found["VersionId"], found["ETag"].strip('"'), found["Size"]
        )
        deployed.ledger.admit(RUNWAYS, landed, NOW)
        deployed.close(1, loaded(landed, rows=1))

    uploads.register("after-call.s3.PutObject", ingest)
    ran = run("put", str(file), "--dataset", "aviation/runways", "--wait")
    assert ran.exit_code == ExitCode.FINE
    end = ran.stdout.splitlines()[-1].split()
    assert end == ["aviation/runways/runways.csv", "LOADED", "1", "1", "1", "0"]
