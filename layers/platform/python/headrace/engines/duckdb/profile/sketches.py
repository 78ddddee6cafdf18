"""Sketches the published rows of a judged work unit: what each column holds, and whether it looks personal.

A unit of up to 1,024 rows is read whole. Of a larger one, so many rows are sampled by a hash of their
place; columns with few different values are then grouped, and the others aggregated, all in one pass.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from msgspec.structs import replace
from sqlglot import exp

from headrace.domain.plan import (
    SENSITIVE,
    Array,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Json,
    Object,
    Plan,
    Text,
    Timestamp,
)
from headrace.domain.profile import EVERY, ColumnSketch, Lengths, Scale, Value, distinct, sketch
from headrace.domain.tables import published_type
from headrace.engines.duckdb.profile.personal import judged, judged_rescued
from headrace.engines.duckdb.profile.sampling import bound, hashed, picked, published
from headrace.engines.duckdb.rows.render import WORK
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import E, all_of, call, case, cast, column, is_not_null, number

_SAMPLE = 1_024
_DETAILED = 200
"""Columns that are more than counted; the rest of a wider table would swell its reports."""

_FEW = 2_048
_GROUPS = 10_000
_HASHES = 1_024
"""So many hashes are looked for in a pass: four times what is kept, for their number is a guess."""

_CUT = 100
_SEEN_OFTEN = 8
"""Times that a value of a sample must have been seen to count as frequent."""

_NULL = (None, None, None, None)
_LARGEST = 1.7976931348623157e308

_SCALES: dict[type, Scale] = {
    Integer: "number",
    Double: "number",
    Decimal: "number",
    Date: "date",
    Timestamp: "timestamp",
}


@dataclass(frozen=True)
class _View:
    """What is looked at of column `index` of the plan: the parts of a `Value`; nothing but whether there
    is one where it has none."""

    index: int
    column: Column
    text: E | None = None
    number: E | None = None
    length: E | None = None
    hash: E | None = None
    scale: Scale | None = None

    @property
    def value(self) -> E:
        return column(f"o{self.index}")

    @property
    def parts(self) -> tuple[E, ...]:
        """Those of a `Value`, in their order; empty where there is none. NULL has a hash, too: not here."""
        present = case((is_not_null(self.value), self.hash)) if self.hash else None
        parts = (self.text, self.number, self.length, present)
        return tuple(part or exp.null() for part in parts) if any(parts) else ()


def sketches(session: Session, plan: Plan) -> tuple[ColumnSketch, ...]:
    """A sketch of each published column and of `_rescued`, from the rows of `work` without reasons; none
    where there are no such rows."""
    views = [_view(index, one) for index, one in enumerate(plan.columns) if published_type(one)]
    plain, rich = [view for view in views if not view.parts], [view for view in views if view.parts]
    rescued = column("rescued")
    counts = (exp.Count(this=value) for value in (exp.Star(), rescued, *(view.value for view in plain)))
    rows, taken, *present = session.execute(exp.select(*counts).from_(WORK).where(published()))[0]
    if not rows:
        return ()
    found = {
        view.index: ColumnSketch(view.column.name, rows, rows - count)
        for view, count in zip(plain, present, strict=True)
    }
    values = dict(zip((view.index for view in rich), _sampled(session, rich, rows), strict=True))
    if rows > _SAMPLE:
        found |= _Large(session, rows).sketches(rich, values)
    else:
        found |= {view.index: sketch(view.column.name, rows, values[view.index], view.scale) for view in rich}
    told = [
        judged(session, view.column, view.value, found[view.index], values.get(view.index, ()))
        for view in views
    ]
    return (*told, judged_rescued(session, rows, taken))


def _view(index: int, one: Column) -> _View:
    value = column(f"o{index}")
    if one.mask in ("hash", "tokenise"):
        return _View(index, one, hash=hashed(value))
    # The other masks leave so little of a value that a hash of it would tell it.
    counted = one.mask or one.classification in SENSITIVE or index >= _DETAILED
    if counted or isinstance(one.type, Object | Json):
        return _View(index, one)
    if isinstance(one.type, Array):
        return _View(index, one, length=call("LEN", value))
    if isinstance(one.type, Text):
        cut = exp.Left(this=value, expression=number(_CUT))
        return _View(index, one, cut, length=exp.Length(this=value), hash=hashed(value))
    written, scale = cast(value, "TEXT"), _SCALES.get(type(one.type))
    if scale is None:
        return _View(index, one, written, hash=hashed(value))
    placed = cast(value, "DOUBLE") if scale == "number" else call("EPOCH", value)
    return _View(index, one, written, placed, hash=hashed(value), scale=scale)


def _sampled(session: Session, views: Sequence[_View], rows: int) -> list[list[Value]]:
    """Each column's values in all the rows, or in a sample of them."""
    parts = [part for view in views for part in view.parts]
    if not parts:
        return []
    where = published(*picked(_SAMPLE, rows))
    fetched = session.execute(exp.select(*parts, copy=False).from_(WORK, copy=False).where(where, copy=False))
    return [_values(Counter(row[at : at + 4] for row in fetched).items()) for at in range(0, len(parts), 4)]


