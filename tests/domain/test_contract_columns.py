"""What each key of a column becomes in the plan."""

import pytest

from headrace.domain.plan import (
    Array,
    Boolean,
    Column,
    Date,
    Decimal,
    Double,
    Fields,
    Integer,
    Items,
    Json,
    Key,
    Length,
    MultipleOf,
    NoneOf,
    Object,
    OneOf,
    Pattern,
    Range,
    Rule,
    Text,
    Time,
    Timestamp,
    Type,
)
from tests.domain.contracts import (
    ID,
    NOTE,
    SEEN,
    THINGS,
    changed,
    column_of,
    notes_on,
    plan_of,
)


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("logicalType: string", Text()),
        ("logicalType: integer", Integer(64)),
        ("logicalType: integer, physicalType: INT", Integer(32)),
        ("logicalType: integer, logicalTypeOptions: {format: i32}", Integer(32)),
        ("logicalType: integer, physicalType: 'decimal(20, 0)'", Decimal(20, 0)),
        ("logicalType: number", Double()),
        ("logicalType: number, physicalType: 'DECIMAL(12,2)'", Decimal(12, 2)),
        ("logicalType: integer, logicalTypeOptions: {format: u32}", Integer(64)),
        ("logicalType: integer, logicalTypeOptions: {format: u64}", Decimal(20, 0)),
        ("logicalType: integer, physicalType: tinyint", Integer(32)),
        ("logicalType: number, physicalType: bigint", Integer(64)),
        ("physicalType: varchar(18)", Text()),
        ("physicalType: bigint", Integer(64)),
        ("physicalType: 'numeric(10, 2)'", Decimal(10, 2)),
        ("physicalType: numeric", Decimal(38, 9)),
        ("physicalType: timestamp(6) with time zone", Timestamp()),
        ("physicalType: BOOL", Boolean()),
        ("physicalType: float8", Double()),
        ("physicalType: jsonb", Json()),
        ("physicalType: something else", Text()),
        ("description: no type at all", Text()),
        ("properties: [{name: a, physicalType: int}]", Object((Column("a", "a", Integer(32)),))),
        ("items: {physicalType: date}", Array(Date())),
        ("logicalType: time", Time()),
        ("logicalType: time, logicalTypeOptions: {format: 'HH:mm'}", Time("%H:%M")),
        (
            "logicalType: timestamp, logicalTypeOptions: {format: yyyy-MM-ddTHH:mm:ssZ}",
            Timestamp("%Y-%m-%dT%H:%M:%S%z"),
        ),
        ("logicalType: map, map: {key: {logicalType: string}, value: {logicalType: date}}", Json()),
        ("logicalType: vector, logicalTypeOptions: {dimensions: 3}", Array(Double())),
        ("logicalType: boolean", Boolean()),
        (
            (
                "logicalType: boolean, customProperties: [{property: headrace.true, value: [J, 1]}, "
                "{property: headrace.false, value: [N, no]}]"
            ),
            Boolean(("j", "1"), ("n", "no")),
        ),
        ("logicalType: date", Date()),
        ("logicalType: date, logicalTypeOptions: {format: M/d/yyyy}", Date("%m/%d/%Y")),
        ("logicalType: timestamp", Timestamp()),
        (
            (
                "logicalType: timestamp, "
                "logicalTypeOptions: {format: 'dd.MM.yy HH:mm', defaultTimezone: Asia/Tokyo}"
            ),
            Timestamp("%d.%m.%y %H:%M", "Asia/Tokyo"),
        ),
        (
            "logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Etc/UTC, timezone: true}",
            Timestamp(),
        ),
        ("logicalType: object", Json()),
        ("logicalType: array", Json()),
        ("logicalType: array, items: {logicalType: integer}", Array(Integer())),
        (
            "logicalType: object, properties: [{name: a_b, physicalName: aB, logicalType: object}]",
            Object((Column("a_b", "aB", Json()),)),
        ),
        (
            "logicalType: array, items: {logicalType: object, properties: [{name: n, logicalType: number}]}",
            Array(Object((Column("n", "n", Double()),))),
        ),
    ],
)
def test_a_logical_type_becomes_a_type(declaration: str, expected: Type) -> None:
    assert column_of(f"{{name: x, {declaration}}}").type == expected


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("string, logicalTypeOptions: {minLength: 1, maxLength: 9}", Length(1, 9)),
        ("string, logicalTypeOptions: {maxLength: 0}", Length(None, 0)),
        ("string, logicalTypeOptions: {pattern: '[A-Z]{2}'}", Pattern("[A-Z]{2}")),
        ("string, enum: [{value: no}, {value: 007}]", OneOf(("no", "007"))),
        ("integer, enum: [{value: 1}, {value: '2'}, {value: 01}]", OneOf(("1", "2"))),
        (
            "string, quality: [{metric: invalidValues, arguments: {validValues: [a, b]}, mustBe: 0}]",
            OneOf(("a", "b")),
        ),
        ("string, quality: [{rule: invalidValues, arguments: {pattern: a+}, mustBe: 0}]", Pattern("a+")),
        ("integer, logicalTypeOptions: {minimum: 1_000}", Range("1000")),
        (
            "number, logicalTypeOptions: {minimum: 0.10, exclusiveMaximum: 1e3}",
            Range("0.10", "1000", False, True),
        ),
        ("number, logicalTypeOptions: {exclusiveMinimum: -90}", Range("-90", None, True, False)),
        ("integer, logicalTypeOptions: {format: u8}", Range("0", "255")),
        ("integer, logicalTypeOptions: {format: i8, minimum: -5, maximum: 900}", Range("-5", "127")),
        ("integer, logicalTypeOptions: {multipleOf: 5}", MultipleOf("5")),
        ("number, logicalTypeOptions: {multipleOf: 0.25}", MultipleOf("0.25")),
        (
            "time, logicalTypeOptions: {minimum: '08:00', exclusiveMaximum: '17:30:00.5'}",
            Range("08:00:00", "17:30:00.500000", False, True),
        ),
        (
            "array, items: {logicalType: string}, logicalTypeOptions: {minItems: 1, uniqueItems: true}",
            Items(1, None, True),
        ),
        ("object, logicalTypeOptions: {minProperties: 1, maxProperties: 5}", Fields(1, 5)),
        ("number, physicalType: 'decimal(5,2)', enum: [{value: 1.5}, {value: 2}]", OneOf(("1.50", "2.00"))),
        ("date, enum: [{value: 2024-12-31}]", OneOf(("2024-12-31",))),
        (
            "string, quality: [{metric: missingValues, arguments: {missingValues: ['', N/A]}, mustBe: 0}]",
            NoneOf(("", "N/A")),
        ),
        (
            "integer, quality: [{metric: missingValues, arguments: {missingValues: [-9, no]}, mustBe: 0}]",
            NoneOf(("-9",)),
        ),
        (
            "string, quality: [{metric: invalidValues, arguments: {validValues: [a, null]}, mustBe: 0}]",
            OneOf(("a",)),
        ),
        ("date, logicalTypeOptions: {maximum: 2024-02-29}", Range(None, "2024-02-29")),
        (
            "timestamp, logicalTypeOptions: {minimum: '2024-01-01T02:00:00+02:00'}",
            Range("2024-01-01T00:00:00"),
        ),
    ],
)
def test_an_option_becomes_a_row_rule(declaration: str, expected: Rule) -> None:
    assert column_of(f"{{name: x, logicalType: {declaration}}}").rules == (expected,)


