"""Takes a JSON document apart into its records while it is read, so that it may be larger than memory.

What stands around the records is checked here, and a record only for where it ends: whoever takes it
parses it. Brackets and strings are found by regular expressions, about 3 µs a record.
"""

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, TypeVar

import msgspec

from headrace.domain.errors import UnreadableObject

_PIECE = 1 << 20
_DEEPEST = 1_000

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_FLAT = rb'[^"{}\[\]]*+(?:' + _STRING + rb'[^"{}\[\]]*+)*+'
_BLOCK = rb"(?:" + _STRING + rb"|\{" + _FLAT + rb"\}|\[" + _FLAT + rb"\])"
_UP_TO_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:' + _BLOCK + rb'[^"{}\[\]]*+)*+', re.DOTALL)
_SCALAR = re.compile(rb'[^,:"{}\[\] \t\r\n]*+')
_SPACE = re.compile(rb"[ \t\r\n]*+")

_ANYTHING = msgspec.json.Decoder(msgspec.Raw)
_NAME = msgspec.json.Decoder(str)
_T = TypeVar("_T")
_KINDS = {b"{": "an object", b"[": "an array", b'"': "a text", b"t": "true", b"f": "false", b"n": "null"}


def kind_of(token: bytes) -> str:
    """What a JSON value is, by its first byte."""
    return _KINDS.get(token[:1], "a number")


def document_records(file: BinaryIO, record_path: str, longest: int) -> Iterator[bytes]:
    """The text of each record, cut off beyond `longest` bytes: the items of the array at `record_path`,
    or the one value that stands there.

    Raises UnreadableObject, maybe after some records, where the document is not JSON or has nothing at
    this path.
    """
    document = _Document(file, longest)
    path = record_path.split(".") if record_path else []
    yield from _records(document, path, 0)
    if document.peek():
        raise document.invalid()


def _records(document: "_Document", path: Sequence[str], depth: int) -> Iterator[bytes]:
    first = document.peek()
    if depth < len(path):
        yield from _records_inside(document, path, depth)
    elif first == b"[":
        for _ in document.members(b"]"):
            yield document.value()
    else:
        yield document.value()


def _records_inside(document: "_Document", path: Sequence[str], depth: int) -> Iterator[bytes]:
    whole, here = ".".join(path), ".".join(path[:depth]) or "the document"
    if document.peek() != b"{":
        kind = kind_of(document.peek())
        document.check_value()
        raise _nothing_at(whole, f"{here} is {kind}")
    names: list[str] = []
    for _ in document.members(b"}"):
        name = document.name()
        if name != path[depth]:
            document.check_value()
        elif name in names:
            raise UnreadableObject(f"{here} gives {name} twice; leave one of them")
        else:
            yield from _records(document, path, depth + 1)
        if name == path[depth] or len(names) < 10:
            names.append(name)
    if path[depth] not in names:
        listed = ", ".join(names) or "nothing in it"
        raise _nothing_at(whole, f"{here} is an object with {listed}")


def _nothing_at(path: str, found: str) -> UnreadableObject:
    return UnreadableObject(f"there is nothing at {path}: {found}; correct headrace.recordPath")


def _invalid(where: str) -> UnreadableObject:
    return UnreadableObject(f"the document is not valid JSON {where}; write it again")


class _Document:
    """A cursor over a document."""

    def __init__(self, file: BinaryIO, longest: int) -> None:
        self._file, self._longest = file, longest
        self._data, self._at, self._before = b"", 0, file.tell()

    def invalid(self) -> UnreadableObject:
        return _invalid(f"at byte {self._before + self._at}")

    def peek(self) -> bytes:
        """The next byte that is no white space; nothing at the end."""
        while True:
            found = _SPACE.match(self._data, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._data) or not self._more():
                return self._data[self._at : self._at + 1]

    def members(self, closing: bytes) -> Iterator[None]:
        """Step into an array or object and stop before each of its members."""
        self._at += 1
        if self.peek() != closing:
            yield
            while self.peek() == b",":
                self._at += 1
                yield
        if self.peek() != closing:
            raise self.invalid()
        self._at += 1

    def name(self) -> str:
        """A member's name, with the colon after it."""
        begin = self._before + self._at
        if self.peek() != b'"':
            raise self.invalid()
        name = _parsed(_NAME, self.value(), begin)
        if self.peek() != b":":
            raise self.invalid()
        self._at += 1
        return name

    def check_value(self) -> None:
        """Pass over a value, which must be JSON."""
        self.peek()
        begin = self._before + self._at
        value = self.value()
        if len(value) <= self._longest:
            _parsed(_ANYTHING, value, begin)

    def value(self) -> bytes:
        """The text of the next value, cut off beyond the longest; only its end is sure to be right."""
        first = self.peek()
        cut, depth, end, quoted = b"", 0, self._at, False
        while True:
            end, depth, quoted, done = self._scan(first, end, depth, quoted)
            if done:
                break
            if end - self._at > self._longest:
                cut = cut or self._data[self._at : self._at + self._longest + 1]
                self._at = end
            end -= self._at
            if not self._more():
                if depth or quoted:
                    raise self.invalid()
                break
        if end == self._at and not cut:
            raise self.invalid()
        value = cut or self._data[self._at : end][: self._longest + 1]
        self._at = end
        return value

    def _scan(self, first: bytes, end: int, depth: int, quoted: bool) -> tuple[int, int, bool, bool]:
        """Go on from `end` to the end of a value that begins with `first`, or of what is in memory;
        returns how far that is, how deep, whether inside of a string, and whether the value is over."""
        data = self._data
        while end < len(data):
            if quoted:
                end = _end_of_text(data, end)
                if data[end : end + 1] != b'"':
                    return end, depth, True, False
                end, quoted = end + 1, False
            elif first not in b'{["':
                end = _after(_SCALAR, data, end)
                return end, depth, False, end < len(data)
            else:
                if depth:
                    end = _after(_UP_TO_BRACKET, data, end)
                mark = data[end : end + 1]
                if not mark:
                    break
                end, quoted = end + 1, mark == b'"'
                depth += (mark in b"{[") - (mark in b"}]")
                if depth > _DEEPEST:
                    raise UnreadableObject(
                        f"the document is nested more than {_DEEPEST} levels deep; write it flatter"
                    )
            if not depth and not quoted:
                return end, depth, False, True
        return end, depth, quoted, False

    def _more(self) -> bool:
        piece = self._file.read(max(_PIECE, len(self._data) - self._at))
        self._before += self._at
        self._data, self._at = self._data[self._at :] + piece, 0
        return bool(piece)


def _parsed(decoder: msgspec.json.Decoder[_T], value: bytes, begin: int) -> _T:
    try:
        value.decode()
        return decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _invalid(f"in the value at byte {begin}") from None


def _end_of_text(data: bytes, begin: int) -> int:
    """Where the quote is that ends a text, or what is in memory of the text and is complete."""
    while True:
        quote = data.find(b'"', begin)
        end = len(data) if quote < 0 else quote
        text = data[begin:end]
        escaped = (len(text) - len(text.rstrip(b"\\"))) % 2
        if not escaped or quote < 0:
            return end - escaped
        begin = quote + 1


def _after(pattern: re.Pattern[bytes], data: bytes, begin: int) -> int:
    """Where a pattern that matches anything ends."""
    found = pattern.match(data, begin)
    return found.end() if found else begin
