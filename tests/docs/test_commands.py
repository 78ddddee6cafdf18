"""docs/commands.md shows every command's help as it is, and every exit code.

`uv run python -m tests.docs.test_commands` writes the help into the page anew.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from headrace_cli.app import app
from headrace_cli.failures import ExitCode

PATH = Path(__file__).parents[2] / "docs/commands.md"
PAGE = PATH.read_text()
BLOCK = re.compile(r"^```help headrace ?([\w ]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(group: Any, names: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command by its words, those of groups after their group."""
    for name, command in getattr(group, "commands", {}).items():
        yield " ".join((*names, name))
        yield from commands(command, (*names, name))


COMMANDS = sorted(commands(get_command(app)))


def help_of(command: str) -> str:
    ran = CliRunner().invoke(
        app,
        [*command.split(), "--help"],
        prog_name="headrace",
        terminal_width=100,
        env={"HEADRACE_DEBUG": ""},
    )
    return ran.stdout


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_a_commands_help_is_shown_as_it_is(command: str) -> None:
    shown = dict(BLOCK.findall(PAGE))
    assert shown[command] == help_of(command), "uv run python -m tests.docs.test_commands"


def test_each_command_has_its_section_and_no_other_has_one() -> None:
    assert sorted(re.findall(r"^##+ headrace ([\w ]+)$", PAGE, re.MULTILINE)) == COMMANDS


def test_every_exit_code_is_explained_under_its_name() -> None:
    explained = re.findall(r"^\| (\d+) \| ([a-z ]+) \|", PAGE, re.MULTILINE)
    assert explained == [(str(code.value), code.name.lower().replace("_", " ")) for code in ExitCode]


if __name__ == "__main__":
    PATH.write_text(
        BLOCK.sub(
            lambda old: f"```help headrace {old[1]}\n{help_of(old[1])}```".replace(" \n", "\n", 1), PAGE
        )
    )
