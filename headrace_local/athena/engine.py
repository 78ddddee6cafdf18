"""DuckDB sessions: nothing outside reachable, settings locked, and DuckDB's errors told in Trino's words."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import resources

import duckdb
import pyarrow as pa
from sqlglot import exp

from headrace_local.athena.errors import QueryCancelled, QueryFailed, not_supported
from headrace_local.athena.trino.duck import FAILURE
from headrace_local.athena.trino.scope import Typed

_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET default_null_order = 'nulls_last'",
    "SET preserve_insertion_order = true",
    "SET lock_configuration = true",
)
_GUARD = re.compile(rf"'{FAILURE}(?P<name>[A-Z_]+): (?P<message>.*)' to BOOL", re.DOTALL)
_OVERFLOW = re.compile(r"Overflow in (?P<operation>\w+) of (?P<kind>\w+) \((?P<operands>.*)\)!")
_INTEGERS = {"INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint"}
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
}


@cache
def _macros() -> str:
    return resources.files("headrace_local.athena").joinpath("macros.sql").read_text(encoding="utf-8")


@contextmanager
def session(tables: Mapping[str, pa.Table]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees these tables and nothing else of this machine."""
    with duckdb.connect(":memory:", config=_CONFIG) as connection:
        connection.execute(_macros())
        for setting in _SETTINGS:
            connection.execute(setting)
        for name, table in tables.items():
            connection.register(name, table)
        yield connection


def fetch(connection: duckdb.DuckDBPyConnection, query: exp.Expr) -> pa.Table:
    """The query's rows; raises QueryFailed with Trino's name for what went wrong."""
    try:
        return connection.execute(query.sql("duckdb")).to_arrow_table()
    except duckdb.Error as error:
        raise _told(error) from error


def constant(value: Typed) -> object:
    """What an expression without columns is worth, as Python has it."""
    with session({}) as connection:
        return fetch(connection, exp.select(value.sql)).column(0)[0].as_py()


def _told(error: duckdb.Error) -> Exception:
    message = str(error)
    guard = _GUARD.search(message)
    if guard is not None:
        return QueryFailed(guard["name"], guard["message"])
    for kind, told in _TOLD.items():
        if isinstance(error, kind):
            return told(_sentence(message))
    return not_supported(f"DuckDB refuses it: {_sentence(message)}")


def _sentence(message: str) -> str:
    """The first line, without DuckDB's kind of error before the colon."""
    first = message.splitlines()[0]
    return first.split(": ", 1)[-1]


def _out_of_range(sentence: str) -> Exception:
    """An overflow, in Trino's words where DuckDB tells the operation and its operands."""
    found = _OVERFLOW.search(sentence)
    if found is None:
        return QueryFailed("NUMERIC_VALUE_OUT_OF_RANGE", sentence)
    kind = _INTEGERS.get(found["kind"], "decimal")
    return QueryFailed(
        "NUMERIC_VALUE_OUT_OF_RANGE", f"{kind} {found['operation']} overflow: {found['operands']}"
    )


def _invalid_input(sentence: str) -> Exception:
    if sentence.startswith("More than one row returned by a subquery"):
        return QueryFailed("SUBQUERY_MULTIPLE_ROWS", "Scalar sub-query has returned multiple rows")
    return QueryFailed("INVALID_FUNCTION_ARGUMENT", sentence)


_TOLD: dict[type[duckdb.Error], Callable[[str], Exception]] = {
    duckdb.InterruptException: lambda _: QueryCancelled("Query cancelled by user"),
    duckdb.OutOfMemoryException: lambda _: QueryFailed(
        "EXCEEDED_LOCAL_MEMORY_LIMIT", "Query exhausted resources at this scale factor"
    ),
    duckdb.OutOfRangeException: _out_of_range,
    # Casts that a statement writes are guarded; what is left are results too large for their type.
    duckdb.ConversionException: _out_of_range,
    duckdb.InvalidInputException: _invalid_input,
}
