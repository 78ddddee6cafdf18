"""What lands becomes a plain file with the hash of what landed, or is refused before it fills the disk."""

import bz2
import gzip
import hashlib
import io
import lzma
import random
import zlib
from pathlib import Path

import pytest
import zstandard

from headrace.domain.errors import UnreadableObject
from headrace.engines.duckdb import Limits, stage

BODY = b"name,wheels\n" + b"".join(b"mill %d,%d\n" % (n, n % 7) for n in range(50_000))
NOISE = random.Random(7).randbytes(300_000)


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


@pytest.mark.parametrize(
    ("landed", "plain"),
    [
        (BODY, BODY),
        (b"a", b"a"),
        (b"\x1f", b"\x1f"),
        (gzip.compress(BODY), BODY),
        (gzip.compress(NOISE), NOISE),
        (gzip.compress(BODY) + gzip.compress(b"more"), BODY + b"more"),
        (gzip.compress(BODY) + b"\0" * 512, BODY),
        (gzip.compress(b""), b""),
        (zstd(BODY), BODY),
        (zstd(NOISE) + zstd(b"more"), NOISE + b"more"),
        (zstandard.ZstdCompressor().stream_reader(io.BytesIO(BODY)).read(), BODY),
        (bz2.compress(BODY), BODY),
        (bz2.compress(NOISE) + bz2.compress(b"more"), NOISE + b"more"),
        (lzma.compress(BODY), BODY),
        (lzma.compress(NOISE) + lzma.compress(b"more") + b"\0" * 8, NOISE + b"more"),
        (b"BZh,is a header\n1,2\n", b"BZh,is a header\n1,2\n"),
    ],
    ids=range(16),
)
def test_an_object_becomes_a_plain_file(landed: bytes, plain: bytes, tmp_path: Path) -> None:
    staged = stage(io.BytesIO(landed), tmp_path / "file", "river/mills/a.csv")
    assert staged.path.read_bytes() == plain
    assert (staged.sha256, staged.size) == (hashlib.sha256(landed).hexdigest(), len(plain))


class Trickle(io.RawIOBase):
    """A stream that hands out a few bytes at a time, as networks do."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, 37) if size > 0 else 37)


def test_a_stream_may_come_in_small_pieces(tmp_path: Path) -> None:
    landed = gzip.compress(BODY[:20_000]) + gzip.compress(b"end")
    staged = stage(Trickle(landed), tmp_path / "file", "a")  # type: ignore[arg-type] # it only reads
    assert staged.path.read_bytes() == BODY[:20_000] + b"end"


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


GZ, ZS, BZ, XZ = gzip.compress(NOISE), zstd(NOISE), bz2.compress(NOISE), lzma.compress(NOISE)
GREEDY = bytearray(lzma.compress(b"a", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]))
GREEDY[16] = 40  # a dictionary of 4 GB
GREEDY[20:24] = zlib.crc32(GREEDY[12:20]).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("landed", "message"),
    [
        (b"", "river/a.csv is empty"),
        (GZ[:-20], f"the gzip stream ends early after {len(GZ) - 20} bytes; upload the file again"),
        (GZ[:5], "the gzip stream ends early after 5 bytes; upload the file again"),
        (GZ + GZ[:50], f"the gzip stream ends early after {len(GZ) + 50} bytes; upload the file again"),
        (ZS[:-20], f"the zstd stream ends early after {len(ZS) - 20} bytes; upload the file again"),
        (flipped(GZ, len(GZ) - 8), "the gzip stream is damaged"),
        (flipped(gzip.compress(BODY), 3000), "the gzip stream is damaged"),
        (flipped(ZS, 1000), "the zstd stream is damaged"),
        (GZ + b"garbage", "the gzip stream is damaged"),
        (BZ[:-20], f"the bzip2 stream ends early after {len(BZ) - 20} bytes; upload the file again"),
        (flipped(BZ, 2000), "the bzip2 stream is damaged"),
        (XZ[:-20], f"the xz stream ends early after {len(XZ) - 20} bytes; upload the file again"),
        (flipped(XZ, 2000), "the xz stream is damaged or needs more than 256 MB of memory"),
        (GREEDY, "the xz stream is damaged or needs more than 256 MB of memory"),
    ],
    ids=range(14),
)
def test_a_damaged_object_is_refused_and_leaves_no_file(landed: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableObject) as refused:
        stage(io.BytesIO(landed), tmp_path / "file", "river/a.csv")
    assert str(refused.value).startswith(message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "bomb",
    [pack(bytes(40 << 20)) for pack in (gzip.compress, zstd, bz2.compress, lzma.compress)],
    ids=["gzip", "zstd", "bzip2", "xz"],
)
def test_a_bomb_is_stopped_while_it_unfolds(bomb: bytes, tmp_path: Path) -> None:
    for limits, message in (
        (Limits(size=1 << 20), "a is larger than 1048576 bytes when decompressed"),
        (Limits(ratio=100, free=1 << 20), "a grows more than 100 times in decompression"),
    ):
        with pytest.raises(UnreadableObject, match=message):
            stage(io.BytesIO(bomb), tmp_path / "file", "a", limits)
    assert stage(io.BytesIO(bomb), tmp_path / "file", "a").size == 40 << 20


def test_a_plain_object_has_a_largest_size_too(tmp_path: Path) -> None:
    with pytest.raises(UnreadableObject, match="a is larger than 1000 bytes"):
        stage(io.BytesIO(BODY), tmp_path / "file", "a", Limits(size=1000))
