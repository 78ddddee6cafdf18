"""Rows in quarantine with their reasons."""

import json

import pytest
import sqlglot

from headrace_cli.failures import ExitCode
from headrace_cli.quarantine import statement
from tests.cli.conftest import Run
from tests.cli.deployed import RUNWAYS, Deployed, page

COLUMNS = {
    "_object": "varchar",
    "_row": "bigint",
    "_batch": "bigint",
    "_contract": "varchar",
    "_raw": "varchar",
    "column": "varchar",
    "rule": "varchar",
    "value_excerpt": "varchar",
}
TITLES = list(COLUMNS)
OBJECT = "s3://landing/aviation/runways/a.csv?versionId=1"


def row(number: int) -> list[list[str | None]]:
    """A row's lines, one a reason, as the statement gives them."""
    raw = json.dumps({"length_ft": "long", "note": "\x1b[31m" + "x" * 500})
    line: list[str | None] = [OBJECT, str(number), "2", "1.0.0+1a2b3c4d", raw]
    return [[*line, "length_ft", "type", "long"], [*line, "surface", "required", None]]


def test_the_statement_quotes_names_and_values(deployed: Deployed) -> None:
    sql = statement(deployed, RUNWAYS, 5, "it's.csv")
    assert 'FROM "headrace_quarantine"."aviation_runways"' in sql
    assert "'s3://landing/aviation/runways/it''s.csv?versionId='" in sql
    assert 'ORDER BY "_batch" DESC, "_object", "_row" LIMIT 5) AS q' in sql
    assert sqlglot.parse_one(sql, dialect="trino").sql(dialect="trino") == sql


@pytest.mark.parametrize(
    ("key", "condition"),
    [
        ("a.csv", "STARTS_WITH(\"_object\", 's3://landing/aviation/runways/a.csv?versionId=')"),
        (
            "aviation/runways/a.csv",
            "STARTS_WITH(\"_object\", 's3://landing/aviation/runways/a.csv?versionId=')",
        ),
        (OBJECT, f"\"_object\" = '{OBJECT}'"),
    ],
)
def test_an_object_is_named_by_its_key_or_its_identity(deployed: Deployed, key: str, condition: str) -> None:
    assert f"WHERE {condition} ORDER" in statement(deployed, RUNWAYS, 5, key)


def test_the_json_answer_holds_whole_rows_and_says_when_there_are_more(deployed: Deployed, run: Run) -> None:
    deployed.register()
    with deployed.athena_answers(page(COLUMNS, TITLES, *row(1), *row(4), *row(9))):
        ran = run("quarantine", "aviation/runways", "--limit", "2", "--json")
    found = json.loads(ran.stdout)
    assert (found["dataset"], found["more"]) == ("aviation/runways", True)
    assert [one["row"] for one in found["rows"]] == [1, 4]
    assert found["rows"][0]["object"] == OBJECT
    assert found["rows"][0]["reasons"][1] == {"column": "surface", "rule": "required", "value_excerpt": None}
    assert json.loads(found["rows"][0]["raw"])["note"].endswith("x" * 500)


def test_people_see_reasons_one_a_line_and_the_text_cut(
    deployed: Deployed, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    deployed.register()
    with deployed.athena_answers(page(COLUMNS, TITLES, *row(4))):
        ran = run("quarantine", "aviation/runways")
    first, second, *reasons, raw = ran.stdout.splitlines()
    assert (first, second) == (OBJECT, "  row 4 (batch 2, contract 1.0.0+1a2b3c4d)")
    assert reasons == ["      length_ft type: long", "      surface required"]
    assert raw.startswith('      | {"length_ft"')
    assert len(raw) == 80
    assert "\x1b" not in ran.stdout


def test_an_object_that_nobody_knows_is_told_from_one_without_rows_in_quarantine(
    deployed: Deployed, run: Run
) -> None:
    deployed.register()
    known = deployed.land("a.csv")
    for name in ("a.csv", known.key, known.identity):
        with deployed.athena_answers(page(COLUMNS, TITLES)):
            ran = run("quarantine", "aviation/runways", "--object", name)
        assert (ran.exit_code, ran.stderr) == (ExitCode.FINE, "0 rows of aviation/runways\n")
    with deployed.athena_answers(page(COLUMNS, TITLES)):
        ran = run("quarantine", "aviation/runways", "--object", "b.csv")
    assert (ran.exit_code, ran.stdout) == (ExitCode.USAGE, "")
    assert "no object aviation/runways/b.csv of aviation/runways is known" in ran.stderr


def test_an_unknown_dataset_is_a_usage_error(deployed: Deployed, run: Run) -> None:
    ran = run("quarantine", "aviation/runways")
    assert ran.exit_code == ExitCode.USAGE
    assert "aviation/runways is not registered; these datasets are: none." in ran.stderr
