"""What a new version changes, what it means, and what a version number allows."""

import pytest
from msgspec.structs import replace

from headrace.domain.changes import changes, refusals
from headrace.domain.dataset import DatasetId
from headrace.domain.formats import Csv, JsonDocument, Ndjson
from headrace.domain.plan import (
    Array,
    Boolean,
    Check,
    Column,
    DatasetRule,
    Date,
    Decimal,
    Described,
    Double,
    Integer,
    Items,
    Json,
    Key,
    Length,
    Mart,
    MultipleOf,
    NoneOf,
    Object,
    OneOf,
    Partition,
    Pattern,
    Plan,
    Query,
    Range,
    RowCount,
    Rule,
    Text,
    Time,
    Timestamp,
    Type,
)

NAME = Column("name", "Name", Text())
WHEELS = Column("wheels", "Wheels", Integer(32))
MILLS = Plan(DatasetId("river", "mills"), "1.0.0+aaaaaaaa", (Csv(),), (NAME, WHEELS))
OUTPUT = Mart(DatasetId("river", "output"), "1.0.0+aaaaaaaa", (NAME, WHEELS), "SELECT 1", ())


def effects(old: Plan | Mart, new: Plan | Mart) -> list[str]:
    """Effect and place of each change."""
    return [f"{change.effect} {change.where}" for change in changes(old, new)]


def column_effects(old: Column, new: Column) -> list[str]:
    return effects(replace(MILLS, columns=(NAME, old)), replace(MILLS, columns=(NAME, new)))


def test_the_same_contract_changes_nothing() -> None:
    assert changes(MILLS, MILLS) == ()
    ids = replace(MILLS, contract="1.0.0+bbbbbbbb", field_ids={"name": 7})
    assert changes(MILLS, ids) == ()


# ── columns ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ((NAME, WHEELS, Column("built", "built", Date())), ["compatible built"]),
        ((NAME, WHEELS, Column("built", "built", Date(), required=True)), ["breaking built"]),
        ((NAME,), ["breaking wheels"]),
        ((WHEELS, NAME), ["compatible columns"]),
        (
            (NAME, replace(WHEELS, name="count", source="count", aliases=("wheels",))),
            ["compatible count", "breaking count"],
        ),
        ((NAME, replace(WHEELS, name="count", source="Count", aliases=("Wheels",))), ["compatible count"]),
        ((NAME, replace(WHEELS, name="count")), ["compatible count"]),
        ((NAME, replace(WHEELS, name="count", source="Count")), ["compatible count", "breaking wheels"]),
        ((NAME, replace(WHEELS, source="Count", aliases=("Wheels",))), []),
        ((NAME, replace(WHEELS, source="Count")), ["breaking wheels"]),
        ((NAME, replace(WHEELS, description="How many")), ["compatible wheels"]),
        ((NAME, replace(WHEELS, classification="internal")), ["compatible wheels"]),
    ],
)
def test_columns(columns: tuple[Column, ...], expected: list[str]) -> None:
    assert effects(MILLS, replace(MILLS, columns=columns)) == expected


def test_a_dropped_alias_is_a_field_that_is_no_longer_read() -> None:
    old = replace(WHEELS, aliases=("Räder",))
    assert column_effects(old, WHEELS) == ["tighter wheels"]


