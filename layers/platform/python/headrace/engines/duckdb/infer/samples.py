"""Samples of landed files, read by the engine itself: what it will read later is what guesses rest on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import replace

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import UnreadableObject
from headrace.domain.formats import Csv, Excel, FixedWidth, Format, Ndjson, Parquet, Xml
from headrace.domain.infer.seen import Number, Seen
from headrace.domain.landed import LandedObject
from headrace.domain.machine import Machine
from headrace.domain.plan import Column, Json, Plan, Text, Type
from headrace.engines.duckdb.infer.infer_format import detected_format, first_record
from headrace.engines.duckdb.read import archive
from headrace.engines.duckdb.read.members import Native
from headrace.engines.duckdb.read.native import native_parts
from headrace.engines.duckdb.read.reading import Reason, Source
from headrace.engines.duckdb.refine import refine
from headrace.engines.duckdb.stage import stage

MOST_ROWS = 100_000
"""Rows of one file that are looked at."""

MOST_BYTES = 32 << 20
"""Bytes of one file's text that are looked at."""

_UNTYPED = (Csv, FixedWidth, Excel, Xml)
_EVERY_ROW = (Reason("", "sample", ""),)
_MOST_PARTS = 10_000


@dataclass(frozen=True)
class Sample:
    """The beginning of a file, or of a member of an archive, that landed as `landed` and is read as `native`.

    `whole` where it is all of it. `origin` is the file as it landed, decompressed.
    """

    source: Source
    landed: Format
    native: Native
    whole: bool
    origin: Source

    @property
    def proof(self) -> tuple[Source, Format]:
        """What to refine, and in which format, to see whether a contract takes what was looked at."""
        return (self.origin, self.landed) if self.whole else (self.source, self.native)

    @property
    def typed(self) -> bool:
        """Whether its values say of themselves what they are."""
        return not isinstance(self.landed, _UNTYPED)


def take_samples(file: Path, index: int, workdir: Path, machine: Machine) -> list[Sample]:
    """Copy the beginning of a file to the folder `workdir`, decompressed and in a format that has a reader;
    `index` tells it from other files there. Raises UnreadableObject."""
    place = workdir / f"sample-{index:05d}"
    place.mkdir()
    staged = place / "staged"
    with file.open("rb") as stream:
        stage(stream, staged, file.name)
    name, first = next(iter(archive.members(staged))) if staged.is_dir() else (file.name, staged)
    landed = detected_format(first, name)
    parts, refusals = native_parts(
        _reading((landed,), ()), {index: (file.name, staged)}, place, machine.memory_mb
    )
    for refusal in refusals.values():
        raise UnreadableObject(refusal.message)
    origin = _source(index, 0, file.name, staged)
    return [
        Sample(
            _source(index, at, file.name, part.path),
            landed,
            _in_utf8(part.format),
            isinstance(landed, Xml) or _cut(part.path, part.format),
            origin,
        )
        for at, part in enumerate(parts)
    ]


def _source(index: int, part: int, name: str, path: Path) -> Source:
    landed = LandedObject("sample", f"{index:05d}/{part:05d}/{name}", "1", "", 0)
    return Source(index * _MOST_PARTS + part, landed, path)


def _in_utf8(native: Native) -> Native:
    """The format of a part that stands in UTF-8 by now."""
    return native if isinstance(native, Parquet) else replace(native, encoding="utf-8")


def observe(sample: Sample, record: Seen, workdir: Path, machine: Machine) -> tuple[int, int]:
    """Add a sample's rows to `record`; returns how many there were, and how many that cannot be read.

    Raises UnreadableObject where no row can be.
    """
    place = workdir / f"observed-{sample.source.index:09d}"
    place.mkdir()
    columns = tuple(_columns(sample))
    for one in columns:
        if one.source:  # also those without any value
            record.members.setdefault(one.source, Seen())
    refined = refine(
        _reading((sample.native,), columns),
        batch=1,
        sources=[sample.source],
        workdir=place,
        masking_key=b"",
        rejection=_EVERY_ROW,
        machine=machine,
    )
    (outcome,) = refined.objects
    if outcome.refusal:
        raise UnreadableObject(outcome.refusal.message)
    texts = isinstance(sample.native, Csv | FixedWidth)
    rows = broken = 0
    for row in (row for file in refined.quarantine for row in _records(file.path)):
        if row is None:
            broken += 1
        else:
            rows += 1
            record.add({name: value or None for name, value in row.items()} if texts else row)
    if isinstance(sample.landed, Xml):
        record.list_singles()
    return rows, broken


