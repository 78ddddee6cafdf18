"""Tries a contract on files: what would become of them, with nothing written and nothing deployed."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pyarrow.parquet as pq
from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.batch import Measured, ObjectReport, RuleOutcome, UnitReport
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import IncompatibleTable
from headrace.domain.plan import Mart, Plan
from headrace.domain.verdict import Measurement, judge, repeats
from headrace.engines.duckdb import Refined, Source
from headrace.engines.duckdb.batch.batch_measures import columns_needed, measure, over_rows
from headrace.engines.duckdb.batch.batch_rows import BatchRows
from headrace.engines.duckdb.session import Session
from headrace_cli.contract.check import Checked
from headrace_cli.contract.rehearsal import MACHINE, landed_here, refined_here
from headrace_cli.failures import ExitCode, Failure

_EXAMPLES = 3
_MOST_QUARANTINED_READ = 100_000


class TriedFile(Struct, frozen=True):
    """A file's rows in = curated + quarantined; `reason` where it is refused as a whole."""

    file: str
    rows: int
    curated: int
    quarantined: int
    reason: str


class Example(Struct, frozen=True):
    """A quarantined row that shows a reason: its place, what was found, and the row, masked."""

    file: str
    row: int
    found: str
    raw: str


class TriedRule(Struct, frozen=True):
    """A rule on a column that rows break: how many, and the first of them."""

    column: str
    rule: str
    rows: int
    examples: tuple[Example, ...]


class NewField(Struct, frozen=True):
    """A field that the contract does not know, and the type that would take its values."""

    name: str
    type: str


class Suspected(Struct, frozen=True):
    """A column that looks personal, and is not masked."""

    column: str
    why: str


class Tried(Struct, frozen=True):
    """What would become of the files as one batch: the first, for no table was looked at."""

    dataset: DatasetId
    contract: str
    seconds: float
    files: tuple[TriedFile, ...]
    rules: tuple[TriedRule, ...]
    publish: bool
    verdict: tuple[RuleOutcome, ...]
    new_fields: tuple[NewField, ...]
    personal: tuple[Suspected, ...]

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.files)

    @property
    def curated(self) -> int:
        return sum(one.curated for one in self.files) if self.publish else 0

    @property
    def quarantined(self) -> int:
        return self.rows - self.curated

    @property
    def clean(self) -> bool:
        """Whether all rows would be published."""
        return self.publish and not self.quarantined


def try_contract(files: Sequence[Path], checked: Checked) -> Tried:
    """Refine the files as one batch under the contract. Raises Failure where no files land."""
    plan = checked.compiled
    if not isinstance(plan, Plan):
        kind = "a mart" if isinstance(plan, Mart) else "only described, without a server of type s3"
        raise Failure(ExitCode.USAGE, f"{plan.dataset} is {kind}: no files land in it")
    began = time.monotonic()
    with TemporaryDirectory(prefix="headrace-") as directory:
        workdir = Path(directory)
        sources = [
            landed_here(file, index, f"{plan.dataset}/{file.name}", workdir)
            for index, file in enumerate(files)
        ]
        told = replace(plan, evolution="evolve") if plan.evolution == "rescue" else plan
        refined = refined_here(told, sources, workdir)  # `evolve` tells the fields that the contract lacks
        report = _report(sources, refined)
        measured = _measured(plan, sources, refined, workdir) | repeats(plan, [report])
        verdict = judge(plan.rules, [report], measured)
        names = {one.landed.identity: file.name for one, file in zip(sources, files, strict=True)}
        rules = tuple(_rules(refined, names))
    return Tried(
        plan.dataset,
        plan.contract,
        round(time.monotonic() - began, 3),
        tuple(
            TriedFile(file.name, one.rows, one.curated, one.quarantined, one.reason)
            for file, one in zip(files, report.objects, strict=True)
        ),
        rules,
        verdict.publish,
        verdict.rules,
        tuple(NewField(one.source, str(one.type.__struct_config__.tag)) for one in refined.unknown),
        tuple(_suspected(refined)),
    )


def _report(sources: Sequence[Source], refined: Refined) -> UnitReport:
    objects = tuple(
        ObjectReport(
            source.landed.identity,
            one.refusal.rule if one.refusal else "refined",
            "",
            one.rows,
            one.curated,
            one.quarantined,
            one.refusal.message if one.refusal else "",
        )
        for source, one in zip(sources, refined.objects, strict=True)
    )
    counted: tuple[Measured, ...] = refined.measured
    return UnitReport(0, objects, (), (), refined.reasons, measured=counted, unknown=refined.unknown)


def _measured(
    plan: Plan, sources: Sequence[Source], refined: Refined, workdir: Path
) -> dict[int, Measurement]:
    """What the dataset rules measure over the rows; other tables are not here to compare with."""
    if not over_rows(plan):
        return {}
    objects = {one.landed.identity: one.index for one in sources}
    with Session(workdir, [], MACHINE.memory_mb) as session:
        rows = BatchRows(session, plan, objects, columns_needed(plan, ()))
        for file in refined.curated:
            rows.add(file.path, file.rows)
        return measure(session, plan, _elsewhere)


def _elsewhere(dataset: DatasetId, _: Sequence[str]) -> Iterator[object]:
    raise IncompatibleTable(f"{dataset} is a table of a deployment, and none was asked")


def _rules(refined: Refined, names: dict[str, str]) -> Iterator[TriedRule]:
    """The rules that rows break, most rows first, each with its first rows."""
    examples = _examples(refined, names)
    for one in sorted(refined.reasons, key=lambda one: -one.rows):
        yield TriedRule(one.column, one.rule, one.rows, tuple(examples.get((one.column, one.rule), ())))


def _examples(refined: Refined, names: dict[str, str]) -> dict[tuple[str, str], list[Example]]:
    found: dict[tuple[str, str], list[Example]] = {}
    columns = ["_object", "_row", "_raw", "_reasons"]
    read = 0
    for file in refined.quarantine:
        with pq.ParquetFile(file.path) as parquet:
            for batch in parquet.iter_batches(columns=columns):
                for row in batch.to_pylist():
                    for reason in row["_reasons"]:
                        shown = found.setdefault((reason["column"], reason["rule"]), [])
                        if len(shown) < _EXAMPLES:
                            file_name = names[row["_object"]]
                            shown.append(
                                Example(
                                    file_name, row["_row"], reason["value_excerpt"] or "", row["_raw"] or ""
                                )
                            )
                read += len(batch)
                if read >= _MOST_QUARANTINED_READ:
                    return found
    return found


def _suspected(refined: Refined) -> Iterator[Suspected]:
    for sketch in refined.profile:
        for column, suspicion in sketch.suspicions.items():
            yield Suspected(column, suspicion.why)


def as_document(tried: Tried) -> dict[str, object]:
    """The trial as `--json` shows it, its sums included."""
    whole: dict[str, object] = msgspec.to_builtins(tried)
    return {**whole, "rows": tried.rows, "curated": tried.curated, "quarantined": tried.quarantined}
