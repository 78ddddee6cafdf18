"""What a contract says of its table as a whole: keys, partitions, evolution."""

import pytest

from headrace.domain.plan import Duplicates, Key, Partition
from tests.domain.contracts import EXTENSION, ID, NOTE, SEEN, changed, notes_on, plan_of, problems_of

COLUMNS = f"{ID}\n      - {NOTE}\n      - {SEEN}"


def with_columns(*declarations: str) -> str:
    return changed(COLUMNS, "\n      - ".join(declarations))


def partition(value: str) -> str:
    return f"customProperties: [{{property: headrace.partition, value: {value}}}]"


def test_a_primary_key_follows_its_positions() -> None:
    text = with_columns(
        "{name: a, logicalType: string, primaryKey: true, primaryKeyPosition: 2}",
        "{name: b, logicalType: string, primaryKey: true}",
        "{name: c, logicalType: string, primaryKey: true, primaryKeyPosition: 1}",
    )
    plan = plan_of(text)
    assert plan.keys == (Key(("c", "a", "b"), "primary_key"),)
    assert all(column.required for column in plan.columns)


def test_a_key_that_is_asked_for_twice_is_one() -> None:
    text = with_columns(
        "{name: a, logicalType: string, unique: true, primaryKey: true, "
        "quality: [{metric: duplicateValues, mustBe: 0}]}",
        "{name: b, logicalType: string, unique: true}",
    )
    assert plan_of(text).keys == (Key(("a",), "primary_key"), Key(("b",)))


ONE_KEY = "metric: duplicateValues, arguments: {properties: [b, a]}"


def test_a_check_that_says_what_the_primary_key_says_leaves_it_the_primary_key() -> None:
    text = with_columns(*(f"{{name: {name}, logicalType: string, primaryKey: true}}" for name in "ab"))
    checked = text.replace("metric: rowCount, mustBeGreaterThan: 0", f"{ONE_KEY}, mustBe: 0")
    assert plan_of(checked).keys == plan_of(text).keys == (Key(("a", "b"), "primary_key"),)
    assert notes_on(text) == ()
    (note,) = notes_on(checked)
    assert note.partition(": ")[2] == (
        "the primary key a, b keeps repeats out already at schema[0].quality[0]; "
        "remove the check, or give it a limit for the batch"
    )


@pytest.mark.parametrize("said", ["mustBeLessThan: 1, unit: percent", "mustBe: 0, severity: warning"])
def test_a_check_with_a_limit_of_its_own_stands_beside_the_primary_key(said: str) -> None:
    text = with_columns(*(f"{{name: {name}, logicalType: string, primaryKey: true}}" for name in "ab"))
    checked = text.replace("metric: rowCount, mustBeGreaterThan: 0", f"{ONE_KEY}, {said}")
    plan = plan_of(checked)
    assert plan.keys == (Key(("a", "b"), "primary_key"),)
    assert [rule.measure for rule in plan.rules] == [Duplicates(("b", "a"))]
    assert notes_on(checked) == ()


@pytest.mark.parametrize(("setting", "within"), [("table", "table"), ("batch", "batch")])
def test_keys_hold_within_the_table_or_the_batch(setting: str, within: str) -> None:
    assert (
        plan_of(changed(EXTENSION, f"{{property: headrace.keysWithin, value: {setting}}}")).keys_within
        == within
    )
    assert plan_of(changed(EXTENSION, "{property: other, value: 1}")).keys_within == "table"


@pytest.mark.parametrize(
    ("mask", "noted"),
    [
        ("hash", False),
        ("tokenise", False),
        ("redact", True),
        ("partial", True),
        ("truncate", True),
        ("drop", True),
    ],
)
def test_a_key_under_a_mask_that_hides_its_values_is_noted(mask: str, noted: bool) -> None:
    masked = f"customProperties: [{{property: headrace.mask, value: {mask}}}]"
    text = changed(NOTE, f"{{name: note, logicalType: string, unique: true, {masked}}}")
    assert bool(notes_on(text)) is noted
    within_batches = text.replace(EXTENSION, "{property: headrace.keysWithin, value: batch}")
    assert notes_on(within_batches) == ()


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("logicalType: date, partitioned: true", Partition("x", "day")),
        ("logicalType: timestamp, partitioned: true", Partition("x", "day")),
        ("logicalType: string, partitioned: true", Partition("x", "identity")),
        (f"logicalType: timestamp, partitioned: true, {partition('hour')}", Partition("x", "hour")),
        (f"logicalType: date, {partition('month')}", Partition("x", "month")),
        (f"logicalType: string, {partition('truncate(4)')}", Partition("x", "truncate", 4)),
        (f"logicalType: date, {partition('identity')}", Partition("x", "identity")),
    ],
)
def test_a_column_partitions_its_table(declaration: str, expected: Partition) -> None:
    assert plan_of(changed(NOTE, f"{{name: x, {declaration}}}")).partitions == (expected,)


def test_partitions_follow_their_positions() -> None:
    text = with_columns(
        "{name: a, logicalType: string, partitioned: true, partitionKeyPosition: 2}",
        "{name: b, logicalType: string, partitioned: false, partitionKeyPosition: -1}",
        "{name: c, logicalType: date, partitioned: true, partitionKeyPosition: 1}",
    )
    assert [one.column for one in plan_of(text).partitions] == ["c", "a"]


def test_a_table_has_at_most_four_partition_fields() -> None:
    columns = [f"{{name: c{n}, logicalType: string, partitioned: true}}" for n in range(5)]
    assert problems_of(with_columns(*columns)) == [
        "12:9: 5 columns partition the table at schema[0].properties[0]; keep at most 4"
    ]


@pytest.mark.parametrize("mode", ["freeze", "rescue", "evolve"])
def test_a_table_evolves_as_the_contract_says(mode: str) -> None:
    assert plan_of(changed(EXTENSION, f"{{property: headrace.evolution, value: {mode}}}")).evolution == mode
