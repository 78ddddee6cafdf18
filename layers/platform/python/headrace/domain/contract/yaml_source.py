"""Reading a contract's YAML into places: within limits, without tags, and each key once."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec.structs import replace
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.error import Mark

from headrace.domain.contract.source import Findings, Place, excerpt

MAX_BYTES = 1 << 20
MAX_VALUES = 20_000
MAX_DEPTH = 40

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PLAIN_TAGS = {"str", "timestamp", "int", "float", "bool", "null", "map", "seq"}
_QUICKEST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_source(text: str, found: Findings) -> Place:
    """Read one YAML mapping.

    Raises InvalidContract for what is not YAML, is too large, too deep or blows up through aliases.
    Duplicate keys and tags are problems among `found`.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise found.fail(None, "the contract is larger than 1 MiB", "a contract is a page or two: cut it")
    try:
        node, loader = _compose(text)
        if not isinstance(node, yaml.MappingNode):
            raise found.fail(
                node.start_mark if node else None,
                "the contract is not a mapping",
                "begin with kind: DataContract",
            )
        return _Builder(loader, text, found).build(node, "", node.start_mark)
    except yaml.MarkedYAMLError as error:
        what = " ".join(filter(None, (error.context, error.problem)))
        raise found.fail(error.problem_mark, f"not YAML: {what}", "correct the YAML here") from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = len(before) - before.rfind("\n") - 1
        mark = Mark("", error.position, before.count("\n"), column, None, 0)
        raise found.fail(mark, f"not YAML: {error.reason}", "remove the character") from error


class _TooMuch(yaml.MarkedYAMLError):
    """More than a contract may hold."""

    def __init__(self, mark: Mark) -> None:
        limits = f"aliases included, more than {MAX_VALUES} values or {MAX_DEPTH} levels"
        super().__init__(problem=f"too much for a contract: {limits}", problem_mark=mark)


class _Limited(Composer):
    """Composes nodes, refusing text that is too deep or too long to be a contract."""

    _count = 0
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._count += 1
        self._depth += 1
        if self._depth > MAX_DEPTH or self._count > MAX_VALUES:
            raise _TooMuch(self.peek_event().start_mark)  # type: ignore[attr-defined] # both parsers have it
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Plain(_Limited, yaml.SafeLoader):
    """PyYAML's own parser: slow, but its errors say what is wrong."""


class _Quick(_Limited, _QUICKEST):  # type: ignore[misc] # chosen by what is installed
    """libyaml's parser, several times as fast, where PyYAML has it."""

    def __init__(self, text: str) -> None:
        _QUICKEST.__init__(self, text)
        Composer.__init__(self)


def _compose(text: str) -> tuple[yaml.Node | None, SafeConstructor]:
    """The text's one node, and what constructs its scalars."""
    quick = _Quick(text)
    try:
        return quick.get_single_node(), quick
    except _TooMuch:
        raise
    except yaml.YAMLError:
        plain = _Plain(text)
        return plain.get_single_node(), plain


class _Builder:
    """Turns nodes into places. Aliases are followed, within the same limits as what is written out."""

    def __init__(self, loader: SafeConstructor, text: str, found: Findings) -> None:
        self._loader = loader
        self._lines = text.split("\n")
        self._found = found
        self._count = 0

    def build(self, node: yaml.Node, path: str, key: Mark, depth: int = 0) -> Place:
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_VALUES:
            raise _TooMuch(node.start_mark)
        start = node.start_mark
        here = Place(path, start.line + 1, start.column + 1, None, key=(key.line + 1, key.column + 1))
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _PLAIN_TAGS:
            self._found.problem(here, f"the YAML tag {excerpt(node.tag)} is not read", "remove it")
            return here
        if isinstance(node, yaml.MappingNode):
            entries = dict(self._entries(node, path, depth))
            value = {name: entry.value for name, entry in entries.items()}
            return replace(here, value=value, entries=entries)
        if isinstance(node, yaml.SequenceNode):
            items = tuple(
                self.build(item, f"{path}[{index}]", item.start_mark, depth + 1)
                for index, item in enumerate(node.value)
            )
            return replace(here, value=[item.value for item in items], items=items)
        return replace(here, value=self._scalar(node, here), text=node.value, indent=self._indent(node))

    def _entries(self, node: yaml.MappingNode, path: str, depth: int) -> Iterator[tuple[str, Place]]:
        seen: set[str] = set()
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            entry = self.build(value, f"{path}.{name[:60]}".lstrip("."), key.start_mark, depth + 1)
            if key.tag != "tag:yaml.org,2002:str" or _SURROGATE.search(name):
                advice = "write the keys out, or put the key in quotes"
                self._found.problem(entry, f"{excerpt(name)} is no plain key", advice, entry.key)
            elif name in seen:
                self._found.problem(entry, f"the key {excerpt(name)} stands twice", "keep one", entry.key)
            else:
                seen.add(name)
                yield name, entry

    def _indent(self, node: yaml.Node) -> int | None:
        if getattr(node, "style", None) != "|":
            return None
        first = next(filter(str.strip, self._lines[node.start_mark.line + 1 :]), "")
        return len(first) - len(first.lstrip(" "))

    def _scalar(self, node: yaml.Node, here: Place) -> object:
        if _SURROGATE.search(node.value):
            self._found.problem(here, "half of a surrogate pair is no text", "write the character itself")
            return None
        if node.tag.endswith((":str", ":timestamp")):
            return node.value
        try:
            return self._loader.construct_object(node)
        except (ValueError, OverflowError):
            self._found.problem(here, f"{excerpt(node.value)} is no number", "put it in quotes")
            return None
