"""Data that stays as it is does not cry; data that changes says how."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from headrace.domain.drift import Drift, drifts
from headrace.domain.profile import ColumnProfile, Scale, Value, merged, sketch, withheld
from tests.domain.test_profile import hashed

Make = Callable[[random.Random, int], Any]


def column(name: str, values: Sequence[Any], scale: Scale | None = None) -> ColumnProfile:
    counted = Counter(value for value in values if value is not None)
    seen = [
        Value(
            str(one), float(one) if scale else None, None if scale else len(str(one)), hashed(str(one)), rows
        )
        for one, rows in counted.items()
    ]
    return merged([sketch(name, len(values), seen, scale)])


def batch(seed: int, rows: int, columns: Mapping[str, Make]) -> list[ColumnProfile]:
    chance = random.Random(seed)
    start = seed * 1_000_000
    return [
        column(
            name,
            [make(chance, start + row) for row in range(rows)],
            None if name.endswith("_text") else "number",
        )
        for name, make in columns.items()
    ]


STEADY: dict[str, Make] = {
    "id": lambda _, row: row,
    "amount": lambda chance, _: round(chance.lognormvariate(3, 1), 2),
    "even": lambda chance, _: chance.random(),
    "count": lambda chance, _: min(9, int(chance.expovariate(0.7))),
    "rare": lambda chance, _: chance.randrange(100) if chance.random() < 0.02 else None,
    "half": lambda chance, _: chance.gauss(0, 1) if chance.random() < 0.5 else None,
    "country_text": lambda chance, _: chance.choices("ABCDEFGHIJ", [40, 20, 10, 8, 6, 5, 4, 3, 0.5, 0.1])[0],
    "flag_text": lambda chance, _: str(chance.random() < 0.97),
    "name_text": lambda chance, _: f"name {int(chance.paretovariate(0.8)) % 5_000}",
    "key_text": lambda chance, _: f"{chance.getrandbits(64):x}",
    "note_text": lambda chance, _: f"note {chance.randrange(40)}" if chance.random() < 0.7 else None,
}  # fmt: skip


@pytest.mark.parametrize("least", [5, 40, 400])
def test_steady_data_does_not_cry(least: int) -> None:
    """Sixty batches, up to eight times as large as the smallest, each against the five before it."""
    chance = random.Random(least)
    batches = [batch(seed, least * chance.choice((1, 1, 2, 4, 8)), STEADY) for seed in range(60)]
    cries = [drift for at in range(1, 60) for drift in drifts(batches[at], batches[max(0, at - 5) : at])]
    assert cries == []


def found(now: ColumnProfile, *before: ColumnProfile) -> dict[str, Drift]:
    return {one.measure: one for one in drifts([now], [[one] for one in before])}


def numbers(seed: int, rows: int = 1_000, *, mean: float = 100, deviation: float = 10) -> ColumnProfile:
    chance = random.Random(seed)
    return column("n", [chance.gauss(mean, deviation) for _ in range(rows)], "number")


def texts(seed: int, weights: Mapping[str, float], rows: int = 1_000) -> ColumnProfile:
    chance = random.Random(seed)
    return column("t", chance.choices([*weights], [*weights.values()], k=rows))


def test_values_that_move_are_told_with_where_they_were() -> None:
    (drift,) = found(numbers(9, mean=130), *map(numbers, range(3))).values()
    assert (drift.column, drift.measure) == ("n", "distribution")
    assert (round(drift.before, -1), round(drift.now, -1)) == (100, 130)
    assert "around 1" in drift.says


def test_values_that_spread_are_told_though_their_mean_stays() -> None:
    assert set(found(numbers(9, deviation=40), *map(numbers, range(3)))) == {"distribution"}


def test_a_column_that_always_wanders_is_left_alone() -> None:
    wandering = [numbers(at, mean=100 + 30 * at) for at in range(5)]
    assert found(numbers(9, mean=250), *wandering) == {}


def test_ids_that_count_on_are_left_alone_from_the_second_batch() -> None:
    first, second = (column("id", [*range(at, at + 500)], "number") for at in (0, 500))
    assert found(second, first) == {}


def test_missing_values_are_told() -> None:
    before = [column("n", [1.5] * 950 + [None] * 50, "number") for _ in range(3)]
    drift = found(column("n", [1.5] * 700 + [None] * 300, "number"), *before)["nulls"]
    assert (drift.before, drift.now) == (0.05, 0.3)
    assert drift.says == "30.0% of its rows have no value; before, it was 5.0%"


def test_missing_values_that_come_and_go_are_habit() -> None:
    shares = (0, 600, 100, 900)
    before = [column("n", [1.5] * (1_000 - nulls) + [None] * nulls, "number") for nulls in shares]
    assert found(column("n", [1.5] * 300 + [None] * 700, "number"), *before) == {}


def test_a_column_without_any_value_is_told() -> None:
    assert set(found(column("n", [None] * 100, "number"), numbers(1))) == {"nulls"}


def test_a_key_that_repeats_is_told() -> None:
    before = [column("t", [f"{seed}-{n}" for n in range(1_000)]) for seed in range(3)]
    drift = found(column("t", [f"9-{n % 20}" for n in range(1_000)]), *before)["distinct"]
    assert (drift.before > 0.85, drift.now) == (True, 0.02)


def test_fewer_rows_have_a_larger_share_of_different_values_by_nature() -> None:
    before = [texts(seed, {f"v{n}": 1 for n in range(200)}, 5_000) for seed in range(3)]
    assert "distinct" not in found(texts(9, {f"v{n}": 1 for n in range(200)}, 150), *before)


def test_a_new_frequent_value_is_named() -> None:
    before = [texts(seed, {"DE": 5, "FR": 3}) for seed in range(3)]
    drift = found(texts(9, {"DE": 5, "FR": 3, "XX": 2}), *before)["new_values"]
    assert (drift.before, round(drift.now, 1)) == (0.0, 0.2)
    assert "'XX'" in drift.says


def test_a_vanished_frequent_value_is_named() -> None:
    before = [texts(seed, {"DE": 5, "FR": 3}) for seed in range(3)]
    drift = found(texts(9, {"DE": 5}), *before)["vanished_values"]
    assert (round(drift.before, 1), drift.now) == (0.4, 0.0)
    assert "'FR'" in drift.says


def test_a_column_that_has_other_values_each_time_is_left_alone() -> None:
    months = [texts(month, {f"2024-{month:02}": 1}) for month in range(1, 6)]
    assert found(months[-1], *months[:-1]) == {}


def test_the_same_values_in_other_shares_are_told() -> None:
    before = [texts(seed, {"true": 95, "false": 5}) for seed in range(3)]
    drift = found(texts(9, {"true": 50, "false": 50}), *before)["distribution"]
    assert (round(drift.before, 1), round(drift.now, 1)) in {(0.9, 0.5), (1.0, 0.5), (0.1, 0.5), (0.0, 0.5)}


@pytest.mark.parametrize(("rows", "cries"), [(1_000, False), (2_500, False), (20_000, True), (50, True)])
def test_a_batch_of_an_unusual_size_is_told(rows: int, cries: bool) -> None:
    before = [[ColumnProfile("n", usual, 0)] for usual in (900, 1_000, 1_100)]
    assert [one.measure for one in drifts([ColumnProfile("n", rows, 0)], before)] == ["rows"] * cries


def test_two_batches_are_no_habit_of_size() -> None:
    assert drifts([ColumnProfile("n", 90_000, 0)], [[ColumnProfile("n", 100, 0)]] * 2) == ()


def test_the_first_batch_and_a_new_column_have_nothing_to_compare_with() -> None:
    assert drifts([numbers(1)], []) == ()
    assert found(numbers(1), texts(1, {"DE": 1})) == {}


def test_of_a_withheld_column_only_counts_are_compared() -> None:
    closed = [
        merged([withheld(sketch("n", 100, [Value("7", 7.0, None, 1, 100)], "number"))]) for _ in range(4)
    ]
    none = merged([withheld(sketch("n", 100, [], "number"))])
    assert found(closed[0], *closed[1:]) == {}
    assert set(found(none, *closed)) == {"nulls"}
