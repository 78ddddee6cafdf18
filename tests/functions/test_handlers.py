"""A handler names its step and holds no logic."""

import ast
import importlib.util
import sys
from types import ModuleType

import pytest

from headrace.domain.errors import InvalidSettings
from tests.stack import FUNCTIONS, PROJECT, variables

HANDLER = '''"""{sentence}"""

from headrace.runtime import entrypoint
from headrace.steps.{step} import {step}

handler = entrypoint({step})
'''


def load(function: str) -> ModuleType:
    """The handler's module, loaded as Lambda does: by its file, anew."""
    spec = importlib.util.spec_from_file_location("handler", PROJECT / "functions" / function / "handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def by_lambda(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """What Lambda itself sets. Nothing is written beside a handler: its folder is what is deployed."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name, value in {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_is_six_lines_and_alone_in_its_folder(function: str) -> None:
    folder = PROJECT / "functions" / function
    written = (folder / "handler.py").read_text()
    sentence = ast.get_docstring(ast.parse(written))
    assert sentence is not None
    assert written == HANDLER.format(sentence=sentence, step=function)
    assert [path.name for path in folder.iterdir() if path.name != "__pycache__"] == ["handler.py"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_starts_with_the_variables_that_the_template_gives_it(
    function: str, by_lambda: pytest.MonkeyPatch
) -> None:
    for name in variables(function):
        by_lambda.setenv(name, "arn:aws:states:us-east-1:000000000000:stateMachine:any")
    assert callable(load(function).handler)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_does_not_start_without_them_and_says_which_is_missing(
    function: str, by_lambda: pytest.MonkeyPatch
) -> None:
    for name in variables(function):
        by_lambda.delenv(name, raising=False)
    with pytest.raises(InvalidSettings) as refused:
        load(function)
    assert any(f" {name} is not set" in str(refused.value) for name in variables(function))
