"""What refuses an object says what was wrong, where, and what to do next."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import headrace.engines

ENGINES = Path(headrace.engines.__path__[0])


def refusals() -> Iterator[tuple[str, str]]:
    """Where an engine refuses an object in words of its own, and these words; `{}` where a value goes."""
    for module in sorted(ENGINES.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            match node:
                case ast.Call(ast.Name("UnreadableObject"), [ast.Constant(str(words))]):
                    yield f"{module.relative_to(ENGINES)}:{node.lineno}", words
                case ast.Call(ast.Name("UnreadableObject"), [ast.JoinedStr(parts)]):
                    words = "".join(
                        str(one.value) if isinstance(one, ast.Constant) else "{}" for one in parts
                    )
                    yield f"{module.relative_to(ENGINES)}:{node.lineno}", words


REFUSALS = dict(refusals())
TO_DO = {
    "add",
    "correct",
    "give",
    "land",
    "leave",
    "make",
    "name",
    "save",
    "split",
    "take",
    "upload",
    "write",
}
TO_DO |= {"{}"}  # advice that several refusals share


def test_refusals_are_found() -> None:
    assert len(REFUSALS) > 50


@pytest.mark.parametrize("place", REFUSALS)
def test_a_refusal_ends_with_what_to_do_next(place: str) -> None:
    said, _, advice = REFUSALS[place].replace(": ", "; ").rpartition("; ")
    assert said
    assert advice.partition(" ")[0] in TO_DO, REFUSALS[place]
    assert len(REFUSALS[place]) < 200
