"""What the engine relies on in DuckDB; a release that changes it fails here first.

duckdb is pinned to 1.5.5: in 2.0.0 `TRY_CAST` over `read_csv` is pushed into the reader as a hard cast
(duckdb issue 23818), so that one dirty cell aborts the file.
"""

from pathlib import Path

import duckdb
import pytest

ROWS = 300_000


@pytest.fixture
def connection(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    (tmp_path / "a.csv").write_text("n,t\n1,x\ndirty,y\n3,z\n")
    (tmp_path / "b.csv").write_text("n,t\n" + "".join(f"{n},{n}\n" for n in range(ROWS)))
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET file_search_path = $1", [str(tmp_path)])
    return connection


CSV = "read_csv(['{}'], auto_detect = false, header = true, columns = {{'n': 'VARCHAR', 't': 'VARCHAR'}})"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT TRY_CAST(n AS BIGINT) FROM {}",
        "SELECT CASE WHEN regexp_matches(n, '^[a-z0-9]+$') THEN TRY_CAST(n AS BIGINT) END FROM {}",
        "SELECT v FROM (SELECT *, TRY_CAST(n AS BIGINT) AS v FROM {}) WHERE v IS NULL OR v > 0",
    ],
)
def test_try_cast_over_read_csv_makes_a_dirty_cell_null(
    connection: duckdb.DuckDBPyConnection, query: str
) -> None:
    assert connection.execute(query.format(CSV.format("a.csv"))).fetchall() == [(1,), (None,), (3,)]


def test_rows_are_numbered_in_file_order(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"CREATE TABLE w AS SELECT row_number() OVER () AS place, * FROM {CSV.format('b.csv')}"
    )
    moved = "SELECT count(*) FROM w WHERE CAST(n AS BIGINT) + 1 <> place OR rowid + 1 <> place"
    assert connection.execute(moved).fetchall() == [(0,)]


def test_a_left_join_leaves_the_rows_in_order_where_it_may_not_swap_its_sides(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    connection.execute("CREATE TABLE few AS SELECT i, 5 - i AS o FROM range(5) t(i)")
    connection.execute("CREATE TABLE many AS SELECT i AS o FROM range(5000) t(i)")
    rows = connection.execute("SELECT few.i FROM few LEFT JOIN many ON few.o = many.o").fetchall()
    assert rows == [(n,) for n in range(5)]


def test_a_comparison_looks_inside_of_a_try_cast(connection: duckdb.DuckDBPyConnection) -> None:
    """Why `row_checks` asks sums and casts themselves whether they failed, and not what compares them."""
    connection.execute("CREATE TABLE big AS SELECT 1::HUGEINT << 100 AS n")
    query = "SELECT (TRY_CAST(n AS BIGINT) > 0) IS NULL, TRY_CAST(n AS BIGINT) IS NULL FROM big"
    assert connection.execute(query).fetchall() == [(False, True)]


def test_json_numbers_pass_through_a_double_and_nan_is_let_in(connection: duckdb.DuckDBPyConnection) -> None:
    """Why JSON is split in Python: the day both are false, DuckDB may do it."""
    text = '{"a": 123456789012345.678901, "b": NaN}'
    query = "SELECT json_valid($1), json_extract_string($1, '$.a')"
    assert connection.execute(query, [text]).fetchall() == [(True, "123456789012345.67")]
