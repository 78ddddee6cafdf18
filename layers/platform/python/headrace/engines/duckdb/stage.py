"""Copies a landed object to a plain local file: decompresses it, hashes what landed, and stops bombs."""

import bz2
import hashlib
import lzma
import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from errno import ENOSPC
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from headrace.domain.errors import Unavailable, UnreadableObject
from headrace.engines.duckdb.read import archive

_ZSTD_WINDOW = 128 << 20
_XZ_MEMORY = 256 << 20
_PLAIN_PIECE = 1 << 20
# A piece that a codec is fed bounds what it may hand back at once: gzip reaches 1,028:1, a zstd block
# of 4 bytes stands for 128 kB. bzip2 and xz reach far more, but say themselves how much they hand back.
_GZIP_PIECE = 16 << 10
_ZSTD_PIECE = 1 << 10
_LONG_PIECE = 64 << 10
_HANDED_BACK = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one object may decompress to: `size` bytes, and beyond `free` bytes `ratio` times what landed."""

    size: int = 8 << 30
    ratio: int = 200
    free: int = 64 << 20


@dataclass(frozen=True)
class Staged:
    """A plain file, or a folder with an archive's members (see `archive`); `sha256` is of the bytes as they
    landed, `size` counts the plain ones."""

    path: Path
    sha256: str
    size: int


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class _Bounded:
    """A decompressor of the standard library that hands back a bounded piece at a time."""

    def __init__(self, codec: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._codec = codec

    @property
    def eof(self) -> bool:
        return self._codec.eof

    @property
    def unused_data(self) -> bytes:
        return self._codec.unused_data

    @property
    def waiting(self) -> bool:
        """Whether it has more to hand back of what it was fed."""
        return not (self._codec.eof or self._codec.needs_input)

    def decompress(self, data: bytes) -> bytes:
        return self._codec.decompress(data, max_length=_HANDED_BACK)


@dataclass(frozen=True)
class _Codec:
    name: str
    magic: bytes
    piece: int
    start: Callable[[], _Decompressor]
    after: bytes = b""
    or_else: str = ""

    def begins(self, head: bytes) -> bool:
        """Whether a stream that begins with `head` is of this codec."""
        behind = slice(len(self.magic) + 1, len(self.magic) + 1 + len(self.after))
        return head.startswith(self.magic) and head[behind] == self.after


_CODECS = (
    _Codec("gzip", b"\x1f\x8b", _GZIP_PIECE, lambda: zlib.decompressobj(wbits=31)),
    _Codec(
        "zstd",
        b"\x28\xb5\x2f\xfd",
        _ZSTD_PIECE,
        lambda: zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj(),
    ),
    _Codec("bzip2", b"BZh", _LONG_PIECE, lambda: _Bounded(bz2.BZ2Decompressor()), after=b"1AY&SY"),
    _Codec(
        "xz",
        b"\xfd7zXZ\0",
        _LONG_PIECE,
        lambda: _Bounded(lzma.LZMADecompressor(memlimit=_XZ_MEMORY)),
        or_else=f" or needs more than {_XZ_MEMORY >> 20} MB of memory",
    ),
)
_FAULTS = (zlib.error, zstandard.ZstdError, lzma.LZMAError, EOFError, OSError, ValueError)
_HEAD = 10


def stage(stream: BinaryIO, to: Path, key: str, limits: Limits = Limits()) -> Staged:
    """Copy `stream`, the body of the object at `key`, to the file `to`, or to a folder `to` where it is a
    zip archive.

    gzip, zstd, bzip2 and xz are told by their first bytes and may consist of several members. Raises
    UnreadableObject, and leaves no file, for an object that is empty, cut short, damaged or larger than
    `limits` once decompressed.
    """
    landed = _Landed(stream)
    packed = to.with_name(f"{to.name}.zip")
    try:
        with to.open("wb") as file:
            size = 0
            for piece in _plain(landed):
                size += len(piece)
                _check_size(size, landed.size, limits, key)
                file.write(piece)
        _check_not_empty(landed.size, key)
        if archive.is_archive(to):
            to.rename(packed)
            size = _take_apart(packed, to, landed.size, limits, key)
    except BaseException as error:
        _remove(to)
        if isinstance(error, OSError) and error.errno == ENOSPC:
            raise Unavailable(f"the disk under {to.parent} is full: give the function more storage") from None
        raise
    finally:
        packed.unlink(missing_ok=True)
    return Staged(to, landed.sha256, size)


def _take_apart(packed: Path, to: Path, landed: int, limits: Limits, key: str) -> int:
    to.mkdir()
    size = 0
    for length in archive.extracted(packed, to):
        size += length
        _check_size(size, landed, limits, key)
    return size


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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
    head = b"".join(islice(landed.pieces(1), _HEAD))
    codec = next((codec for codec in _CODECS if codec.begins(head)), None)
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
                while isinstance(member, _Bounded) and member.waiting:
                    yield member.decompress(b"")
            except _FAULTS:
                raise _damaged(codec, landed) from None
            data = member.unused_data if member.eof else b""
    if not member.eof:
        raise UnreadableObject(
            f"the {codec.name} stream ends early after {landed.size} bytes; upload the file again"
        )


def _damaged(codec: _Codec, landed: _Landed) -> UnreadableObject:
    why = f"damaged{codec.or_else} within its first {landed.size} bytes"
    return UnreadableObject(f"the {codec.name} stream is {why}; upload the file again")


def _check_size(plain: int, landed: int, limits: Limits, key: str) -> None:
    if plain > limits.size:
        raise UnreadableObject(f"{key} is larger than {limits.size} bytes when decompressed; split the file")
    if plain > max(limits.free, limits.ratio * landed):
        raise UnreadableObject(
            f"{key} grows more than {limits.ratio} times in decompression; upload it as it is if it is sound"
        )


def _check_not_empty(landed: int, key: str) -> None:
    if not landed:
        raise UnreadableObject(f"{key} is empty; upload it again, with its rows")
