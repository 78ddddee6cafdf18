"""Reads a dataset's quarantine: rows, all their reasons, and their original text."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace_cli.deployment import Deployment
from headrace_cli.query import Result, run_query

if TYPE_CHECKING:
    from sqlglot import exp


class Reason(Struct, frozen=True):
    """One rule that a row broke; the excerpt is masked as the contract says."""

    column: str
    rule: str
    value_excerpt: str | None


class QuarantinedRow(Struct, frozen=True):
    """A row in quarantine. `row` counts from 1 inside its object; 0 is the whole object."""

    object: str
    row: int
    batch: int
    contract: str
    reasons: tuple[Reason, ...]
    raw: str


class Quarantine(Struct, frozen=True):
    """Rows of a dataset's quarantine, newest batch first; `more` says that the limit cut some off."""

    dataset: str
    rows: tuple[QuarantinedRow, ...]
    more: bool


def quarantine(deployment: Deployment, dataset: DatasetId, limit: int, key: str | None = None) -> Quarantine:
    """At most `limit` rows; those of one object where `key` names it, with or without its prefix.

    Raises Failure where the dataset is not registered.
    """
    deployment.registered(dataset)
    sql = statement(deployment, dataset, limit + 1, key)
    found = tuple(_rows(run_query(deployment, sql, "quarantine")))
    return Quarantine(str(dataset), found[:limit], len(found) > limit)


_ROWS_WITH_REASONS = """
    SELECT q."_object", q."_row", q."_batch", q."_contract", q."_raw", r."column", r."rule", r."value_excerpt"
    FROM (
        SELECT "_object", "_row", "_batch", "_contract", "_raw", "_reasons"
        ORDER BY "_batch" DESC, "_object", "_row"
    ) AS q
    LEFT JOIN UNNEST(q."_reasons") WITH ORDINALITY AS r ("column", "rule", "value_excerpt", "place") ON TRUE
    ORDER BY q."_batch" DESC, q."_object", q."_row", r."place"
"""


def statement(deployment: Deployment, dataset: DatasetId, limit: int, key: str | None) -> str:
    """The SELECT, in Athena's dialect, a line for each reason: names quoted, values as literals."""
    from sqlglot import exp, parse_one

    table = deployment.zones.quarantine(dataset)
    tree = parse_one(_ROWS_WITH_REASONS, dialect="trino")
    rows = tree.find_all(exp.Select)
    inner = next(select for select in rows if select.parent)
    inner.from_(exp.table_(table.name, db=table.database, quoted=True), copy=False).limit(limit, copy=False)
    if key is not None:
        inner.where(_of_object(deployment, dataset, key), copy=False)
    return tree.sql(dialect="trino")


def _of_object(deployment: Deployment, dataset: DatasetId, key: str) -> "exp.Condition":
    """Every version of the object under this key, or exactly the version that an identity names."""
    from sqlglot import exp

    identity = exp.column("_object", quoted=True)
    if key.startswith("s3://"):
        return identity.eq(exp.Literal.string(key))
    full = key if DatasetId.of_key(key) == dataset else f"{dataset}/{key}"
    start = exp.Literal.string(f"s3://{deployment.outputs.landing_bucket}/{full}?versionId=")
    return exp.func("starts_with", identity, start, dialect="trino")


def _rows(result: Result) -> Iterator[QuarantinedRow]:
    """Lines of one row stand together, in the order of its reasons."""
    for _, lines in groupby(result.rows, key=itemgetter("_batch", "_object", "_row")):
        row, *others = (msgspec.convert(line, _Line) for line in lines)
        reasons = tuple(
            Reason(one.column, one.rule or "", one.value_excerpt)
            for one in (row, *others)
            if one.column is not None
        )
        yield QuarantinedRow(row.object, row.row, row.batch, row.contract, reasons, row.raw)


class _Line(Struct, rename=lambda name: name if name in Reason.__struct_fields__ else f"_{name}"):
    object: str
    row: int
    batch: int
    contract: str
    raw: str
    column: str | None
    rule: str | None
    value_excerpt: str | None
