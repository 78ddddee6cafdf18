"""Plants a bug in the product for a while, and looks for a seed that shows it.

A bug is a few changes of text in a module. The functions whose code then differs get the new code, in
place, so that everybody who holds them runs it.
"""

import importlib
import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType

from msgspec import Struct

from tests.simulation.run import run


class Change(Struct, frozen=True):
    """In this module, the one place that reads `old` reads `new` instead."""

    module: str
    old: str
    new: str


class Bug(Struct, frozen=True):
    """A wrong variant of the protocol; `breaks` says what of it."""

    name: str
    breaks: str
    changes: tuple[Change, ...]


class Caught(Struct, frozen=True):
    """The first seed that shows a bug, and its first violation; None where none did."""

    bug: Bug
    seed: int | None
    violation: str = ""


def catch(bug: Bug, seeds: range) -> Caught:
    """Look for a seed that fails under the bug; within `ready`."""
    with planted(bug):
        for seed in seeds:
            if violations := run(seed).violations:
                return Caught(bug, seed, violations[0])
    return Caught(bug, None)


@contextmanager
def planted(bug: Bug) -> Iterator[int]:
    """The product has the bug; yields how many functions changed."""
    modules = {
        change.module: [one for one in bug.changes if one.module == change.module] for change in bug.changes
    }
    swaps = [swap for name, changes in modules.items() for swap in _swaps(name, changes)]
    healthy = [(function, function.__code__) for function, _ in swaps]
    for function, code in swaps:
        function.__code__ = code
    try:
        yield len(swaps)
    finally:
        for function, code in healthy:
            function.__code__ = code


def _swaps(name: str, changes: Sequence[Change]) -> Iterator[tuple[FunctionType, CodeType]]:
    """The functions that changes of one module concern, with their new code. Raises ValueError where an
    `old` does not stand exactly once: the product moved on, and the bug must follow."""
    module = importlib.import_module(name)
    text = inspect.getsource(module)
    for one in changes:
        if text.count(one.old) != 1:
            raise ValueError(f"{name} has {one.old!r} {text.count(one.old)} times, not once")
        text = text.replace(one.old, one.new)
    changed = ModuleType(name)
    changed.__dict__.update(module.__dict__)
    exec(compile(text, str(module.__file__), "exec"), changed.__dict__)
    after = dict(_functions(changed))
    for called, function in _functions(module):
        code = after[called].__code__
        if _bare(code) != _bare(function.__code__):
            yield function, code


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """The functions and methods that a module itself defines, by qualified name."""
    for owner in (module, *(one for one in vars(module).values() if inspect.isclass(one))):
        for member in vars(owner).values():
            function = inspect.unwrap(member) if callable(member) else getattr(member, "fget", None)
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                yield function.__qualname__, function


def _bare(code: CodeType) -> tuple[object, ...]:
    """What a code does, wherever it stands."""
    constants = tuple(_bare(one) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, constants
