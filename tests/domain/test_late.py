"""Which keys can be compared with what is written already, and which units are refined again."""

import pytest

from headrace.domain.dataset import DatasetId
from headrace.domain.formats import Ndjson
from headrace.domain.late import Late, LateUnit, blurred, comparable_keys, needs_one_unit
from headrace.domain.plan import Column, Integer, Key, Mask, Plan, Text


def plan(mask: Mask | None) -> Plan:
    columns = Column("name", "name", Text(), mask=mask), Column("wheels", "wheels", Integer())
    keys = Key(("name",)), Key(("wheels",), "primary_key")
    return Plan(DatasetId("river", "mills"), "1.0.0+00000000", (Ndjson(),), columns, keys=keys)


@pytest.mark.parametrize("mask", [None, "hash", "tokenise"])
def test_a_mask_that_keeps_values_apart_leaves_them_comparable(mask: Mask | None) -> None:
    assert comparable_keys(plan(mask)) == plan(mask).keys
    assert not needs_one_unit(plan(mask))


@pytest.mark.parametrize("mask", ["redact", "partial", "truncate", "drop"])
def test_a_mask_that_blurs_values_leaves_its_key_to_refine_and_the_others_to_all(mask: Mask) -> None:
    assert comparable_keys(plan(mask)) == (Key(("wheels",), "primary_key"),)
    assert blurred(plan(mask), ("wheels", "name")) == ("name",)
    assert needs_one_unit(plan(mask))


def test_late_knowledge_names_the_refining_that_counts() -> None:
    late = Late((LateUnit(1), LateUnit(3)))
    assert late.again == (1, 3)
    assert [late.variant(unit) for unit in range(4)] == ["", "again", "", "again"]
