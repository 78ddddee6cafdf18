"""A small engine in the place of DuckDB: the same contract with refine, in milliseconds less.

It reads CSV of text and whole numbers, and knows `required`, the cast, `Range`, and the masks `hash` and
`drop`. The same input gives the same bytes. DuckDB itself runs in the tiers that use real processes.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO
from unittest.mock import patch

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from headrace.domain.batch import ReasonCount
from headrace.domain.contract.compile import compile_contracts
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import EngineFault, UnreadableObject
from headrace.domain.plan import Column, Integer, Plan, Range
from headrace.domain.zones import TableRef
from headrace.engines.duckdb import ObjectOutcome, Refined, Refusal, Source, Staged, Written
from headrace.engines.probe import ProbeJob
from headrace.engines.trino import qualify
from headrace.steps import isolation, judge_batch, plan_batch, refine_unit, register_dataset
from tests.simulation.processes import Killed

Row = dict[str, Any]

DEADLY = b"deadly"
"""An object that holds this ends the process that refines it."""


class DataFile(msgspec.Struct):
    """What the engine writes: field ids by column, and the rows."""

    ids: dict[str, int]
    rows: list[Row]


def stage(stream: BinaryIO, to: Path, key: str) -> Staged:
    body = stream.read()
    digest = hashlib.sha256(body).hexdigest()
    if not body:
        raise UnreadableObject(f"{key} is empty")
    if key.endswith(".gz"):
        try:
            body = gzip.decompress(body)
        except (EOFError, OSError, zlib.error):
            raise UnreadableObject(f"the gzip stream of {key} is damaged; upload the file again") from None
    to.write_bytes(body)
    return Staged(to, digest, len(body))


def refine(
    plan: Plan,
    *,
    batch: int,
    sources: Sequence[Source],
    workdir: Path,
    masking_key: bytes,
    rejection: Sequence[Any] = (),
    **_: Any,
) -> Refined:
    if any(_kills(one.content) for one in sources if isinstance(one.content, Path)):
        raise Killed("Runtime.ExitError")
    curated: list[Row] = []
    quarantine: list[Row] = []
    outcomes = []
    counts: Counter[tuple[str, str]] = Counter()
    last = [_reason(one.column, one.rule, one.value_excerpt) for one in rejection]
    for source in sorted(sources, key=lambda one: one.index):
        before = len(curated), len(quarantine)
        for number, row, reasons in _judged(source, plan, masking_key):
            own = {
                "_object": source.landed.identity,
                "_row": number,
                "_batch": getattr(source, "batch", 0) or batch,
                "_contract": plan.contract,
            }
            if reasons := [*reasons, *last]:
                counts.update({(one["column"], one["rule"]) for one in reasons})
                quarantine.append({**own, "_raw": msgspec.json.encode(row).decode(), "_reasons": reasons})
            else:
                curated.append({**row, **own, "_rescued": None})
        kept, failed = len(curated) - before[0], len(quarantine) - before[1]
        refusal = source.content if isinstance(source.content, Refusal) else None
        outcomes.append(ObjectOutcome(source.index, kept + failed, kept, failed, refusal))
    return Refined(
        curated=_written(workdir / "curated.json", curated, plan.field_ids),
        quarantine=_written(workdir / "quarantine.json", quarantine, plan.quarantine_field_ids),
        objects=tuple(outcomes),
        reasons=tuple(ReasonCount(*what, rows) for what, rows in sorted(counts.items())),
    )


def _kills(content: Path) -> bool:
    """Whether refining this ends the process."""
    return DEADLY in content.read_bytes()


def death(job: ProbeJob) -> str:
    """How a process that refined these sources ended; empty where it survived."""
    return "it was killed" if any(_kills(Path(one.path)) for one in job.sources) else ""


def _judged(source: Source, plan: Plan, masking_key: bytes) -> Iterator[tuple[int, Row, list[Row]]]:
    """Number, masked values and reasons of each row of a source."""
    if isinstance(source.content, Refusal):
        yield 0, {}, [_reason("", source.content.rule, source.content.message)]
        return
    wanted = getattr(source, "rows", None)
    for number, fields in enumerate(csv.DictReader(io.StringIO(source.content.read_text())), 1):
        if wanted is not None and number not in wanted:
            continue
        row: Row = {}
        reasons: list[Row] = []
        for column in plan.columns:
            value, broken = _value(fields.get(column.source) or None, column)
            reasons += [_reason(column.name, rule, "") for rule in broken]
            if column.mask == "hash" and value is not None:
                value = hashlib.sha256(masking_key + str(value).encode()).hexdigest()[:32]
            if column.mask != "drop":
                row[column.name] = value
        yield number, row, reasons


def _value(text: str | None, column: Column) -> tuple[Any, list[str]]:
    if text is None:
        return None, ["required"] if column.required else []
    if not isinstance(column.type, Integer):
        return text, []
    try:
        number = int(text)
    except ValueError:
        return None, ["type"]
    ranges = [rule for rule in column.rules if isinstance(rule, Range)]
    low = any(rule.least is not None and number < int(rule.least) for rule in ranges)
    high = any(rule.most is not None and number > int(rule.most) for rule in ranges)
    return number, ["range"] if low or high else []


def _reason(column: str, rule: str, excerpt: str) -> Row:
    return {"column": column, "rule": rule, "value_excerpt": excerpt}


def _written(path: Path, rows: list[Row], ids: dict[str, int]) -> tuple[Written, ...]:
    if not rows:
        return ()
    path.write_bytes(msgspec.json.encode(DataFile({name: ids[name] for name in rows[0]}, rows)))
    return (Written(path, len(rows)),)


@lru_cache(256)
def read_table(body: bytes) -> pa.Table:
    """A file that the engine wrote, as its Parquet file would be read; and one that is Parquet."""
    if body.startswith(b"PAR1"):
        return pq.read_table(io.BytesIO(body))
    file = msgspec.json.decode(body, type=DataFile)
    columns = {name: pa.array([row.get(name) for row in file.rows]) for name in file.ids}
    fields = [
        pa.field(name, values.type, metadata={b"PARQUET:field_id": str(file.ids[name]).encode()})
        for name, values in columns.items()
    ]
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields))


class NoSession:
    """Stands where a batch is judged without any row being looked at; says so where one is."""

    def __init__(self, *_: Any) -> None:
        pass

    def __enter__(self) -> "NoSession":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        raise EngineFault(f"the simulation has no rows to judge a batch by ({name})")


@contextmanager
def installed() -> Iterator[None]:
    """The steps refine with this engine, and compile each contract once."""
    with ExitStack() as swaps:
        for module, name, stand_in in (
            (refine_unit, "stage", stage),
            (refine_unit, "refine", refine),
            (isolation, "death", death),
            (judge_batch, "Session", NoSession),
            (register_dataset, "compile_contracts", _compile_once),
            (plan_batch, "qualify", _qualify_once),
        ):
            swaps.enter_context(patch.object(module, name, stand_in))
        yield


@lru_cache(256)
def _compile_cached(sources: tuple[tuple[str, str], ...]) -> Any:
    return compile_contracts(sources)


def _compile_once(sources: Sequence[tuple[str, str]]) -> Any:
    return _compile_cached(tuple(sources))


_qualified: dict[str, str] = {}


def _qualify_once(sql: str, home: Callable[[DatasetId], TableRef]) -> str:
    """In a simulation, a dataset has one home."""
    if sql not in _qualified:
        _qualified[sql] = qualify(sql, home)
    return _qualified[sql]
