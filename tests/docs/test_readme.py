"""The README's first two commands are the two that a newcomer needs, and its links lead somewhere."""

import re
from pathlib import Path

import pytest

from headrace.domain.contract.compile import compile_contract

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text("utf-8")
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]


def test_the_first_two_sh_blocks_are_the_demo_and_the_tests_one_line_each() -> None:
    demo, tests = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[:2]
    assert [demo.count("\n"), tests.count("\n")] == [1, 1]
    assert demo.rstrip().endswith("headrace demo")
    assert tests.rstrip().endswith("pytest")


def test_ci_calls_the_test_command_of_the_readme() -> None:
    assert (PROJECT / ".ci/run").read_text().rstrip().endswith("python3 -m uv run --all-groups pytest")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_contracts_of_the_demos_output_are_those_of_the_folder() -> None:
    shown = re.findall(r"^s3://[^/]+/(\w+/\w+)/.*?\n((?: .*\n)+)", README, re.MULTILINE)
    assert [dataset for dataset, _ in shown] == ["aviation/runways", "people/users"]
    for dataset, rows in shown:
        path = f"contracts/{dataset}.odcs.yaml"
        compiled = compile_contract(path, (PROJECT / path).read_text("utf-8")).compiled
        assert set(re.findall(r"contract ([^)]+)\)", rows)) == {compiled.contract}


def test_every_page_is_reached_from_the_readme_or_its_neighbours() -> None:
    linked = {
        (page.parent / link).resolve()
        for page in PAGES
        for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
    }
    pages = {page for page in PAGES[2:] if page.parent.name != "decisions"}
    assert pages <= linked
