"""Calls: the overload a function's arguments pick, aggregation with its FILTER and ORDER BY, and windows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.trino import duck, functions, operators
from headrace_local.athena.trino.casts import known_zone
from headrace_local.athena.trino.coercion import as_decimal
from headrace_local.athena.trino.dialect import only, position
from headrace_local.athena.trino.duck import duck as sql
from headrace_local.athena.trino.expressions import Expressions, compiles
from headrace_local.athena.trino.scope import Typed
from headrace_local.athena.trino.signatures import Signature, choose
from headrace_local.athena.trino.types import BIGINT, MAX_DECIMAL_PRECISION, VARCHAR, decimal

Handler = Callable[[Expressions, exp.Anonymous], Typed]
SPECIAL: dict[str, Handler] = {}
_OFFSETS: dict[str, type[exp.Expr]] = {
    "lag": exp.Lag,
    "lead": exp.Lead,
    "first_value": exp.FirstValue,
    "last_value": exp.LastValue,
    "nth_value": exp.NthValue,
}
_EXTRACT_FIELDS = {
    **{n: n for n in ("year", "quarter", "month", "week", "day", "hour", "minute", "second")},
    **{n: n for n in ("day_of_month", "day_of_week", "dow", "day_of_year", "doy", "year_of_week", "yow")},
}


def special(*names: str) -> Callable[[Handler], Handler]:
    """Registers a function whose types or rendering a signature cannot tell."""

    def register(handler: Handler) -> Handler:
        SPECIAL.update(dict.fromkeys(names, handler))
        return handler

    return register


@dataclass(frozen=True)
class _Aggregation:
    """What surrounds an aggregate's call: which rows, in which order, over which window."""

    distinct: bool = False
    order: tuple[exp.Ordered, ...] = ()
    where: exp.Expr | None = None
    window: exp.Window | None = None
    ignore_nulls: bool = False

    def call(self, name: str, args: Sequence[exp.Expr]) -> exp.Expr:
        """One aggregate call of DuckDB's, marked for the check of GROUP BY."""
        inner: list[exp.Expr] = [exp.Distinct(expressions=list(args))] if self.distinct else list(args)
        if self.order and inner:
            inner[-1] = exp.Order(this=inner[-1], expressions=[o.copy() for o in self.order])
        made: exp.Expr = exp.Anonymous(this=name, expressions=inner)
        if self.ignore_nulls:
            made = exp.IgnoreNulls(this=_offset_function(name, inner))
        if self.where is not None:
            made = exp.Filter(this=made, expression=exp.Where(this=self.where.copy()))
        if self.window is not None:
            window = self.window.copy()
            window.set("this", made)
            return window
        made.meta["aggregate"] = True
        return made


def _offset_function(name: str, args: Sequence[exp.Expr]) -> exp.Expr:
    """The functions that IGNORE NULLS applies to, as sqlglot's own nodes: it renders the clause for those."""
    if name not in _OFFSETS:
        raise not_supported(f"IGNORE NULLS for {name}")
    members = zip(("this", "offset", "default"), args, strict=False)
    return _OFFSETS[name](**dict(members))


@compiles(exp.Anonymous)
def _call(self: Expressions, node: exp.Anonymous) -> Typed:
    name = node.name.lower()
    if name in SPECIAL:
        return SPECIAL[name](self, node)
    if name in functions.aggregates():
        return _aggregate(self, node, _Aggregation())
    if name in functions.windows():
        raise QueryFailed("MISSING_OVER", f"Window function {name} must have an OVER clause", position(node))
    return function(name, [self.typed(a) for a in node.expressions], position(node))


def function(name: str, args: Sequence[Typed], at: int | None) -> Typed:
    """A scalar function's result; raises FUNCTION_NOT_FOUND for names and arguments that do not exist."""
    overloads = functions.scalars().get(name)
    if overloads is None:
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Function '{name}' not registered", at)
    return _applied(overloads, name, args, at, lambda template, nodes: sql(template, *nodes))


def _applied(
    overloads: Sequence[Signature],
    name: str,
    args: Sequence[Typed],
    at: int | None,
    render: Callable[[str, list[exp.Expr]], exp.Expr],
) -> Typed:
    match = choose(overloads, [a.type for a in args])
    if match is None:
        shown = ", ".join(str(a.type) for a in args)
        expected = ", ".join(map(str, overloads))
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"Unexpected parameters ({shown}) for function {name}. Expected: {expected}",
            at,
        )
    nodes = [operators.coerced(a, t) for a, t in zip(args, match.args, strict=True)]
    patterns = match.signature.args
    local = [in_its_zone(n) if p.name == "local" else n.sql for n, p in zip(nodes, patterns, strict=True)]
    return Typed(match.returns, duck.cast(render(match.signature.template, local), match.returns))


