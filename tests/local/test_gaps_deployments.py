"""A deployment reaches functions that are warm.

Each gap is tested twice: plain MiniStack still has it, else ours can go; here it is closed.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from headrace_local.laptop import Laptop
from tests.local.account import Account, new_name

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

# Deployments


def versions_seen_around_a_deployment(laptop: Laptop, platform: Path) -> tuple[int, int]:
    """What a warm function sees of the project's code before and after it changed and was deployed."""
    module = platform / "platform_of_the_project.py"
    module.write_text("VERSION = 1")
    with patch.dict(os.environ, {"PYTHONPATH": str(platform)}):
        laptop.start()
    account = Account(laptop)
    function = account.function(
        "import platform_of_the_project\n"
        "def handler(event, context): return platform_of_the_project.VERSION\n"
    )
    before = account.invoke(function)
    module.write_text("VERSION = 22")
    account.client("cloudformation").create_change_set(
        StackName=new_name(),
        ChangeSetName="any",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}',
    )
    return before, account.invoke(function)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Laptop]:
    laptop = Laptop(tmp_path / "own", port=0, keep=False)
    yield laptop
    laptop.stop()


@pytest.fixture
def own_plain(tmp_path: Path) -> Iterator[Laptop]:
    laptop = Laptop(tmp_path / "plain", port=0, keep=False, plain=True)
    yield laptop
    laptop.stop()


def test_plain_a_deployment_does_not_reach_a_warm_function(own_plain: Laptop, tmp_path: Path) -> None:
    assert versions_seen_around_a_deployment(own_plain, tmp_path) == (1, 1)


def test_a_deployment_reaches_a_warm_function(own: Laptop, tmp_path: Path) -> None:
    assert versions_seen_around_a_deployment(own, tmp_path) == (1, 22)
