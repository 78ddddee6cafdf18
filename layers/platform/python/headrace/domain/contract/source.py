"""A contract's YAML, read so that every value knows the line it stands on."""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from msgspec import Struct
from yaml.error import Mark

from headrace.domain.errors import InvalidContract

MAX_BYTES = 1 << 20
MAX_VALUES = 20_000
MAX_DEPTH = 40
MAX_PROBLEMS = 100

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PLAIN_TAGS = {"str", "timestamp", "int", "float", "bool", "null", "map", "seq"}


class Place(Struct, frozen=True, eq=False):
    """A value of the contract and where it stands; lines and columns count from 1.

    `value` is the value as YAML understands it, but for dates, which stay text; `text` is a scalar as
    it is written. `key` is where the key of a mapping's entry stands; `indent` is how far the lines of a
    literal block (`|`), which begin below, are indented.
    """

    path: str
    line: int
    column: int
    value: Any
    text: str = ""
    entries: dict[str, "Place"] = {}
    items: tuple["Place", ...] = ()
    key: tuple[int, int] = (1, 1)
    indent: int | None = None

    def get(self, key: str) -> "Place | None":
        """The entry of a mapping; None where there is none or it is null."""
        entry = self.entries.get(key)
        return None if entry is None or entry.value is None else entry

    def at(self, key: str) -> "Place":
        """The entry of a mapping or, for want of it, the mapping: where to point a problem."""
        return self.get(key) or self

    def items_of(self, key: str) -> tuple["Place", ...]:
        """The items of a list in a mapping; empty where there is none."""
        entry = self.get(key)
        return entry.items if entry else ()

    def text_of(self, key: str) -> str:
        """Text in a mapping; empty where there is none."""
        entry = self.get(key)
        return entry.value if entry and isinstance(entry.value, str) else ""


class Findings:
    """What reading one contract brings to light: problems refuse it, notes do not."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: dict[tuple[int, int, str], str] = {}
        self._notes: dict[tuple[int, int, str], str] = {}

    def problem(self, place: Place, what: str, advice: str, position: tuple[int, int] | None = None) -> None:
        """Refuse the contract; of several problems with one value, the first found is told."""
        self._add(self._problems, place, what, advice, position or (place.line, place.column))

    def note(self, place: Place, what: str, advice: str) -> None:
        """Say something about a contract that is accepted."""
        self._add(self._notes, place, what, advice, (place.line, place.column))

    def fail(self, mark: Mark | None, what: str, advice: str) -> InvalidContract:
        """The error for text that cannot be read any further."""
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        self.problem(Place(path="", line=line, column=column, value=None), what, advice)
        return InvalidContract(self.problems)

    def settle(self) -> None:
        """Raise InvalidContract with every problem, if there is one."""
        if self._problems:
            raise InvalidContract(self.problems)

    @property
    def problems(self) -> tuple[str, ...]:
        lines = [self._problems[place] for place in sorted(self._problems)]
        if len(lines) > MAX_PROBLEMS:
            lines[MAX_PROBLEMS:] = [f"{self._file}:1:1: and {len(lines) - MAX_PROBLEMS} more problems"]
        return tuple(lines)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes[place] for place in sorted(self._notes))

    def _add(
        self,
        into: dict[tuple[int, int, str], str],
        place: Place,
        what: str,
        advice: str,
        position: tuple[int, int],
    ) -> None:
        line, column = position
        where = f" at {place.path}" if place.path else ""
        text = " ".join(f"{what}{where}; {advice}".split())
        printable = text.encode(errors="replace").decode()
        into.setdefault((line, column, place.path or what), f"{self._file}:{line}:{column}: {printable}")


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """Advice for a word that is not known."""
    close = difflib.get_close_matches(word, sorted(set(known) - {word}), n=1, cutoff=0.7)
    return f"did you mean {close[0]}?" if close else otherwise


def excerpt(value: object) -> str:
    """A value as a message shows it: on one line, at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def read_source(text: str, found: Findings) -> Place:
    """Read one YAML mapping.

    Raises InvalidContract for what is not YAML, is too large, too deep or blows up through aliases.
    Duplicate keys and tags are problems among `found`.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise found.fail(None, "the contract is larger than 1 MiB", "a contract is a page or two: cut it")
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
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


class _Loader(yaml.SafeLoader):
    """Composes nodes, refusing text that is too deep or too long to be a contract."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._count = 0
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._count += 1
        self._depth += 1
        if self._depth > MAX_DEPTH or self._count > MAX_VALUES:
            raise _too_much(self.get_mark())
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Builder:
    """Turns nodes into places. Aliases are followed, within the same limits as what is written out."""

    def __init__(self, loader: _Loader, text: str, found: Findings) -> None:
        self._loader = loader
        self._lines = text.split("\n")
        self._found = found
        self._count = 0

    def build(self, node: yaml.Node, path: str, key: Mark, depth: int = 0) -> Place:
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_VALUES:
            raise _too_much(node.start_mark)
        here = Place(
            path=path,
            line=node.start_mark.line + 1,
            column=node.start_mark.column + 1,
            value=None,
            key=(key.line + 1, key.column + 1),
        )
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _PLAIN_TAGS:
            self._found.problem(here, f"the YAML tag {excerpt(node.tag)} is not read", "remove it")
            return here
        if isinstance(node, yaml.MappingNode):
            entries = dict(self._entries(node, path, depth))
            return _with(here, value={key: entry.value for key, entry in entries.items()}, entries=entries)
        if isinstance(node, yaml.SequenceNode):
            items = tuple(
                self.build(item, f"{path}[{index}]", item.start_mark, depth + 1)
                for index, item in enumerate(node.value)
            )
            return _with(here, value=[item.value for item in items], items=items)
        return _with(here, value=self._scalar(node, here), text=node.value, indent=self._indent(node))

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


def _too_much(mark: Mark) -> yaml.MarkedYAMLError:
    limits = f"aliases included, more than {MAX_VALUES} values or {MAX_DEPTH} levels"
    return yaml.MarkedYAMLError(problem=f"too much for a contract: {limits}", problem_mark=mark)


def _with(place: Place, **changes: Any) -> Place:
    return Place(**{name: getattr(place, name) for name in place.__struct_fields__} | changes)
