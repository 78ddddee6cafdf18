"""Reads a dataset's quarantine: rows, all their reasons, and their original text."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace_cli.deployment import Deployment
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.put import full_key
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

    Raises Failure where the dataset is not registered, or never had such an object.
    """
    deployment.registered(dataset)
    sql = statement(deployment, dataset, limit + 1, key)
    found = tuple(_rows(run_query(deployment, sql, "quarantine")))
    if key is not None and not found:
        _check_known(deployment, dataset, full_key(dataset, key))
    return Quarantine(str(dataset), found[:limit], len(found) > limit)


def _check_known(deployment: Deployment, dataset: DatasetId, key: str) -> None:
    """Raises Failure where the ledger knows no object of this key, or identity."""
    objects = deployment.ledger.objects(str(dataset))
    if not any(key in (one.object.key, one.object.identity) for one in objects):
        raise Failure(
            ExitCode.USAGE,
            f"no object {key} of {dataset} is known; `headrace status {dataset}` lists those of recent "
            "batches",
        )


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


_REASONS = """
    SELECT DISTINCT r."column", r."rule"
    FROM (SELECT "_reasons") AS q
    LEFT JOIN UNNEST(q."_reasons") WITH ORDINALITY AS r ("column", "rule", "value_excerpt", "place") ON TRUE
    ORDER BY r."column", r."rule"
"""


def reasons(deployment: Deployment, dataset: DatasetId) -> tuple[Reason, ...]:
    """The reasons that rows of a dataset are in quarantine for, each once and without an excerpt."""
    from sqlglot import exp, parse_one

    table = deployment.zones.quarantine(dataset)
    tree = parse_one(_REASONS, dialect="trino")
    inner = next(select for select in tree.find_all(exp.Select) if select.parent)
    inner.from_(exp.table_(table.name, db=table.database, quoted=True), copy=False)
    found = run_query(deployment, tree.sql(dialect="trino"), "quarantine").rows
    lines = [(str(row["column"] or ""), str(row["rule"] or "")) for row in found]
    return tuple(Reason(column, rule, None) for column, rule in lines if rule)


def _of_object(deployment: Deployment, dataset: DatasetId, key: str) -> "exp.Condition":
    """Every version of the object under this key, or exactly the version that an identity names."""
    from sqlglot import exp

    identity = exp.column("_object", quoted=True)
    if key.startswith("s3://"):
        return identity.eq(exp.Literal.string(key))
    start = exp.Literal.string(
        f"s3://{deployment.outputs.landing_bucket}/{full_key(dataset, key)}?versionId="
    )
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
