"""The queries of a contract: a mart's, and those that run after each batch."""

import re

from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt
from headrace.domain.contract.sql import InvalidSql, normalised, parse_query, reads
from headrace.domain.dataset import DatasetId
from headrace.domain.plan import Column, Query

_MOST_SQL = 50_000
"""Characters of a contract's queries: a state of the state machine holds them all, in at most 256 KB."""
_QUERY_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


def query_of(
    place: Place, found: Findings, columns: tuple[Column, ...] = ()
) -> tuple[str, tuple[DatasetId, ...]]:
    """A contract's SQL, normalised, and what it reads; `columns` are what it must give, if that is known."""
    if not isinstance(place.value, str):
        found.problem(place, "this is no SQL", "write one SELECT as text")
        return "", ()
    try:
        query = parse_query(place.value)
        sql = normalised(query)
    except InvalidSql as error:
        problem_in_sql(place, error, found)
        return "", ()
    if columns and not query.is_star:
        given = [name.lower() for name in query.named_selects]
        wanted = [column.name for column in columns]
        for name in wanted:
            if name not in given:
                advice = did_you_mean(name, given, f"select something AS {name}")
                found.problem(place, f"the SQL gives no column {name}", advice)
        for name in given:
            if name not in wanted or given.count(name) > 1:
                advice = "name each column once, and declare it under properties"
                found.problem(
                    place,
                    f"the SQL gives a column {excerpt(name)} that the schema does not hold once",
                    advice,
                )
    return sql, reads(query)


def queries_of(place: Place | None, found: Findings) -> tuple[Query, ...]:
    """The named queries that run after each published batch."""
    queries: dict[str, Query] = {}
    if place is not None and not isinstance(place.value, list):
        found.problem(place, "queries are a list", "write - {name: …, sql: …} under value")
    for entry in place.items if place else ():
        name, sql = entry.text_of("name"), entry.get("sql")
        unknown = set(entry.entries) - {"name", "sql"}
        if not _QUERY_NAME.fullmatch(name) or name in queries or unknown:
            advice = "give name (lower-case, once) and sql, and nothing else"
            found.problem(entry.at("name"), "the query is not named as queries are", advice)
        elif sql is None:
            found.problem(entry, f"the query {name} has no sql", "add sql")
        else:
            queries[name] = Query(name, query_of(sql, found)[0])
    if place is not None and sum(len(query.sql) for query in queries.values()) > _MOST_SQL:
        found.problem(place, f"the queries are longer than {_MOST_SQL:,} characters", "make a mart of some")
    return tuple(queries.values())


def problem_in_sql(place: Place, error: InvalidSql, found: Findings) -> None:
    """Tell what is wrong with the SQL at a place, on its own line where that is known."""
    inside = None
    if place.indent is not None:
        inside = place.line + error.line, place.indent + error.column
    found.problem(place, error.what, error.advice, inside)
