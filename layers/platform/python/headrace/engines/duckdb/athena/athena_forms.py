"""The parts of Athena's SQL that are written otherwise in DuckDB, so that they mean the same.

Each form takes a node whose parts are DuckDB's already, and whose type is Athena's.
"""

from collections.abc import Callable

from sqlglot import exp

from headrace.domain.contract.patterns import check_regex
from headrace.domain.contract.sql import InvalidSql
from headrace.engines.duckdb.athena.athena_types import (
    DIALECT,
    INTEGERS,
    KINDS,
    MOMENTS,
    TRUTH,
    check_alike,
    dtype,
    refused,
    scale_of,
)
from headrace.engines.sql import E, any_of, call, case, is_null, number, text

_SUMS = (exp.Add, exp.Sub, exp.Mul)
_MAX_SCALE = 30
_MOST_SUMS = 6
_WHITE_SPACE = " \t\n\v\f\r"


def _alike(node: exp.Expr) -> exp.Expr:
    """What brings values of one kind together: DuckDB would cast what Athena refuses."""
    check_alike(node, node.iter_expressions())
    return node


def _connected(node: exp.Expr) -> exp.Expr:
    check_alike(node, node.iter_expressions(), TRUTH)
    return node


def _truth(node: exp.Is) -> exp.Expr:
    if isinstance(node.expression, exp.Boolean):
        check_alike(node, [node.this], TRUTH)
    return node


def _chosen(node: exp.Case) -> exp.Expr:
    branches = node.args["ifs"]
    if node.this is not None:
        raise refused(node, "write a whole condition after each WHEN")
    check_alike(node, [one.this for one in branches], TRUTH)
    check_alike(node, [*(one.args["true"] for one in branches), node.args.get("default")])
    return node


def _matched(node: exp.RegexpLike) -> exp.Expr:
    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise refused(node, "give regexp_like its expression as a literal")
    try:
        check_regex(pattern.name)
    except ValueError as error:
        raise InvalidSql(f"regexp_like: {error}", "write an expression that RE2 takes") from None
    return node


def _escaped(node: exp.Escape) -> exp.Expr:
    """LIKE whose pattern ends in its escape stops the statement."""
    pattern, escape = node.this.expression, node.expression
    literal = all(isinstance(one, exp.Literal) and one.is_string for one in (pattern, escape))
    if not literal or len(escape.name) != 1 or pattern.name.endswith(escape.name):
        raise refused(node, "give LIKE a literal pattern that does not end in the escape")
    return node


def _arithmetic(node: exp.Binary) -> exp.Expr:
    left, right = dtype(node.left), dtype(node.right)
    if exp.DType.INTERVAL in (left, right):
        return exp.cast(node, "DATE") if exp.DType.DATE in (left, right) else node
    if any(one in MOMENTS or one in exp.DataType.TEXT_TYPES for one in (left, right)):
        raise refused(node, "add intervals to days, take date_diff between them")
    if dtype(node) == exp.DType.DECIMAL:
        if scale_of(node) > _MAX_SCALE or sum(1 for _ in node.find_all(*_SUMS)) > _MOST_SUMS:
            raise refused(node, "cast some of these decimals to DOUBLE first")
        for side in (node.left, node.right):
            side.replace(_widened(side))
    return node


def _widened(value: exp.Expr) -> exp.Expr:
    """An exact number as the widest decimal: DuckDB keeps products of decimals within the 18 digits that
    their operands need."""
    wide = exp.cast(value, exp.DataType.build(f"DECIMAL(38, {scale_of(value)})"))
    wide.type = wide.to
    return wide


def _divided(node: exp.Binary) -> exp.Expr:
    left, right = dtype(node.left), dtype(node.right)
    if exp.DType.DOUBLE in (left, right):
        return node
    if left in INTEGERS and right in INTEGERS:
        quotient = exp.IntDiv(this=node.left, expression=node.right)
        quotient.type = node.type
        return _unless_zero(node.right, quotient)
    raise refused(node, "cast one side to DOUBLE, or both to BIGINT, before they are divided")


def _modulo(node: exp.Binary) -> exp.Expr:
    if dtype(node.left) in INTEGERS and dtype(node.right) in INTEGERS:
        return _unless_zero(node.right, node)
    raise refused(node, "cast both sides to BIGINT, or use the rule multipleOf")


def _unless_zero(divisor: E, value: E) -> E:
    """An error where the divisor is 0; DuckDB would say NULL."""
    is_zero = exp.EQ(this=divisor.copy(), expression=number(0))
    return exp.paren(case((is_zero, _error("division by zero", "BIGINT")), default=value))


def _error(message: str, type_: str) -> E:
    """What fails where it is reached: a cast, for whatever looks for what may fail finds casts."""
    return exp.cast(text(message), type_)


def _cast(node: exp.Cast) -> exp.Expr:
    source, target = dtype(node.this), node.to.this
    value, to = node.this, exp.DataType.build(node.to.sql(DIALECT), dialect=DIALECT)
    strict = type(node) is exp.Cast
    shapes = dict.fromkeys(INTEGERS, "[+-]?[0-9]+") | {exp.DType.DATE: "[0-9]{4}-[0-9]{2}-[0-9]{2}"}
    if target in MOMENTS:
        to = exp.DataType.build(target)
    if source in exp.DataType.TEXT_TYPES and target in shapes and not isinstance(value, exp.Literal):
        fits = exp.RegexpLike(this=value.copy(), expression=text(rf"\A(?:{shapes[target]})\z"))
        value = case((fits, value), default=text("not of this form") if strict else None)
    elif source == exp.DType.DOUBLE and target in INTEGERS:
        value = exp.Round(this=value)
    elif not (isinstance(value, exp.Literal) or _is_plain_cast(source, target)):
        raise refused(node, "cast it in another way")
    return exp.cast(value, to) if strict else exp.TryCast(this=value, to=to, safe=True)


