"""What the tables show, asked of Athena: three queries a dataset, whatever the number of rows."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import IncompatibleTable
from headrace.domain.zones import TableRef
from headrace_cli.deployment import Deployment
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.query import Value, run_query
from headrace_cli.verify.rows import NOBODY, Seen, SeenRows

if TYPE_CHECKING:
    from sqlglot import exp

_COUNTED = """
    SELECT r."object", count(*) AS "rows", count(DISTINCT r."_row") AS "places",
        min(r."_batch") AS "first_batch", max(r."_batch") AS "last_batch"
    FROM (
        SELECT
            CASE WHEN "_object" IS NULL OR "_row" IS NULL OR "_row" < 0 THEN '' ELSE "_object" END
                AS "object",
            "_row",
            "_batch"
        FROM "curated"
    ) AS r
    GROUP BY r."object"
"""

_SHARED = """
    SELECT c."_object" AS "object", count(*) AS "places"
    FROM (SELECT DISTINCT "_object", "_row" FROM "curated" WHERE "_row" >= 0) AS c
    INNER JOIN (SELECT DISTINCT "_object", "_row" FROM "quarantine") AS q
        ON c."_object" = q."_object" AND c."_row" = q."_row"
    GROUP BY c."_object"
"""


class AthenaRows:
    """RowEvidence by Athena: what it reads of a table is three columns, once or twice."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def seen(self, dataset: DatasetId) -> SeenRows:
        zones = self._deployment.zones
        curated, quarantine = zones.curated(dataset), zones.quarantine(dataset)
        return SeenRows(
            dict(self._counted(curated)),
            dict(self._counted(quarantine)),
            {
                str(row["object"]): _number(row["places"])
                for row in self._rows(_SHARED, {"curated": curated, "quarantine": quarantine})
            },
        )

    def _counted(self, table: TableRef) -> Iterator[tuple[str, Seen]]:
        for row in self._rows(_COUNTED, {"curated": table}):
            identity, rows = str(row["object"]), _number(row["rows"])
            places = rows if identity == NOBODY else _number(row["places"])
            yield identity, Seen(rows, places, _number(row["first_batch"]), _number(row["last_batch"]))

    def _rows(self, sql: str, tables: Mapping[str, TableRef]) -> tuple[dict[str, Value], ...]:
        try:
            return run_query(self._deployment, statement(sql, tables)).rows
        except Failure as failed:
            if failed.code is not ExitCode.TROUBLE:
                raise
            raise IncompatibleTable(str(failed)) from failed


def statement(sql: str, tables: Mapping[str, TableRef]) -> str:
    """The query in Athena's dialect, over these tables in the place of its own names."""
    from sqlglot import exp, parse_one

    def placed(node: "exp.Expression") -> "exp.Expression":
        if not isinstance(node, exp.Table):
            return node
        ref = tables[node.name]
        return exp.table_(ref.name, db=ref.database, quoted=True)

    return parse_one(sql, dialect="trino").transform(placed).sql(dialect="trino")


def _number(value: Value) -> int:
    return int(value or 0)
