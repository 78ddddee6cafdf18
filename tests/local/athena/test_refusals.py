"""What Trino refuses is refused in its words, and what cannot be answered faithfully is refused too."""

import pytest

from headrace_local.athena.errors import InvalidRequest, QueryFailed
from tests.local.athena.answers import run

AS_TRINO = {
    "SELECT 1 / 0": "DIVISION_BY_ZERO: Division by zero",
    "SELECT decimal '1' / decimal '0'": "DIVISION_BY_ZERO: Division by zero",
    "SELECT 7 % 0": "DIVISION_BY_ZERO: Division by zero",
    "SELECT '1' = 1": "TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) = integer",
    "SELECT date '2020-01-01' = '2020-01-01'": (
        "TYPE_MISMATCH: line 1:26: Cannot apply operator: date = varchar(10)"
    ),
    "SELECT x + 'a' FROM (VALUES 1) t(x)": (
        "TYPE_MISMATCH: line 1:10: Cannot apply operator: integer + varchar(1)"
    ),
    "SELECT date '2020-01-01' + 1": "TYPE_MISMATCH: line 1:26: Cannot apply operator: date + integer",
    "SELECT 'a' || 1": "TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) || integer",
    "SELECT 1 WHERE 1": (
        "TYPE_MISMATCH: line 1:16: WHERE clause must evaluate to a boolean: actual type integer"
    ),
    "SELECT CASE WHEN true THEN 1 ELSE 'a' END": (
        "TYPE_MISMATCH: line 1:28: All CASE results must be the same type: integer vs varchar(1)"
    ),
    "SELECT 1 UNION SELECT 'a'": (
        "TYPE_MISMATCH: line 1:8: column 1 in UNION query has incompatible types: integer, varchar(1)"
    ),
    "SELECT cast(1 AS date)": "TYPE_MISMATCH: line 1:13: Cannot cast integer to date",
    "SELECT cast('1.5' AS integer)": "INVALID_CAST_ARGUMENT: Cannot cast '1.5' to INT",
    "SELECT cast('x' AS bigint)": "INVALID_CAST_ARGUMENT: Cannot cast 'x' to BIGINT",
    "SELECT cast('2020-01-01T00:00:00' AS timestamp)": (
        "INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: 2020-01-01T00:00:00"
    ),
    "SELECT cast(1234 AS varchar(3))": (
        "INVALID_CAST_ARGUMENT: Value 1234 cannot be represented as varchar(3)"
    ),
    "SELECT cast(300 AS tinyint)": "NUMERIC_VALUE_OUT_OF_RANGE: Out of range for tinyint: 300",
    "SELECT 2147483647 + 1": "NUMERIC_VALUE_OUT_OF_RANGE: integer addition overflow: 2147483647 + 1",
    "SELECT 9223372036854775807 * 2": (
        "NUMERIC_VALUE_OUT_OF_RANGE: bigint multiplication overflow: 9223372036854775807 * 2"
    ),
    "SELECT 99999999999999999999": (
        "INVALID_LITERAL: line 1:8: Invalid numeric literal: 99999999999999999999"
    ),
    "SELECT date '2020-02-30'": "INVALID_LITERAL: line 1:13: '2020-02-30' is not a valid DATE literal",
    "SELECT array[1, 2][3]": (
        "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 3 > 2"
    ),
    "SELECT array[1][0]": "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1",
    "SELECT map(array['a'], array[1])['z']": "INVALID_FUNCTION_ARGUMENT: Key not present in map: z",
    "SELECT sequence(1, 60000)": (
        "INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 50000 entries"
    ),
    "SELECT foo(1)": "FUNCTION_NOT_FOUND: line 1:8: Function 'foo' not registered",
    "SELECT read_csv('/etc/passwd')": "FUNCTION_NOT_FOUND: line 1:8: Function 'read_csv' not registered",
    "SELECT length(5)": (
        "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer) for function length. "
        "Expected: length(varchar), length(varbinary)"
    ),
    "SELECT a, nope FROM (VALUES 1) t(a)": (
        "COLUMN_NOT_FOUND: line 1:11: Column 'nope' cannot be resolved or requester is not authorized to "
        "access requested resources"
    ),
    "SELECT 1 AS a WHERE a = 1": (
        "COLUMN_NOT_FOUND: line 1:21: Column 'a' cannot be resolved or requester is not authorized to "
        "access requested resources"
    ),
    "SELECT x FROM (VALUES 1) a(x), (VALUES 2) b(x)": "AMBIGUOUS_NAME: line 1:8: Column 'x' is ambiguous",
    "SELECT a, b FROM (VALUES (1, 2)) t(a, b) GROUP BY a": (
        "EXPRESSION_NOT_AGGREGATE: 'b' must be an aggregate expression or appear in GROUP BY clause"
    ),
    "SELECT a, count(*) FROM (VALUES 1) t(a)": (
        "EXPRESSION_NOT_AGGREGATE: 'a' must be an aggregate expression or appear in GROUP BY clause"
    ),
    "SELECT 1 FROM (VALUES 1) t(x) WHERE count(*) > 1": (
        "EXPRESSION_NOT_SCALAR: line 1:37: WHERE clause cannot contain aggregations, window functions or "
        "grouping operations: [count(*)]"
    ),
    "SELECT row_number() FROM (VALUES 1) t(x)": (
        "MISSING_OVER: line 1:8: Window function row_number must have an OVER clause"
    ),
    "SELECT DISTINCT x FROM (VALUES 1) t(x) ORDER BY x + 1": (
        "EXPRESSION_NOT_IN_DISTINCT: line 1:49: For SELECT DISTINCT, ORDER BY expressions must appear in "
        "select list"
    ),
    "SELECT (SELECT x FROM (VALUES 1, 2) t(x))": (
        "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows"
    ),
    "SELECT cast(1 AS string)": "TYPE_NOT_FOUND: line 1:13: Unknown type: string",
    "SELECT\n  1,\n  nope": (
        "COLUMN_NOT_FOUND: line 3:3: Column 'nope' cannot be resolved or requester is not authorized to "
        "access requested resources"
    ),
}


