"""Keys within one work unit."""

import json
from typing import Any

import pytest

from headrace.domain.formats import Csv, Ndjson
from headrace.domain.plan import (
    Array,
    Boolean,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Json,
    Key,
    Object,
    Text,
    Time,
    Timestamp,
    Type,
)
from tests.engines.unit import plan, refine_files


def repeats(keys: list[Key], columns: dict[str, Type], *rows: tuple[Any, ...]) -> list[int]:
    """The rows that repeat a key."""
    the_plan = plan(
        *(Column(name, name, type_) for name, type_ in columns.items()), formats=(Ndjson(),), keys=tuple(keys)
    )
    body = "\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in rows)
    return [row["_row"] for row in refine_files(the_plan, {"a.ndjson": body.encode()}).quarantine]


@pytest.mark.parametrize(
    ("type_", "same", "other"),
    [
        (Text(), ["a", "a"], ["A", "a ", "ä", "a\u0308"]),
        (Integer(), [1, "01", " 1.0"], [2]),
        (Double(), [0, -0.0, "0e5"], [1e-300]),
        (Double(), [0.1, "0.10", "1e-1"], [0.1 + 2**-56]),
        (Decimal(10, 2), ["1.5", "1.50", 1.5], ["1.51"]),
        (Boolean(), [True, "yes", 1], [False]),
        (Date(), ["2024-01-05", " 2024-01-05"], ["2024-01-06"]),
        (Time(), ["09:00", "09:00:00.000"], ["09:00:01"]),
        (Timestamp(), ["2024-01-05T10:00Z", "2024-01-05T11:00+01:00"], ["2024-01-05T11:00Z"]),
        (Json(), ['{"a":1}', '{"a":1}'], ['{"a":2}']),
        (Array(Integer()), [[1, 2], ["1", "2.0"]], [[2, 1], [1, 2, None]]),
        (Object((Column("x", "x", Integer()),)), [{"x": 1}, {"x": "1"}], [{"x": 2}]),
    ],
    ids=str,
)
def test_values_of_a_key_are_compared_as_values(type_: Type, same: list[Any], other: list[Any]) -> None:
    rows = [(value,) for value in [*other, *same, *same]]
    assert repeats([Key(("v",))], {"v": type_}, *rows) == list(range(len(other) + 2, len(rows) + 1))


def test_a_key_of_several_columns_compares_all_of_them() -> None:
    columns: dict[str, Type] = {"a": Integer(), "b": Text()}
    assert repeats([Key(("a", "b"))], columns, (1, "x"), (1, "y"), (2, "x"), (1, "x")) == [4]


def test_a_row_without_a_part_of_the_key_is_not_compared() -> None:
    columns: dict[str, Type] = {"a": Integer(), "b": Text()}
    assert repeats([Key(("a", "b"))], columns, (1, None), (1, None), (None, None), (None, None)) == []


def test_the_parts_of_a_key_do_not_run_together() -> None:
    assert repeats([Key(("a", "b"))], {"a": Text(), "b": Text()}, ("x, y", "z"), ("x", "y, z")) == []


def test_the_reason_names_the_columns_and_the_kind_of_key() -> None:
    columns = [Column("a", "a", Integer()), Column("b", "b", Text(), mask="partial")]
    key = Key(("a", "b"), "primary_key")
    unit = refine_files(plan(*columns, keys=(key,)), {"a.csv": b"a,b\n1,123456789\n1,123456789\n"})
    assert unit.broken == [(2, [("a, b", "primary_key", "1, *****6789")])]


def test_each_key_is_judged_over_what_the_keys_before_it_left() -> None:
    columns: dict[str, Type] = {f"c{n}": Integer() for n in range(12)}
    keys = [Key((name,)) for name in columns]
    rows = [tuple(row if at == row % 12 else row * 100 + at for at in range(12)) for row in range(1, 40)]
    assert repeats(keys, columns, *rows, *rows) == list(range(len(rows) + 1, 2 * len(rows) + 1))


def test_csv_knows_no_null_but_what_the_contract_says() -> None:
    key = plan(
        Column("v", "v", Text()), Column("n", "n", Text()), formats=(Csv(nulls=("NA",)),), keys=(Key(("v",)),)
    )
    assert refine_files(key, {"a.csv": b"v,n\nNA,1\nNA,2\n,3\n,4\n"}).rules == [["v unique"]]