def test_a_column_that_was_never_written_may_go() -> None:
    dropped = replace(MILLS, columns=(NAME, replace(WHEELS, mask="drop")))
    assert effects(dropped, replace(MILLS, columns=(NAME,))) == ["compatible wheels"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (Integer(32), Integer(64), "compatible"),
        (Decimal(9, 2), Decimal(18, 2), "compatible"),
        (Integer(64), Integer(32), "breaking"),
        (Decimal(18, 2), Decimal(9, 2), "breaking"),
        (Decimal(9, 2), Decimal(18, 3), "impossible"),
        (Integer(32), Double(), "impossible"),
        (Integer(32), Text(), "impossible"),
        (Date(), Timestamp(), "impossible"),
        (Text(), Json(), "breaking"),
        (Text(), Time(), "breaking"),
        (Text(), Array(Text()), "impossible"),
        (Object((NAME,)), Text(), "impossible"),
        (Date(), Date("%d.%m.%Y"), "tighter"),
        (Timestamp(), Timestamp(timezone="Europe/Berlin"), "tighter"),
        (Boolean(), Boolean(("ja",), ("nein",)), "tighter"),
    ],
)
def test_types(old: Type, new: Type, expected: str) -> None:
    assert column_effects(replace(WHEELS, type=old), replace(WHEELS, type=new)) == [f"{expected} wheels"]


def test_what_changes_inside_a_column_is_found_there() -> None:
    inner = (NAME, Column("size", "size", Decimal(9, 2)), Column("old", "old", Text()))
    later = (NAME, Column("size", "size", Decimal(18, 2)), Column("new", "new", Text(), required=True))
    old = replace(WHEELS, type=Array(Object(inner)))
    new = replace(WHEELS, type=Array(Object(later)))
    assert column_effects(old, new) == [
        "compatible wheels.element.size",
        "breaking wheels.element.new",
        "breaking wheels.element.old",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, "redact", "breaking"),
        ("hash", None, "breaking"),
        ("hash", "tokenise", "breaking"),
        (None, "drop", "breaking"),
        ("drop", None, "breaking"),
    ],
)
def test_a_changed_mask_breaks(old: None, new: None, expected: str) -> None:
    assert column_effects(replace(NAME, name="owner", mask=old), replace(NAME, name="owner", mask=new)) == [
        f"{expected} owner"
    ]


def test_a_table_of_numbers_takes_no_hashes() -> None:
    assert column_effects(WHEELS, replace(WHEELS, mask="hash")) == ["impossible wheels"]
    assert column_effects(replace(WHEELS, mask="hash"), WHEELS) == ["impossible wheels"]
    assert column_effects(WHEELS, replace(WHEELS, mask="drop")) == ["breaking wheels"]


# ── rules ────────────────────────────────────────────────────────────────────────────────────────


def test_required() -> None:
    needed = replace(WHEELS, required=True)
    assert column_effects(WHEELS, needed) == ["tighter wheels"]
    assert column_effects(needed, WHEELS) == ["compatible wheels"]


@pytest.mark.parametrize(
    ("tight", "loose"),
    [
        (Range("1", "9"), Range("0", "10")),
        (Range("9", "9"), Range("9", "10")),
        (Range("1", "9", least_excluded=True), Range("1", "9")),
        (Range("1", "9"), Range("0.5", "9", least_excluded=True)),
        (Range("2026-01-31", None), Range("2026-01-04", None)),
        (Range("1", "9"), Range()),
        (Length(1, 5), Length(None, 5)),
        (Items(1, 5, unique=True), Items(1, 5)),
        (Items(1, 5), Items(0, 6)),
        (OneOf(("a", "b")), OneOf(("b", "c", "a"))),
        (NoneOf(("a", "b")), NoneOf(("b",))),
        (MultipleOf("10"), MultipleOf("2.5")),
    ],
)
def test_rules_are_looser_or_tighter(tight: Rule, loose: Rule) -> None:
    old, new = replace(WHEELS, rules=(tight,)), replace(WHEELS, rules=(loose,))
    assert column_effects(old, new) == ["compatible wheels"]
    assert column_effects(new, old) == ["tighter wheels"]
    assert column_effects(WHEELS, new) == ["tighter wheels"]
    assert column_effects(new, WHEELS) == ["compatible wheels"]
    assert column_effects(new, new) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Pattern("[a-z]"), Pattern("[a-z]+")),
        (Range("1", "5"), Range("2", "6")),
        (Range("1", "9", most_excluded=True), Range("1", "9", least_excluded=True)),
        (OneOf(("a", "b")), OneOf(("b", "c"))),
        (MultipleOf("4"), MultipleOf("6")),
        (Range("a", None), Range("1", None)),
    ],
)
def test_other_rules_are_tighter_both_ways(one: Rule, other: Rule) -> None:
    for old, new in ((one, other), (other, one)):
        assert column_effects(replace(WHEELS, rules=(old,)), replace(WHEELS, rules=(new,))) == [
            "tighter wheels"
        ]


