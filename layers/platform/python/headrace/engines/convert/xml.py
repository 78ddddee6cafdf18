"""XML as NDJSON, element by element; what a parser can be made to swell by is refused."""

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

import msgspec

from headrace.domain.errors import UnreadableObject

Value = str | None | list["Value"] | dict[str, "Value"]

_PIECE = 256 << 10
_RECORD_BYTES = 64 << 20
_TAG_BYTES = 4 << 20
_DEEPEST = 100
_NAME_AND_NAMESPACE = " "
_NIL = "http://www.w3.org/2001/XMLSchema-instance nil"
_TEXT = "#text"


def xml_to_ndjson(path: Path, to: Path, record_path: str, arrays: Collection[str] = ()) -> None:
    """Write each element at `record_path` as a line: its attributes as `@name`, its child elements, and its
    text, `#text`, where there is more than blanks. A child without attributes and children is its text; an
    empty one is null.

    A child that stands several times is an array, and so is one whose dotted path below the record is in
    `arrays`. Raises UnreadableObject where the file is no XML, has another root, declares a document type
    or entities, or has an element that is too large or too deep.
    """
    with path.open("rb") as file, to.open("wb") as lines:
        _Reader(record_path.split("."), frozenset(arrays), lines).read(file)


@dataclass
class _Element:
    name: str
    fields: dict[str, Value]
    text: list[str] = field(default_factory=list)
    nil: bool = False

    def value(self) -> Value:
        text = "".join(self.text)
        if not self.fields:
            return None if self.nil or not text.strip() else text
        return self.fields | {_TEXT: text.strip()} if text.strip() else self.fields


class _Reader:
    def __init__(self, record_path: list[str], arrays: frozenset[str], lines: BinaryIO) -> None:
        self._record_path, self._arrays, self._lines = record_path, arrays, lines
        self._names: list[str] = []
        self._open: list[_Element] = []
        self._records = self._size = 0
        self._parser = expat.ParserCreate(namespace_separator=_NAME_AND_NAMESPACE)
        self._parser.StartDoctypeDeclHandler = self._refuse_declarations
        self._parser.EntityDeclHandler = self._refuse_declarations
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._add_text
        self._parser.buffer_text = True

    def read(self, file: BinaryIO) -> None:
        fed = 0
        try:
            while piece := file.read(_PIECE):
                self._parser.Parse(piece, False)
                fed += len(piece)
                if fed - self._parser.CurrentByteIndex > _TAG_BYTES:
                    raise UnreadableObject(
                        f"a tag or comment is longer than {_TAG_BYTES} bytes; write it shorter"
                    )
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise UnreadableObject(
                f"the file is not well-formed XML at line {error.lineno}, column {error.offset + 1}: "
                f"{expat.ErrorString(error.code)}; write it again"
            ) from None
        except (LookupError, ValueError):
            raise UnreadableObject("the file is in an encoding that is not read; land it in UTF-8") from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        self._names.append(local)
        if len(self._names) > _DEEPEST:
            raise UnreadableObject(
                f"elements are nested more than {_DEEPEST} levels deep; write them flatter"
            )
        if len(self._names) == 1 and local != self._record_path[0]:
            raise UnreadableObject(
                f"there is no element {'.'.join(self._record_path)}: the document is one {local}; "
                "correct headrace.recordPath"
            )
        if not self._open:
            if self._names != self._record_path:
                return
            self._size = 0
        fields: dict[str, Value] = {
            f"@{_local(key)}": value for key, value in attributes.items() if key != _NIL
        }
        self._check_size(len("</>") + len(name) + sum(map(len, chain(attributes, attributes.values()))))
        self._open.append(_Element(local, fields, nil=attributes.get(_NIL) in ("true", "1")))

    def _add_text(self, text: str) -> None:
        if self._open:
            self._check_size(len(text))
            self._open[-1].text.append(text)

    def _end(self, _: str) -> None:
        self._names.pop()
        if not self._open:
            return
        element = self._open.pop()
        value = element.value()
        if self._open:
            self._put(self._open[-1].fields, element.name, value)
        else:
            self._records += 1
            record = value if isinstance(value, dict) else {_TEXT: value}
            self._lines.write(msgspec.json.encode(record) + b"\n")

    def _put(self, fields: dict[str, Value], name: str, value: Value) -> None:
        if name in fields:
            before = fields[name]
            if isinstance(before, list):
                before.append(value)
            else:
                fields[name] = [before, value]
        else:
            path = ".".join([*(one.name for one in self._open[1:]), name])
            fields[name] = [value] if path in self._arrays else value

    def _check_size(self, more: int) -> None:
        self._size += more
        if self._size > _RECORD_BYTES:
            raise UnreadableObject(
                f"record {self._records + 1} is longer than {_RECORD_BYTES} bytes; write less in one"
            )

    def _refuse_declarations(self, *_: object) -> None:
        raise UnreadableObject(
            "the file declares a document type or entities, which are not read; write it without"
        )


def _local(name: str) -> str:
    return name.rpartition(_NAME_AND_NAMESPACE)[2]
