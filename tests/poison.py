"""Objects that cannot be read, of every kind, for batches of sound neighbours."""

import gzip
import io
import random
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq

from tests.engines.formats import number

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: wheels
version: 1.0.0
status: active
domain: river
name: {name}
servers:
  - {{server: texts, type: s3, location: "s3://landing/river/{name}/", format: csv}}
  - {{server: tables, type: s3, location: "s3://landing/river/{name}/", format: parquet}}
schema:
  - name: {name}
    logicalType: object
    properties:
      - {{name: mill, logicalType: string, required: true}}
      - {{name: wheels, logicalType: integer}}
"""
GOOD = 500


def good(number: int) -> bytes:
    """A sound file of two rows."""
    return f"mill,wheels\nMill {number},{number % 7}\nOld Mill {number},1\n".encode()


def _noise() -> bytes:
    return b"\x00\xff" + random.Random(7).randbytes(20_000)


def _zip_bomb() -> bytes:
    with zipfile.ZipFile(body := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", bytes(128 << 20))
    return body.getvalue()


def _lying_footer() -> bytes:
    """A Parquet file whose footer says that its pages unpack to almost nothing."""
    texts = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), 2_000), ["x" * 1_000_000])
    pq.write_table(pa.table({"mill": texts}), body := io.BytesIO(), compression="zstd")
    column = pq.ParquetFile(io.BytesIO(body.getvalue())).metadata.row_group(0).column(0)
    honest = number(column.total_uncompressed_size)
    least = bytes([0x80] * (len(honest) - 1)) + b"\x01"  # of as many bytes
    assert honest in body.getvalue()
    return body.getvalue().replace(honest, least)


POISON = {
    "cut.csv.gz": lambda: gzip.compress(good(1) * 50)[:-9],
    "noise.csv": _noise,
    "lying.parquet": _lying_footer,
    "bomb.zip": _zip_bomb,
    "latin.parquet": lambda: "mühle,räder\n".encode("latin-1"),
    "utf16.csv": lambda: good(1).decode().encode("utf-16"),
    "$(id);'--\n飛.csv": _noise,
}
"""Bodies by what follows the dataset's prefix in the key."""

DELETED = "deleted.csv"
"""A sound object that is gone before it is read."""
