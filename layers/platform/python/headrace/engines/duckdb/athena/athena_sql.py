"""A contract's SQL, written in Athena's dialect, as DuckDB answers it the same way.

sqlglot puts most of it into DuckDB's words; `athena_forms` what would mean something else
there. What cannot be made to agree is refused by name rather than answered almost right.
"""

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from headrace.domain.contract.sql import BATCH, InvalidSql
from headrace.domain.plan import Column
from headrace.engines.duckdb.athena.athena_forms import FORMS
from headrace.engines.duckdb.athena.athena_types import DIALECT, TRUTH, check_alike, refused
from headrace.engines.trino import trino_type

_SAME: frozenset[type[exp.Expr] | str] = frozenset(
    {
        # queries
        exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join,
        exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Distinct, exp.Table,
        exp.TableAlias, exp.Alias, exp.Exists, exp.Star,
        # values and conditions
        exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Var,
        exp.Like, exp.If, exp.Lambda, exp.Interval, exp.Neg,
        exp.DataType, exp.DataTypeParam, exp.ColumnDef, exp.Tuple,
        # functions
        exp.Abs, exp.Ceil, exp.Floor, exp.Round, exp.Sign,
        exp.Pow, exp.Exp, exp.Length, exp.Lower, exp.Upper, exp.StrPosition, exp.StartsWith,
        exp.Concat, exp.DPipe, exp.Replace, exp.ArraySize, exp.Year, exp.Quarter, exp.Month,
        exp.Day, exp.DayOfMonth, exp.DayOfYear, exp.DayOfWeekIso, exp.Hour, exp.Minute, exp.Second,
        exp.Extract,
        # aggregates and windows
        exp.Count, exp.CountIf, exp.Sum, exp.Min, exp.Max, exp.LogicalAnd, exp.LogicalOr, exp.Stddev,
        exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Corr, exp.Filter, exp.Window,
        exp.WindowSpec, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead,
    }
)  # fmt: skip

_MOST_NESTED = 6
"""What is cast, or looked at by a lambda, is computed twice: each level of nesting doubles the work."""


def to_duckdb(sql: str, columns: tuple[Column, ...]) -> exp.Expr:
    """A predicate over the table `batch`, which has `columns`, or a query; in a predicate, each of its
    columns names the table.

    Raises InvalidSql for what is neither, and for what DuckDB cannot answer as Athena does.
    """
    return _translated(sql, columns).copy()


@lru_cache(maxsize=256)
def _translated(sql: str, columns: tuple[Column, ...]) -> exp.Expr:
    try:
        tree = sqlglot.parse_one(sql, read=DIALECT)
        is_query = isinstance(tree, exp.Query)
        query = tree if isinstance(tree, exp.Query) else exp.select(tree).from_(BATCH)
        schema: dict[str, object] = {BATCH: {one.name: trino_type(one.type) for one in columns}}
        query = qualify(query, schema=schema, dialect=DIALECT, expand_stars=is_query, quote_identifiers=True)
        query = annotate_types(query, schema=schema, dialect=DIALECT)
    except SqlglotError as error:
        what = f"the SQL cannot be read: {str(error).splitlines()[0]}"
        raise InvalidSql(what, "use the contract's columns and Athena's dialect") from error
    if is_query:
        return _mapped(query)
    if wide := tree.find(exp.Query, exp.AggFunc, exp.Window):
        raise refused(wide, "a rule on a row looks at that row alone")
    predicate = _mapped(query.selects[0].unalias())
    check_alike(predicate, [predicate], TRUTH)
    return predicate


def _mapped(node: exp.Expr, nested: int = 0) -> exp.Expr:
    """The tree from its leaves up, each node keeping the type that Athena gives it; `nested` casts and
    lambdas stand around it."""
    nested += isinstance(node, exp.Cast | exp.Lambda)
    if nested > _MOST_NESTED:
        raise refused(node, f"nest at most {_MOST_NESTED} casts and lambdas")
    name = node.name.lower() if isinstance(node, exp.Anonymous) else type(node)
    if name not in _SAME and name not in FORMS:
        raise refused(node)
    _tell_items(node)
    for child in list(node.iter_expressions()):
        mapped = _mapped(child, nested)
        if mapped is not child:
            child.replace(mapped)
    if type(node) in _SAME:
        return node
    mapped = FORMS[name](node.copy())
    mapped.type = node.type
    return mapped


def _tell_items(node: exp.Expr) -> None:
    """Give the parameters of a function's lambda the type of its array's items."""
    if not isinstance(node, exp.Anonymous) or len(node.expressions) < 2:
        return
    array, function = node.expressions[0], node.expressions[-1]
    items = array.type.expressions if array.type else []
    if isinstance(function, exp.Lambda) and items:
        names = {one.name for one in function.expressions}
        for part in function.this.find_all(exp.Identifier, exp.Column):
            if part.name in names:
                part.type = items[0]
