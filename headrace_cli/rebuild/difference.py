"""Compares two tables row by row in Athena, by a hash over all their columns."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from headrace.domain.zones import TableRef
from headrace_cli.deployment import Deployment
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.query import run_query

if TYPE_CHECKING:
    from sqlglot import exp


class Difference(Struct, frozen=True):
    """The rows of two tables, by the place that they name: object and row. `different` are those of one
    place that differ in a column; `rows` are all of the new table. `sql` lists the places that differ."""

    table: str
    rows: int
    only_old: int
    only_new: int
    different: int
    sql: str

    @property
    def none(self) -> bool:
        return not (self.only_old or self.only_new or self.different)


def difference(deployment: Deployment, old: TableRef, new: TableRef, watermark: int) -> Difference:
    """Compare the rows of all batches up to `watermark`, by every column. No column is left out."""
    columns = _columns(deployment, old)
    if columns != _columns(deployment, new):
        raise Failure(
            ExitCode.TROUBLE,
            f"{old} and {new} have not the same columns: `headrace rebuild --drop` gives this rebuild up, "
            "and the next one begins with the columns of now",
        )
    places = _places(old, new, columns, watermark)
    result = run_query(deployment, _counted(places).sql(_DIALECT, identify=True), old.database)
    found = {name: int(value or 0) for name, value in result.rows[0].items()}
    return Difference(str(old), **found, sql=_listed(places).sql(_DIALECT, identify=True, pretty=True))


_DIALECT = "trino"


def _columns(deployment: Deployment, table: TableRef) -> Mapping[str, str]:
    """The table's columns by name, with their types in Hive's words; without those it had formerly."""
    described = deployment.clients.glue.get_table(DatabaseName=table.database, Name=table.name)["Table"]
    return {
        column["Name"]: column.get("Type", "string")
        for column in described.get("StorageDescriptor", {}).get("Columns", ())
        if column.get("Parameters", {}).get("iceberg.field.current", "true") == "true"
    }


# ── statements ───────────────────────────────────────────────────────────────────────────────────

_PLACES = """
    SELECT "_object", "_row", sum("new") AS "rows",
        sum(greatest("old" - "new", 0)) AS "lost", sum(greatest("new" - "old", 0)) AS "won"
    FROM (
        SELECT "_object", "_row", "hash", sum("old") AS "old", sum("new") AS "new"
        FROM (SELECT 1 UNION ALL SELECT 2) AS "both"
        GROUP BY "_object", "_row", "hash"
    ) AS "hashed"
    GROUP BY "_object", "_row"
"""
_COUNTED = """
    SELECT sum("rows") AS "rows", sum("lost" - least("lost", "won")) AS "only_old",
        sum("won" - least("lost", "won")) AS "only_new", sum(least("lost", "won")) AS "different"
"""
_LISTED = """
    SELECT "_object", "_row", "lost" AS "only_old", "won" AS "only_new" WHERE "lost" > 0 OR "won" > 0
    ORDER BY "_object", "_row" LIMIT 100
"""


def _counted(places: "exp.Select") -> "exp.Select":
    return _over(_COUNTED, places)


def _listed(places: "exp.Select") -> "exp.Select":
    return _over(_LISTED, places)


def _over(statement: str, places: "exp.Select") -> "exp.Select":
    from sqlglot import exp, parse_one

    return parse_one(statement, dialect=_DIALECT, into=exp.Select).from_(places.subquery("places"))


def _places(old: TableRef, new: TableRef, columns: Mapping[str, str], watermark: int) -> "exp.Select":
    """A line for each place: how many of its rows only one of the tables has."""
    from sqlglot import exp, parse_one

    tree = parse_one(_PLACES, dialect=_DIALECT, into=exp.Select)
    both = next(union for union in tree.find_all(exp.Union))
    sides = [_hashed(table, columns, watermark, at) for at, table in enumerate((old, new))]
    both.replace(exp.union(*sides, distinct=False))
    return tree


def _hashed(table: TableRef, columns: Mapping[str, str], watermark: int, side: int) -> "exp.Select":
    """A line for each row: its place, its hash, and in which of the two tables it stands."""
    from sqlglot import exp

    texts = [
        _text(exp.column(name, quoted=True), exp.DataType.build(kind, dialect="hive"))
        for name, kind in columns.items()
    ]
    hashed = _called("sha256", _called("to_utf8", _joined(texts)))
    sides = [
        exp.alias_(exp.cast(exp.Literal.number(int(side == at)), "bigint"), name)
        for at, name in enumerate(("old", "new"))
    ]
    place = [exp.column(name, quoted=True) for name in ("_object", "_row")]
    return (
        exp.select(*place, exp.alias_(hashed, "hash"), *sides)
        .from_(exp.table_(table.name, db=table.database, quoted=True))
        .where(exp.LTE(this=exp.column("_batch", quoted=True), expression=exp.Literal.number(watermark)))
    )


def _text(value: "exp.Expr", kind: "exp.DataType", depth: int = 0) -> "exp.Expr":
    """A value as text, never NULL: equal texts are equal values. Athena writes as JSON neither a moment with
    a time zone nor, everywhere, what nests; so it is taken apart here."""
    from sqlglot import exp

    if kind.this == exp.DType.ARRAY:
        item = exp.to_identifier(f"item{depth}", quoted=True)
        text = _text(exp.column(item.copy()), kind.expressions[0], depth + 1)
        texts = _called("transform", value, exp.Lambda(this=text, expressions=[item]))
        return _wrapped("[", _called("array_join", texts, exp.Literal.string(",")), "]", value)
    if kind.this == exp.DType.STRUCT:
        parts = [_text(_part(value, one.name), one.args["kind"], depth) for one in kind.expressions]
        return _wrapped("{", _joined(parts), "}", value)
    quoted = _called("json_format", exp.cast(exp.cast(value, "varchar", dialect=_DIALECT), "json"))
    return exp.func("coalesce", quoted, exp.Literal.string("null"))


def _part(value: "exp.Expr", name: str) -> "exp.Expr":
    from sqlglot import exp

    return exp.Dot(this=value.copy(), expression=exp.to_identifier(name, quoted=True))


def _wrapped(begin: str, text: "exp.Expr", end: str, value: "exp.Expr") -> "exp.Expr":
    from sqlglot import exp

    missing = exp.Is(this=value.copy(), expression=exp.null())
    whole = exp.DPipe(this=exp.Literal.string(begin), expression=text)
    return (
        exp.case()
        .when(missing, exp.Literal.string("null"))
        .else_(exp.DPipe(this=whole, expression=exp.Literal.string(end)))
    )


def _joined(texts: Sequence["exp.Expr"]) -> "exp.Expr":
    from sqlglot import exp

    return _called("array_join", exp.Array(expressions=list(texts)), exp.Literal.string(","))


def _called(name: str, *arguments: "exp.Expr") -> "exp.Expr":
    """A call of a function of Athena's, as it is written there."""
    from sqlglot import exp

    return exp.Anonymous(this=name, expressions=list(arguments))
