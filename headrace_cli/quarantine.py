"""Reads a dataset's quarantine: rows, all their reasons, and their original text."""

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace_cli.deployment import Deployment
from headrace_cli.query import run_query

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
    found = [_row(row) for row in run_query(deployment, sql, "quarantine").rows]
    return Quarantine(str(dataset), tuple(found[:limit]), len(found) > limit)


def statement(deployment: Deployment, dataset: DatasetId, limit: int, key: str | None) -> str:
    """The SELECT, in Athena's dialect: names quoted, values as literals."""
    from sqlglot import exp

    table = deployment.zones.quarantine(dataset)
    column = {
        name: exp.column(name, quoted=True) for name in ("_object", "_row", "_batch", "_contract", "_raw")
    }
    as_json = exp.cast(exp.column("_reasons", quoted=True), exp.DataType.Type.JSON)
    reasons = exp.func("json_format", as_json, dialect="trino")
    select = (
        exp.select(*column.values(), exp.alias_(reasons, "_reasons", quoted=True))
        .from_(exp.table_(table.name, db=table.database, quoted=True))
        .order_by(column["_batch"].desc(), column["_object"], column["_row"])
        .limit(limit)
    )
    if key is not None:
        select = select.where(_of_object(deployment, dataset, key))
    return select.sql(dialect="trino")


def _of_object(deployment: Deployment, dataset: DatasetId, key: str) -> "exp.Condition":
    """Every version of the object under this key, or exactly the version that an identity names."""
    from sqlglot import exp

    identity = exp.column("_object", quoted=True)
    if key.startswith("s3://"):
        return identity.eq(exp.Literal.string(key))
    full = key if DatasetId.of_key(key) == dataset else f"{dataset}/{key}"
    start = exp.Literal.string(f"s3://{deployment.outputs.landing_bucket}/{full}?versionId=")
    return exp.func("starts_with", identity.copy(), start, dialect="trino")


class _Row(Struct, rename=lambda name: f"_{name}"):
    object: str
    row: int
    batch: int
    contract: str
    raw: str
    reasons: str


def _row(values: object) -> QuarantinedRow:
    row = msgspec.convert(values, _Row)
    reasons = msgspec.json.decode(row.reasons, type=tuple[Reason, ...])
    return QuarantinedRow(row.object, row.row, row.batch, row.contract, reasons, row.raw)
