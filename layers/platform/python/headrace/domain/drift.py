"""What changed in a batch's columns against the batches before it, beyond what chance and habit explain.

Each measure must pass three tests: the change is large enough to matter, too large for the number of
rows looked at to be chance, and larger than the earlier batches differ among themselves.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from headrace.domain.profile import STEPS, ColumnProfile

Measure = Literal["rows", "nulls", "distinct", "distribution", "new_values", "vanished_values"]

COMPARED = 5
"""Earlier batches that a batch is compared with."""

_SIGMAS = 5.0
_NULL_SHARE = 0.05
_ROWS_CHANGED = 10
_DISTINCT_SHARE = 0.4
_STABILITY = 0.25
"""The population stability index from which distributions are taken to differ, by common practice."""

_BINS = 10
_CATEGORIES = 64
_SHARE = 0.05
_EXPECTED = 25
"""A value that should have been seen so often and was not seen at all has not stayed away by chance."""

_MANY = 100
_ROW_FACTOR = 10.0


class Drift(Struct, frozen=True):
    """One change: `measure` of a column (of the batch, where that is empty) `before` and `now`.

    Rows are counted, medians have their column's unit, all else is a share from 0 to 1. `says` is a
    sentence for people, which may quote frequent values.
    """

    column: str
    measure: Measure
    before: float
    now: float
    says: str


def drifts(now: Sequence[ColumnProfile], before: Sequence[Sequence[ColumnProfile]]) -> tuple[Drift, ...]:
    """The changes of a batch against earlier ones, oldest first; none where there are none.

    Columns are compared by name, with the batches that had them.
    """
    if not now or not before:
        return ()
    earlier = [{one.column: one for one in columns} for columns in before]
    found = list(_rows(now[0].rows, [columns[0].rows for columns in before if columns]))
    for one in now:
        habits = [columns[one.column] for columns in earlier if one.column in columns]
        if one.rows and (habits := [habit for habit in habits if habit.rows]):
            found += (drift for judge in _JUDGES for drift in judge(one, habits))
    return tuple(found)


def _rows(now: int, before: Sequence[int]) -> Iterator[Drift]:
    """Batches are as large as what waited for them: three are the least to know their habit."""
    if len(before) < 3 or max(now, *before) < _MANY or not min(before):
        return
    least, most = min(before), max(before)
    factor = _ROW_FACTOR * most / least
    if least / factor <= now <= most * factor:
        return
    usual = sorted(before)[len(before) // 2]
    yield Drift("", "rows", usual, now, f"{now:,} rows were published; before, it was {least:,} to {most:,}")


def _nulls(now: ColumnProfile, before: Sequence[ColumnProfile]) -> Iterator[Drift]:
    rows = sum(one.rows for one in before)
    share, usual = now.nulls / now.rows, sum(one.nulls for one in before) / rows
    change = abs(share - usual)
    both = (now.nulls + usual * rows) / (now.rows + rows)
    noise = math.sqrt(both * (1 - both) * (1 / now.rows + 1 / rows))
    shares = [one.nulls / one.rows for one in before]
    margin = max(_NULL_SHARE, max(shares) - min(shares))
    habitual = min(shares) - margin < share < max(shares) + margin
    if habitual or change < _SIGMAS * noise or change * now.rows < _ROWS_CHANGED:
        return
    yield Drift(
        now.column,
        "nulls",
        usual,
        share,
        f"{share:.1%} of its rows have no value; before, it was {usual:.1%}",
    )


def _distinct(now: ColumnProfile, before: Sequence[ColumnProfile]) -> Iterator[Drift]:
    """The share of different values falls as rows grow: larger batches are only asked whether it rose."""
    known = [one for one in before if one.distinct and one.values]
    if not now.distinct or now.values < _MANY or not known or min(one.values for one in known) < _MANY:
        return
    share, shares = _different(now), [_different(one) for one in known]
    rose = share > max(shares) + _DISTINCT_SHARE and now.values >= max(one.values for one in known)
    fell = share < min(shares) - _DISTINCT_SHARE and now.values <= min(one.values for one in known)
    if rose or fell:
        usual = sum(shares) / len(shares)
        yield Drift(
            now.column,
            "distinct",
            usual,
            share,
            f"{share:.0%} of its values differ from each other; before, it was {usual:.0%}",
        )


def _different(one: ColumnProfile) -> float:
    return min(1.0, (one.distinct or 0) / one.values)


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────


def _distribution(now: ColumnProfile, before: Sequence[ColumnProfile]) -> Iterator[Drift]:
    """Days and moments are left alone: they move on by themselves."""
    known = [one for one in before if one.quantiles and one.scale == "number"]
    if now.scale != "number" or not now.quantiles or not known or _counts_on(now, known):
        return
    points = sorted(point for one in known for point in one.quantiles)
    looked_at = sum(one.sampled for one in known)
    index = _index(now.quantiles, now.sampled, points, looked_at)
    habit = max(
        (_index(b.quantiles, b.sampled, a.quantiles, a.sampled) for a, b in pairwise(known)), default=0.0
    )
    if index < _limit(_BINS, now.sampled, looked_at, habit):
        return
    usual, median = points[len(points) // 2], now.quantiles[STEPS // 2]
    spans = (
        f"{low:.6g} to {high:.6g} around {middle:.6g}"
        for low, middle, high in (_span(now.quantiles), _span(points))
    )
    says = "most of its values are {} (5 % to 95 %, median); before, it was {}".format(*spans)
    yield Drift(now.column, "distribution", usual, median, says)


def _counts_on(now: ColumnProfile, before: Sequence[ColumnProfile]) -> bool:
    """Whether it is a number that counts on from batch to batch, like an id."""
    whole = all(point.is_integer() for one in (now, *before) for point in one.quantiles)
    unique = all(_different(one) > 0.9 for one in (now, *before) if one.distinct)
    beyond = now.quantiles[0] > max(one.quantiles[-1] for one in before)
    return whole and unique and beyond


def _span(ordered: Sequence[float]) -> tuple[float, float, float]:
    last = len(ordered) - 1
    return ordered[round(0.05 * last)], ordered[round(0.5 * last)], ordered[round(0.95 * last)]


def _index(now: Sequence[float], seen: int, before: Sequence[float], seen_before: int) -> float:
    """The population stability index of ordered values against earlier ones, over those ones' deciles."""
    cuts = sorted({before[len(before) * at // _BINS] for at in range(1, _BINS)})
    return _stability(_shares(now, cuts), seen, _shares(before, cuts), seen_before)


def _shares(ordered: Sequence[float], cuts: Sequence[float]) -> list[float]:
    reached = [0, *(bisect_right(ordered, cut) for cut in cuts), len(ordered)]
    return [(high - low) / len(ordered) for low, high in pairwise(reached)]


# ── frequent values ──────────────────────────────────────────────────────────────────────────────


def _frequent(now: ColumnProfile, before: Sequence[ColumnProfile]) -> Iterator[Drift]:
    """Of columns that have few different values."""
    known = [one for one in before if one.top and one.distinct and one.distinct <= _CATEGORIES]
    if not now.top or len(known) < len(before) or now.scale in ("date", "timestamp"):
        return
    if any(_appeared(b, [a]) or _vanished(b, [a]) for a, b in pairwise(known)):
        return
    if appeared := _appeared(now, known):
        says = f"new among its frequent values: {_listed(appeared)}"
        yield Drift(now.column, "new_values", 0.0, sum(appeared.values()), says)
    if vanished := _vanished(now, known):
        says = f"no longer among its values: {_listed(vanished)}"
        yield Drift(now.column, "vanished_values", sum(vanished.values()), 0.0, says)
    if not (appeared or vanished or now.scale):
        yield from _moved(now, known)


def _appeared(now: ColumnProfile, before: Sequence[ColumnProfile]) -> dict[str, float]:
    """Values that are frequent now and were not there before."""
    looked_at = sum(one.sampled for one in before)
    usual = [dict(one.top) for one in before]
    return {
        value: share
        for value, share in now.top
        if share >= _SHARE
        and share * now.sampled >= _ROWS_CHANGED
        and share * looked_at >= _EXPECTED
        and all(value not in top and _rest(one) < share / 5 for one, top in zip(before, usual, strict=True))
    }


def _vanished(now: ColumnProfile, before: Sequence[ColumnProfile]) -> dict[str, float]:
    """Values that were frequent in each batch before and are not there now."""
    usual, present = [dict(one.top) for one in before], dict(now.top)
    least = {value: min(top.get(value, 0.0) for top in usual) for value in usual[0]}
    return {
        value: share
        for value, share in least.items()
        if share >= _SHARE
        and share * now.sampled >= _EXPECTED
        and value not in present
        and _rest(now) < share / 5
    }


def _rest(one: ColumnProfile) -> float:
    """The largest share of a value that is not listed."""
    listed = sum(share for _, share in one.top)
    return min(one.top[-1][1], max(0.0, 1 - listed))


def _moved(now: ColumnProfile, before: Sequence[ColumnProfile]) -> Iterator[Drift]:
    """The same values in other shares."""
    looked_at = sum(one.sampled for one in before)
    present, *tops = (dict(one.top) for one in (now, *before))
    always = [value for value in present if all(value in top for top in tops)]
    usual = {
        value: sum(top[value] * one.sampled for top, one in zip(tops, before, strict=True)) / looked_at
        for value in always
    }
    index = _top_index(present, now.sampled, usual, looked_at)
    habit = max(
        (_top_index(dict(b.top), b.sampled, dict(a.top), a.sampled) for a, b in pairwise(before)), default=0.0
    )
    if not always or index < _limit(len(always) + 1, now.sampled, looked_at, habit):
        return
    value = max(always, key=lambda one: abs(present[one] - usual[one]))
    says = f"{present[value]:.0%} of its values are {_quoted(value)}; before, it was {usual[value]:.0%}"
    yield Drift(now.column, "distribution", usual[value], present[value], says)


def _top_index(now: Mapping[str, float], seen: int, before: Mapping[str, float], seen_before: int) -> float:
    """Over the values that both list, and the rest: what is not listed may be as frequent as what is."""
    both = [value for value in before if value in now]
    shares = [[top[value] for value in both] for top in (now, before)]
    rests = [max(0.0, 1 - sum(one)) for one in shares]
    return _stability([*shares[0], rests[0]], seen, [*shares[1], rests[1]], seen_before)


def _listed(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{_quoted(value)} ({share:.0%})" for value, share in list(shares.items())[:5])


def _quoted(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:39] + "…")


# ── all distributions ────────────────────────────────────────────────────────────────────────────


def _stability(now: Sequence[float], seen: int, before: Sequence[float], seen_before: int) -> float:
    """The population stability index of shares; what was not seen is taken for half a sighting."""
    pairs = [
        ((a * seen + 0.5) / (seen + len(now) / 2), (b * seen_before + 0.5) / (seen_before + len(now) / 2))
        for a, b in zip(now, before, strict=True)
    ]
    return sum((a - b) * math.log(a / b) for a, b in pairs)


def _limit(classes: int, seen: int, seen_before: int, habit: float) -> float:
    """The index up to which distributions do not differ: chance alone makes it chi-squared, over the
    numbers of values seen."""
    freedom = classes - 1
    chance = (freedom + 7 * math.sqrt(2 * freedom) + 12) * (1 / max(seen, 1) + 1 / max(seen_before, 1))
    return max(_STABILITY, chance, 2 * habit)


_JUDGES = (_nulls, _distinct, _distribution, _frequent)
