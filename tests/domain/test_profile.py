"""Sketches of parts add up to the profile of the whole, and say no more than they may."""

import json
import math
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from statistics import fmean, pstdev

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.pii import Suspicion
from headrace.domain.profile import (
    EVERY,
    KEPT,
    STEPS,
    ColumnProfile,
    ColumnSketch,
    Scale,
    Value,
    distinct,
    merged,
    moment,
    sketch,
    withheld,
)

NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False))
SPLIT = st.lists(st.lists(st.none() | NUMBERS, max_size=30), min_size=1, max_size=6)


def hashed(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest())


def of_numbers(values: Sequence[float | None], name: str = "n") -> ColumnSketch:
    counted = Counter(str(value) for value in values if value is not None)
    seen = [Value(one, float(one), None, hashed(one), rows) for one, rows in counted.items()]
    return sketch(name, len(values), seen, "number")


def of_texts(values: Sequence[str | None]) -> ColumnSketch:
    counted = Counter(value for value in values if value is not None)
    return sketch(
        "t", len(values), [Value(one, None, len(one), hashed(one), rows) for one, rows in counted.items()]
    )


def parts(values: Sequence[float], size: int) -> Iterator[Sequence[float]]:
    return (values[at : at + size] for at in range(0, len(values), size))


@given(SPLIT)
def test_exact_parts_of_any_split_add_up_to_those_of_the_whole(units: list[list[float | None]]) -> None:
    whole = merged([of_numbers([value for unit in units for value in unit])])
    split = merged([of_numbers(unit) for unit in units])
    exact = ("rows", "nulls", "distinct", "least", "most", "scale")
    assert [getattr(split, name) for name in exact] == [getattr(whole, name) for name in exact]
    if whole.mean is not None and split.mean is not None:
        most = max(abs(float(value)) for unit in units for value in unit if value is not None)
        assert math.isclose(split.mean, whole.mean, rel_tol=1e-9, abs_tol=1e-9 * most)


@given(SPLIT)
def test_the_order_of_work_units_does_not_matter(units: list[list[float | None]]) -> None:
    sketches = [of_numbers(unit) for unit in units]
    assert msgspec.json.encode(merged(sketches)) == msgspec.json.encode(merged(sketches[::-1]))


@given(SPLIT)
def test_a_sketch_survives_its_record(units: list[list[float | None]]) -> None:
    for one in map(of_numbers, units):
        assert msgspec.json.decode(msgspec.json.encode(one), type=ColumnSketch) == one
        profile = merged([one])
        assert msgspec.json.decode(msgspec.json.encode(profile), type=ColumnProfile) == profile


@given(st.lists(st.text(max_size=8), min_size=1, max_size=40), st.integers(1, 5))
def test_lengths_and_frequent_values_of_few_texts_are_exact(values: list[str], units: int) -> None:
    profile = merged([of_texts(values[at::units]) for at in range(units)])
    assert (profile.shortest, profile.longest) == (min(map(len, values)), max(map(len, values)))
    assert profile.mean_length == pytest.approx(fmean(map(len, values)))
    counts = Counter(values)
    if len(counts) <= 16:
        assert dict(profile.top) == pytest.approx({one: rows / len(values) for one, rows in counts.items()})


def test_distinct_is_exact_up_to_what_is_kept() -> None:
    units = [[*range(unit * 50, unit * 50 + 60)] for unit in range(4)]
    assert merged([of_numbers(unit) for unit in units]).distinct == 210 <= KEPT


@pytest.mark.parametrize("different", [1_000, 20_000, 200_000])
def test_distinct_is_an_estimate_above(different: int) -> None:
    hashes = [hashed(str(number)) for number in range(different)]
    estimate = distinct(hashes).estimate
    assert abs(estimate - different) < 4 * different / math.sqrt(KEPT)


@given(st.lists(st.integers(0, EVERY - 1), max_size=900), st.integers(1, 5))
def test_hashes_of_any_split_are_those_of_the_whole(hashes: list[int], units: int) -> None:
    split = [ColumnSketch("h", 2_000, 0, distinct=distinct(hashes[at::units])) for at in range(units)]
    assert merged(split).distinct == min(distinct(hashes).estimate, 2_000 * units)


