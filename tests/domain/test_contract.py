"""What each key of a contract, but for its columns, becomes in the plan."""

import pytest

from headrace.domain.contract.compile import compile_contract
from headrace.domain.dataset import DatasetId
from headrace.domain.formats import Csv, JsonDocument, Ndjson, Parquet
from headrace.domain.plan import (
    Column,
    DatasetRule,
    Date,
    Integer,
    Plan,
    Quarantined,
    Query,
    RowCount,
    Text,
)
from tests.domain.contracts import (
    EXTENSION,
    LANDING,
    NOTE,
    PATH,
    THINGS,
    changed,
    mart_of,
    plan_of,
)


def test_a_contract_becomes_a_plan() -> None:
    plan = compile_contract(PATH, THINGS).compiled
    assert plan == Plan(
        dataset=DatasetId("demo", "things"),
        contract=plan.contract,
        formats=(Csv(),),
        columns=(
            Column("id", "id", Integer()),
            Column("note", "note", Text()),
            Column("seen", "seen", Date()),
        ),
        reupload="append",
        rules=(DatasetRule("row_count", RowCount(), least=0, least_excluded=True),),
    )


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("format: csv", Csv()),
        ("format: CSV, delimiter: ';', encoding: UTF-8", Csv(";")),
        (
            (
                "format: csv, customProperties: "
                "[{property: headrace.nulls, value: ['', 'NULL', '-']}, "
                '{property: headrace.quote, value: "\'"}]'
            ),
            Csv(",", "'", ("", "NULL", "-"), "'"),
        ),
        ("format: json", JsonDocument()),
        ("format: json, delimiter: array", JsonDocument()),
        (
            "format: json, customProperties: [{property: headrace.recordPath, value: data.rows}]",
            JsonDocument("data.rows"),
        ),
        ("format: json, delimiter: new_line", Ndjson()),
        ("format: ndjson", Ndjson()),
        ("format: jsonl", Ndjson()),
        ("format: parquet", Parquet()),
    ],
)
def test_a_server_becomes_a_format(server: str, expected: object) -> None:
    assert plan_of(changed(f"{LANDING}, format: csv", f"{LANDING}, {server}")).formats == (expected,)


def test_a_dataset_may_land_in_several_formats_and_servers_that_agree_count_once() -> None:
    servers = f"{LANDING}, format: csv}}\n  - {{{LANDING}, format: parquet}}\n  - {{{LANDING}, format: csv"
    assert plan_of(changed(f"{LANDING}, format: csv", servers)).formats == (Csv(), Parquet())


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("mustBe: 3", DatasetRule("row_count", RowCount(), 3, 3)),
        ("mustBeGreaterThan: 3", DatasetRule("row_count", RowCount(), 3, None, True)),
        ("mustBeGreaterOrEqualTo: 3", DatasetRule("row_count", RowCount(), 3, None)),
        ("mustBeLessThan: 3", DatasetRule("row_count", RowCount(), None, 3, False, True)),
        ("mustBeLessOrEqualTo: 3", DatasetRule("row_count", RowCount(), None, 3)),
        ("mustBeBetween: [1, 9], name: some", DatasetRule("some", RowCount(), 1, 9)),
        ("mustBe: 3, severity: warning", DatasetRule("row_count", RowCount(), 3, 3, severity="warning")),
    ],
)
def test_a_row_count_becomes_a_dataset_rule(check: str, expected: DatasetRule) -> None:
    assert plan_of(changed("mustBeGreaterThan: 0", check)).rules == (expected,)


def test_extensions_of_the_contract_become_the_plan_s_settings() -> None:
    extensions = """{property: headrace.evolution, value: freeze}
  - {property: headrace.maxQuarantinedPercent, value: 2.5}
  - {property: headrace.queries, value: [{name: newest, sql: 'select  max(seen) from demo.things -- all'}]}"""
    plan = plan_of(changed(EXTENSION, extensions))
    assert (plan.evolution, plan.reupload) == ("freeze", "immutable")
    assert plan.rules[1] == DatasetRule("max_quarantined_percent", Quarantined(), most=2.5, percent=True)
    assert plan.queries == (Query("newest", "SELECT MAX(seen) FROM demo.things"),)


def test_a_contract_with_sql_becomes_a_mart() -> None:
    mart = mart_of("SELECT id FROM demo.other o\nJOIN far.away USING (id)")
    assert mart.sql == "SELECT id FROM demo.other AS o JOIN far.away USING (id)"
    assert mart.reads == (DatasetId("demo", "other"), DatasetId("far", "away"))
    assert mart.columns == (Column("id", "id", Integer()),)


def test_a_description_belongs_to_its_column_but_not_to_the_meaning() -> None:
    described = changed(NOTE, "{name: note, logicalType: string, description: Free text}")
    assert plan_of(described).columns[1].description == "Free text"
    assert plan_of(described).contract == plan_of(THINGS).contract


def test_the_contract_s_id_tells_meanings_apart() -> None:
    meanings = [
        THINGS,
        changed("version: 1.0.0", "version: 1.0.1"),
        changed(NOTE, "{name: note, logicalType: string, required: true}"),
        changed(NOTE, "{name: note, logicalType: object}"),
        changed(EXTENSION, "{property: headrace.evolution, value: freeze}"),
    ]
    ids = [plan_of(text).contract for text in meanings]
    assert len(set(ids)) == len(meanings)
    assert all(id_.startswith(("1.0.0+", "1.0.1+")) and len(id_) == 14 for id_ in ids)


def test_layout_comments_and_documentation_do_not_change_the_meaning() -> None:
    documented = changed("version: 1.0.0", "version: 1.0.0 # first\nstatus: draft\ntags: [demo]")
    assert plan_of(documented).contract == plan_of(THINGS).contract
