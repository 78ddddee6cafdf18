"""Which rows of a judged work unit are looked at: hashes that pick the same ones each time."""

from sqlglot import exp

from headrace.domain.profile import EVERY, HASH_BITS
from headrace.engines.sql import E, all_of, call, column, is_null, number


def published(*conditions: E) -> E:
    """The condition under which a row of `work` is published and satisfies others too."""
    return all_of(is_null(column("reasons")), *conditions)


def picked(wanted: int, rows: int) -> tuple[E, ...]:
    """The condition that picks about `wanted` of `rows` rows by a hash of their place: none to take all."""
    if rows <= wanted:
        return ()
    place = hashed(column("entry"), column("place"))
    return (exp.LT(this=place, expression=bound(EVERY * wanted // rows)),)


def hashed(*values: E) -> E:
    """A hash of values, in as many bits as sketches keep."""
    return exp.BitwiseRightShift(this=call("HASH", *values), expression=number(64 - HASH_BITS))


def bound(below: int) -> E:
    """A bound of hashes, typed as they are: else DuckDB compares them as wider numbers."""
    return exp.cast(number(below), exp.DType.UBIGINT)
