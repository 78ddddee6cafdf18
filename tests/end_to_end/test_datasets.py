"""Four real data sets and a mart: every row is accounted for, and the mart says what the raw files say."""

from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.conftest import PROJECT, Headrace, data

pytestmark = pytest.mark.laptop


def put(headrace: Headrace, dataset: str, files: list[Path]) -> None:
    headrace("put", *files, "--dataset", dataset, "--wait")


def test_runways_and_countries_come_in_whole_and_the_mart_counts_them(headrace: Headrace) -> None:
    (runways,) = data("ourairports", "runways.csv")
    (countries,) = data("ourairports", "countries.csv")
    put(headrace, "aviation/countries", [countries])
    put(headrace, "aviation/runways", [runways])
    assert headrace.conserved("aviation/runways") == 48_184
    assert headrace.conserved("aviation/countries") == 249
    headrace.at_rest()

    quarantined = {row["_row"] for row in headrace.rows("SELECT _row FROM aviation_runways", "quarantine")}
    computed = duckdb.connect().execute(
        """
        WITH runways AS (
            SELECT *, row_number() OVER () AS line FROM read_csv(?, all_varchar = true, parallel = false)
        )
        SELECT coalesce(c.code, '??') AS country_code, count(*) AS runways, max(length_ft::INT) AS longest_ft
        FROM runways r LEFT JOIN read_csv(?, all_varchar = true, nullstr = '') c
            ON c.code = CASE WHEN regexp_matches(airport_ident, '^[A-Z]{2}-') THEN airport_ident[:2] END
        WHERE NOT list_contains(?, line)
        GROUP BY 1 ORDER BY runways DESC, country_code
        """,
        [str(runways), str(countries), list(quarantined)],
    )
    mart = headrace.rows(
        "SELECT country_code, runways, longest_ft FROM aviation_runways_by_country "
        "ORDER BY runways DESC, country_code",
        "marts",
    )
    assert [tuple(row.values()) for row in mart] == computed.fetchall()
    assert sum(row["runways"] for row in mart) == headrace.value("SELECT count(*) FROM aviation_runways")


def test_cloudtrail_keeps_every_record_of_every_file(headrace: Headrace) -> None:
    files = data("cloudtrail-invictus", "*.json")
    put(headrace, "security/cloudtrail", files)
    assert headrace.conserved("security/cloudtrail") == 2_900
    raw = duckdb.connect().execute(
        """
        SELECT record ->> 'eventSource' AS source, count(*) AS calls
        FROM (SELECT unnest(json_extract(content, '$.Records[*]')) AS record FROM read_text(?))
        GROUP BY 1 ORDER BY calls DESC, source
        """,
        [[str(path) for path in files]],
    )
    sql = (
        "SELECT event_source, count(*) AS calls FROM security_cloudtrail "
        "GROUP BY event_source ORDER BY calls DESC, event_source"
    )
    assert [tuple(row.values()) for row in headrace.rows(sql)] == raw.fetchall()


def test_users_come_out_the_same_from_csv_and_parquet_and_masked(headrace: Headrace) -> None:
    folder = PROJECT / "examples/people/users"
    put(headrace, "people/users", [folder / "users.csv", folder / "users.parquet"])
    assert headrace.conserved("people/users") == 600

    columns = (
        "registered_at, id, first_name, last_name, email, gender, ip_address, cc, country, birthdate, "
        "salary, title, comments"
    )
    from_csv, from_parquet = (
        headrace.rows(f"SELECT {columns} FROM people_users WHERE _object LIKE '%.{kind}%' ORDER BY id")
        for kind in ("csv", "parquet")
    )
    assert from_csv == from_parquet
    assert len(from_csv) == 297
    shown = headrace("query", "SELECT * FROM people_users", "--json")
    shown += headrace("quarantine", "people/users", "--json")
    source = duckdb.connect().execute(
        "SELECT email, ip_address, cc FROM read_csv(?, all_varchar = true)", [str(folder / "users.csv")]
    )
    personal = {value for row in source.fetchall() for value in row if value and value != "Unknown"}
    assert not [value for value in personal if value in shown]


def test_every_user_of_ten_files_is_accounted_for(headrace: Headrace) -> None:
    before = headrace.conserved("people/users")
    files = data("kylo-userdata", "userdata*.csv", "userdata*.parquet")
    headrace("put", *files, "--dataset", "people/users", "--wait")
    assert headrace.conserved("people/users") - before == 10_000
