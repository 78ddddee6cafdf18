"""Refines files given as bytes and reads back what was written."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

from headrace.domain.batch import ReasonCount
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from headrace.domain.machine import Machine
from headrace.domain.plan import Column, Csv, Format, Plan
from headrace.engines.duckdb import ObjectOutcome, Reason, Refusal, Source, refine

KEY = bytes(range(32))


@dataclass(frozen=True)
class Unit:
    """A refined work unit: rows as dictionaries, the SHA-256 of each file, outcomes in source order."""

    curated: list[dict[str, Any]]
    quarantine: list[dict[str, Any]]
    hashes: tuple[str, ...]
    objects: tuple[ObjectOutcome, ...]
    reasons: tuple[ReasonCount, ...]

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.curated]

    @property
    def broken(self) -> list[tuple[int, list[tuple[str, str, str]]]]:
        """Quarantined rows as (row, [(column, rule, excerpt)])."""
        return [
            (row["_row"], [(one["column"], one["rule"], one["value_excerpt"]) for one in row["_reasons"]])
            for row in self.quarantine
        ]

    @property
    def rules(self) -> list[list[str]]:
        """The reasons of each quarantined row as `column rule`."""
        return [
            [f"{one['column']} {one['rule']}".strip() for one in row["_reasons"]] for row in self.quarantine
        ]


def plan(*columns: Column, formats: Sequence[Format] = (Csv(),), **fields: Any) -> Plan:
    return Plan(DatasetId("river", "mills"), "1.0.0+test", tuple(formats), columns, **fields)


def landed(key: str) -> LandedObject:
    return LandedObject("landing", key, "v1", "etag", 1)


def refine_files(
    the_plan: Plan,
    files: Mapping[str, bytes | Path | Refusal],
    *,
    batch: int = 1,
    masking_key: bytes = KEY,
    rejection: tuple[Reason, ...] = (),
    memory_mb: int = 1024,
) -> Unit:
    with TemporaryDirectory() as directory:
        workdir = Path(directory)
        refined = refine(
            the_plan,
            batch=batch,
            sources=[
                Source(index, landed(key), _staged(content, workdir / f"{index:05d}"))
                for index, (key, content) in enumerate(files.items())
            ],
            workdir=workdir,
            masking_key=masking_key,
            rejection=rejection,
            machine=Machine(memory_mb),
        )
        written = (*refined.curated, *refined.quarantine)
        unit = Unit(
            [row for file in refined.curated for row in pq.read_table(file.path).to_pylist()],
            [row for file in refined.quarantine for row in pq.read_table(file.path).to_pylist()],
            tuple(sha256(file.path.read_bytes()).hexdigest() for file in written),
            refined.objects,
            refined.reasons,
        )
        assert sum(file.rows for file in written) == len(unit.curated) + len(unit.quarantine)
    return unit


def _staged(content: bytes | Path | Refusal, to: Path) -> Path | Refusal:
    if isinstance(content, Refusal):
        return content
    if isinstance(content, Path):
        shutil.copyfile(content, to)
    else:
        to.write_bytes(content)
    return to
