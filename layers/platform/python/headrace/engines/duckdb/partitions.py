"""A work unit's partitions: an Iceberg data file lies in one, so each has a file of its own."""

from collections.abc import Iterator

from sqlglot import exp

from headrace.domain.plan import Decimal, Partition, Plan, Text, Timestamp, Type
from headrace.engines.duckdb.rows.render import WORK, reason
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import (
    E,
    all_of,
    call,
    cast,
    column,
    create_table_as,
    first_of,
    is_null,
    named,
    number,
    text,
    update,
)

MOST_PARTITIONS = 1_000
"""Partitions of one unit. Rows of further ones go to quarantine: such a contract partitions by what is
nearly a key, and as many files would neither be written in time nor read quickly."""

_PARTITIONS = "partitions"
_NUMBER = "partition number"
"""A column, called as none of a contract is."""


class Partitions:
    """The partitions of a unit's rows without reasons, numbered in the order of their values."""

    def __init__(self, session: Session, plan: Plan) -> None:
        self._session, self._plan = session, plan
        indexes = {one.name: index for index, one in enumerate(plan.columns)}
        kinds = [plan.columns[indexes[one.column]].type for one in plan.partitions]
        self._values = [
            _transformed(column(f"o{indexes[one.column]}", WORK), one, kind)
            for one, kind in zip(plan.partitions, kinds, strict=True)
        ]
        self._moments = [isinstance(kind, Timestamp) for kind in kinds]
        self._names = [f"value{at}" for at in range(len(self._values))]

    def find(self) -> None:
        """Number the partitions, and give the rows of those beyond the limit a reason."""
        found = (
            _cut(value) if moment else value
            for value, moment in zip(self._values, self._moments, strict=True)
        )
        rows = exp.select(*map(named, found, self._names)).distinct().from_(WORK)
        rows = rows.where(is_null(column("reasons", WORK)))
        place = exp.Window(
            this=exp.RowNumber(), order=exp.Order(expressions=[column(name) for name in self._names])
        )
        values = (
            named(cast(column(name), "TIMESTAMPTZ"), name) if moment else column(name)
            for name, moment in zip(self._names, self._moments, strict=True)
        )
        numbered = exp.select(named(place, _NUMBER), *values).from_(rows.subquery("found"))
        self._session.execute(create_table_as(_PARTITIONS, numbered))
        beyond = exp.GT(this=column(_NUMBER), expression=number(MOST_PARTITIONS))
        excess = exp.select(exp.Star()).from_(_PARTITIONS).where(beyond).subquery(_PARTITIONS)
        shown = exp.ConcatWs(expressions=[text(", "), *map(_as_text, self._names)], coalesce=True)
        names = ", ".join(one.column for one in self._plan.partitions)
        reasons = call("LIST_APPEND", column("reasons"), reason(text(names), text("partition"), shown))
        matches = (is_null(column("reasons", WORK)), self._same())
        self._session.execute(update(WORK, {"reasons": reasons}, excess, (), *matches))

    def split(self, rows: exp.Select) -> Iterator[exp.Select]:
        """`rows`, which selects from WORK, by partition.

        Each is picked out of all rows by its values, given as literals: 3 to 5 ms for a million rows.
        """
        values = exp.select(*map(_as_text, self._names)).from_(_PARTITIONS).order_by(column(_NUMBER))
        for texts in self._session.execute(values.limit(MOST_PARTITIONS)):
            yield rows.where(*map(_is, self._values, texts))

    def _same(self) -> E:
        return all_of(
            *(
                exp.NullSafeEQ(this=value.copy(), expression=column(name, _PARTITIONS))
                for value, name in zip(self._values, self._names, strict=True)
            )
        )


def _cut(moment: E) -> E:
    """A moment cut to its day or the like, without the calendar of time zones: that takes eight times as
    long, and the session's zone is UTC."""
    if not isinstance(moment, exp.TimestampTrunc):
        return moment
    plain = call("MAKE_TIMESTAMP", call("EPOCH_US", moment.this.copy()))
    return exp.TimestampTrunc(this=plain, unit=moment.unit)


def _is(value: E, written: str | None) -> E:
    """Whether a value is the one of this text, which compares as a literal of its type."""
    if written is None:
        return is_null(value.copy())
    return exp.EQ(this=value.copy(), expression=text(written))


def _as_text(name: str) -> E:
    return cast(column(name, _PARTITIONS), "TEXT")


def _transformed(value: E, partition: Partition, kind: Type) -> E:
    """A value that is another wherever Iceberg's transform is another; in UTC, as the session is."""
    match partition.transform:
        case "identity":
            return value
        case "truncate" if isinstance(kind, Text):
            return exp.Left(this=value, expression=number(partition.width))
        case "truncate":
            return _truncated(value, partition.width, kind.scale if isinstance(kind, Decimal) else 0)
        case unit:
            return exp.TimestampTrunc(this=value, unit=exp.var(unit.upper()))


def _truncated(value: E, width: int, scale: int) -> E:
    """Down to a multiple of `width` units of the last digit; the least values, where there is none, stay."""
    step = exp.Literal.number(f"{width}e-{scale}") if scale else number(width)
    step = cast(step, f"DECIMAL(38, {scale})")
    rest = exp.paren(exp.Mod(this=value.copy(), expression=step.copy()))
    above = exp.paren(exp.Add(this=rest, expression=step.copy()))
    lower = exp.Sub(this=value.copy(), expression=exp.paren(exp.Mod(this=above, expression=step)))
    return first_of(call("TRY", lower), value)