@pytest.mark.parametrize("name", ["byte", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"])
def test_a_known_text_format_becomes_a_pattern(name: str) -> None:
    (rule,) = column_of(f"{{name: x, logicalType: string, logicalTypeOptions: {{format: {name}}}}}").rules
    assert isinstance(rule, Pattern)


@pytest.mark.parametrize("name", ["binary", "password"])
def test_a_text_format_that_any_text_has_asks_for_nothing(name: str) -> None:
    text = changed(NOTE, f"{{name: x, logicalType: string, logicalTypeOptions: {{format: {name}}}}}")
    assert (plan_of(text).columns[1].rules, notes_on(text)) == ((), ())


def test_rules_and_masks_reach_the_fields_of_records_in_lists() -> None:
    inner = (
        "{name: a, logicalType: string, classification: pii, logicalTypeOptions: {maxLength: 3}},"
        "{name: b, logicalType: integer, required: true},"
        "{name: c, logicalType: string, quality: [{metric: nullValues, mustBe: 0}]},"
        "{name: D, logicalType: string, customProperties: [{property: headrace.aliases, value: [delta]}]}"
    )
    options = "logicalTypeOptions: {required: [a]}"
    items = f"{{logicalType: object, {options}, properties: [{inner}]}}"
    assert column_of(f"{{name: x, logicalType: array, items: {items}}}").type == Array(
        Object(
            (
                Column(
                    "a",
                    "a",
                    Text(),
                    required=True,
                    rules=(Length(None, 3),),
                    mask="redact",
                    classification="pii",
                ),
                Column("b", "b", Integer(), required=True),
                Column("c", "c", Text(), required=True),
                Column("d", "D", Text(), aliases=("delta",)),
            )
        )
    )


def test_a_column_remembers_its_former_names() -> None:
    column = column_of(
        "{name: total, physicalName: Total, logicalType: string, "
        "customProperties: [{property: headrace.aliases, value: [amount, Total, Sum]}]}"
    )
    assert (column.source, column.aliases) == ("Total", ("amount", "Sum"))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("leHeading °T", "le_heading_t"),
        ("Café au lait", "cafe_au_lait"),
        ("2nd", "_2nd"),
        ("HTTPStatus", "http_status"),
    ],
)
def test_a_name_that_cannot_be_a_column_is_turned_into_one_and_the_field_keeps_it(
    written: str, name: str
) -> None:
    column = column_of(f"{{name: {written}, logicalType: string}}")
    assert (column.name, column.source) == (name, written)


