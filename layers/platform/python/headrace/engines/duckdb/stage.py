"""Copies a landed object to a plain local file: decompresses it, hashes what landed, and stops bombs."""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from errno import ENOSPC
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from headrace.domain.errors import Unavailable, UnreadableObject

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW = 128 << 20
_PLAIN_PIECE = 1 << 20
# A piece that a codec is fed bounds what it may hand back at once: gzip reaches 1,028:1, a zstd block
# of 4 bytes stands for 128 kB.
_GZIP_PIECE = 16 << 10
_ZSTD_PIECE = 1 << 10


@dataclass(frozen=True)
class Limits:
    """What one object may decompress to: `size` bytes, and beyond `free` bytes `ratio` times what landed."""

    size: int = 8 << 30
    ratio: int = 200
    free: int = 64 << 20


@dataclass(frozen=True)
class Staged:
    """A plain file; `sha256` is of the bytes as they landed, `size` counts the plain ones."""

    path: Path
    sha256: str
    size: int


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True)
class _Codec:
    name: str
    magic: bytes
    piece: int
    start: Callable[[], _Decompressor]


_CODECS = (
    _Codec("gzip", _GZIP, _GZIP_PIECE, lambda: zlib.decompressobj(wbits=31)),
    _Codec(
        "zstd",
        _ZSTD,
        _ZSTD_PIECE,
        lambda: zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj(),
    ),
)


def stage(stream: BinaryIO, to: Path, key: str, limits: Limits = Limits()) -> Staged:
    """Copy `stream`, the body of the object at `key`, to the file `to`.

    gzip and zstd are told by their first bytes and may consist of several members. Raises
    UnreadableObject, and leaves no file, for an object that is empty, cut short, damaged or larger
    than `limits` once decompressed.
    """
    landed = _Landed(stream)
    try:
        with to.open("wb") as file:
            size = 0
            for piece in _plain(landed):
                size += len(piece)
                _check_size(size, landed.size, limits, key)
                file.write(piece)
        _check_not_empty(landed.size, key)
    except BaseException as error:
        to.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno == ENOSPC:
            raise Unavailable(f"the disk under {to.parent} is full: give the function more storage") from None
        raise
    return Staged(to, landed.sha256, size)


class _Landed:
    """The stream, hashed and counted as it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def pieces(self, size: int) -> Iterator[bytes]:
        while piece := self._stream.read(size):
            self._hash.update(piece)
            self.size += len(piece)
            yield piece


def _plain(landed: _Landed) -> Iterator[bytes]:
    head = b"".join(islice(landed.pieces(1), len(_ZSTD)))
    codec = next((codec for codec in _CODECS if head.startswith(codec.magic)), None)
    if codec is None:
        yield head
        yield from landed.pieces(_PLAIN_PIECE)
    else:
        yield from _decompressed(codec, head, landed)


def _decompressed(codec: _Codec, head: bytes, landed: _Landed) -> Iterator[bytes]:
    member = codec.start()
    for piece in chain([head], landed.pieces(codec.piece)):
        data = piece
        while data:
            if member.eof:
                data = data.lstrip(b"\0")  # padding after the last member is allowed
                if not data:
                    break
                member = codec.start()
            try:
                yield member.decompress(data)
            except (zlib.error, zstandard.ZstdError):
                raise _damaged(codec, landed) from None
            data = member.unused_data if member.eof else b""
    if not member.eof:
        raise UnreadableObject(
            f"the {codec.name} stream ends early after {landed.size} bytes; upload the file again"
        )


def _damaged(codec: _Codec, landed: _Landed) -> UnreadableObject:
    return UnreadableObject(
        f"the {codec.name} stream is damaged within its first {landed.size} bytes; upload the file again"
    )


def _check_size(plain: int, landed: int, limits: Limits, key: str) -> None:
    if plain > limits.size:
        raise UnreadableObject(f"{key} is larger than {limits.size} bytes when decompressed; split the file")
    if plain > max(limits.free, limits.ratio * landed):
        raise UnreadableObject(
            f"{key} grows more than {limits.ratio} times in decompression; upload it as it is if it is sound"
        )


def _check_not_empty(landed: int, key: str) -> None:
    if not landed:
        raise UnreadableObject(f"{key} is empty")