def in_its_zone(value: Typed) -> exp.Expr:
    """A moment's calendar: with time zone, as the zone's clock shows it."""
    if value.type.name != "timestamp with time zone":
        return value.sql
    return sql("timezone(_1, _2)", duck.text(known_zone(value.type)), value.sql)


def _aggregate(self: Expressions, node: exp.Anonymous, about: _Aggregation) -> Typed:
    name, at = node.name.lower(), position(node)
    if self.clause is not None and about.window is None:
        shown = node.sql("trino").lower()
        raise QueryFailed(
            "EXPRESSION_NOT_SCALAR",
            f"{self.clause} cannot contain aggregations, window functions or grouping operations: [{shown}]",
            at,
        )
    raw = list(node.expressions)
    if raw and isinstance(raw[-1], exp.Order):
        about = replace(about, order=ordering(self, raw[-1].expressions))
        raw[-1] = raw[-1].this
    if raw and isinstance(raw[0], exp.Distinct):
        about, raw = replace(about, distinct=True), raw[0].expressions
    if name == "count" and (not raw or isinstance(raw[0], exp.Star)):
        return Typed(BIGINT, about.call("count", [exp.Star()]))
    inner = Expressions(self.context, self.scope, "Aggregation") if about.window is None else self
    args = [inner.typed(a) for a in raw]
    if name == "avg" and len(args) == 1 and args[0].type.name == "decimal":
        return _average(args[0], about)
    if name in ("min", "max"):
        for arg in args:
            operators.orderable(arg, f"{name} of a value", at)
    overloads = functions.windows().get(name) or functions.aggregates()[name]
    return _applied(overloads, name, args, at, lambda template, nodes: _render(template, nodes, about))


def _render(template: str, nodes: list[exp.Expr], about: _Aggregation) -> exp.Expr:
    """The template with each of its `agg_` calls made an aggregate of DuckDB's."""

    def aggregate(node: exp.Expr) -> exp.Expr:
        if not (isinstance(node, exp.Anonymous) and node.name.startswith("agg_")):
            return node
        args, inside = node.expressions, about
        if args and isinstance(args[0], exp.Distinct):
            inside, args = replace(about, distinct=True), args[0].expressions
        return inside.call(node.name.removeprefix("agg_"), args)

    return sql(template, *nodes).transform(aggregate)


def _average(value: Typed, about: _Aggregation) -> Typed:
    """The mean of decimals: exact, half up, of the decimals' own type."""
    total = Typed(decimal(MAX_DECIMAL_PRECISION, value.type.scale), about.call("sum", [value.sql]))
    number = Typed(as_decimal(BIGINT), about.call("count", [value.sql]))
    mean = operators.divided(total, number, value.type)
    return Typed(value.type, sql("CASE WHEN _1 > 0 THEN _2 END", number.sql, mean))


def ordering(self: Expressions, items: Sequence[exp.Expr]) -> tuple[exp.Ordered, ...]:
    """ORDER BY inside a call or window; nulls come last unless told, ascending or descending."""
    ordered = []
    for item in items:
        value = self.typed(item.this)
        node = operators.orderable(value, "ORDER BY a value", position(item))
        ordered.append(ordered_by(node, item))
    return tuple(ordered)


def ordered_by(node: exp.Expr, item: exp.Expr) -> exp.Ordered:
    return exp.Ordered(
        this=node, desc=bool(item.args.get("desc")), nulls_first=bool(item.args.get("nulls_first"))
    )


@compiles(exp.Filter)
def _filter(self: Expressions, node: exp.Filter) -> Typed:
    inner = Expressions(self.context, self.scope, "FILTER clause")
    where = inner.predicate(node.expression.this, "FILTER expression")
    return _wrapped(self, node.this, _Aggregation(where=where))


@compiles(exp.WithinGroup)
def _within_group(self: Expressions, node: exp.WithinGroup) -> Typed:
    return _wrapped(self, node, _Aggregation())