@pytest.mark.parametrize(("statement", "reason"), AS_TRINO.items(), ids=list(AS_TRINO))
def test_a_query_fails_as_on_trino(statement: str, reason: str) -> None:
    with pytest.raises(QueryFailed) as failed:
        run(statement)
    assert failed.value.reason(statement) == reason


BEYOND = [
    "SELECT from_iso8601_timestamp(x) FROM (VALUES '2020-01-01T10:00:00+02:00') t(x)",
    "SELECT json_extract_scalar('{\"price\": 12.50}', '$.price')",
    "SELECT json_extract_scalar('{\"price\": 1e5}', '$.price')",
    "SELECT json_parse('{}')",
    "SELECT json_extract_scalar('{}', '$..a')",
    "SELECT cast(1 AS char(3))",
    "SELECT 1 FROM (VALUES 1) t(x) NATURAL JOIN (VALUES 1) u(x)",
    "SELECT x FROM (VALUES 1) t(x) TABLESAMPLE BERNOULLI (10)",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT * FROM t",
    "SELECT date_format(current_timestamp, '%X')",
    "SELECT 1 BETWEEN SYMMETRIC 2 AND 0",
    "SELECT x IN UNNEST(ARRAY[1]) FROM (VALUES 1) t(x)",
    "SELECT * FROM (SELECT 1) t, LATERAL (SELECT 2) u",
    "SELECT 1 UNION BY NAME SELECT 2",
    "SELECT CAST('1' AS INTEGER FORMAT 'x')",
    "SELECT timestamp '2020-01-01 00:00:00' AT TIME ZONE x FROM (VALUES 'UTC') t(x)",
    "SELECT sum(x) IGNORE NULLS OVER (ORDER BY x) FROM (VALUES 1) t(x)",
    "SELECT current_user",
]


@pytest.mark.parametrize("statement", BEYOND)
def test_what_cannot_be_answered_faithfully_is_refused(statement: str) -> None:
    with pytest.raises(QueryFailed) as failed:
        run(statement)
    assert failed.value.name == "NOT_SUPPORTED"


NOT_TRINO = [
    "SELEC 1",
    "SELECT 1 FROM",
    "SELECT 1::integer",
    "SELECT 1 LIMIT 1 OFFSET 1",
    "SELECT INTERVAL 1 DAY",
    "SELECT 'a' ILIKE 'A'",
    "SELECT x FROM (VALUES 1) t(x) QUALIFY x = 1",
    "SELECT 1; SELECT 2",
]


@pytest.mark.parametrize("statement", NOT_TRINO)
def test_what_trinos_grammar_lacks_is_malformed(statement: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        run(statement)
    assert refused.value.code == "MALFORMED_QUERY"
