"""What the demo lands, and what it takes for right."""

from pathlib import Path

import pytest

from headrace.domain.dataset import DatasetId
from headrace_cli import demo
from tests.cli.deployed import RUNWAYS, Deployed, loaded, page

COUNT = {"n": "bigint", "places": "bigint"}


def test_files_of_a_dataset_land_one_after_the_other_the_largest_first(tmp_path: Path) -> None:
    for name, size in {
        "aviation/LICENCE": 9,
        "aviation/runways/small.csv": 1,
        "aviation/runways/large.csv": 3,
        "people/users/b.csv": 2,
        "people/users/a.csv": 2,
        "people/users/c.csv": 1,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x" * size)
    users = DatasetId("people", "users")
    landed = [{dataset: file.name for dataset, file in wave.items()} for wave in demo.waves(tmp_path)]
    assert landed == [
        {RUNWAYS: "large.csv", users: "a.csv"},
        {RUNWAYS: "small.csv", users: "b.csv"},
        {users: "c.csv"},
    ]


@pytest.mark.parametrize(
    ("curated", "quarantined", "right"),
    [
        (("8", "8"), ("2", "2"), True),
        (("7", "7"), ("2", "2"), False),
        (("8", "8"), ("2", "1"), False),
        (("9", "8"), ("1", "1"), False),
    ],
    ids=["right", "a row lost", "a row twice in quarantine", "a row twice in curated"],
)
def test_rows_are_right_only_when_each_is_somewhere_once(
    deployed: Deployed, curated: tuple[str, str], quarantined: tuple[str, str], right: bool
) -> None:
    deployed.register()
    deployed.close(1, loaded(deployed.land("a.csv"), rows=10, quarantined=2))
    for counted in (curated, quarantined):
        deployed.athena_answers(page(COUNT, ["n", "places"], counted))
    assert (list(demo.conserved(deployed, RUNWAYS)) == []) is right


def test_every_example_has_a_contract() -> None:
    landed = {dataset for wave in demo.waves(demo.EXAMPLES) for dataset in wave}
    contracts = Path(demo.EXAMPLES).parent / "contracts"
    assert landed
    assert all((contracts / f"{dataset}.odcs.yaml").exists() for dataset in landed)