def _wrapped(self: Expressions, node: exp.Expr, about: _Aggregation) -> Typed:
    """An aggregate call under what wraps it: WITHIN GROUP, IGNORE NULLS, FILTER."""
    if isinstance(node, exp.WithinGroup):
        return _listagg(self, node, about)
    if isinstance(node, (exp.IgnoreNulls, exp.RespectNulls)):
        return _wrapped(self, node.this, replace(about, ignore_nulls=isinstance(node, exp.IgnoreNulls)))
    if isinstance(node, exp.Filter):
        inner = Expressions(self.context, self.scope, "FILTER clause")
        where = inner.predicate(node.expression.this, "FILTER expression")
        return _wrapped(self, node.this, replace(about, where=where))
    name = node.name.lower() if isinstance(node, exp.Anonymous) else ""
    known = name in functions.aggregates() or (about.window is not None and name in functions.windows())
    if not isinstance(node, exp.Anonymous) or not known:
        raise QueryFailed(
            "FUNCTION_NOT_AGGREGATE", f"Function '{node.sql('trino')}' is not an aggregate", position(node)
        )
    return _aggregate(self, node, about)


def _listagg(self: Expressions, node: exp.WithinGroup, about: _Aggregation) -> Typed:
    call = node.this
    if not isinstance(call, exp.Anonymous) or call.name.lower() != "listagg" or not call.expressions:
        raise not_supported(f"The expression {node.sql('trino')}", position(node))
    about = replace(about, order=ordering(self, node.expression.expressions))
    separator = call.expressions[1] if len(call.expressions) > 1 else exp.Literal.string("")
    values = [self.as_type(a, VARCHAR, "listagg argument") for a in (call.expressions[0], separator)]
    return Typed(VARCHAR, about.call("string_agg", values))


@compiles(exp.Window)
def _window(self: Expressions, node: exp.Window) -> Typed:
    if self.clause is not None:
        raise QueryFailed(
            "EXPRESSION_NOT_SCALAR",
            f"{self.clause} cannot contain aggregations, window functions or grouping operations",
            position(node),
        )
    only(node, "this", "partition_by", "order", "spec", "over", "alias")
    partition = [self.typed(p).sql for p in node.args.get("partition_by") or []]
    order = node.args.get("order")
    named = node.args.get("alias")
    if named is not None:
        raise not_supported("A named window (write it in the OVER clause)", position(node))
    window = exp.Window(
        partition_by=partition,
        order=exp.Order(expressions=list(ordering(self, order.expressions))) if order is not None else None,
        spec=_frame(node.args.get("spec")),
        over="OVER",
    )
    return _wrapped(self, node.this, _Aggregation(window=window))


def _frame(spec: exp.WindowSpec | None) -> exp.WindowSpec | None:
    """ROWS between whole numbers of rows, or RANGE between the ends and the current row."""
    if spec is None:
        return None
    bounds = [b for b in (spec.args.get("start"), spec.args.get("end")) if isinstance(b, exp.Expr)]
    rows = str(spec.args.get("kind")).lower() == "rows"
    if any(not (rows and isinstance(b, exp.Literal) and not b.is_string) for b in bounds) or spec.args.get(
        "exclude"
    ):
        raise not_supported(f"The window frame {spec.sql('trino')}")
    return spec.copy()


@compiles(exp.Extract)
def _extract(self: Expressions, node: exp.Extract) -> Typed:
    field = _EXTRACT_FIELDS.get(node.this.name.lower())
    if field is None:
        raise not_supported(f"EXTRACT of {node.this.name}")
    return function(field, [self.typed(node.expression)], position(node))


@compiles(exp.StrPosition)
def _position(self: Expressions, node: exp.StrPosition) -> Typed:
    return function("strpos", [self.typed(node.this), self.typed(node.args["substr"])], position(node))


@compiles(exp.Substring)
def _substring(self: Expressions, node: exp.Substring) -> Typed:
    args = [node.this, node.args.get("start"), node.args.get("length")]
    return function("substr", [self.typed(a) for a in args if a is not None], position(node))


@compiles(exp.Trim)
def _trim(self: Expressions, node: exp.Trim) -> Typed:
    side = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position")), "trim")
    value = self.as_type(node.this, VARCHAR, "Value of TRIM")
    if node.expression is None:
        return function(side, [Typed(VARCHAR, value)], position(node))
    return Typed(
        VARCHAR, duck.call(side, value, self.as_type(node.expression, VARCHAR, "Characters of TRIM"))
    )


def literal_text(node: exp.Expr, what: str) -> str:
    """An argument that must be a literal, such as a unit or a format."""
    if not (isinstance(node, exp.Literal) and node.is_string):
        raise not_supported(f"{what} that is not a literal", position(node))
    return str(node.this)


def arguments(node: exp.Anonymous, least: int, most: int) -> list[exp.Expr]:
    """A special function's arguments, if there are as many as it takes."""
    if not least <= len(node.expressions) <= most:
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"Unexpected number of parameters for function {node.name.lower()}",
            position(node),
        )
    return list(node.expressions)
