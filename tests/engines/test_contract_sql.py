"""SQL that a contract holds is proved before any row waits for it."""

import pytest

from headrace.domain.contract.batch_sql import Scope, predicate_sql
from headrace.domain.contract.compile import compile_contract
from headrace.domain.contract.sql import FUNCTIONS, InvalidSql
from headrace.domain.errors import InvalidContract
from headrace.engines.duckdb.contract_sql import check_sql
from tests.domain.contracts import ID, PATH, changed

COUNT = "{metric: rowCount, mustBeGreaterThan: 0}"


def with_check(predicate: str) -> str:
    check = f"{{type: custom, engine: headrace, name: c, implementation: {predicate!r}}}"
    return changed(COUNT, check)


def with_query(query: str) -> str:
    return changed(COUNT, f"{{type: sql, query: {query!r}, mustBe: 0}}")


def refused(*texts: str) -> list[str]:
    compilations = [compile_contract(PATH, text) for text in texts]
    try:
        check_sql(compilations)
    except InvalidContract as error:
        return [problem.removeprefix(f"{PATH}:") for problem in error.problems]
    return []


@pytest.mark.parametrize(
    "predicate",
    ["id > 1 AND note <> 'x'", "length(note) < 9 OR seen > DATE '2020-01-01'", "regexp_like(note, '^a')"],
)
def test_a_condition_that_duckdb_answers_is_fine(predicate: str) -> None:
    assert refused(with_check(predicate)) == []


@pytest.mark.parametrize(
    ("predicate", "problem"),
    [
        (
            "json_extract_scalar(note, '$.a') = 'x'",
            """JSON_EXTRACT_SCALAR("note", '$.a') cannot be answered""",
        ),
        ("any_match(note)", "give it an array and a condition"),
        (f"{'CAST(' * 40}id{' AS bigint)' * 40} > 1", "nest at most 6 casts and lambdas"),
        ("note > 3", "it brings together a number and a text: cast one of them"),
        ("id / 2.5 > 1", "cast one side to DOUBLE"),
        ("seen LIKE '2024%'", "DuckDB does not take the SQL: Binder Error"),
    ],
)
def test_a_condition_that_would_stop_a_batch_is_a_problem_where_it_stands(
    predicate: str, problem: str
) -> None:
    (told,) = refused(with_check(predicate))
    assert problem in told
    assert told.startswith("16:67:")
    assert "at schema[0].quality[0].implementation;" in told


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("SELECT count(*) FROM {object} WHERE json_extract(note, '$.a') IS NULL", "cannot be answered here"),
        ("SELECT sum(note) FROM {object}", "DuckDB does not take the SQL: Binder Error"),
        ("SELECT max(note) FROM {object}", "the query gives no number but VARCHAR"),
        ("SELECT approx_distinct(note) FROM {object}", 'APPROX_DISTINCT("note") cannot be answered here'),
    ],
)
def test_a_query_that_would_fail_its_rule_each_time_is_a_problem(query: str, problem: str) -> None:
    (told,) = refused(with_query(query))
    assert problem in told
    assert "at schema[0].quality[0].query;" in told


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM {object}",
        "SELECT count(*) > 5 FROM {object}",
        "SELECT sum(id) / count(*) FROM {object}",
        "SELECT avg(CAST(id AS double)) FROM {object} WHERE note LIKE 'a%'",
    ],
)
def test_a_query_is_planned_and_not_run(query: str) -> None:
    assert refused(with_query(query)) == []


def test_a_measure_sees_the_columns_as_masks_leave_them() -> None:
    text = with_query("SELECT count(*) FROM {object} WHERE id > 3")
    masked = text.replace(ID, "{name: id, logicalType: integer, customProperties: "
                              "[{property: headrace.mask, value: hash}]}")  # fmt: skip
    (told,) = refused(masked)
    assert "it brings together a number and a text" in told


def test_a_problem_in_a_block_of_sql_is_told_on_a_line_of_the_block() -> None:
    block = (
        "type: sql\n        mustBe: 0\n        query: |\n          SELECT max(note)\n          FROM {object}"
    )
    (told,) = refused(changed(COUNT, block))
    assert told.startswith("19:11: the query gives no number but VARCHAR")


def test_the_problems_of_all_contracts_are_told_together() -> None:
    assert len(refused(with_check("note > 3"), with_query("SELECT max(note) FROM {object}"))) == 2


@pytest.mark.parametrize("arguments", ["", "note", "id", "id, id", "note, 1, 1", "'day', 1, seen"])
def test_whatever_a_function_is_given_it_is_answered_or_refused(arguments: str) -> None:
    written = [f"{name}({arguments}) IS NOT NULL" for name in sorted(FUNCTIONS)]
    taken = [one for one in written if compiles(one)]
    checks = (
        f"{{type: custom, engine: headrace, name: c{at}, implementation: {one!r}}}"
        for at, one in enumerate(taken)
    )
    told = refused(changed(COUNT, "\n      - ".join(checks)))
    assert len(taken) > 10
    assert 0 < len(told) <= len(taken)


def compiles(predicate: str) -> bool:
    try:
        predicate_sql(predicate, Scope(frozenset(), {name: name for name in ("id", "note", "seen")}))
    except InvalidSql:
        return False
    return True
