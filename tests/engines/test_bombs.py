"""Small files that stand for much: each is refused in less than 5 s and 1 GB, in a process of its own.

The seconds are the processor's, of all threads: other work on the machine does not count.
"""

import bz2
import gzip
import io
import lzma
import multiprocessing as mp
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from headrace.domain.errors import UnreadableObject
from headrace.domain.formats import (
    Avro,
    Csv,
    Excel,
    FixedWidth,
    Format,
    JsonDocument,
    Ndjson,
    Orc,
    Parquet,
    Xml,
)
from headrace.domain.machine import Machine
from headrace.domain.plan import Column, Text
from headrace.engines.duckdb import Refusal, Source, refine, stage
from tests.engines.formats import avro, number, orc_file, record, workbook
from tests.engines.unit import KEY, landed, plan, refine_files

pytestmark = pytest.mark.slow

SECONDS, MEGABYTES = 5.0, 1_000
V = Column("v", "v", Text())
GIGABYTE = 1 << 30


def zeros(pack: Callable[[bytes], bytes], flush: Callable[[], bytes], size: int = 3 * GIGABYTE) -> bytes:
    """So many zeros, packed."""
    piece = bytes(16 << 20)
    return b"".join([*(pack(piece) for _ in range(size // len(piece))), flush()])


def gzip_bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return zeros(packer.compress, packer.flush)


def zstd_bomb() -> bytes:
    packer = zstandard.ZstdCompressor(19).compressobj()
    return zeros(packer.compress, packer.flush)


def bzip2_bomb() -> bytes:
    return bz2.compress(bytes(64 << 20)) * 48


def xz_bomb() -> bytes:
    return lzma.compress(bytes(256 << 20), preset=6) * 12


def zip_bomb() -> bytes:
    with zipfile.ZipFile(body := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", bytes(GIGABYTE))
    return body.getvalue()


def zip_of_overlaps() -> bytes:
    """A thousand members that are one kernel of zeros."""
    kernel = zlib.compress(bytes(20 << 20), 9)[2:-4]
    check, names = zlib.crc32(bytes(20 << 20)), [f"{at:03d}.csv".encode() for at in range(999)]
    sizes = struct.pack("<LLL", check, len(kernel), 20 << 20)
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes + struct.pack("<HH", 7, 0)
    central = b"".join(
        b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0) + sizes
        + struct.pack("<HHHHHLL", 7, 0, 0, 0, 0, 0, 0) + name
        for name in names
    )  # fmt: skip
    data = local + names[0] + kernel
    end = struct.pack("<HHHHLLH", 0, 0, 999, 999, len(central), len(data), 0)
    return data + central + b"PK\x05\x06" + end


def parquet_of_rows(rows: int = 50_000_000) -> bytes:
    body = io.BytesIO()
    column = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), 1_000_000), ["x"])
    with pq.ParquetWriter(body, pa.schema([("v", column.type)]), compression="zstd") as writer:
        for _ in range(rows // 1_000_000):
            writer.write_table(pa.table({"v": column}), row_group_size=1_000_000)
    return body.getvalue()


def parquet_of_long_texts() -> bytes:
    body = io.BytesIO()
    texts = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), 2_000), ["x" * 1_000_000])
    pq.write_table(pa.table({"v": texts}), body, compression="zstd")
    return body.getvalue()


def parquet_that_says_less() -> bytes:
    """The same, but its footer says less of what its pages unpack to."""
    body, pages = parquet_of_long_texts(), pq.ParquetFile(io.BytesIO(parquet_of_long_texts())).metadata
    said = pages.row_group(0).column(0).total_uncompressed_size
    honest = number(said)
    least = bytes([0x80] * (len(honest) - 1)) + b"\x01"  # of as many bytes
    assert honest in body
    return body.replace(honest, least)


def parquet_of_one_page() -> bytes:
    """One page of 900 MB that is nothing but a column of numbers."""
    body = io.BytesIO()
    numbers = pa.array(memoryview(bytes(900 << 20)).cast("q"))
    options = {"use_dictionary": False, "data_page_size": 2_000_000_000, "write_batch_size": 1 << 30}
    pq.write_table(pa.table({"v": numbers}), body, compression="zstd", row_group_size=1 << 30, **options)
    return body.getvalue()


def one_line(begin: bytes = b"", end: bytes = b"") -> bytes:
    return begin + b"x" * GIGABYTE + end


def far_cell() -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook(s=[["v"], [1]]))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    parts[sheet] = parts[sheet].replace(b"</sheetData>", far)
    with zipfile.ZipFile(body := io.BytesIO(), "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return body.getvalue()


def workbook_of_zeros() -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook(s=[["v"], [1]]))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(body := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part + b" " * (500 << 20) if name.endswith("sheet1.xml") else part)
    return body.getvalue()


