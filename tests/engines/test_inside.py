"""Rules and requirements on columns inside objects and arrays."""

import json
from typing import Any

import pytest

from headrace.domain.formats import Csv, Ndjson
from headrace.domain.plan import (
    Array,
    Check,
    Column,
    Integer,
    Items,
    Json,
    Length,
    Object,
    OneOf,
    Pattern,
    Range,
    Text,
)
from tests.engines.unit import Unit, plan, refine_files

ZIP = Column(
    "zip", "Zip", Text(), required=True, rules=(Pattern("[0-9]+"), Length(most=4)), aliases=("postcode",)
)
ADDRESS = Object((ZIP, Column("floor", "floor", Integer(), rules=(Range("0", "9"),))))
USER = Object(
    (
        Column("address", "address", ADDRESS, required=True),
        Column("tags", "tags", Array(Object((Column("name", "name", Text(), rules=(OneOf(("a", "b")),)),)))),
        Column("marks", "marks", Array(Integer()), rules=(Items(1, unique=True),)),
        Column("rest", "rest", Json()),
    )
)
PLAN = plan(Column("user", "user", USER), Column("users", "users", Array(USER)), formats=(Ndjson(), Csv()))
GOOD = {"address": {"Zip": "1012", "floor": 3}, "tags": [{"name": "a"}, None, {}], "marks": [1, 2]}


def judged(*rows: Any) -> Unit:
    return refine_files(PLAN, {"a.ndjson": "\n".join(map(json.dumps, rows)).encode()})


def changed(**fields: Any) -> dict[str, Any]:
    return GOOD | fields


def test_a_good_object_and_no_object_break_no_rule() -> None:
    unit = judged({"user": GOOD, "users": [GOOD, None]}, {"user": None}, {})
    assert unit.rules == []
    assert unit.curated[0]["user"]["address"] == {"zip": "1012", "floor": 3}


@pytest.mark.parametrize(
    ("user", "reasons"),
    [
        (changed(address={"Zip": "x1012"}), [("zip", "pattern", "x1012"), ("zip", "length", "x1012")]),
        (changed(address={"Zip": "1", "floor": "12"}), [("floor", "range", "12")]),
        (changed(address={"Zip": "1", "floor": "up"}), [("floor", "type", "up")]),
        (changed(address={"floor": 1}), [("zip", "required", "")]),
        (changed(address={"Zip": None}), [("zip", "required", "")]),
        (changed(address={"Zip": ["1"]}), [("zip", "type", '["1"]')]),
    ],
)
def test_a_reason_names_the_path_of_a_column_inside(user: Any, reasons: list[tuple[str, str, str]]) -> None:
    unit = judged({"user": user}, {"users": [GOOD, user]})
    assert unit.broken == [
        (1, [(f"user.address.{name}", rule, shown) for name, rule, shown in reasons]),
        (2, [(f"users.element.address.{name}", rule, shown) for name, rule, shown in reasons]),
    ]


def test_an_object_inside_may_be_required_or_of_another_kind() -> None:
    unit = judged({"user": {}}, {"user": changed(address="here")})
    assert unit.broken == [
        (1, [("user.address", "required", "")]),
        (2, [("user.address", "type", '"here"')]),
    ]


def test_the_first_of_several_items_that_break_a_rule_is_shown() -> None:
    unit = judged({"user": changed(tags=[{"name": "a"}, {"name": "c"}, {"name": "d"}])})
    assert unit.broken == [(1, [("user.tags.element.name", "enum", "c")])]


def test_an_array_inside_has_rules() -> None:
    unit = judged({"user": changed(marks=[])}, {"user": changed(marks=[1, "01"])})
    assert unit.broken == [(1, [("user.marks", "items", "[]")]), (2, [("user.marks", "items", '[1,"01"]')])]


def test_a_column_inside_may_have_a_former_name() -> None:
    unit = judged({"user": changed(address={"postcode": "77"})})
    assert unit.curated[0]["user"]["address"]["zip"] == "77"
    assert unit.curated[0]["_rescued"] is None


def test_a_json_cell_of_a_csv_file_is_judged_alike() -> None:
    cell = json.dumps(changed(address={"Zip": "x1012"})).replace('"', '""')
    unit = refine_files(PLAN, {"a.csv": f'user,users\n"{cell}",\n'.encode()})
    assert unit.rules == [["user.address.zip pattern", "user.address.zip length"]]


def test_a_check_may_look_inside_of_columns() -> None:
    over = Check("lofty", "user.address.floor < 3 AND cardinality(user.marks) > 0")
    checked = plan(*PLAN.columns, formats=(Ndjson(),), checks=(over,))
    rows = [{"user": GOOD}, {"user": changed(address={"Zip": "1", "floor": 2})}, {}]
    unit = refine_files(checked, {"a.ndjson": "\n".join(map(json.dumps, rows)).encode()})
    assert unit.broken == [(1, [("", "lofty", "")])]
