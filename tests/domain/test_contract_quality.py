"""What the quality checks and relationships of a contract become: rules on rows, or on batches."""

import pytest

from headrace.domain.contract.sql import OVER_ROWS
from headrace.domain.dataset import DatasetId
from headrace.domain.plan import (
    Breaks,
    Check,
    DatasetRule,
    Duplicates,
    Key,
    Length,
    Measure,
    NoneOf,
    Nulls,
    OneOf,
    Orphans,
    Pattern,
    RowCount,
    Sql,
)
from tests.domain.contracts import ID, NOTE, changed, notes_on, plan_of, problems_of

ROW_COUNT = "{metric: rowCount, mustBeGreaterThan: 0}"
SHORT = "{name: note, logicalType: string, logicalTypeOptions: {maxLength: 3}, quality: [CHECK]}"


def rules_of(check: str, column: str = "") -> tuple[DatasetRule, ...]:
    """The rules of a check: of the schema object, or of the property that is declared around CHECK."""
    if column:
        return plan_of(changed(NOTE, column.replace("CHECK", check))).rules[:-1]
    return plan_of(changed(ROW_COUNT, check)).rules


@pytest.mark.parametrize(
    ("check", "name", "measure"),
    [
        ("metric: nullValues, mustBeLessThan: 9", "note_null_values", Nulls("note")),
        (
            "metric: missingValues, arguments: {missingValues: ['', N/A]}, mustBeLessThan: 9",
            "note_missing_values",
            Breaks("note", (NoneOf(("", "N/A")),)),
        ),
        (
            "metric: missingValues, arguments: {missingValues: [null, N/A]}, mustBeLessThan: 9",
            "note_missing_values",
            Breaks("note", (NoneOf(("N/A",)),), nulls=True),
        ),
        ("metric: missingValues, mustBeLessThan: 9", "note_missing_values", Nulls("note")),
        (
            "metric: invalidValues, arguments: {validValues: [a], pattern: a+}, mustBeLessThan: 9",
            "note_invalid_values",
            Breaks("note", (OneOf(("a",)), Pattern("a+"))),
        ),
        (
            "metric: invalidValues, mustBeLessThan: 9",
            "note_invalid_values",
            Breaks("note", (Length(None, 3),)),
        ),
        (
            "rule: duplicateCount, mustBeLessThan: 9, name: few",
            "few",
            Duplicates(("note",)),
        ),
        ("metric: rowCount, mustBeLessThan: 9, id: rows", "rows", RowCount()),
        (
            "type: sql, query: 'SELECT count(*) FROM {object} WHERE {property} = ''x''', mustBeLessThan: 9",
            "note_sql",
            Sql("SELECT COUNT(*) FROM batch WHERE \"note\" = 'x'"),
        ),
    ],
)
def test_a_threshold_on_a_column_becomes_a_rule_for_the_batch(
    check: str, name: str, measure: Measure
) -> None:
    assert rules_of(f"{{{check}}}", SHORT) == (DatasetRule(name, measure, most=9, most_excluded=True),)


@pytest.mark.parametrize("metric", ["nullValues", "invalidValues", "duplicateValues"])
def test_what_only_warns_keeps_no_row_out(metric: str) -> None:
    (rule,) = rules_of(f"{{metric: {metric}, mustBe: 0, severity: warning}}", SHORT)
    assert (rule.least, rule.most, rule.severity) == (0, 0, "warning")


@pytest.mark.parametrize(
    ("operators", "expected"),
    [
        ("mustBe: 3", (3, 3, False, False, False)),
        ("mustNotBe: 3", (3, 3, False, False, True)),
        ("mustBeGreaterThan: 3.5", (3.5, None, True, False, False)),
        ("mustBeGreaterOrEqualTo: 3", (3, None, False, False, False)),
        ("mustBeLessThan: 3", (None, 3, False, True, False)),
        ("mustBeLessOrEqualTo: 3", (None, 3, False, False, False)),
        ("mustBeBetween: [1, 9]", (1, 9, False, False, False)),
        ("mustNotBeBetween: [1, 9]", (1, 9, False, False, True)),
        ("mustBeGreaterThan: 1, mustBeLessOrEqualTo: 9", (1, 9, True, False, False)),
    ],
)
def test_every_operator_becomes_bounds(operators: str, expected: tuple[object, ...]) -> None:
    (rule,) = rules_of(f"{{metric: rowCount, {operators}}}")
    assert (rule.least, rule.most, rule.least_excluded, rule.most_excluded, rule.outside) == expected