def _values(counted: Iterable[tuple[tuple[Any, ...], int]]) -> list[Value]:
    return [Value._make((*parts, rows)) for parts, rows in counted if parts != _NULL]


class _Large:
    """A unit of more rows than are sampled."""

    def __init__(self, session: Session, rows: int) -> None:
        self._session, self._rows = session, rows

    def sketches(
        self, views: Sequence[_View], values: Mapping[int, Sequence[Value]]
    ) -> dict[int, ColumnSketch]:
        """By column; `values` are those of the sample."""
        found: dict[int, ColumnSketch] = {}
        many: list[tuple[_View, int]] = []
        for view in views:
            different = min(_different(values[view.index]), self._rows)
            if view.text and different <= _FEW:
                if grouped := self._grouped(view):
                    found[view.index] = grouped
                    continue
                different = _GROUPS
            many.append((view, min(EVERY, EVERY * _HASHES // max(different, 1))))
        return found | self._aggregated(many, values)

    def _grouped(self, view: _View) -> ColumnSketch | None:
        """From all different values; None where they are too many."""
        rows = exp.select(*view.parts, exp.Count(this=exp.Star())).from_(WORK).where(published())
        groups = self._session.execute(rows.group_by(view.value).limit(_GROUPS))
        if len(groups) == _GROUPS:
            return None
        values = _values((tuple(parts), times) for *parts, times in groups)
        return sketch(view.column.name, self._rows, values, view.scale)

    def _aggregated(
        self, many: Sequence[tuple[_View, int]], values: Mapping[int, Sequence[Value]]
    ) -> dict[int, ColumnSketch]:
        """From one pass over all rows, and from the sample what is not aggregated. Of a column's hashes
        those below its bound are taken."""
        if not many:
            return {}
        aggregates = [one for view, below in many for one in _aggregates(view, below)]
        rows = exp.select(*aggregates, copy=False).from_(WORK, copy=False).where(published(), copy=False)
        row = iter(self._session.execute(rows)[0])
        found = {}
        for view, below in many:
            count, hashes, least, most, mean, shortest, longest, total = islice(row, 8)
            one = sketch(view.column.name, self._rows, values[view.index], view.scale)
            numbers, lengths = one.numbers, one.lengths
            if numbers:
                mean = min(max(mean, -_LARGEST), _LARGEST)
                numbers = replace(numbers, least=least, most=most, mean=mean)
            if lengths:
                lengths = Lengths(shortest, longest, int(total))
            found[view.index] = replace(
                one,
                nulls=self._rows - count,
                distinct=distinct(hashes or (), below) if view.hash else None,
                numbers=numbers,
                lengths=lengths,
                top=tuple(frequent for frequent in one.top if frequent.count >= _SEEN_OFTEN),
            )
        return found


def _different(values: Sequence[Value]) -> int:
    """An estimate of how many different values there are, from those of a sample: Chao's, a lower bound."""
    once, twice = (sum(1 for one in values if one.rows == times) for times in (1, 2))
    return len(values) + once * (once - 1) // (2 * (twice + 1))


def _aggregates(view: _View, below: int) -> Iterator[E]:
    """Count, hashes, least, most, mean, shortest, longest, total length; NULL where there is none."""
    value = view.value
    yield exp.Count(this=value)
    if view.hash:
        low = exp.LT(this=view.hash, expression=bound(below))
        hashes = exp.ArrayAgg(this=exp.Distinct(expressions=[view.hash]))
        yield exp.Filter(this=hashes, expression=exp.Where(this=all_of(low, is_not_null(value))))
    else:
        yield exp.null()
    if view.number:
        yield cast(exp.Min(this=value), "TEXT")
        yield cast(exp.Max(this=value), "TEXT")
        yield exp.Avg(this=view.number)
    else:
        yield from (exp.null() for _ in range(3))
    if view.length:
        yield from (one(this=view.length) for one in (exp.Min, exp.Max, exp.Sum))
    else:
        yield from (exp.null() for _ in range(3))
