"""docs/errors.md explains every error, on the right side of the retry line."""

import inspect
import re
from pathlib import Path
from typing import get_args

import pytest
from msgspec import Struct

from headrace.domain import errors
from headrace.domain.errors import HeadraceError, Retryable, Terminal
from headrace.domain.plan import Rule

PAGE = (Path(__file__).parents[2] / "docs/errors.md").read_text()
ROOTS = {HeadraceError, Retryable, Terminal}
CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, HeadraceError) and kind not in ROOTS
]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_is_explained_in_its_section(kind: type[HeadraceError]) -> None:
    retryable, terminal = PAGE.split("## Terminal")
    section = retryable if issubclass(kind, Retryable) else terminal
    assert re.search(rf"^\| `{kind.__name__}` \|", section, re.MULTILINE)


@pytest.mark.parametrize("rule", [*get_args(Rule)], ids=lambda rule: rule.__name__)
def test_every_row_rule_is_explained_by_the_name_that_reasons_give_it(rule: type[Struct]) -> None:
    names = re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`[^|]*)\|", PAGE, re.MULTILINE)))
    assert rule.__struct_config__.tag in names


def test_the_docstring_draws_the_whole_tree() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == {kind.__name__ for kind in CLASSES} | {"Retryable", "Terminal"}


def test_nothing_is_explained_that_is_not_there() -> None:
    first_columns = re.findall(r"^\| `([A-Z]\w+)` \|", PAGE, re.MULTILINE)
    assert set(first_columns) == {kind.__name__ for kind in CLASSES}
