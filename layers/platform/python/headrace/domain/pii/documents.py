"""Looks for personal data in the fields of JSON documents."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from headrace.domain.pii.suspicion import Suspicion, suspect

_PATHS = 200
_VALUES = 300
_DEPTH = 10


def suspect_inside(documents: Iterable[str], known: Collection[str] = ()) -> dict[str, Suspicion]:
    """The fields that seem to hold personal data, by their path (`user.email`; items of arrays have the
    path of their array). Fields at or below the `known` paths are left alone, and so are documents that
    are no JSON; of more than 200 paths the first are looked at.
    """
    values: dict[str, list[str]] = {}
    for document in documents:
        with suppress(msgspec.MsgspecError, RecursionError):
            for path, value in _fields("", msgspec.json.decode(document), known, _DEPTH):
                if path in values or len(values) < _PATHS:
                    values.setdefault(path, []).append(value)
    found = {path: suspect(path, seen[:_VALUES]) for path, seen in values.items()}
    return {path: one for path, one in found.items() if one}


def _fields(path: str, value: Any, known: Collection[str], depth: int) -> Iterator[tuple[str, str]]:
    if path in known or not depth:
        return
    match value:
        case dict():
            for name, inner in value.items():
                yield from _fields(f"{path}.{name}" if path else name, inner, known, depth - 1)
        case list():
            for inner in value:
                yield from _fields(path, inner, known, depth - 1)
        case str():
            yield path, value
        case int() if not isinstance(value, bool):
            yield path, str(value)
