"""A query's DuckDB reaches nothing but the tables it was handed."""

import duckdb
import pyarrow as pa
import pytest

from headrace_local.athena import engine


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM read_parquet('http://127.0.0.1:1/x.parquet')",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "ATTACH '/tmp/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET enable_external_access",
    ],
)
def test_a_session_reaches_no_files_network_or_settings(statement: str) -> None:
    with engine.session({}) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement)


def test_a_session_sees_the_tables_it_was_handed_and_no_python_variables() -> None:
    hidden = pa.table({"c0": [1]})
    with engine.session({"r1": pa.table({"c0": [2]})}) as connection:
        assert connection.execute('SELECT c0 FROM "r1"').fetchall() == [(2,)]
        with pytest.raises(duckdb.CatalogException):
            connection.execute("SELECT * FROM hidden")
    assert len(hidden) == 1
