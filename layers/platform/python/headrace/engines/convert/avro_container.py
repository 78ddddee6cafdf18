"""The frame of an Avro object container file: its schema and its blocks, unpacked within bounds.

fastavro reads this frame too, but with the sizes that a file claims, and without Snappy.
"""

import bz2
import json
import lzma
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
import zstandard

from headrace.domain.errors import UnreadableObject

_MAGIC = b"Obj\x01"
_SYNC_BYTES = 16
_HEADER_BYTES = 16 << 20
_BLOCK_BYTES = 32 << 20
_XZ_MEMORY = 256 << 20
_LONGEST_NUMBER = 10

_FAULTS = (zlib.error, zstandard.ZstdError, lzma.LZMAError, pa.ArrowException, EOFError, OSError, ValueError)


def read_container(path: Path) -> tuple[Any, Iterator[tuple[int, bytes]]]:
    """The schema as JSON has it, and each block as (records, bytes). Both raise UnreadableObject."""
    frame = _Frame(path)
    return frame.schema, frame.blocks()


class _Frame:
    def __init__(self, path: Path) -> None:
        self._path, self._size = path, path.stat().st_size
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
        body = BytesIO(header)
        if body.read(len(_MAGIC)) != _MAGIC:
            raise UnreadableObject("the file is not Avro; write it again")
        metadata = self._metadata(body)
        self._sync = self._taken(body, _SYNC_BYTES)
        self._begin = body.tell()
        codec = metadata.get("avro.codec", b"null").decode("utf-8", "replace") or "null"
        if codec not in _UNPACK:
            raise UnreadableObject(
                f"the file is compressed with {codec}, which is not read; write it with one of {_CODECS}"
            )
        self._unpack = _UNPACK[codec]
        try:
            self.schema = json.loads(metadata.get("avro.schema", b""))
        except (ValueError, RecursionError):
            raise UnreadableObject("the file has no schema that can be read; write it again") from None

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        with self._path.open("rb") as file:
            file.seek(self._begin)
            while (at := file.tell()) < self._size:
                count, size = self._number(file), self._number(file)
                if count < 0 or not 0 <= size <= min(_BLOCK_BYTES, self._size - file.tell()):
                    raise UnreadableObject(
                        f"the block at byte {at} claims {count} records in {size} bytes, more than is there "
                        f"or read at once ({_BLOCK_BYTES}); write it again"
                    )
                packed = self._taken(file, size)
                if self._taken(file, _SYNC_BYTES) != self._sync:
                    raise self._damaged(at)
                try:
                    block = self._unpack(packed)
                except _FAULTS:
                    raise self._damaged(at) from None
                if len(block) > _BLOCK_BYTES:
                    raise UnreadableObject(
                        f"the block at byte {at} unpacks to more than {_BLOCK_BYTES} bytes; write less in one"
                    )
                yield count, block

    def _metadata(self, body: BinaryIO) -> dict[str, bytes]:
        metadata: dict[str, bytes] = {}
        while count := self._number(body):
            if count < 0:
                self._number(body)  # the length in bytes
            for _ in range(abs(count)):
                name = self._taken(body, self._number(body))
                metadata[name.decode("utf-8", "replace")] = self._taken(body, self._number(body))
        return metadata

    def _number(self, file: BinaryIO) -> int:
        """A zigzag number of variable length."""
        number = 0
        for shift in range(0, 7 * _LONGEST_NUMBER, 7):
            byte = self._taken(file, 1)[0]
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        return (number >> 1) ^ -(number & 1)

    def _taken(self, file: BinaryIO, size: int) -> bytes:
        data = file.read(size) if 0 <= size <= self._size else b""
        if len(data) != size:
            raise UnreadableObject("the file is cut short or damaged; write it again")
        return data

    def _damaged(self, at: int) -> UnreadableObject:
        return UnreadableObject(f"the block at byte {at} is damaged; write the file again")


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _inflated(codec: _Decompressor, packed: bytes) -> bytes:
    block = codec.decompress(packed, _BLOCK_BYTES + 1)
    if not codec.eof and len(block) <= _BLOCK_BYTES:
        raise EOFError
    return block


def _snappy(packed: bytes) -> bytes:
    """A block that ends with its checksum; it begins with its length, seven bits a byte."""
    size = shift = 0
    for byte in packed[:5]:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    if size > _BLOCK_BYTES:
        return bytes(_BLOCK_BYTES + 1)
    data, check = packed[:-4], packed[-4:]
    block: bytes = pa.decompress(data, decompressed_size=size, codec="snappy", asbytes=True)
    if zlib.crc32(block).to_bytes(4, "big") != check:
        raise ValueError
    return block


def _zstd(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().stream_reader(packed).read(_BLOCK_BYTES + 1)


_UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "null": lambda packed: packed,
    "deflate": lambda packed: _inflated(zlib.decompressobj(wbits=-15), packed),
    "snappy": _snappy,
    "zstandard": _zstd,
    "bzip2": lambda packed: _inflated(bz2.BZ2Decompressor(), packed),
    "xz": lambda packed: _inflated(lzma.LZMADecompressor(memlimit=_XZ_MEMORY), packed),
}
_CODECS = ", ".join(_UNPACK)
