"""Holds a contract to its own examples: rows that it must let through, and rows that it must not."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.dataset import DatasetId
from headrace.domain.formats import Format, Ndjson
from headrace.domain.plan import Example, Plan
from headrace.engines.duckdb import Refined
from headrace_cli.contract.check import Checked
from headrace_cli.contract.rehearsal import landed_here, refined_here

Reasons = tuple[tuple[str, str], ...]


class Outcome(Struct, frozen=True):
    """What became of the example at `line` of its contract; reasons are (column, rule), none: kept."""

    file: str
    line: int
    expected: Reasons
    got: Reasons

    @property
    def passed(self) -> bool:
        return set(self.expected) == set(self.got)


class Tested(Struct, frozen=True):
    """A contract and what became of its examples, in their order."""

    dataset: DatasetId
    outcomes: tuple[Outcome, ...]


def run_examples(checked: Checked) -> Tested:
    """Refine the examples of a contract, in their order, as one batch: keys hold among them too."""
    plan, examples = checked.compiled, checked.examples
    if not isinstance(plan, Plan) or not examples:
        return Tested(plan.dataset, ())
    as_json = replace(plan, formats=(Ndjson(),))
    nulls = _nulls(plan.formats)
    with TemporaryDirectory(prefix="headrace-") as directory:
        workdir = Path(directory)
        file = workdir / "examples.ndjson"
        file.write_text("".join(_line(one, nulls) for one in examples), "utf-8")
        source = landed_here(file, 0, f"{plan.dataset}/{file.name}", workdir)
        reasons = _reasons(refined_here(as_json, [source], workdir))
    outcomes = (
        Outcome(checked.source.path, one.line, one.breaks, reasons.get(row, ()))
        for row, one in enumerate(examples, 1)
    )
    return Tested(plan.dataset, tuple(outcomes))


def _nulls(formats: Sequence[Format]) -> frozenset[str]:
    return frozenset(null for one in formats for null in getattr(one, "nulls", ()))


def _line(example: Example, nulls: frozenset[str]) -> str:
    """The row as JSON, without the texts that mean no value in the dataset's own format."""
    row: dict[str, Any] = {
        name: None if _is_null(value, nulls) else value for name, value in example.row.items()
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


def _is_null(value: object, nulls: frozenset[str]) -> bool:
    return isinstance(value, str) and value in nulls


def _reasons(refined: Refined) -> dict[int, Reasons]:
    """The reasons of each quarantined row, by its number."""
    rows = (row for file in refined.quarantine for row in pq.read_table(file.path).to_pylist())
    return {row["_row"]: tuple((one["column"], one["rule"]) for one in row["_reasons"]) for row in rows}
