"""Refines files given as bytes and reads back what was written."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from headrace.domain.batch import Measured, ReasonCount, UnknownField
from headrace.domain.dataset import DatasetId
from headrace.domain.formats import Csv, Format
from headrace.domain.landed import LandedObject
from headrace.domain.machine import Machine
from headrace.domain.plan import Column, Plan
from headrace.domain.profile import ColumnSketch
from headrace.engines.duckdb import LateReason, ObjectOutcome, Reason, Refusal, Source, refine

KEY = bytes(range(32))
DEPLOYMENT_KEY = bytes(range(32, 64))

# What messages advise where a file is not the contract's.
MISFIT = "correct the server's format, or land it where it belongs"
LACKS = "add what is missing, or headrace.aliases where it has another name"
NO_COLUMN = "land it where it belongs, or add headrace.aliases"


@dataclass(frozen=True)
class Unit:
    """A refined work unit: its tables by side, the SHA-256 of each, outcomes in source order, and what it
    adds to the batch's measures, unknown fields and profile."""

    tables: dict[str, pa.Table]
    hashes: dict[str, str]
    objects: tuple[ObjectOutcome, ...]
    reasons: tuple[ReasonCount, ...]
    measured: tuple[Measured, ...]
    unknown: tuple[UnknownField, ...]
    profile: tuple[ColumnSketch, ...]

    @cached_property
    def curated(self) -> list[dict[str, Any]]:
        return self._rows("curated")

    @cached_property
    def quarantine(self) -> list[dict[str, Any]]:
        return self._rows("quarantine")

    def _rows(self, side: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.tables[side].to_pylist() if side in self.tables else []
        return rows

    @property
    def everything(self) -> str:
        """All that was written, as text to look for values in."""
        return f"{self.curated} {self.quarantine} {self.reasons} {self.unknown}"

    def schema(self, side: str) -> pa.Schema:
        return self.tables[side].schema

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
    token_key: bytes = DEPLOYMENT_KEY,
    late: Sequence[LateReason] = (),
    rejection: tuple[Reason, ...] = (),
    memory_mb: int = 1024,
    batches: Mapping[str, int] = {},
    rows: Mapping[str, frozenset[int]] = {},
) -> Unit:
    """`batches` and `rows` are by the keys of the files."""
    with TemporaryDirectory() as directory:
        workdir = Path(directory)
        refined = refine(
            the_plan,
            batch=batch,
            sources=[
                Source(
                    index,
                    landed(key),
                    _staged(content, workdir / f"{index:05d}"),
                    batches.get(key, 0),
                    rows.get(key),
                )
                for index, (key, content) in enumerate(files.items())
            ],
            workdir=workdir,
            masking_key=masking_key,
            token_key=token_key,
            late=late,
            rejection=rejection,
            machine=Machine(memory_mb),
        )
        sides = {"curated": refined.curated, "quarantine": refined.quarantine}
        written = {side: file for side, files in sides.items() for file in files}
        unit = Unit(
            {side: pq.read_table(file.path) for side, file in written.items()},
            {side: sha256(file.path.read_bytes()).hexdigest() for side, file in written.items()},
            refined.objects,
            refined.reasons,
            refined.measured,
            refined.unknown,
            refined.profile,
        )
    assert {side: file.rows for side, file in written.items()} == {
        side: table.num_rows for side, table in unit.tables.items()
    }
    return unit


def _staged(content: bytes | Path | Refusal, to: Path) -> Path | Refusal:
    if isinstance(content, Refusal):
        return content
    if isinstance(content, Path):
        (shutil.copytree if content.is_dir() else shutil.copyfile)(content, to)
    else:
        to.write_bytes(content)
    return to
