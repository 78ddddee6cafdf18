"""What a contract's SQL may say, and what becomes of it for Athena."""

import duckdb
import pytest
import sqlglot

from headrace.domain.contract.sql import FUNCTIONS, InvalidSql, normalised, parse_query
from headrace.domain.dataset import DatasetId
from headrace.domain.plan import (
    Array,
    Boolean,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Json,
    Object,
    Text,
    Timestamp,
    Type,
)
from headrace.domain.zones import TableRef
from headrace.engines.trino import create_stage, qualify, reads, trino_type


def home(dataset: DatasetId) -> TableRef:
    return TableRef("lake_curated", dataset.table)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE a.b",
        "DELETE FROM a.b",
        "INSERT INTO a.b SELECT 1",
        "CREATE TABLE a.c AS SELECT 1",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE a.b",
        "SELECT * INTO c FROM a.b",
        "SELECT * FROM a.b FOR UPDATE",
        "VALUES (1)",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "CALL system.sync()",
        "UNLOAD (SELECT 1) TO 's3://x/'",
        "USING EXTERNAL FUNCTION f(x int) RETURNS int LAMBDA 'f' SELECT f(1)",
        "SELECT * FROM TABLE(system.query('SELECT 1'))",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT read_text('/etc/passwd')",
        "SELECT getenv('HOME')",
        "SELECT current_user",
        "SELECT uuid()",
        "SELECT * FROM 's3://bucket/key'",
        "SELECT * FROM runways",
        "SELECT * FROM a.b.c",
        "SELECT * FROM information_schema.tables",
        'SELECT * FROM "a"."b c"',
        "SELECT * FROM a.b TABLESAMPLE BERNOULLI (10)",
        "SELECT * FROM a.b FOR TIMESTAMP AS OF TIMESTAMP '2024-01-01 00:00:00'",
        "SELECT * FROM a.b MATCH_RECOGNIZE (PATTERN (x) DEFINE x AS true)",
        "SELECT ? FROM a.b",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
        "WITH x AS (SELECT * FROM later), later AS (SELECT 1 AS n) SELECT * FROM x",
        "SELECT * FROM (WITH x AS (SELECT 1 AS n) SELECT * FROM x) JOIN x ON true",
        "SELECT * FROM a.same JOIN b.same ON true",
        "SELECT a.b.c.d FROM a.b",
        "SELECT",
        "",
        "-- nothing",
        "SELECT " + "(" * 5000,
        "SELECT 1 /*" + "x" * 20_000 + "*/",
    ],
)
def test_sql_that_is_not_one_harmless_query_is_refused(sql: str) -> None:
    with pytest.raises(InvalidSql):
        parse_query(sql)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 AS n", "SELECT 1 AS n"),
        ("select x from a.b;", 'SELECT "x" FROM "lake_curated"."a_b" AS "b"'),
        ("SELECT b.x FROM A.B", 'SELECT "b"."x" FROM "lake_curated"."a_b" AS "b"'),
        ("SELECT a.b.x FROM a.b", 'SELECT "b"."x" FROM "lake_curated"."a_b" AS "b"'),
        ("SELECT t.x.y FROM a.b AS t", 'SELECT "t"."x"."y" FROM "lake_curated"."a_b" AS "t"'),
        ("TABLE a.b", 'SELECT * FROM "lake_curated"."a_b" AS "b"'),
        (
            "WITH b AS (SELECT x FROM a.b) SELECT x FROM b",
            'WITH "b" AS (SELECT "x" FROM "lake_curated"."a_b" AS "b") SELECT "x" FROM "b"',
        ),
        (
            "SELECT x FROM a.b WHERE x IN (SELECT y FROM c.d) UNION ALL SELECT 'it''s'",
            (
                'SELECT "x" FROM "lake_curated"."a_b" AS "b" WHERE "x" IN '
                '(SELECT "y" FROM "lake_curated"."c_d" AS "d") UNION ALL SELECT \'it\'\'s\''
            ),
        ),
        ("SELECT x /* why */ FROM a.b -- end", 'SELECT "x" FROM "lake_curated"."a_b" AS "b"'),
    ],
)
def test_datasets_become_tables_and_other_names_stay(sql: str, expected: str) -> None:
    assert qualify(sql, home) == expected.replace(" AS n", ' AS "n"')


def test_what_a_query_reads_is_found_wherever_it_stands() -> None:
    sql = """
        WITH x AS (SELECT * FROM b.two), y AS (SELECT * FROM x JOIN A.One o ON true)
        SELECT (SELECT max(n) FROM c.three) FROM y WHERE EXISTS (SELECT 1 FROM d.four)
        UNION SELECT 1 FROM b.two
    """
    assert [str(dataset) for dataset in reads(sql)] == ["a/one", "b/two", "c/three", "d/four"]


