"""Makes of each landed file one that has a reader: members of archives apart, text in UTF-8, and formats
without a reader of their own as NDJSON, CSV or Parquet."""

from collections.abc import Iterator, Mapping
from pathlib import Path

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
from headrace.domain.plan import Array, Column, Object, Plan
from headrace.engines.convert import Job, convert
from headrace.engines.duckdb.read import archive
from headrace.engines.duckdb.read.members import Part, told
from headrace.engines.duckdb.read.reading import Refusal, unreadable
from headrace.engines.duckdb.read.sniff import check_kind, format_of
from headrace.engines.duckdb.read.transcode import is_utf8, transcode


def native_parts(
    plan: Plan, sources: Mapping[int, tuple[str, Path]], workdir: Path, memory_mb: int
) -> tuple[list[Part], dict[int, Refusal]]:
    """The files to read for `sources`, which are (key, file) by index, and the sources that cannot be
    read. What has to be rewritten stands in `workdir` then."""
    return _Rewriting(plan, workdir).parts(sources, memory_mb)


class _Rewriting:
    def __init__(self, plan: Plan, workdir: Path) -> None:
        self._plan, self._workdir = plan, workdir
        self._refusals: dict[int, Refusal] = {}
        self._jobs: list[tuple[Job, Part]] = []
        self._written = 0

    def parts(
        self, sources: Mapping[int, tuple[str, Path]], memory_mb: int
    ) -> tuple[list[Part], dict[int, Refusal]]:
        parts: list[Part] = []
        for source, (key, content) in sources.items():
            try:
                parts += self._parts_of(source, key, content)
            except UnreadableObject as error:
                self._refusals[source] = unreadable(str(error))
        jobs = [(job, part) for job, part in self._jobs if part.source not in self._refusals]
        problems = convert([job for job, _ in jobs], memory_mb)
        for (_, part), problem in zip(jobs, problems, strict=True):
            if problem:
                self._refusals[part.source] = unreadable(told(part.name, problem))
        return [part for part in parts if part.source not in self._refusals], self._refusals

    def _parts_of(self, source: int, key: str, content: Path) -> list[Part]:
        if not content.is_dir():
            return [self._part(source, format_of(self._plan.formats, key), content, "")]
        members = archive.members(content)
        formats = {format_of(self._plan.formats, name): name for name, _ in members}
        if len(formats) > 1:
            names = " and ".join(list(formats.values())[:2])
            raise UnreadableObject(f"the archive has files of several formats, as {names}; land them apart")
        (format_,) = formats
        return [self._part(source, format_, path, name) for name, path in members]

    def _part(self, source: int, format_: Format, path: Path, name: str) -> Part:
        try:
            check_kind(format_, path)
            return self._rewritten(source, format_, path, name)
        except UnreadableObject as error:
            raise UnreadableObject(told(name, str(error))) from None

    def _rewritten(self, source: int, format_: Format, path: Path, name: str) -> Part:
        size = path.stat().st_size
        match format_:
            case Csv() | FixedWidth() | Ndjson() | JsonDocument():
                if not is_utf8(format_.encoding):
                    landed, path = path, self._next("txt")
                    transcode(landed, format_.encoding, path)
                return Part(source, format_, path, size, name)
            case Parquet():
                return Part(source, format_, path, size, name)
            case Avro(nulls=nulls) | Orc(nulls=nulls):
                part = Part(source, Parquet(nulls), self._next("parquet"), size, name)
            case Excel(nulls=nulls):
                part = Part(source, Csv(nulls=nulls), self._next("csv"), size, name)
            case Xml():
                part = Part(source, Ndjson(), self._next("ndjson"), size, name)
        arrays = tuple(_arrays(self._plan.columns, ""))
        fields = tuple(column.source for column in self._plan.columns)
        self._jobs.append((Job(format_, str(path), str(part.path), fields, arrays), part))
        return part

    def _next(self, ending: str) -> Path:
        self._written += 1
        return self._workdir / f"native-{self._written:05d}.{ending}"


def _arrays(columns: tuple[Column, ...], above: str) -> Iterator[str]:
    """The dotted paths of the fields that are arrays."""
    for column in columns:
        for name in (column.source, *column.aliases):
            inner = column.type
            if isinstance(inner, Array):
                yield above + name
                inner = inner.items
            if isinstance(inner, Object):
                yield from _arrays(inner.columns, f"{above}{name}.")