def test_rules_keep_the_order_in_which_reasons_are_listed() -> None:
    column = column_of(
        "{name: x, logicalType: string, logicalTypeOptions: {pattern: a+, maxLength: 3}, enum: [{value: aa}]}"
    )
    assert [type(rule) for rule in column.rules] == [Length, Pattern, OneOf]


@pytest.mark.parametrize(
    ("declaration", "required", "unique"),
    [
        ("required: true", True, False),
        ("required: false, unique: true", False, True),
        ("primaryKey: true", True, True),
        ("quality: [{metric: nullValues, mustBe: 0}]", True, False),
        ("quality: [{metric: duplicateValues, mustBe: 0}]", False, True),
        ("quality: [{metric: nullValues, mustBe: 0, severity: warning}]", False, False),
        ("quality: [{metric: nullValues, mustBeLessThan: 5, unit: percent}]", False, False),
    ],
)
def test_flags(declaration: str, required: bool, unique: bool) -> None:
    plan = plan_of(
        changed(f"{ID}\n      - {NOTE}\n      - {SEEN}", f"{{name: x, logicalType: string, {declaration}}}")
    )
    assert (plan.columns[0].required, any("x" in key.columns for key in plan.keys)) == (required, unique)


def test_each_column_of_a_composite_key_is_required_and_they_are_unique_together() -> None:
    keyed = THINGS.replace("logicalType: integer", "logicalType: integer, primaryKey: true")
    keyed = keyed.replace("logicalType: string", "logicalType: string, primaryKey: true")
    plan = plan_of(keyed)
    assert [column.required for column in plan.columns] == [True, True, False]
    assert plan.keys == (Key(tuple(column.name for column in plan.columns[:2]), "primary_key"),)


@pytest.mark.parametrize(
    ("declaration", "mask"),
    [
        ("classification: public", None),
        ("classification: Restricted", "redact"),
        ("classification: pii", "redact"),
        ("customProperties: [{property: headrace.mask, value: hash}]", "hash"),
        ("classification: pii, customProperties: [{property: headrace.mask, value: partial}]", "partial"),
        ("classification: pii, customProperties: [{property: headrace.mask, value: none}]", None),
        ("customProperties: [{property: team.mask, value: other}]", None),
    ],
)
def test_masks(declaration: str, mask: str | None) -> None:
    assert column_of(f"{{name: x, logicalType: string, {declaration}}}").mask == mask