def laughs() -> bytes:
    levels = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 12))
    return f'<!DOCTYPE r [<!ENTITY l0 "ha">{levels}]><r><v>&l11;</v></r>'.encode()


def avro_of_zeros() -> bytes:
    return avro(record(v="bytes"), [{"v": bytes(500 << 20)}], "deflate")


def avro_that_claims() -> bytes:
    body = avro(record(v="string"), [{"v": "x"}])
    return body[:-20] + number(1) + number(1 << 60) + b"x" * 40


def orc_of_rows() -> bytes:
    return orc_file(pa.table({"v": pa.repeat("x", 50_000_000)}), compression="zstd")


BOMBS: dict[str, tuple[Format, Callable[[], bytes]]] = {
    "gzip": (Csv(), gzip_bomb),
    "zstd": (Csv(), zstd_bomb),
    "bzip2": (Csv(), bzip2_bomb),
    "xz": (Csv(), xz_bomb),
    "zip": (Csv(), zip_bomb),
    "zip of overlaps": (Csv(), zip_of_overlaps),
    "parquet of rows": (Parquet(), parquet_of_rows),
    "parquet of long texts": (Parquet(), parquet_of_long_texts),
    "parquet that says less": (Parquet(), parquet_that_says_less),
    "parquet of one page": (Parquet(), parquet_of_one_page),
    "json depth": (JsonDocument(), lambda: b"[" * (64 << 20)),
    "json of one text": (JsonDocument(), lambda: one_line(b'[{"v":"')),
    "csv of one line": (Csv(), one_line),
    "xml laughs": (Xml("r"), laughs),
    "xml of one text": (Xml("r.row"), lambda: one_line(b"<r><row><v>", b"</v></row></r>")),
    "xml of one tag": (Xml("r.row"), lambda: one_line(b'<r><row v="', b'"/></r>')),
    "excel of a far cell": (Excel(), far_cell),
    "excel of zeros": (Excel(), workbook_of_zeros),
    "avro of zeros": (Avro(), avro_of_zeros),
    "avro that claims": (Avro(), avro_that_claims),
    "orc of rows": (Orc(), orc_of_rows),
}


def refused(name: str, path: Path, answer: Connection) -> None:
    """Refine one landed file; tell why it is refused, and the seconds and the memory that it took."""
    begin = time.process_time()
    with path.open("rb") as body:
        try:
            content: Path | Refusal = stage(body, path.parent / "staged", name).path
        except UnreadableObject as error:
            content = Refusal("unreadable", str(error))
    refined = refine(
        plan(V, formats=(BOMBS[name][0],)),
        batch=1,
        sources=[Source(0, landed(name), content)],
        workdir=path.parent,
        masking_key=KEY,
        machine=Machine(1_024),
    )
    took = time.process_time() - begin
    status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    (outcome,) = refined.objects
    message = outcome.refusal.message if outcome.refusal else ""
    answer.send((message, took, int(status["VmHWM"].split()[0]) / 1024))


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_soon_and_in_little_memory(name: str, tmp_path: Path) -> None:
    (tmp_path / "landed").write_bytes(BOMBS[name][1]())
    context = mp.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=refused, args=(name, tmp_path / "landed", there))
    child.start()
    there.close()
    message, seconds, megabytes = here.recv()
    child.join()
    assert message
    assert seconds < SECONDS
    assert megabytes < MEGABYTES


def test_a_record_of_great_depth_costs_itself_alone() -> None:
    unit = refine_files(plan(V, formats=(Ndjson(),)), {"f": b'{"v":1}\n' + b'{"v":' * (10 << 20)})
    assert unit.column("v") == ["1"]
    assert unit.rules == [["structure"]]


@pytest.mark.parametrize(
    ("format_", "begin"),
    [
        (Csv(), b"v,w\n1,2\n"),
        (Ndjson(), b'{"v":1}\n'),
        (FixedWidth((("v", 0, 1),)), b"1\n"),
    ],
)
def test_one_endless_line_costs_itself_alone(format_: Format, begin: bytes, tmp_path: Path) -> None:
    with (tmp_path / "landed").open("wb") as file:
        file.write(begin)
        for _ in range(64):
            file.write(b"x" * (16 << 20))
    unit = refine_files(plan(V, formats=(format_,)), {"f": tmp_path / "landed"})
    assert unit.column("v") == ["1"]
    assert unit.rules == [["structure"]]


def test_gzip_of_what_a_person_would_land_is_no_bomb(tmp_path: Path) -> None:
    lines = b"v,w\n" + b"1,2\n" * 1_000_000
    with io.BytesIO(gzip.compress(lines)) as body:
        staged = stage(body, tmp_path / "f", "a.csv.gz")
    assert staged.size == len(lines)
