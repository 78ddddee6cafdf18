"""SQL that a contract supplies about its own rows: a number for a whole batch, or a condition on one row."""

import re

from msgspec import Struct
from sqlglot import exp

from headrace.domain.contract.source import did_you_mean
from headrace.domain.contract.sql import (
    BATCH,
    OVER_ROWS,
    InvalidSql,
    check_nodes,
    function_of,
    normalised,
    parse_one,
    parse_select,
    refusal,
    visible_names,
)

_PLACEHOLDER = re.compile(r"""(["`']?)\$?\{(\w+)\}\1""")
_THE_TABLE = frozenset({"object", "table", "model", "schema"})
_THE_COLUMN = frozenset({"property", "column", "field"})
_NOT_STEADY = (exp.CurrentDate, exp.CurrentTimestamp)


class Scope(Struct, frozen=True):
    """What SQL about a batch may name: `tables` are other names of its table, `names` are the columns by
    every name that the contract has for them (in lower case), and `column` is the one in question."""

    tables: frozenset[str]
    names: dict[str, str]
    column: str = ""


def measure_sql(sql: str, scope: Scope) -> str:
    """A query that gives one number over the table `batch`, normalised. Raises InvalidSql for another."""
    query = parse_select(_filled(sql, scope))
    for table in list(query.find_all(exp.Table)):
        _point_at_batch(table, scope)
    _name_columns(query, scope)
    if len(query.selects) != 1 or query.is_star:
        raise InvalidSql("the SQL does not give one number", "select one value, such as count(*)")
    return normalised(query)


def predicate_sql(sql: str, scope: Scope) -> str:
    """A condition on the columns of one row, normalised. Raises InvalidSql for anything else."""
    condition = parse_one(_filled(sql, scope), "a condition", "write one condition, as in a <= b")
    if not isinstance(condition, exp.Condition) or condition.find(exp.Query, exp.Table, exp.Star):
        raise InvalidSql(
            "the SQL is no condition on one row", "compare columns, as in a <= b, without SELECT"
        )
    check_nodes(condition)
    for node in condition.walk():
        if isinstance(node, exp.AggFunc | exp.Window) or function_of(node) in OVER_ROWS:
            raise refusal(node, "a condition on one row sees no other", "write a check of type sql")
        if isinstance(node, _NOT_STEADY) or function_of(node) == "now":
            advice = "a row that is read again must be judged the same: compare with another column"
            raise refusal(node, "a condition on a row does not know the time", advice)
    _name_columns(condition, scope)
    return normalised(condition)


def violations_sql(predicate: str) -> str:
    """The query that counts the rows which a condition (as `predicate_sql` gives it) does not hold for."""
    condition = parse_one(predicate, "a condition", "")
    counted = exp.Select().select(exp.Count(this=exp.Star())).from_(BATCH)
    return normalised(counted.where(exp.Not(this=exp.paren(condition))))


def _filled(sql: str, scope: Scope) -> str:
    """The SQL with ODCS's placeholders, such as `{object}` and `${column}`, filled in."""

    def value(match: re.Match[str]) -> str:
        if match[2] in _THE_TABLE:
            return BATCH
        if match[2] in _THE_COLUMN and scope.column:
            return f'"{scope.column}"'
        advice = "known are {object} and, in the quality of a column, {property}"
        raise InvalidSql(f"{match[0]} stands for nothing here", advice)

    return _PLACEHOLDER.sub(value, sql)


def _point_at_batch(table: exp.Table, scope: Scope) -> None:
    name = table.name.lower()
    if not isinstance(table.this, exp.Identifier):
        raise refusal(table, "a function in place of a table is not allowed", "name it {object}")
    if not table.db and name in visible_names(table):
        return
    written = f"{table.db.lower()}.{name}" if table.db else name
    if table.catalog or (written not in scope.tables and written != BATCH):
        advice = "a batch sees its own rows only: name them {object}, and others in relationships"
        raise refusal(table, f"the table {table.sql('trino')} is not this one", advice)
    if not table.alias and name != BATCH:
        table.set("alias", exp.TableAlias(this=table.this.copy()))
    table.set("this", exp.to_identifier(BATCH))
    table.set("db", None)


def _name_columns(query: exp.Expr, scope: Scope) -> None:
    """Call columns what they are called in the table, whatever name of theirs the SQL has."""
    given = {name.lower() for alias in query.find_all(exp.Alias, exp.TableAlias) for name in _names_in(alias)}
    for alias in query.find_all(exp.Alias):
        _rename(alias, "alias", scope)
    for column in query.find_all(exp.Column):
        name, qualifier = column.name.lower(), column.table.lower()
        if name in scope.names:
            _rename(column, "this", scope)
        elif qualifier in scope.names and column.args.get("db") is None:
            _rename(column, "table", scope)  # a field of a record
        elif name not in given and not isinstance(column.this, exp.Star):
            advice = did_you_mean(
                name, scope.names, f"columns are {', '.join(sorted(set(scope.names.values()))[:9])}"
            )
            raise refusal(column, f"there is no column {column.name}", advice)


def _names_in(alias: exp.Expr) -> list[str]:
    return [alias.alias, *(one.name for one in alias.args.get("columns") or ())]


def _rename(node: exp.Expr, part: str, scope: Scope) -> None:
    identifier = node.args.get(part)
    if isinstance(identifier, exp.Identifier) and identifier.name.lower() in scope.names:
        identifier.set("this", scope.names[identifier.name.lower()])
        identifier.set("quoted", True)
