"""Proves that the SQL of contracts can be run before any row waits for it.

What refining and judging will ask DuckDB is asked here, of a table that has the contract's columns and no
rows: it is planned, never run, so no value decides what is found.
"""

from collections.abc import Iterable

import duckdb
from sqlglot import exp

from headrace.domain.contract.compile import Compilation
from headrace.domain.contract.queries import problem_in_sql
from headrace.domain.contract.source import Findings
from headrace.domain.contract.sql import BATCH, InvalidSql
from headrace.domain.errors import InvalidContract
from headrace.domain.plan import Check, Column, DatasetRule, Plan, Sql
from headrace.engines.duckdb.athena.athena_sql import to_duckdb
from headrace.engines.duckdb.batch.batch_measures import table_of
from headrace.engines.duckdb.rows.row_checks import breaks_check
from headrace.engines.sql import create_table
from headrace.engines.table_types import sql_type

_NUMBERS = exp.DataType.NUMERIC_TYPES | {exp.DType.BOOLEAN}


def check_sql(compilations: Iterable[Compilation]) -> None:
    """Raises InvalidContract with every rule whose SQL DuckDB cannot answer as Athena does."""
    problems = [problem for one in compilations for problem in _problems(one)]
    if problems:
        raise InvalidContract(tuple(problems))


def _problems(compilation: Compilation) -> tuple[str, ...]:
    plan, found = compilation.compiled, Findings(compilation.path)
    if isinstance(plan, Plan) and compilation.sql:
        with duckdb.connect(config={"enable_external_access": False}) as empty:
            for written in compilation.sql:
                try:
                    _try(plan, written.rule, empty)
                except InvalidSql as error:
                    problem_in_sql(written.place, error, found)
    return found.problems


def _try(plan: Plan, rule: Check | DatasetRule, empty: duckdb.DuckDBPyConnection) -> None:
    """Raises InvalidSql for a rule that DuckDB would not take."""
    match rule:
        case Check(predicate=predicate):
            rows = exp.select(breaks_check(predicate, plan.columns)).from_(BATCH)
            _described(rows, plan.columns, empty)
        case DatasetRule(measure=Sql(query=query)):
            columns = table_of(plan)
            kinds = _described(to_duckdb(query, columns), columns, empty)
            if not all(exp.DataType.build(kind, dialect="duckdb").this in _NUMBERS for kind in kinds):
                advice = "select a count, a sum, or another number"
                raise InvalidSql(f"the query gives no number but {kinds[0]}", advice)


def _described(query: exp.Expr, columns: tuple[Column, ...], empty: duckdb.DuckDBPyConnection) -> list[str]:
    """The types of what a query over the table `batch` gives, as DuckDB calls them."""
    table = create_table(BATCH, [(one.name, sql_type(one.type)) for one in columns])
    table.set("replace", True)
    empty.execute(table.sql("duckdb"))
    try:
        rows = empty.execute(exp.Describe(this=query).sql("duckdb")).fetchall()
    except duckdb.Error as error:
        what = str(error).partition("\n")[0]
        raise InvalidSql(f"DuckDB does not take the SQL: {what}", "correct it, or cast values") from None
    return [str(kind) for _, kind, *_ in rows]