def test_hashes_below_different_bounds_are_cut_to_the_lowest() -> None:
    hashes = random.Random(1).sample(range(EVERY), 4_000)
    narrow, wide = distinct(hashes[:2_000], EVERY // 16), distinct(hashes[2_000:])
    estimate = merged([ColumnSketch("h", 9_000, 0, distinct=one) for one in (narrow, wide)]).distinct
    assert estimate is not None
    assert abs(estimate - 4_000) < 4 * 4_000 / math.sqrt(KEPT / 2)


@pytest.mark.parametrize("size", [50, 333, 5_000])
def test_quantiles_of_many_units_are_within_one_step_of_the_wholes_ranks(size: int) -> None:
    chance = random.Random(3)
    values = [chance.lognormvariate(0, 2) for _ in range(20_000)]
    ordered = sorted(values)
    profile = merged([of_numbers(unit) for unit in parts(values, size)])
    for step, value in enumerate(profile.quantiles):
        rank = bisect_right(ordered, value) / len(ordered)
        assert abs(rank - step / STEPS) < 1.5 / STEPS
    assert profile.mean == pytest.approx(fmean(values))
    assert profile.deviation == pytest.approx(pstdev(values))


def test_large_integers_keep_their_bounds_to_the_last_digit() -> None:
    profile = merged([of_numbers([2**62 + 1, 2**62 + 3]), of_numbers([2**62 + 2, 2**62])])
    assert (profile.least, profile.most) == (str(2**62), str(2**62 + 3))


def test_the_largest_doubles_are_no_overflow() -> None:
    profile = merged([of_numbers([1.7e308, 1.7e308, -1.7e308]), of_numbers([1.7e308])])
    assert profile.mean == pytest.approx(0.85e308)
    assert profile.deviation is not None
    assert math.isfinite(profile.deviation)


def test_of_more_values_than_are_listed_those_are_that_come_again() -> None:
    once = [f"once {n}" for n in range(100)]
    assert merged([of_texts([*once, "again", "again"])]).top == (("again", 2 / 102),)


def test_a_column_without_a_value_has_counts_alone() -> None:
    profile = merged([of_numbers([None, None]), of_numbers([])])
    assert profile == ColumnProfile("n", 2, 2)


def test_one_unit_that_withholds_its_values_makes_all_of_them_do() -> None:
    open_, closed = of_numbers([1, 2, 2]), withheld(of_numbers([4]))
    profile = merged([open_, closed])
    assert profile.withheld
    assert (profile.rows, profile.distinct, profile.least, profile.top, profile.quantiles) == (
        4,
        3,
        "",
        (),
        (),
    )


def test_a_withheld_sketch_holds_no_value() -> None:
    one = withheld(of_texts(["canary-7f3a", "canary-7f3a", "x"]))
    assert b"canary" not in msgspec.json.encode(one)
    assert (one.rows, one.nulls, one.withheld) == (3, 0, True)


def test_a_full_sketch_is_small() -> None:
    chance = random.Random(5)
    values = [chance.random() * 10 ** chance.randrange(-200, 200) for _ in range(5_000)]
    texts = [chr(0x1F600 + n) * 100 for n in range(16)] * 3
    suspicion = Suspicion("email", 0.5, "x" * 80)
    full = msgspec.structs.replace(of_numbers(values), suspicions={"n": suspicion})
    assert len(msgspec.json.encode(full)) < 8_000
    assert len(msgspec.json.encode(of_texts(texts))) < 9_000


def test_counts_are_plain_json() -> None:
    assert json.loads(msgspec.json.encode(of_numbers([None]))) == {"column": "n", "rows": 1, "nulls": 1}


@pytest.mark.parametrize(
    ("seconds", "scale", "text"),
    [
        (1234567.891, "number", "1.23457e+06"),
        (86_400.0, "date", "1970-01-02"),
        (-62_135_596_800.0, "date", "0001-01-01"),
        (90_061.5, "timestamp", "1970-01-02T01:01:01+00:00"),
        (1e15, "timestamp", "1e+15 s"),
    ],
)
def test_places_on_a_scale_read_as_what_they_are(seconds: float, scale: Scale, text: str) -> None:
    assert moment(seconds, scale) == text


def test_nothing_has_no_profile() -> None:
    with pytest.raises(ValueError, match="no profile"):
        merged([])
