"""Result files in S3: CSV with Athena's quoting, plain lines for DDL, and the metadata beside them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace_local.athena.errors import InvalidRequest
from headrace_local.athena.outcome import ColumnInfo

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Row = list[str | None]
_LOCATION = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)
_CELL = re.compile(rb'"((?:[^"]|"")*)"')
_NULLABLE_UNKNOWN = 3


@dataclass(frozen=True)
class Place:
    """An object in S3."""

    bucket: str
    key: str

    @classmethod
    def under(cls, location: str, name: str) -> "Place":
        bucket, prefix = split(location)
        return cls(bucket, f"{prefix}{name}")

    @classmethod
    def of(cls, uri: str) -> "Place":
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return cls(bucket, key)

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def split(location: str) -> tuple[str, str]:
    """An output location's bucket and its prefix, with a slash at the end; raises InvalidRequest."""
    found = _LOCATION.fullmatch(location)
    if found is None:
        raise InvalidRequest("outputLocation is not a valid S3 path.")
    prefix = (found[2] or "").strip("/")
    return found[1], f"{prefix}/" if prefix else ""


def csv_line(row: Sequence[str | None]) -> str:
    """Every value quoted, quotes doubled; a null is nothing at all."""
    return ",".join("" if v is None else '"' + v.replace('"', '""') + '"' for v in row) + "\n"


def csv(columns: Sequence[ColumnInfo], rows: Iterable[Row]) -> bytes:
    lines = [csv_line([c.name for c in columns]), *map(csv_line, rows)]
    return "".join(lines).encode()


def txt(rows: Iterable[Row]) -> bytes:
    return "\n".join("\t".join(v or "" for v in row) for row in rows).encode()


def parse_csv(body: bytes, start: int) -> Iterator[tuple[Row, int]]:
    """The rows from a byte on, each with the byte where the next begins; a quoted empty text is no null."""
    at = start
    while at < len(body):
        row: Row = []
        while True:
            cell = _CELL.match(body, at)
            quoted = cell[1] if cell is not None else None
            row.append(quoted.replace(b'""', b'"').decode() if quoted is not None else None)
            at = cell.end() if cell is not None else at
            if body[at : at + 1] != b",":
                break
            at += 1
        at += 1
        yield row, at


def parse_txt(body: bytes, start: int) -> Iterator[tuple[Row, int]]:
    """The lines from a byte on, each with the byte at which the next begins."""
    at = start
    while at < len(body):
        end = body.find(b"\n", at)
        line = body[at : end if end >= 0 else len(body)]
        at += len(line) + 1
        yield [line.decode()], at


def metadata(
    query_id: str, columns: Sequence[ColumnInfo], update_type: str, update_count: int | None
) -> bytes:
    """The `.metadata` companion as Athena's drivers read it: query id, what was done, how often, columns."""
    parts = [_text(1, query_id)]
    if update_type:
        parts += [_text(2, update_type), _number(3, update_count or 0)]
    return b"".join([*parts, *(_bytes(4, _column(c)) for c in columns)])


def _column(column: ColumnInfo) -> bytes:
    texts = [_text(1, "hive"), _text(4, column.name), _text(5, column.name), _text(6, column.kind)]
    numbers = [
        _number(7, column.precision),
        _number(8, column.scale),
        _number(9, _NULLABLE_UNKNOWN),
        _number(10, int(column.case_sensitive)),
    ]
    return b"".join([*texts, *numbers])


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _bytes(tag: int, value: bytes) -> bytes:
    return _varint(tag << 3 | 2) + _varint(len(value)) + value


def _text(tag: int, value: str) -> bytes:
    return _bytes(tag, value.encode())


def read(client: "S3Client", place: Place) -> bytes:
    """A result file's bytes; raises InvalidRequest where it has been deleted."""
    try:
        return client.get_object(Bucket=place.bucket, Key=place.key)["Body"].read()
    except (client.exceptions.NoSuchKey, client.exceptions.NoSuchBucket) as error:
        raise InvalidRequest("Could not find results", "RESULT_NOT_FOUND") from error
