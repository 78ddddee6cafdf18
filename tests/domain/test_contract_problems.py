"""Every problem of a contract, told with the line and column where it stands."""

from pathlib import Path

import pytest

from tests.domain.contracts import (
    EXTENSION,
    ID,
    NOTE,
    PATH,
    SEEN,
    THINGS,
    changed,
    mart_text,
    problems_of,
)


def cases() -> list[tuple[str, ...]]:
    blocks = (Path(__file__).parent / "problems.txt").read_text().strip().split("\n\n")[1:]
    return [tuple(line[2:] for line in block.splitlines()) for block in blocks]


def spelled_out(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\t", "\t")


@pytest.mark.parametrize(("old", "new", "problem"), cases())
def test_a_problem_is_told_where_it_stands(old: str, new: str, problem: str) -> None:
    assert problems_of(changed(spelled_out(old), spelled_out(new))) == [problem]


def test_the_contract_that_all_these_change_has_no_problem() -> None:
    assert problems_of(THINGS) == []


def test_all_problems_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = changed(ID, "{name: iD, logicalType: integr}").replace("format: csv", "format: xlt")
    text = text.replace("id: demo-things\n", "").replace("domain: demo", "domian: demo")
    assert [problem.split(" at ")[0].split(";")[0] for problem in problems_of(text)] == [
        "1:1: the key domain is missing",
        "1:1: the key id is missing",
        "4:1: the key 'domian' is unknown here",
        "7:80: 'xlt' is no format that is read here",
        "11:33: 'integr' is no type that is read here",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: the contract is not a mapping; begin with kind: DataContract"),
        ("- a list", "1:1: the contract is not a mapping; begin with kind: DataContract"),
        ("# nothing but a comment", "1:1: the contract is not a mapping; begin with kind: DataContract"),
        (
            "a: b\n---\nc: d",
            (
                "2:1: not YAML: expected a single document in the stream but found another document; "
                "correct the YAML here"
            ),
        ),
        (
            "x" * (1 << 20) + "y",
            "1:1: the contract is larger than 1 MiB; a contract is a page or two: cut it",
        ),
        ("a:\n  - b\n  \x00", "3:3: not YAML: special characters are not allowed; remove the character"),
    ],
)
def test_text_that_is_no_contract_at_all_is_refused(text: str, problem: str) -> None:
    assert problems_of(text) == [problem]


def test_aliases_that_blow_up_are_refused() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)]
    bomb = "\n".join(["l0: &l0 [lol]", *levels])
    (problem,) = problems_of(bomb)
    assert "too much for a contract" in problem


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_nesting_without_end_is_refused(opening: str) -> None:
    (problem,) = problems_of(opening * 100_000)
    assert "too much for a contract" in problem


def test_aliases_in_reason_are_followed() -> None:
    shared = changed(NOTE, "{name: note, logicalType: &text string}")
    shared = shared.replace(SEEN, "{name: seen, logicalType: *text}")
    assert problems_of(shared) == []


def test_a_flood_of_problems_is_cut() -> None:
    flood = "\n".join(f"key{n}: 1" for n in range(300))
    problems = problems_of(flood)
    assert len(problems) == 101
    assert problems[-1] == "1:1: and 204 more problems"


@pytest.mark.parametrize(
    "path", ["things.odcs.yaml", "contracts/other/things.odcs.yaml", "contracts/demo/things.yaml"]
)
def test_the_file_is_called_after_its_dataset(path: str) -> None:
    assert problems_of(THINGS, path) == [
        "6:7: the file of demo/things has another name at name; call it contracts/demo/things.odcs.yaml"
    ]


def test_a_contract_may_stand_in_any_folder() -> None:
    assert problems_of(THINGS, "demo/things.odcs.yaml") == problems_of(THINGS, f"/anywhere/{PATH}") == []


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (
            "SELECT id",
            (
                "12:12: the mart reads no dataset at customProperties[0].value; select from a "
                "table named domain.dataset"
            ),
        ),
        (
            "SELECT id\nFROM other",
            (
                "14:12: the table other is not known at customProperties[0].value; name it "
                "domain.dataset, as in aviation.runways"
            ),
        ),
        (
            "SELECT id FROM demo.things",
            (
                "12:12: the mart demo/things reads itself at customProperties[0].value; read the "
                "datasets that it is made of"
            ),
        ),
        (
            "SELECT id\n  FROM demo.other WHERE",
            (
                "14:25: the SQL cannot be read: Required keyword: 'this' missing for <class "
                "'sqlglot.expressions.query.Where'> at customProperties[0].value; look at 'WHERE'"
            ),
        ),
        (
            "SELECT name FROM demo.other",
            ("12:12: the SQL gives no column id at customProperties[0].value; select something AS id"),
        ),
        (
            "SELECT id, extra FROM demo.other",
            (
                "12:12: the SQL gives a column 'extra' that the schema does not hold once at "
                "customProperties[0].value; name each column once, and declare it under "
                "properties"
            ),
        ),
        (
            "SELECT id FROM demo.other; SELECT 2",
            (
                "13:7: the SQL is not one query at customProperties[0].value; write a single "
                "SELECT, with or without WITH and UNION"
            ),
        ),
        (
            "DELETE FROM demo.other",
            (
                "13:7: the SQL is not one query at customProperties[0].value; write a single "
                "SELECT, with or without WITH and UNION"
            ),
        ),
        (
            "SELECT id FROM demo.other TABLESAMPLE BERNOULLI (1)",
            (
                "13:56: TableSample is not allowed at customProperties[0].value; keep to SELECT "
                "and what it is made of"
            ),
        ),
        (
            "SELECT id,\n  ai(id) AS id\nFROM demo.other",
            (
                "14:9: the function ai is not allowed at customProperties[0].value; "
                "docs/adding-a-dataset.md lists those that are"
            ),
        ),
        (
            "SELECT 'x FROM a.b",
            (
                "13:7: the SQL cannot be read at customProperties[0].value; write one query in "
                "Athena's dialect"
            ),
        ),
        (
            "SELECT id FROM\n  read_csv('x') AS t",
            (
                "14:9: the function read_csv is not allowed at customProperties[0].value; "
                "docs/adding-a-dataset.md lists those that are"
            ),
        ),
    ],
)
def test_a_mart_s_sql_is_checked_and_its_own_lines_are_told(sql: str, problem: str) -> None:
    assert problems_of(mart_text(sql)) == [problem]


@pytest.mark.parametrize(
    ("declaration", "problem"),
    [
        (
            "{name: id, physicalName: ID, logicalType: integer}",
            (
                "9:43: a mart's columns come out of its SQL at schema[0].properties[0].physicalName; "
                "remove physicalName"
            ),
        ),
        (
            "{name: id, logicalType: integer, customProperties: [{property: headrace.mask, value: hash}]}",
            (
                "9:69: a mart masks nothing at schema[0].properties[0].customProperties; "
                "mask the column in the dataset that lands"
            ),
        ),
    ],
)
def test_a_mart_s_columns_are_names_and_types(declaration: str, problem: str) -> None:
    assert problems_of(mart_text("SELECT id FROM demo.other", declaration)) == [problem]


def test_settings_of_datasets_that_land_do_not_go_with_sql() -> None:
    text = mart_text("SELECT id FROM demo.other").replace(
        "customProperties:", f"customProperties:\n  - {EXTENSION}"
    )
    assert problems_of(text) == [
        (
            "11:42: headrace.reupload is for datasets that land at customProperties[0].value; "
            "remove it: headrace.sql makes this a mart"
        )
    ]