ROWS = DatasetRule("rows", RowCount(), least=10)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, ROWS, "tighter"),
        (ROWS, None, "compatible"),
        (ROWS, replace(ROWS, severity="warning"), "compatible"),
        (replace(ROWS, severity="warning"), ROWS, "tighter"),
        (ROWS, replace(ROWS, least=5), "compatible"),
        (ROWS, replace(ROWS, least=11), "tighter"),
        (ROWS, replace(ROWS, most=1000), "tighter"),
        (ROWS, replace(ROWS, outside=True), "tighter"),
        (ROWS, replace(ROWS, percent=True), "tighter"),
    ],
)
def test_dataset_rules(old: DatasetRule | None, new: DatasetRule | None, expected: str) -> None:
    before, after = (replace(MILLS, rules=(one,) if one else ()) for one in (old, new))
    assert effects(before, after) == [f"{expected} rules"]


# ── the rest ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"formats": (Csv(), Ndjson())}, "compatible formats"),
        ({"formats": (Csv(), Ndjson())}, {}, "breaking formats"),
        ({}, {"formats": (Csv(";"),)}, "tighter formats"),
        ({}, {"partitions": (Partition("name"),)}, "impossible partitions"),
        ({}, {"keys": (Key(("name",)),)}, "breaking keys"),
        ({}, {"keys_within": "batch"}, "breaking keys"),
        ({"keys_within": "batch"}, {}, "tighter keys"),
        ({}, {"checks": (Check("even", "wheels % 2 = 0"),)}, "tighter checks"),
        ({"checks": (Check("even", "wheels % 2 = 0"),)}, {}, "compatible checks"),
        ({}, {"profiled": False}, "compatible profile"),
        ({}, {"evolution": "evolve"}, "compatible evolution"),
        ({}, {"evolution": "freeze"}, "tighter evolution"),
        ({}, {"reupload": "append"}, "compatible reupload"),
        ({"reupload": "append"}, {}, "tighter reupload"),
        ({}, {"queries": (Query("one", "SELECT 1"),)}, "compatible queries"),
    ],
)
def test_settings(old: dict[str, object], new: dict[str, object], expected: str) -> None:
    assert effects(replace(MILLS, **old), replace(MILLS, **new)) == [expected]


def test_a_format_is_called_as_contracts_call_it() -> None:
    both = replace(MILLS, formats=(Csv(), JsonDocument()))
    (change,) = changes(both, replace(MILLS, formats=(Csv(),)))
    assert change.what == "json files are no longer read"


def test_the_order_of_a_compound_key_is_no_change() -> None:
    keys = (Key(("name",)), Key(("wheels",)))
    assert effects(replace(MILLS, keys=keys), replace(MILLS, keys=tuple(reversed(keys)))) == []


def test_keys_and_partitions_follow_a_renamed_column() -> None:
    old = replace(MILLS, keys=(Key(("name", "wheels")),), partitions=(Partition("wheels", "truncate", 4),))
    new = replace(
        old,
        columns=(NAME, replace(WHEELS, name="count")),
        keys=(Key(("name", "count")),),
        partitions=(Partition("count", "truncate", 4),),
    )
    assert effects(old, new) == ["compatible count"]
    assert effects(old, replace(new, partitions=(Partition("count"),))) == [
        "compatible count",
        "impossible partitions",
    ]


