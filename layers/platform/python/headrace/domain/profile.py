"""What a batch's columns hold: sketches of one work unit's rows that add up to the batch's profile."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from heapq import nsmallest
from itertools import accumulate
from typing import Any, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.pii import Suspicion

HASH_BITS = 48
"""Of a value's hash, as many of the highest bits are kept."""

KEPT = 256
"""Hashes kept of a column's different values: up to as many are counted exactly, more with a standard
error of 6 %."""

EVERY = 1 << HASH_BITS
"""The bound below which all hashes lie."""

STEPS = 64
"""Quantiles are kept for each 1/64 of the values."""

_TOP = 16
_HASH_BYTES = HASH_BITS // 8
_SQUARED = 1e150
"""Larger numbers have no square."""

Scale = Literal["number", "date", "timestamp"]
"""What numbers stand for: themselves, or seconds since 1970 of days and of moments."""


class Value(NamedTuple):
    """A value and the rows that have it. `text` may be cut; `number` is the value where it has an order,
    in seconds since 1970 for days and moments; `length` is that of texts, in characters, and of arrays."""

    text: str | None
    number: float | None
    length: int | None
    hash: int | None
    rows: int


class Distinct(Struct, frozen=True):
    """The smallest hashes of a column's values, 6 bytes each in order: all that lie below `below`."""

    hashes: bytes
    below: int = EVERY

    @property
    def estimate(self) -> int:
        return round(len(self.hashes) // _HASH_BYTES * EVERY / self.below)


class Numbers(Struct, frozen=True):
    """Values that have an order; `least` and `most` exactly, as texts. `quantiles` are STEPS + 1 values."""

    scale: Scale
    least: str
    most: str
    mean: float
    variance: float
    quantiles: tuple[float, ...]


class Lengths(Struct, frozen=True):
    """Of texts in characters, of arrays in items."""

    least: int
    most: int
    total: int


class Frequent(Struct, frozen=True):
    """A value, cut to 100 characters, and how many of the values looked at are equal to it."""

    value: str
    count: int


class ColumnSketch(Struct, frozen=True, omit_defaults=True):
    """One column over the published rows of one work unit, in a form that adds up across work units.

    `rows`, `nulls`, `lengths` and the bounds and the mean of `numbers` are exact; `sampled` of its
    values were looked at for the rest. No value is kept of a column that is masked, classified as
    personal, or suspected of being so (`withheld`). `suspicions` are by column, or by the path of a
    field inside it.
    """

    column: str
    rows: int
    nulls: int
    sampled: int = 0
    distinct: Distinct | None = None
    numbers: Numbers | None = None
    lengths: Lengths | None = None
    top: tuple[Frequent, ...] = ()
    withheld: bool = False
    suspicions: dict[str, Suspicion] = {}


class ColumnProfile(Struct, frozen=True, omit_defaults=True):
    """One column over the published rows of a batch.

    `distinct` is an estimate above 256, None where it is not told. `least`, `most`, `mean` and `deviation`
    are of values that have an order, days and moments as ISO texts, their deviation in seconds;
    `quantiles` and the shares of `top` (0 to 1, of the values) come from `sampled` values.
    """

    column: str
    rows: int
    nulls: int
    distinct: int | None = None
    sampled: int = 0
    scale: Scale | None = None
    least: str = ""
    most: str = ""
    mean: float | None = None
    deviation: float | None = None
    quantiles: tuple[float, ...] = ()
    shortest: int | None = None
    longest: int | None = None
    mean_length: float | None = None
    top: tuple[tuple[str, float], ...] = ()
    withheld: bool = False

    @property
    def values(self) -> int:
        """The rows in which it has a value."""
        return self.rows - self.nulls


# ── one work unit ────────────────────────────────────────────────────────────────────────────────


def sketch(column: str, rows: int, values: Iterable[Value], scale: Scale | None = None) -> ColumnSketch:
    """The sketch of a column from its values, all of those that are not NULL: all is exact then."""
    seen = list(values)
    count = sum(one.rows for one in seen)
    lengths = [(one.length, one.rows) for one in seen if one.length is not None]
    hashes = [one.hash for one in seen if one.hash is not None]
    return ColumnSketch(
        column,
        rows,
        rows - count,
        count,
        distinct(hashes) if hashes else None,
        _numbers(scale, seen) if scale else None,
        Lengths(
            min(length for length, _ in lengths),
            max(length for length, _ in lengths),
            sum(length * times for length, times in lengths),
        )
        if lengths
        else None,
        _top(seen),
    )


def distinct(hashes: Iterable[int], below: int = EVERY) -> Distinct:
    """From the hashes of values, all of those that are below a bound."""
    kept = sorted({one for one in hashes if one < below})
    if len(kept) > KEPT:
        below = kept[KEPT]
        del kept[KEPT:]
    return Distinct(b"".join(one.to_bytes(_HASH_BYTES) for one in kept), below)


def withheld(whole: ColumnSketch) -> ColumnSketch:
    """The sketch without any value."""
    return replace(whole, numbers=None, top=(), withheld=True)


def _numbers(scale: Scale, values: Sequence[Value]) -> Numbers | None:
    placed = sorted((one.number, one.rows) for one in values if one.number is not None)
    if not placed:
        return None
    numbers, weights = [one for one, _ in placed], [rows for _, rows in placed]
    mean, variance = _moments(numbers, weights)
    least, most = (
        pick((one.text or "" for one in values if one.number == number), key=partial(_place, scale))
        for pick, number in ((min, numbers[0]), (max, numbers[-1]))
    )
    return Numbers(scale, least, most, mean, variance, _quantiles(numbers, weights))


def _place(scale: Scale, text: str) -> Any:
    """Where a value, as text, stands among those of its scale: exactly, unlike its float."""
    return (Decimal(text), text) if scale == "number" else text


def _moments(numbers: Sequence[float], weights: Sequence[float]) -> tuple[float, float]:
    """Mean and variance; of numbers too large to square, the largest variance there is."""
    whole = sum(weights)
    mean = math.fsum(one * (weight / whole) for one, weight in zip(numbers, weights, strict=True))
    unit = max(abs(numbers[0] - mean), abs(numbers[-1] - mean), 1.0)
    if unit > _SQUARED:
        return mean, _SQUARED**2
    squares = (weight / whole * (one - mean) ** 2 for one, weight in zip(numbers, weights, strict=True))
    return mean, math.fsum(squares)


def _quantiles(ordered: Sequence[float], weights: Sequence[float]) -> tuple[float, ...]:
    """The values at each step of the whole weight, from the least to the most."""
    reached = list(accumulate(weights))
    found, at = [], 0
    for step in range(STEPS + 1):
        while reached[at] < step / STEPS * reached[-1] and at < len(ordered) - 1:
            at += 1
        found.append(ordered[at])
    return tuple(found)


def _top(values: Iterable[Value]) -> tuple[Frequent, ...]:
    """The most frequent values; of more than can be shown only those that come again."""
    counts: Counter[str] = Counter()
    for one in values:
        if one.text is not None:
            counts[one.text] += one.rows
    if len(counts) > _TOP:
        counts = Counter({text: rows for text, rows in counts.items() if rows > 1})
    ranked = nsmallest(_TOP, counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Frequent(text, rows) for text, rows in ranked)


# ── the batch ────────────────────────────────────────────────────────────────────────────────────


def merged(sketches: Sequence[ColumnSketch]) -> ColumnProfile:
    """The profile of one column from the sketches of all work units, in any order.

    Exact are rows, nulls, bounds, lengths and means, and `distinct` up to 256. The quantiles of units are
    pooled by their values, and so are the frequent values. Raises ValueError for no sketch.
    """
    if not sketches:
        raise ValueError("a column without a sketch has no profile")
    filled = [one for one in sketches if one.rows > one.nulls]
    rows, nulls = sum(one.rows for one in sketches), sum(one.nulls for one in sketches)
    different = _distinct(filled)
    profile = ColumnProfile(
        sketches[0].column,
        rows,
        nulls,
        distinct=different and min(different, rows - nulls),
        withheld=any(one.withheld for one in sketches),
    )
    if filled and (lengths := [one.lengths for one in filled if one.lengths]):
        profile = replace(
            profile,
            shortest=min(one.least for one in lengths),
            longest=max(one.most for one in lengths),
            mean_length=sum(one.total for one in lengths) / profile.values,
        )
    return profile if profile.withheld or not filled else _with_values(profile, filled)


def _distinct(filled: Sequence[ColumnSketch]) -> int | None:
    parts = [one.distinct for one in filled if one.distinct]
    if not parts or len(parts) != len(filled):
        return None
    hashes = {
        int.from_bytes(part.hashes[at : at + _HASH_BYTES])
        for part in parts
        for at in range(0, len(part.hashes), _HASH_BYTES)
    }
    return distinct(hashes, min(one.below for one in parts)).estimate


def _with_values(profile: ColumnProfile, filled: Sequence[ColumnSketch]) -> ColumnProfile:
    profile = replace(profile, sampled=sum(one.sampled for one in filled), top=_shares(filled))
    ordered = [(one.numbers, one.rows - one.nulls) for one in filled if one.numbers]
    if not ordered:
        return profile
    scale = ordered[0][0].scale
    place = partial(_place, scale)
    mean, between = _moments(*_sorted((one.mean, rows) for one, rows in ordered))
    within = math.fsum(min(one.variance, _SQUARED**2) * (rows / profile.values) for one, rows in ordered)
    points = _sorted((point, rows) for one, rows in ordered for point in one.quantiles)
    return replace(
        profile,
        scale=scale,
        least=min((one.least for one, _ in ordered), key=place),
        most=max((one.most for one, _ in ordered), key=place),
        mean=mean,
        deviation=math.sqrt(between + within),
        quantiles=ordered[0][0].quantiles if len(ordered) == 1 else _quantiles(*points),
    )


def _sorted(weighted: Iterable[tuple[float, float]]) -> tuple[list[float], list[float]]:
    ordered = sorted(weighted)
    return [one for one, _ in ordered], [weight for _, weight in ordered]


def _shares(filled: Sequence[ColumnSketch]) -> tuple[tuple[str, float], ...]:
    """The most frequent values; what a unit saw counts as often as it stands for rows."""
    values = sum(one.rows - one.nulls for one in filled)
    weights: defaultdict[str, list[float]] = defaultdict(list)
    for one in filled:
        for frequent in one.top:
            weights[frequent.value].append(frequent.count * (one.rows - one.nulls) / one.sampled)
    shares = ((value, math.fsum(parts) / values) for value, parts in weights.items())
    return tuple(nsmallest(_TOP, shares, key=lambda one: (-one[1], one[0])))


def moment(seconds: float, scale: Scale) -> str:
    """A quantile or a mean as text: a number in up to 6 digits, a day or moment in ISO 8601."""
    if scale == "number":
        return f"{seconds:.6g}"
    try:
        then = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return f"{seconds:.6g} s"
    return then.date().isoformat() if scale == "date" else then.isoformat(timespec="seconds")
