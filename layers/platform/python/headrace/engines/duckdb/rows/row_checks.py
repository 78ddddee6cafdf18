"""A contract's rule on a row as a whole, so computed that no row can stop the statement.

Athena fails a query in which a number overflows or is divided by zero, or a cast does not fit; here the row
breaks the rule then. DuckDB's TRY is of no use for that: in 1.5.5 it writes beyond its vectors (duckdb issue
25280). So whatever may fail gives NULL, and beside the predicate stands whether anything failed that Athena
would have come to.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from sqlglot import exp

from headrace.domain.plan import Column
from headrace.engines.duckdb.athena.athena_sql import to_duckdb
from headrace.engines.duckdb.athena.athena_types import INTEGERS, dtype, scale_of
from headrace.engines.sql import E, all_of, any_of, call, case, is_not_null, is_null, number

_HUGE = exp.DataType.build("HUGEINT", dialect="duckdb")
_MAY_FAIL = (exp.Cast, exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs, exp.IntDiv, exp.Mod)
# Comparisons are too, but DuckDB 1.5.5 compares what stands inside a TRY_CAST, and gets no NULL from it.
_STRICT = (*_MAY_FAIL, exp.Paren)
_DIGITS = 37
"""One less than a decimal has, for the guard against overflow is computed with doubles."""


def breaks_check(predicate: str, columns: tuple[Column, ...]) -> E:
    """Whether a row breaks a predicate over the table `batch`, which has `columns`: it is false there, or
    cannot be computed. Never NULL. Raises InvalidSql as `to_duckdb` does."""
    return _breaks(predicate, columns).copy()


@lru_cache(maxsize=256)
def _breaks(predicate: str, columns: tuple[Column, ...]) -> E:
    tree = to_duckdb(predicate, columns)
    return any_of([_is(tree, exp.false()), *_failures(tree)])


def _safe(node: exp.Expr) -> exp.Expr:
    """The tree with NULL in place of what would fail."""
    root = exp.paren(node)
    parts = [(part, _limit(part)) for part in root.find_all(*_MAY_FAIL)]
    for part, limit in reversed(parts):  # the innermost first
        part.replace(_or_null(part.copy(), limit))
    return root


def _limit(node: exp.Expr) -> E | None:
    """What the sizes of a decimal's operands, multiplied or added, must stay below; None for all else."""
    if not isinstance(node, exp.Binary) or dtype(node) != exp.DType.DECIMAL:
        return None
    return exp.cast(exp.Literal.string(f"1e{_DIGITS - scale_of(node)}"), "DOUBLE")


def _or_null(node: exp.Expr, limit: E | None) -> exp.Expr:
    """One operation on operands that are safe; NULL where it would fail."""
    kind = dtype(node)
    if isinstance(node, exp.Cast):
        return exp.TryCast(this=node.this, to=node.to, safe=True)
    if kind is not None and kind in INTEGERS:
        for operand in list(node.iter_expressions()):
            operand.replace(exp.cast(operand.copy(), _HUGE))
        return exp.TryCast(this=exp.paren(node), to=exp.DataType.build(kind), safe=True)
    if limit is None or not isinstance(node, exp.Binary):
        return node
    left, right = (exp.Abs(this=exp.cast(one.copy(), "DOUBLE")) for one in (node.left, node.right))
    size = (exp.Mul if isinstance(node, exp.Mul) else exp.Add)(this=left, expression=right)
    return exp.paren(case((exp.LT(this=size, expression=limit), node)))


def _failures(node: exp.Expr) -> list[E]:
    """The conditions, never NULL, under which something fails in computing a tree as Athena does."""
    match node:
        case exp.And() | exp.Or():
            goes_on = exp.Not(this=_is(node.left, exp.convert(isinstance(node, exp.Or))))
            failures = [*_failures(node.left), *_where(goes_on, _failures(node.right))]
        case exp.Case():
            branches = [(one.this, one.args["true"]) for one in node.args["ifs"]]
            failures = _failures_in_turn(branches, node.args.get("default"))
        case exp.If():
            failures = _failures_in_turn([(node.this, node.args["true"])], node.args.get("false"))
        case exp.Coalesce():
            failures = _failures_of_first([node.this, *node.expressions])
        case exp.ArrayFilter():
            failures = [*_failures(node.this), *_failures_of_items(node)]
        case _ if _is_strict(node):
            inputs = list(_inputs(node))
            failures = [one for part in inputs for one in _failures(part)]
            if any(_is_strict(part) and isinstance(part, _MAY_FAIL) for part in node.walk()):
                given = [is_not_null(_safe(one)) for one in inputs if not isinstance(one, exp.Literal)]
                failures.append(exp.paren(all_of(*given, is_null(_safe(node)))))
        case _:
            failures = [one for part in node.iter_expressions() for one in _failures(part)]
    return failures


def _is_strict(node: exp.Expr) -> bool:
    """Whether an operation is NULL only where an operand is, or where it fails."""
    return isinstance(node, _STRICT) and not isinstance(node, exp.TryCast)


def _inputs(node: exp.Expr) -> Iterator[exp.Expr]:
    """What strict operations on strict operations start from."""
    for part in node.iter_expressions():
        if _is_strict(part):
            yield from _inputs(part)
        elif not isinstance(part, exp.DataType):
            yield part


def _failures_in_turn(branches: Sequence[tuple[E, E]], default: E | None) -> list[E]:
    if not branches:
        return [] if default is None else _failures(default)
    (when, then), *rest = branches
    chosen, passed = _failures(then), _failures_in_turn(rest, default)
    either = exp.paren(case((_safe(when), any_of(chosen)), default=any_of(passed)))
    return [*_failures(when), *([either] if chosen or passed else [])]


def _failures_of_first(values: Sequence[E]) -> list[E]:
    first, *rest = values
    return [*_failures(first), *(_where(is_null(_safe(first)), _failures_of_first(rest)) if rest else [])]


def _failures_of_items(node: exp.ArrayFilter) -> list[E]:
    inner = _failures(node.expression.this)
    if not inner:
        return []
    fails = exp.Lambda(this=any_of(inner), expressions=node.expression.expressions)
    failed = call("LEN", exp.ArrayFilter(this=_safe(node.this), expression=fails))
    return [exp.GT(this=exp.Coalesce(this=failed, expressions=[number(0)]), expression=number(0))]


def _where(condition: E, failures: list[E]) -> list[E]:
    return [exp.paren(all_of(condition, exp.paren(any_of(failures))))] if failures else []


def _is(node: E, truth: E) -> E:
    return exp.paren(exp.Is(this=_safe(node), expression=truth))
