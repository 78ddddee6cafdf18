"""SQL that a contract supplies: one query over `domain.dataset` tables, made of nodes that are on a list."""

import re
from collections import Counter
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError, UnsupportedError

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidContract, InvalidRequest

BATCH = "batch"
"""The table that holds a batch's rows, in SQL about a contract's own."""

MAX_CHARACTERS = 20_000

_NODES = frozenset(
    {
        # queries
        exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join,
        exp.Where, exp.Group, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Having, exp.Order, exp.Ordered,
        exp.Limit, exp.LimitOptions, exp.Offset, exp.Fetch, exp.Distinct, exp.Table, exp.TableAlias,
        exp.Alias, exp.Aliases,
        exp.Unnest, exp.Lateral, exp.Values, exp.Tuple,
        # values
        exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Dot,
        exp.Bracket, exp.Array, exp.Struct, exp.Interval, exp.Var, exp.Lambda, exp.PropertyEQ,
        # conditions
        exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In,
        exp.Is, exp.Like, exp.Escape, exp.Exists, exp.Any, exp.All, exp.NullSafeEQ, exp.NullSafeNEQ,
        # arithmetic and text
        exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe,
        # forms of their own
        exp.Case, exp.If, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, exp.ColumnDef, exp.Extract,
        exp.AtTimeZone, exp.CurrentDate, exp.CurrentTimestamp, exp.JSONPath, exp.JSONPathRoot,
        exp.JSONPathKey, exp.JSONPathSubscript,
        # windows and aggregates
        exp.Window, exp.WindowSpec, exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls,
    }
)  # fmt: skip

_OVER_ROWS = """
count count_if sum avg min max min_by max_by any_value arbitrary array_agg listagg bool_and bool_or every
approx_distinct approx_percentile stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop
covar_samp row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
map_agg
"""
_OVER_VALUES = """
coalesce nullif if try greatest least
abs ceil ceiling floor round truncate mod power pow sqrt cbrt exp ln log log2 log10 sign width_bucket
sin cos tan asin acos atan atan2 radians degrees pi
length lower upper trim ltrim rtrim lpad rpad substr substring replace reverse split split_part strpos
position starts_with concat concat_ws chr codepoint translate levenshtein_distance
regexp_like regexp_extract regexp_extract_all regexp_replace regexp_count to_hex md5 sha256 to_utf8
date date_trunc date_add date_diff date_format date_parse format_datetime parse_datetime from_iso8601_date
from_iso8601_timestamp from_unixtime to_unixtime year quarter month week_of_year day day_of_week
day_of_month day_of_year hour minute second last_day_of_month at_timezone now
json_extract json_extract_scalar json_array_length json_size json_parse json_format
cardinality contains element_at array_join array_distinct array_sort array_max array_min slice flatten
filter transform reduce any_match all_match none_match map_keys map_values row unnest
"""
OVER_ROWS = frozenset(_OVER_ROWS.split())
"""Functions of many rows: aggregates, and those of windows."""
FUNCTIONS = OVER_ROWS | frozenset(_OVER_VALUES.split())
_CALL = re.compile(r"(\w+)\(")


class InvalidSql(InvalidContract):
    """SQL that a contract must not hold; `line` and `column` count from 1 inside the SQL."""

    def __init__(self, what: str, advice: str, line: int = 1, column: int = 1) -> None:
        super().__init__((f"{what}; {advice}",))
        self.what, self.advice, self.line, self.column = what, advice, line, column


def parse_query(sql: str) -> exp.Query:
    """The query that `sql` holds, in Athena's dialect (Trino's); raises InvalidSql for anything else."""
    query = parse_select(sql)
    for table in query.find_all(exp.Table):
        _check_table(table)
    for select in query.find_all(exp.Select):
        _check_names(select)
    return query


def parse_select(sql: str) -> exp.Query:
    """One query of the nodes and functions on the lists, over tables of any name. Raises InvalidSql."""
    query = parse_one(sql, "one query", "write a single SELECT, with or without WITH and UNION")
    if not isinstance(query, exp.Select | exp.SetOperation | exp.Subquery):
        raise InvalidSql("the SQL is not one query", "write a single SELECT, with or without WITH and UNION")
    check_nodes(query)
    if not query.selects:
        raise InvalidSql("the SQL selects nothing", "name columns after SELECT")
    return query


def parse_one(sql: str, wanted: str, advice: str) -> exp.Expr:
    """The one statement or expression that `sql` holds; raises InvalidSql where it is not `wanted`."""
    if len(sql) > MAX_CHARACTERS:
        raise InvalidSql("the SQL is longer than 20,000 characters", "split it into several marts")
    try:
        statements = sqlglot.parse(sql, read="trino")
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        word = first.get("highlight") or ""
        what = f"the SQL cannot be read: {first.get('description') or error}"
        line, end = first.get("line") or 1, first.get("col") or 1
        raise InvalidSql(what, f"look at {word!r}", line, max(1, end - len(word) + 1)) from error
    except (SqlglotError, RecursionError, ValueError) as error:
        raise InvalidSql("the SQL cannot be read", f"write {wanted} in Athena's dialect") from error
    found = [one for one in statements if one is not None and not isinstance(one, exp.Semicolon)]
    if len(found) != 1:
        raise InvalidSql(f"the SQL is not {wanted}", advice)
    return found[0]