@pytest.mark.parametrize(("unit", "percent"), [("rows", False), ("percent", True), ("'%'", True)])
def test_a_unit_says_what_is_compared(unit: str, percent: bool) -> None:
    (rule,) = rules_of(f"{{metric: nullValues, mustBeLessThan: 5, unit: {unit}}}", SHORT)
    assert rule.percent is percent


def test_duplicates_over_several_columns_are_a_key_or_are_counted() -> None:
    several = "metric: duplicateValues, arguments: {properties: [id, seen]}"
    assert plan_of(changed(ROW_COUNT, f"{{{several}, mustBe: 0}}")).keys == (Key(("id", "seen")),)
    (rule,) = rules_of(f"{{{several}, mustBeLessThan: 1, unit: percent}}")
    assert (rule.name, rule.measure) == ("duplicate_values", Duplicates(("id", "seen")))


def test_rules_of_the_same_kind_have_names_of_their_own() -> None:
    checks = "{metric: rowCount, mustBeGreaterThan: 0}, {metric: rowCount, mustBeLessThan: 9, severity: info}"
    plan = plan_of(
        changed(f"- {ROW_COUNT}", checks).replace("quality:\n      ", "quality: [").replace("info}", "info}]")
    )
    assert [(rule.name, rule.severity) for rule in plan.rules] == [
        ("row_count", "error"),
        ("row_count_2", "warning"),
    ]


@pytest.mark.parametrize(
    ("query", "normalised"),
    [
        ("select max(id) from {object}", 'SELECT MAX("id") FROM batch'),
        ("select max(id) from ${table}", 'SELECT MAX("id") FROM batch'),
        ("select max(things.id) from things", 'SELECT MAX(things."id") FROM batch AS things'),
        ("select max(t.id) from demo.things t", 'SELECT MAX(t."id") FROM batch AS t'),
        (
            "with x as (select Note as n from batch) select count(n) from x",
            'WITH x AS (SELECT "note" AS n FROM batch) SELECT COUNT(n) FROM x',
        ),
        (
            "select count(*) filter (where id > 1) from batch",
            'SELECT COUNT(*) FILTER(WHERE "id" > 1) FROM batch',
        ),
    ],
)
def test_a_query_is_pointed_at_the_batch(query: str, normalised: str) -> None:
    (rule,) = rules_of(f"{{type: sql, query: '{query}', mustBe: 0}}")
    assert rule.measure == Sql(normalised)


def test_a_query_may_name_columns_as_the_files_do() -> None:
    text = changed(NOTE, "{name: dataValue, physicalName: Wert, logicalType: number}")
    text = text.replace(
        ROW_COUNT, "{type: sql, query: 'select sum(DataValue) / avg(wert) from batch', mustBe: 0}"
    )
    assert plan_of(text).rules[0].measure == Sql('SELECT SUM("data_value") / AVG("data_value") FROM batch')


def test_a_query_sees_no_column_that_is_dropped() -> None:
    drop = "customProperties: [{property: headrace.mask, value: drop}]"
    text = changed(NOTE, f"{{name: note, logicalType: string, {drop}}}")
    text = text.replace(ROW_COUNT, "{type: sql, query: select count(note) from batch, mustBe: 0}")
    assert "there is no column note" in problems_of(text)[0]