def _is_plain_cast(source: exp.DType | None, target: exp.DType) -> bool:
    """Whether DuckDB casts between two types as Athena does."""
    exact = source in INTEGERS or source == exp.DType.DECIMAL
    return (
        source == target
        or (exact and (target in exp.DataType.NUMERIC_TYPES or target in exp.DataType.TEXT_TYPES))
        or (source in MOMENTS and target in MOMENTS)
        or (source == exp.DType.DOUBLE and target == exp.DType.DECIMAL)
    )


def _trimmed(node: exp.Trim) -> exp.Expr:
    if node.expression is None:
        node.set("expression", text(_WHITE_SPACE))
    return node


def _substring(node: exp.Substring) -> exp.Expr:
    start, length = node.args.get("start"), node.args.get("length")
    if not all(part is None or (isinstance(part, exp.Literal) and part.is_int) for part in (start, length)):
        raise refused(node, "give substr a start from 1 and a length, as numbers")
    if start is not None and int(start.name) < 1:
        raise refused(node, "give substr a start from 1")
    return node


def _element(node: exp.Bracket) -> exp.Expr:
    if not node.args.get("safe") or dtype(node.this) != exp.DType.ARRAY:
        raise refused(node, "take items of arrays with element_at")
    return node


def _field(node: exp.Dot) -> exp.Expr:
    return exp.StructExtract(this=node.this, expression=text(node.expression.name))


def _difference(node: exp.DateDiff) -> exp.Expr:
    """Whole units that passed; DuckDB's date_diff counts the borders between them."""
    later, earlier = (exp.cast(one, "TIMESTAMPTZ") for one in (node.this, node.expression))
    return call("DATE_SUB", text(node.text("unit").lower()), earlier, later)


def _truncated(node: exp.Expr) -> exp.Expr:
    type_ = dtype(node.this)
    if type_ not in MOMENTS:
        raise refused(node, "cast it to a date or a timestamp first")
    return exp.cast(node, exp.DataType.build(type_))


def _added(node: exp.DateAdd) -> exp.Expr:
    type_ = dtype(node.this)
    if type_ not in MOMENTS:
        raise refused(node, "cast it to a date or a timestamp first")
    return exp.cast(exp.paren(node), exp.DataType.build(type_))


def _average(node: exp.Avg) -> exp.Expr:
    """Of decimals, the mean is one too, of their scale."""
    type_ = node.this.type
    return exp.cast(node, type_.copy()) if type_ and dtype(node.this) == exp.DType.DECIMAL else node


def _contains(node: exp.ArrayContains) -> exp.Expr:
    items, item = node.this, node.expression
    kind = next((KINDS.get(one.this) for one in (items.type.expressions if items.type else [])), None)
    check_alike(node, [item], kind)
    x = exp.to_identifier("x")
    no_values = exp.ArrayFilter(
        this=items.copy(), expression=exp.Lambda(this=is_null(exp.column("x")), expressions=[x])
    )
    return _known(any_of([is_null(items.copy()), is_null(item.copy())]), node, no_values)


def _items_and_condition(node: exp.Anonymous) -> tuple[exp.Expr, exp.Lambda]:
    match node.expressions:
        case [items, exp.Lambda(expressions=[_]) as condition]:
            return items, condition
    raise refused(node, "give it an array and a condition, as in any_match(items, x -> x > 1)")


def _any_match(node: exp.Anonymous) -> exp.Expr:
    items, condition = _items_and_condition(node)
    unknown = exp.Lambda(this=is_null(exp.paren(condition.this.copy())), expressions=condition.expressions)
    matching = _is_filled(exp.ArrayFilter(this=items, expression=condition))
    return _known(is_null(items.copy()), matching, exp.ArrayFilter(this=items.copy(), expression=unknown))


def _known(absent: E, found: E, unknown: E) -> E:
    """Three-valued: NULL where there is nothing to look at, or nothing found but something unknown."""
    branches = (absent, exp.null()), (found, exp.true()), (_is_filled(unknown), exp.null())
    return exp.paren(case(*branches, default=exp.false()))


def _is_filled(items: E) -> E:
    return exp.GT(this=call("LEN", items), expression=number(0))


def _none_match(node: exp.Anonymous) -> exp.Expr:
    return exp.paren(exp.Not(this=_any_match(node)))


def _all_match(node: exp.Anonymous) -> exp.Expr:
    _, condition = _items_and_condition(node)
    condition.set("this", exp.Not(this=exp.paren(condition.this)))
    return _none_match(node)


FORMS: dict[type[exp.Expr] | str, Callable[..., exp.Expr]] = {
    **dict.fromkeys(
        (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ), _alike
    ),
    **dict.fromkeys(
        (exp.Between, exp.In, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Array), _alike
    ),
    **dict.fromkeys((exp.And, exp.Or, exp.Not), _connected),
    exp.Is: _truth,
    exp.Case: _chosen,
    exp.RegexpLike: _matched,
    exp.Escape: _escaped,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), _arithmetic),
    exp.Div: _divided,
    exp.Mod: _modulo,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Trim: _trimmed,
    exp.Substring: _substring,
    exp.Bracket: _element,
    exp.Dot: _field,
    exp.DateDiff: _difference,
    exp.DateAdd: _added,
    exp.TimestampTrunc: _truncated,
    exp.DateTrunc: _truncated,
    exp.Avg: _average,
    exp.ArrayContains: _contains,
    "any_match": _any_match,
    "none_match": _none_match,
    "all_match": _all_match,
}