def test_files_without_a_header_are_read_by_position() -> None:
    bare = replace(MILLS, formats=(Csv(header=False),))
    built = Column("built", "built", Date())
    assert effects(bare, replace(bare, columns=(WHEELS, NAME))) == ["breaking columns"]
    assert effects(bare, replace(bare, columns=(built, NAME, WHEELS))) == [
        "compatible built",
        "breaking columns",
    ]
    assert effects(bare, replace(bare, columns=(NAME, WHEELS, built))) == ["compatible built"]


def test_another_name_is_another_dataset() -> None:
    assert effects(MILLS, replace(MILLS, dataset=DatasetId("river", "weirs"))) == ["breaking name"]


def test_a_dataset_does_not_become_a_mart() -> None:
    mart = replace(OUTPUT, dataset=MILLS.dataset)
    assert effects(MILLS, mart) == ["impossible kind"]


def test_a_marts_table_can_become_anything() -> None:
    other = replace(OUTPUT, columns=(NAME, replace(WHEELS, type=Text())), sql="SELECT 2")
    assert effects(OUTPUT, other) == ["breaking wheels", "compatible sql"]
    assert effects(OUTPUT, replace(OUTPUT, columns=(NAME,))) == ["breaking wheels"]


def test_what_is_only_described_has_columns_by_table() -> None:
    old = Described(DatasetId("river", "erp"), "1.0.0+a", {"orders": (NAME,), "lines": (NAME,)})
    new = Described(DatasetId("river", "erp"), "1.1.0+b", {"orders": (NAME, WHEELS)})
    assert [f"{one.effect} {one.where}" for one in changes(old, new)] == [
        "compatible orders.wheels",
        "breaking lines.name",
    ]


def test_a_change_says_what_where_and_how_in_a_line() -> None:
    (change,) = changes(MILLS, replace(MILLS, columns=(NAME,)))
    assert str(change) == (
        "breaking: wheels: removed: new rows have no value in it; keep it, or give its successor "
        "headrace.aliases: [Wheels]"
    )
    assert change.breaks


# ── versions ─────────────────────────────────────────────────────────────────────────────────────


def refused(old: str, new: str, **change: object) -> tuple[str, ...]:
    return refusals(
        replace(MILLS, contract=f"{old}+aaaaaaaa"), replace(MILLS, contract=f"{new}+bbbbbbbb", **change)
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.0.0", "2.0.0"),
        ("1.9.3", "2"),
        ("v1.0", "v2.0"),
        ("0.3.1", "0.4.0"),
        ("0.3.1", "1.0.0"),
        ("9.0", "10.0"),
        ("1.0.0", "2.0.0-rc1"),
    ],
)
def test_a_higher_major_version_may_break(old: str, new: str) -> None:
    assert refused(old, new, columns=(NAME,)) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [("1.0.0", "1.0.0"), ("1.0.0", "1.1.0"), ("0.3.1", "0.3.2"), ("draft", "final"), ("1.0.0", "1.0.1-2.0")],
)
def test_no_other_version_may(old: str, new: str) -> None:
    lines = refused(old, new, columns=(NAME,))
    assert lines[0].startswith("breaking: wheels: removed")
    assert lines[-1] == f"version {new} does not announce what breaks: raise the major version of {old}"
    assert refused(old, new, columns=(NAME, WHEELS, Column("built", "built", Date()))) == ()


def test_what_no_table_can_do_is_refused_under_any_version() -> None:
    lines = refused("1.0.0", "2.0.0", columns=(replace(WHEELS, type=Text()),))
    assert [line.partition(":")[0] for line in lines] == ["impossible"]


@pytest.mark.parametrize(
    ("old", "new"), [("1.1.0", "1.0.9"), ("10.0", "9.9"), ("2", "1.9"), ("1.0.0", "draft")]
)
def test_a_version_does_not_go_back(old: str, new: str) -> None:
    assert refused(old, new) == (f"version {new} is below {old}, which is in force: give it a higher one",)


def test_versions_are_compared_as_numbers() -> None:
    assert refused("1.0", "1.0.0") == ()
    assert refused("1.9.0", "1.10.0") == ()