def test_a_condition_on_a_row_becomes_a_check_of_the_row() -> None:
    check = (
        "{type: custom, engine: headrace, name: late, implementation: 'seen > date ''2020-01-01'' or id = 0'}"
    )
    plan = plan_of(changed(ROW_COUNT, check))
    assert plan.checks == (Check("late", '"seen" > CAST(\'2020-01-01\' AS DATE) OR "id" = 0'),)
    assert plan.rules == ()


def test_a_condition_that_only_warns_is_counted_over_the_batch() -> None:
    check = "{type: custom, engine: headrace, implementation: id > 0, severity: warning}"
    assert rules_of(check) == (
        DatasetRule(
            "check", Sql('SELECT COUNT(*) FROM batch WHERE NOT ("id" > 0)'), 0, 0, severity="warning"
        ),
    )


def test_a_condition_of_a_column_may_call_it_property() -> None:
    check = "{type: custom, engine: headrace, implementation: '{property} <> upper({property})'}"
    plan = plan_of(changed(NOTE, SHORT.replace("CHECK", check)))
    assert plan.checks == (Check("note_check", '"note" <> UPPER("note")'),)


@pytest.mark.parametrize("function", sorted(OVER_ROWS))
def test_a_condition_on_a_row_sees_no_other_row(function: str) -> None:
    arguments = {
        "row_number": "",
        "rank": "",
        "dense_rank": "",
        "percent_rank": "",
        "cume_dist": "",
        "count": "id",
    }
    call = f"{function}({arguments.get(function, 'id, id')})"
    check = f"{{type: custom, engine: headrace, implementation: '{call} > 0'}}"
    assert problems_of(changed(ROW_COUNT, check))


def test_a_check_for_another_engine_is_kept_and_noted() -> None:
    check = "{type: custom, engine: soda, implementation: {type: duplicate_percent}}"
    assert rules_of(check) == ()
    assert "is not checked" in notes_on(changed(ROW_COUNT, check))[0]


@pytest.mark.parametrize(
    ("to", "dataset", "column"),
    [
        ("people.id", "demo/people", "id"),
        ("schema/people/properties/userId", "demo/people", "user_id"),
        ("../geo/countries.odcs.yaml#countries.code", "geo/countries", "code"),
        (
            "https://example.org/contracts/geo/countries.odcs.yaml#/schema/x/properties/code",
            "geo/countries",
            "code",
        ),
        ("people.odcs.yaml#people.id", "demo/people", "id"),
    ],
)
def test_a_relationship_looks_its_values_up_in_another_dataset(to: str, dataset: str, column: str) -> None:
    declared = f"{{name: note, logicalType: string, relationships: [{{type: foreignKey, to: '{to}'}}]}}"
    rule = plan_of(changed(NOTE, declared)).rules[-1]
    assert rule.measure == Orphans(("note",), DatasetId.parse(dataset), (column,))
    assert (rule.least, rule.most, rule.severity) == (None, 0, "warning")
    assert rule.name == f"note_in_{dataset.replace('/', '_')}"


def test_a_relationship_of_several_columns_may_stop_the_publish() -> None:
    related = (
        "relationships: [{from: [things.id, things.note], to: [people.id, people.name], "
        "customProperties: [{property: headrace.severity, value: error}]}]"
    )
    rule = plan_of(changed("    quality", f"    {related}\n    quality")).rules[-1]
    assert rule.measure == Orphans(("id", "note"), DatasetId("demo", "people"), ("id", "name"))
    assert (rule.name, rule.severity) == ("id_note_in_demo_people", "error")


def test_tokenised_values_are_looked_up() -> None:
    tokens = "customProperties: [{property: headrace.mask, value: tokenise}]"
    declared = f"{{name: note, logicalType: string, {tokens}, relationships: [{{to: people.note}}]}}"
    assert isinstance(plan_of(changed(NOTE, declared)).rules[-1].measure, Orphans)


def test_a_rule_of_a_column_comes_before_those_of_the_table() -> None:
    declared = "{name: id, logicalType: integer, quality: [{metric: nullValues, mustBeLessThan: 3}]}"
    assert [rule.name for rule in plan_of(changed(ID, declared)).rules] == ["id_null_values", "row_count"]