def _reading(formats: tuple[Format, ...], columns: tuple[Column, ...]) -> Plan:
    return Plan(DatasetId("sample", "sample"), "", formats, columns)


def _columns(sample: Sample) -> Iterator[Column]:
    """Columns that take whatever comes: tables have theirs, of other records none is known."""
    path = sample.source.content
    assert isinstance(path, Path)  # noqa: S101 - a sample is a file
    kind: Type = Json()
    match sample.native:
        case Csv() as dialect:
            names, kind = _csv_names(path, dialect), Text()
        case Parquet():
            with _opened_parquet(path) as file:
                names = file.schema_arrow.names
        case _:
            names = [""]
    for at, name in enumerate(dict.fromkeys(names)):
        yield Column(f"c{at}", name, kind)


def _csv_names(path: Path, dialect: Csv) -> list[str]:
    first = first_record(path, dialect)
    if dialect.header:
        return [name.strip() or f"column {at}" for at, name in enumerate(first, 1)]
    return [f"column_{at}" for at in range(1, len(first) + 1)]


@contextmanager
def _opened_parquet(path: Path) -> Iterator[pq.ParquetFile]:
    """A Parquet file; raises UnreadableObject where it is none to its end."""
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError):
        raise UnreadableObject("the file is not readable Parquet to its end; write it again") from None


def _records(path: Path) -> Iterator[dict[str, Any] | None]:
    """Each row as its reader gave it; None for one that is broken."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=["_raw", "_reasons"]):
            texts, reasons = (batch.column(at).to_pylist() for at in (0, 1))
            for text, why in zip(texts, reasons, strict=True):
                broken = any(reason["rule"] == "structure" for reason in why)
                yield None if broken else _parsed(text)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        parsed = json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)
    except RecursionError:
        return None
    return parsed if isinstance(parsed, dict) else None


# ── what to leave out of a large file ────────────────────────────────────────────────────────────


def _cut(path: Path, native: Native) -> bool:
    """Cut a file down to what is looked at; returns whether nothing had to be."""
    match native:
        case Parquet():
            return _cut_parquet(path)
        case Csv():
            return _cut_lines(path, native.quote)
        case FixedWidth() | Ndjson():
            return _cut_lines(path, "")
        case _:
            return True


def _cut_parquet(path: Path) -> bool:
    with _opened_parquet(path) as file:
        if file.metadata.num_rows <= MOST_ROWS:
            return True
        taken: list[pa.RecordBatch] = []
        for batch in file.iter_batches():
            taken.append(batch.slice(0, MOST_ROWS - sum(map(len, taken))))
            if sum(map(len, taken)) >= MOST_ROWS:
                break
        schema = file.schema_arrow
    pq.write_table(pa.Table.from_batches(taken, schema), path)
    return False


def _cut_lines(path: Path, quote: str) -> bool:
    """Keep the first lines: whole records, none of them with a quote that is opened and not closed."""
    with path.open("rb") as file:
        head = file.read(MOST_BYTES + 1)
    end = _end_of_lines(head, MOST_ROWS + 1)
    if end == len(head) <= MOST_BYTES:
        return True
    end = min(end, head.rfind(b"\n") + 1) or len(head)
    while quote and end > 0 and head.count(quote.encode(), 0, end) % 2:
        end = head.rfind(b"\n", 0, end - 1) + 1
    path.write_bytes(head[:end])
    return False


def _end_of_lines(text: bytes, count: int) -> int:
    """Where the first so many lines end."""
    end = 0
    for _ in range(count):
        at = text.find(b"\n", end)
        if at < 0:
            return len(text)
        end = at + 1
    return end