def test_normalised_sql_reads_as_before_and_stays_as_it_is() -> None:
    sql = normalised(parse_query("select  n, /* all */ count_if(x)\nfrom a.b group by 1"))
    assert sql == "SELECT n, COUNT_IF(x) FROM a.b GROUP BY 1"
    assert normalised(parse_query(sql)) == sql


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_every_function_on_the_list_can_be_called(function: str) -> None:
    accepted = []
    for arguments in ("", "x", "x, y", "x, y, z", "x, y, z, w"):
        try:
            parse_query(f"SELECT {function}({arguments}) AS n FROM a.b")
        except InvalidSql:
            continue
        accepted.append(arguments)
    assert accepted or function == "unnest"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FILTER (WHERE x), sum(DISTINCT y) FROM a.b GROUP BY GROUPING SETS ((z), ())",
        "SELECT row_number() OVER (PARTITION BY x ORDER BY y DESC NULLS LAST) AS n FROM a.b",
        "SELECT CASE x WHEN 1 THEN 'a' ELSE 'b' END, CAST(x AS decimal(10, 2)), TRY_CAST(y AS date) FROM a.b",
        "SELECT date_trunc('month', x), date '2024-01-01' + interval '1' day, extract(year FROM x) FROM a.b",
        "SELECT n FROM a.b CROSS JOIN UNNEST(xs) AS t(n) WHERE n NOT BETWEEN 1 AND 2 AND s LIKE 'a%'",
        "SELECT transform(xs, x -> x + 1), j['k'], xs[1], json_extract_scalar(s, '$.a[0].b') FROM a.b",
        "SELECT x FROM a.b ORDER BY x OFFSET 2 ROWS FETCH FIRST 3 ROWS ONLY",
        "SELECT x AT TIME ZONE 'Europe/Paris', current_date, NOT (x IS NULL) FROM a.b HAVING max(y) > 1",
        "SELECT * FROM (VALUES (1, 'a')) AS t(n, s) JOIN a.b USING (n)",
    ],
)
def test_everyday_sql_is_let_through(sql: str) -> None:
    assert [str(dataset) for dataset in reads(sql)] == ["a/b"]


COLUMNS = (
    ("n", Integer(32), "INTEGER"),
    ("m", Integer(), "BIGINT"),
    ("d", Double(), "DOUBLE"),
    ("e", Decimal(10, 2), "DECIMAL(10, 2)"),
    ("b", Boolean(), "BOOLEAN"),
    ("t", Text(), "VARCHAR"),
    ("j", Json(), "VARCHAR"),
    ("day", Date("%Y"), "DATE"),
    ("at", Timestamp(), "TIMESTAMP(6) WITH TIME ZONE"),
    ("l", Array(Array(Integer())), "ARRAY(ARRAY(BIGINT))"),
    (
        "o",
        Object((Column("x", "X", Date()), Column("select", "", Json()))),
        'ROW("x" DATE, "select" VARCHAR)',
    ),
)


@pytest.mark.parametrize(("name", "kind", "expected"), COLUMNS)
def test_a_stage_casts_each_column_to_its_type(name: str, kind: Type, expected: str) -> None:
    assert trino_type(kind).sql("athena") == expected
    sql = create_stage('SELECT 1 AS "x"', [Column(name, "", kind)], TableRef("marts", "m__1"), "s3://b/m/1")
    assert sql == (
        'CREATE TABLE "marts"."m__1" WITH (table_type=\'ICEBERG\', is_external=FALSE, '
        f"location='s3://b/m/1', format='PARQUET') AS SELECT CAST(\"{name}\" AS {expected}) AS \"{name}\" "
        'FROM (SELECT 1 AS "x") AS "mart"'
    )


def test_nothing_in_a_stage_s_names_ends_its_quotes() -> None:
    sql = create_stage("SELECT 1", [Column('a"b', "", Text())], TableRef('m"', "t"), "s3://b/it's")
    assert '"m""".' in sql
    assert "'s3://b/it''s'" in sql
    assert 'CAST("a""b" AS VARCHAR) AS "a""b"' in sql


def test_a_staged_query_gives_the_rows_of_the_query_in_the_contract_s_types() -> None:
    qualified = qualify("SELECT max(n) AS n, 'x' AS t FROM a.b UNION ALL SELECT 1, 'y'", home)
    columns = [Column("t", "", Text()), Column("n", "", Decimal(9, 1))]
    staged = sqlglot.parse_one(
        create_stage(qualified, columns, TableRef("m", "s"), "s3://b/m"), dialect="athena"
    )
    with duckdb.connect() as engine:
        engine.execute(
            "CREATE SCHEMA lake_curated; CREATE TABLE lake_curated.a_b AS SELECT unnest([3, 5]) AS n"
        )
        rows = engine.sql(staged.expression.sql("duckdb"))
        assert [str(kind) for kind in rows.types] == ["VARCHAR", "DECIMAL(9,1)"]
        assert [(text, str(number)) for text, number in rows.fetchall()] == [("x", "5.0"), ("y", "1.0")]
