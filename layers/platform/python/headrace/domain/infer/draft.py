"""A guessed contract as YAML, each guess with a comment that explains it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.formats import Format
from headrace.domain.infer.guess import Guess
from headrace.domain.infer.servers import Server


class Draft(Struct, frozen=True):
    """All that a drafted contract says; `remarks` are about the sample as a whole."""

    dataset: DatasetId
    formats: tuple[Format, ...]
    columns: tuple[Guess, ...]
    remarks: tuple[str, ...]


def written(draft: Draft) -> str:
    """The contract's text."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    dataset = draft.dataset
    yield from (_comment(remark) for remark in draft.remarks)
    yield "kind: DataContract"
    yield "apiVersion: v3.1.0"
    yield f"id: {dataset.domain}-{dataset.name.replace('_', '-')}"
    yield "version: 1.0.0"
    yield "status: draft"
    yield f"domain: {_inline(dataset.domain)}"
    yield f"name: {_inline(dataset.name)}"
    yield "servers:"
    for format_ in draft.formats:
        yield from _indented(_item(_server(Server.of(format_), dataset)), 2)
    yield "schema:"
    yield f"  - name: {_inline(dataset.name)}"
    yield "    properties:"
    for one in draft.columns:
        yield from _indented(_property(one), 6)


def _server(server: Server, dataset: DatasetId) -> Iterator[str]:
    said = {
        "server": f"{server.format}-files",
        "type": "s3",
        "location": f"s3://landing/{dataset}/",
        "format": server.format,
        **server.keys,
    }
    if server.settings:
        said["customProperties"] = _custom(server.settings)
    yield from (f"{key}: {_inline(value)}" for key, value in said.items())


def _property(one: Guess) -> Iterator[str]:
    """The property as an item of a list, its comment above it."""
    yield _comment(one.remark)
    yield from _item(_keys(one, named=True))


def _keys(one: Guess, *, named: bool) -> Iterator[str]:
    said = {
        "name": one.name if named else "",
        "physicalName": one.source if named and one.source != one.name else "",
        "logicalType": one.form.logical,
        "physicalType": one.form.physical,
        "required": one.required,
        "primaryKey": one.primary,
        "unique": one.unique,
        "classification": "pii" if one.mask else "",
        "logicalTypeOptions": one.form.options,
        "enum": [{"value": value} for value in one.enum],
        "customProperties": _custom(one.settings),
    }
    yield from (f"{key}: {_inline(value)}" for key, value in said.items() if value)
    if one.children:
        yield "properties:"
        for child in one.children:
            yield from _indented(_property(child), 2)
    if one.items:
        yield "items:"
        yield f"  {_comment(one.items.remark)}"
        yield from _indented(_keys(one.items, named=False), 2)


def _custom(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"property": name, "value": value} for name, value in settings.items()]


def _item(lines: Iterable[str]) -> Iterator[str]:
    for at, line in enumerate(lines):
        yield f"{'  ' if at else '- '}{line}"


def _indented(lines: Iterable[str], by: int) -> Iterator[str]:
    return (f"{' ' * by}{line}" for line in lines)


def _comment(text: str) -> str:
    """One line, whatever the text holds."""
    return "# " + "".join(character if character.isprintable() else "·" for character in text)


def _inline(value: Any) -> str:
    """A value on one line, quoted where YAML would take it for something else."""
    written = yaml.safe_dump(
        [value], default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False
    )
    return written.strip()[1:-1]
