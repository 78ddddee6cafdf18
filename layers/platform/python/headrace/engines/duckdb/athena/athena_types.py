"""What Athena takes the parts of a contract's SQL for, and the refusal of what it would not take."""

import re
from collections.abc import Iterable

from sqlglot import exp

from headrace.domain.contract.sql import BATCH, InvalidSql

DIALECT = "trino"
INTEGERS: set[object] = set(exp.DataType.INTEGER_TYPES)
MOMENTS = {exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ}
TRUTH = "true or false"
KINDS: dict[object, str] = {
    **dict.fromkeys(exp.DataType.NUMERIC_TYPES, "a number"),
    **dict.fromkeys(exp.DataType.TEXT_TYPES, "a text"),
    **dict.fromkeys(MOMENTS, "a day or a moment"),
    exp.DType.BOOLEAN: TRUTH,
}
_WIDTHS: dict[exp.DType | None, int] = {
    exp.DType.INT: 1, exp.DType.BIGINT: 2, exp.DType.DECIMAL: 3, exp.DType.DOUBLE: 4,
}  # fmt: skip
_DECIMAL = re.compile(r"[0-9]*\.[0-9]*")


def refused(node: exp.Expr, advice: str = "write it in another way") -> InvalidSql:
    """The error for a part of the tree, in which columns are called as their author does."""
    written = node.copy()
    for column in written.find_all(exp.Column):
        if column.table == BATCH:
            column.set("table", None)
    return InvalidSql(f"{written.sql(DIALECT)} cannot be answered here as Athena does", advice)


def dtype(node: exp.Expr) -> exp.DType | None:
    """The type that Athena gives a part of a tree; None where it is not known."""
    match node:
        case exp.Paren() | exp.Neg() | exp.Abs():
            return dtype(node.this)
        case exp.Add() | exp.Sub() | exp.Mul():
            kinds = {dtype(node.left), dtype(node.right)}
            known = kinds <= _WIDTHS.keys()
            return max(kinds, key=_WIDTHS.__getitem__) if known else _annotated(node)
        case exp.Literal() if not node.is_string and _DECIMAL.fullmatch(node.name):
            return exp.DType.DECIMAL  # sqlglot takes it for a double
    return _annotated(node)


def _annotated(node: exp.Expr) -> exp.DType | None:
    known = node.type.this if node.type else None
    return known if isinstance(known, exp.DType) and known != exp.DType.UNKNOWN else None


def scale_of(node: exp.Expr) -> int:
    """The digits behind the point of an exact number. Raises InvalidSql where they are not known."""
    match node:
        case exp.Paren() | exp.Neg() | exp.Abs():
            return scale_of(node.this)
        case exp.Add() | exp.Sub():
            return max(scale_of(node.left), scale_of(node.right))
        case exp.Mul():
            return scale_of(node.left) + scale_of(node.right)
        case exp.Literal():
            return len(node.name.partition(".")[2])
    if dtype(node) in INTEGERS:
        return 0
    digits = node.type.expressions if node.type and dtype(node) == exp.DType.DECIMAL else []
    if len(digits) != 2:
        raise refused(node, "cast it to a DECIMAL of so many digits first")
    return int(digits[1].name)


def check_alike(node: exp.Expr, parts: Iterable[exp.Expr | None], wanted: str | None = None) -> None:
    kinds = {wanted, *(KINDS.get(dtype(part)) for part in parts if part is not None)} - {None}
    if len(kinds) > 1:
        both = " and ".join(sorted(map(str, kinds)))
        raise refused(node, f"it brings together {both}: cast one of them")