def reads(query: exp.Query) -> tuple[DatasetId, ...]:
    """The datasets whose tables a parsed query reads, by name."""
    return tuple(sorted({dataset_of(table) for table in dataset_tables(query)}))


def dataset_tables(query: exp.Query) -> Iterator[exp.Table]:
    """The tables of a parsed query that stand for datasets; the others are its own WITH names."""
    return (table for table in query.find_all(exp.Table) if table.db)


def dataset_of(table: exp.Table) -> DatasetId:
    """The dataset that a table named `domain.dataset` stands for. Raises InvalidRequest for another name."""
    return DatasetId.parse(f"{table.db.lower()}/{table.name.lower()}")


def normalised(query: exp.Expr) -> str:
    """SQL as text without comments and layout: equal queries give equal text."""
    try:
        return query.sql("trino", comments=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise InvalidSql(f"Athena's dialect has no such form: {error}", "write it in another way") from error


def check_nodes(query: exp.Expr) -> None:
    """Raises InvalidSql for a node or a function that is not on the lists, or that lacks a part."""
    for node in query.walk():
        if lacking := node.error_messages():
            raise refusal(node, f"the SQL cannot be read: {lacking[0]}", "give it all that it needs")
        if type(node) in _NODES:
            continue
        called = function_of(node)
        if not called:
            what = f"{type(node).__name__} is not allowed"
            raise refusal(node, what, "keep to SELECT and what it is made of")
        if called not in FUNCTIONS:
            advice = "docs/adding-a-dataset.md lists those that are"
            raise refusal(node, f"the function {called} is not allowed", advice)
    for owner in query.find_all(exp.With):
        if owner.args.get("recursive"):
            raise refusal(owner, "WITH RECURSIVE is not allowed", "write the steps out")


def function_of(node: exp.Expr) -> str:
    """The function that a node calls, in lower case as Athena spells it; empty for what calls none."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    rendered = node.sql("trino", unsupported_level=ErrorLevel.IGNORE) if isinstance(node, exp.Func) else ""
    match = _CALL.match(rendered)
    return match[1].lower() if match else ""


def refusal(node: exp.Expr, what: str, advice: str) -> InvalidSql:
    """The error for a node, at the first thing in it whose place is known."""
    known = (part.meta for part in node.walk() if "line" in part.meta)
    at = next(known, {"line": 1, "col": 1, "start": 0, "end": 0})
    return InvalidSql(what, advice, at["line"], max(1, at["col"] - (at["end"] - at["start"])))


def _check_table(table: exp.Table) -> None:
    if not isinstance(table.this, exp.Identifier):
        raise refusal(table, "a function in place of a table is not allowed", "name a table domain.dataset")
    if not table.db:
        if table.name.lower() not in visible_names(table):
            raise refusal(
                table,
                f"the table {table.name} is not known",
                "name it domain.dataset, as in aviation.runways",
            )
        return
    try:
        dataset_of(table)
    except InvalidRequest as error:
        raise refusal(table, f"the table {table.sql('trino')} names no dataset", str(error)) from error
    if table.catalog:
        raise refusal(table, f"the table {table.sql('trino')} names a catalog", "name it domain.dataset")


def visible_names(node: exp.Expr) -> set[str]:
    """The WITH names that can be read where a node stands: those around it that come before it."""
    names: set[str] = set()
    inside: exp.Expr = node
    while (around := inside.parent) is not None:
        if isinstance(around, exp.With):
            before = around.expressions[: around.expressions.index(inside)]
            names.update(cte.alias.lower() for cte in before)
        elif isinstance(around, exp.Query) and not isinstance(inside, exp.With):
            names.update(cte.alias.lower() for cte in around.ctes)
        inside = around
    return names


def _check_names(select: exp.Select) -> None:
    """Tables get other names before the query runs, so what it calls them must tell them apart."""
    sources = [select.args.get("from_"), *select.args.get("joins", [])]
    tables = [source.this for source in sources if source and isinstance(source.this, exp.Table)]
    names = Counter(table.alias_or_name.lower() for table in tables)
    for name, times in names.items():
        if times > 1:
            raise InvalidSql(f"two tables are called {name}", "give each an alias")
    for column in select.find_all(exp.Column):
        if any((table.db, table.name) == (column.catalog, column.db) for table in tables if table.db):
            advice = "give the table an alias and write alias.column.field"
            raise refusal(column, f"{column.sql('trino')} goes into a column", advice)
