"""docs/onboarding.md: a newcomer who types what it says gets what it says."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/onboarding.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DEPLOYED = ("headrace up", "headrace contract diff", "headrace down")


class Newcomer:
    """Types the page's commands into a shell, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed = ""

    def type(self, commands: str) -> None:
        """Run a block; whatever it prints must not be trouble."""
        state = f"headrace --state {self.folder / 'state'}"
        typed = re.sub(r"^headrace\b", state, commands, flags=re.MULTILINE)
        typed = re.sub(r" up$", " up --port 0 --no-register", typed, flags=re.MULTILINE)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-e", "-c", typed],
            cwd=self.folder,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        self.printed = done.stdout

    def reads(self, kind: str, shown: str) -> None:
        """Hold what the page shows against what is there: the last answer, or the contract."""
        there = (
            self.printed if kind == "text" else (self.folder / "contracts/cinema/films.odcs.yaml").read_text()
        )
        assert shown.rstrip() in there


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    return Newcomer(tmp_path)


def blocks(*, deployed: bool) -> Iterator[tuple[str, str]]:
    """The page's blocks in their order, up to the first that needs a deployment, unless `deployed`."""
    for kind, text in BLOCK.findall(PAGE):
        if text.startswith(DEPLOYED) and not deployed:
            return
        yield kind, text


def follow(newcomer: Newcomer, *, deployed: bool) -> None:
    for kind, text in blocks(deployed=deployed):
        if kind == "sh":
            newcomer.type(text)
        else:
            newcomer.reads(kind, text)


@pytest.mark.slow
def test_the_page_leads_to_a_contract_that_is_tried(newcomer: Newcomer) -> None:
    follow(newcomer, deployed=False)
    assert "pass" in newcomer.printed


@pytest.mark.laptop
@pytest.mark.slow
def test_the_page_leads_to_a_table_that_is_queried(newcomer: Newcomer) -> None:
    try:
        follow(newcomer, deployed=True)
    finally:
        newcomer.type("headrace down --wipe\n")


def test_the_page_shows_each_contract_command() -> None:
    typed = set(re.findall(r"^headrace contract (\w+)", PAGE, re.MULTILINE))
    assert typed == {"infer", "check", "try", "test", "diff", "show"}
