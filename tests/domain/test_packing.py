"""Work units hold a batch's objects in order, within their limits."""

from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.packing import BATCH_UNITS, UNIT_BYTES, UNIT_OBJECTS, pack

sizes = st.lists(st.integers(0, UNIT_BYTES * 2), max_size=50)


@given(sizes, st.booleans())
def test_units_take_objects_in_order_without_gaps(landed: list[int], one_unit: bool) -> None:
    units = pack(landed, one_unit=one_unit)
    taken = [position for unit in units for position in unit]
    assert taken == list(range(len(taken)))
    assert all(unit for unit in units)


@given(sizes)
def test_only_a_lone_object_exceeds_the_bytes_of_a_unit(landed: list[int]) -> None:
    for unit in pack(landed, one_unit=False):
        assert len(unit) == 1 or sum(landed[position] for position in unit) <= UNIT_BYTES


@given(sizes.filter(bool))
def test_something_is_always_taken(landed: list[int]) -> None:
    assert pack(landed, one_unit=True)[0][0] == 0


def test_small_files_share_a_unit_up_to_its_limit() -> None:
    assert [len(unit) for unit in pack([1] * (UNIT_OBJECTS + 1), one_unit=False)] == [UNIT_OBJECTS, 1]


def test_a_batch_stops_at_its_last_unit() -> None:
    assert len(pack([UNIT_BYTES] * (BATCH_UNITS + 5), one_unit=False)) == BATCH_UNITS


def test_a_dataset_that_compares_rows_gets_one_unit() -> None:
    assert pack([UNIT_BYTES, UNIT_BYTES], one_unit=True) == [(0,)]
