"""Queries: SELECT, VALUES, set operations and WITH, as DuckDB queries whose columns are c0, c1 …"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.trino import duck, grouping, operators, pruning, special  # noqa: F401 - special registers
from headrace_local.athena.trino.calls import ordered_by
from headrace_local.athena.trino.casts import convert
from headrace_local.athena.trino.coercion import common
from headrace_local.athena.trino.context import Context
from headrace_local.athena.trino.dialect import only, position
from headrace_local.athena.trino.expressions import Expressions, compiles
from headrace_local.athena.trino.relations import relation, subquery
from headrace_local.athena.trino.scope import Cte, Field, Scope, Typed, column
from headrace_local.athena.trino.types import BOOLEAN, Type

_TAIL = ("order", "limit", "offset", "with_")
_SELECT = ("expressions", "from_", "joins", "where", "group", "having", "distinct", *_TAIL)


@dataclass(frozen=True)
class Query:
    """A compiled query: DuckDB's, and its columns' Trino names (None: unnamed) and types."""

    sql: exp.Query
    columns: list[tuple[str | None, Type]]


@dataclass(frozen=True)
class _Item:
    """One expression of a SELECT list."""

    name: str | None
    value: Typed


class Queries:
    """Compiles the queries of one statement, top-level and nested."""

    def __init__(self, context: Context) -> None:
        self.context = context
        context.queries = self

    def compile(self, node: exp.Expr, outer: Scope | None = None) -> Query:
        """The query that a SELECT, VALUES, TABLE or set operation, in parentheses or not, stands for."""
        scope = Scope(outer=outer)
        with_ = self._with(node, scope)
        match node:
            case exp.Select():
                query = self._select(node, scope)
            case exp.Union() | exp.Intersect() | exp.Except():
                query = self._set_operation(node, scope)
            case exp.Subquery():
                only(node, "this", *_TAIL)
                query = self._tail(self.compile(node.this, scope), node)
            case exp.Values():
                query = self._values(node, scope)
            case _:
                raise not_supported(f"The query {node.sql('trino')}", position(node))
        if with_:
            query.sql.set("with_", exp.With(expressions=with_))
        return query

    def _with(self, node: exp.Expr, scope: Scope) -> list[exp.CTE]:
        with_ = node.args.get("with_")
        if with_ is None:
            return []
        if with_.args.get("recursive"):
            raise not_supported("WITH RECURSIVE", position(with_))
        made = []
        for cte in with_.expressions:
            query = self.compile(cte.this, scope)
            names = [c.name.lower() for c in cte.args["alias"].args.get("columns") or []]
            if names and len(names) != len(query.columns):
                raise QueryFailed(
                    "MISMATCHED_COLUMN_ALIASES",
                    f"WITH column alias list has {len(names)} entries but WITH query({cte.alias}) has "
                    f"{len(query.columns)} columns",
                    position(cte),
                )
            name = self.context.relation()
            columns = [(names[i] if names else n, t) for i, (n, t) in enumerate(query.columns)]
            scope.ctes[cte.alias.lower()] = Cte(name, columns)
            made.append(
                exp.CTE(this=query.sql, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
            )
        return made

    def _select(self, node: exp.Select, scope: Scope) -> Query:
        only(node, *_SELECT)
        source = relation(self.context, node, scope)
        made = exp.Select()
        if source is not None:
            made.set("from_", exp.From(this=source.node))
            made.set("joins", source.joins)
        if (where := node.args.get("where")) is not None:
            expressions = Expressions(self.context, scope, "WHERE clause")
            made.set("where", exp.Where(this=expressions.predicate(where.this, "WHERE clause")))
            pruning.note(source.unpadded if source else [], where.this, scope, self.context.statement)
        items = self._items(node, scope)
        groups = grouping.groups(self.context, node, scope, [i.value for i in items])
        having = self._having(node, scope)
        distinct = node.args.get("distinct") is not None
        order = self._order(node, scope, items, distinct=distinct)
        checked = (
            [i.value.sql for i in items] + [o.this for o in order] + ([having] if having is not None else [])
        )
        grouping.check(checked, groups, scope, aggregated=having is not None)
        made.set("expressions", [exp.alias_(i.value.sql, f"c{n}", quoted=True) for n, i in enumerate(items)])
        made.set("group", groups.node if groups is not None else None)
        made.set("having", exp.Having(this=having) if having is not None else None)
        made.set("distinct", exp.Distinct() if distinct else None)
        made.set("order", exp.Order(expressions=order) if order else None)
        _limits(made, node)
        return Query(made, [(i.name, i.value.type) for i in items])

    def _items(self, node: exp.Select, scope: Scope) -> list[_Item]:
        expressions = Expressions(self.context, scope)
        items = []
        for each in node.expressions:
            star = each if isinstance(each, exp.Star) else each.this if isinstance(each, exp.Column) else None
            if isinstance(star, exp.Star):
                items += self._star(each, star, scope)
                continue
            inner = each.this if isinstance(each, exp.Alias) else each
            items.append(_Item(_name(each), expressions.typed(inner)))
        if node.args.get("distinct") is not None:
            if node.args["distinct"].args.get("on"):
                raise not_supported("SELECT DISTINCT ON", position(node))
            for item in items:
                operators.orderable(item.value, "DISTINCT over a value", None)
        return items

    def _star(self, each: exp.Expr, star: exp.Star, scope: Scope) -> list[_Item]:
        if any(star.args.get(a) for a in ("except_", "replace", "rename")):
            raise not_supported(f"{each.sql('trino')} in SELECT", position(each))
        fields = scope.fields
        if isinstance(each, exp.Column):
            qualifier = [p.name.lower() for p in each.parts[:-1]]
            fields = scope.of(qualifier)
            if not fields:
                raise QueryFailed(
                    "TABLE_NOT_FOUND", f"Unable to resolve reference {'.'.join(qualifier)}", position(each)
                )
        elif not fields:
            raise QueryFailed(
                "COLUMN_NOT_FOUND", "SELECT * not allowed in queries without FROM clause", position(each)
            )
        return [_Item(f.name, Typed(f.type, f.sql.copy())) for f in fields]

    def _having(self, node: exp.Select, scope: Scope) -> exp.Expr | None:
        having = node.args.get("having")
        if having is None:
            return None
        return Expressions(self.context, scope).predicate(having.this, "HAVING clause")

    def _order(
        self, node: exp.Select, scope: Scope, items: Sequence[_Item], *, distinct: bool
    ) -> list[exp.Ordered]:
        """ORDER BY: names of the SELECT list first, then the source's; items of the list by their place."""
        order = node.args.get("order")
        if order is None:
            return []
        fields = {str(i.name): Field(i.name, i.value.type, i.value.sql) for i in items if i.name is not None}
        expressions = Expressions(self.context, Scope(list(fields.values()), scope))
        made = []
        for each in order.expressions:
            place = _ordinal(each.this, len(items), "ORDER BY")
            value = items[place].value if place is not None else expressions.typed(each.this)
            by = operators.orderable(value, "ORDER BY a value", position(each))
            same = [n for n, i in enumerate(items) if i.value.sql == by]
            if distinct and not same:
                raise QueryFailed(
                    "EXPRESSION_NOT_IN_DISTINCT",
                    "For SELECT DISTINCT, ORDER BY expressions must appear in select list",
                    position(each),
                )
            made.append(ordered_by(exp.Literal.number(same[0] + 1) if same else by, each))
        return made

    def _tail(self, query: Query, node: exp.Expr) -> Query:
        """A query in parentheses, or a set operation, under ORDER BY and LIMIT of its own."""
        if not any(node.args.get(a) for a in ("order", "limit", "offset")):
            return query
        name = self.context.relation()
        values = [Typed(t, column(name, f"c{i}")) for i, (_, t) in enumerate(query.columns)]
        made = exp.select(*(exp.alias_(v.sql, f"c{i}", quoted=True) for i, v in enumerate(values)))
        made.set("from_", exp.From(this=subquery(query.sql, name)))
        items = [_Item(n, v) for (n, _), v in zip(query.columns, values, strict=True)]
        scope = Scope([Field(i.name, i.value.type, i.value.sql) for i in items])
        ordered = exp.Select(order=node.args["order"]) if node.args.get("order") else exp.Select()
        order = self._order(ordered, scope, items, distinct=False)
        made.set("order", exp.Order(expressions=order) if order else None)
        _limits(made, node)
        return Query(made, query.columns)

    def _set_operation(self, node: exp.SetOperation, scope: Scope) -> Query:
        only(node, "this", "expression", "distinct", *_TAIL)
        left, right = (self.compile(n, scope) for n in (node.this, node.expression))
        word = type(node).__name__.upper()
        if len(left.columns) != len(right.columns):
            raise QueryFailed(
                "TYPE_MISMATCH",
                f"{word} query has different number of fields: {len(left.columns)}, {len(right.columns)}",
                position(node),
            )
        types = []
        for i, ((_, a), (_, b)) in enumerate(zip(left.columns, right.columns, strict=True), 1):
            shared = common(a, b)
            if shared is None:
                raise QueryFailed(
                    "TYPE_MISMATCH",
                    f"column {i} in {word} query has incompatible types: {a}, {b}",
                    position(node),
                )
            types.append(shared)
        sides = [self.retyped(q, types).sql for q in (left, right)]
        made = type(node)(this=sides[0], expression=sides[1], distinct=bool(node.args.get("distinct")))
        columns = [(n, t) for (n, _), t in zip(left.columns, types, strict=True)]
        return self._tail(Query(made, columns), node)

    def retyped(self, query: Query, types: Sequence[Type]) -> Query:
        """The query with its columns as types they coerce to."""
        name = self.context.relation()
        values = [
            convert(column(name, f"c{i}"), t, wanted)
            for i, ((_, t), wanted) in enumerate(zip(query.columns, types, strict=True))
        ]
        made = exp.select(*(exp.alias_(v, f"c{i}", quoted=True) for i, v in enumerate(values)))
        made.set("from_", exp.From(this=subquery(query.sql, name)))
        return Query(made, [(n, t) for (n, _), t in zip(query.columns, types, strict=True)])

    def _values(self, node: exp.Values, scope: Scope) -> Query:
        expressions = Expressions(self.context, Scope(outer=scope), "VALUES")
        rows = [
            [expressions.typed(v) for v in (r.expressions if isinstance(r, exp.Tuple) else [r])]
            for r in node.expressions
        ]
        if len({len(r) for r in rows}) != 1:
            raise QueryFailed("TYPE_MISMATCH", "Values rows have mismatched sizes", position(node))
        cells = [
            expressions.one_type(c, "Values rows have mismatched types", position(node))
            for c in zip(*rows, strict=True)
        ]
        types = [c[0].type for c in cells]
        typed_rows = [
            [duck.cast(c[i].sql, t) for c, t in zip(cells, types, strict=True)] for i in range(len(rows))
        ]
        selects = [
            exp.select(*(exp.alias_(v, f"c{i}", quoted=True) for i, v in enumerate(r))) for r in typed_rows
        ]
        made: exp.Query = selects[0]
        if len(selects) > 1:
            names = [exp.to_identifier(f"c{i}", quoted=True) for i in range(len(types))]
            alias = exp.TableAlias(
                this=exp.to_identifier(self.context.relation(), quoted=True), columns=names
            )
            listed = exp.Values(expressions=[exp.Tuple(expressions=r) for r in typed_rows], alias=alias)
            made = exp.Select(expressions=[exp.column(n.copy()) for n in names])
            made.set("from_", exp.From(this=listed))
        return Query(made, [(None, t) for t in types])

    def in_query(self, expressions: Expressions, node: exp.In) -> Typed:
        """`x IN (SELECT …)`."""
        value = expressions.typed(node.this)
        query, left = self._one_column(expressions, node.args["query"], value)
        return Typed(BOOLEAN, exp.In(this=duck.wrapped(left), query=exp.Subquery(this=query)))

    def quantified(self, expressions: Expressions, node: exp.Binary, symbol: str) -> Typed:
        """`x = ANY (SELECT …)`, `x > ALL (SELECT …)`."""
        value = expressions.typed(node.this)
        query, left = self._one_column(expressions, node.expression.this, value)
        kind = type(node.expression)
        if symbol not in ("=", "<>", "<", "<=", ">", ">="):
            raise not_supported(f"{node.sql('trino')}", position(node))
        return Typed(
            BOOLEAN, type(node)(this=duck.wrapped(left), expression=kind(this=exp.Subquery(this=query)))
        )

    def _one_column(
        self, expressions: Expressions, node: exp.Expr, value: Typed
    ) -> tuple[exp.Query, exp.Expr]:
        """A subquery of one column and the value beside it, both as their common type."""
        query = self.compile(node, expressions.scope)
        shared = common(value.type, query.columns[0][1]) if len(query.columns) == 1 else None
        if shared is None:
            shown = ", ".join(str(t) for _, t in query.columns)
            raise QueryFailed(
                "TYPE_MISMATCH",
                f"Value expression and result of subquery must be of the same type: {value.type} vs {shown}",
                position(node),
            )
        return self.retyped(query, [shared]).sql, operators.coerced(value, shared).sql


def _name(node: exp.Expr) -> str | None:
    """The name a SELECT item gives its column; unquoted names are lower case."""
    match node:
        case exp.Alias():
            identifier = node.args["alias"]
            return str(identifier.name if identifier.args.get("quoted") else identifier.name.lower())
        case exp.Column():
            return node.name.lower()
        case exp.Dot():
            return str(node.expression.name.lower())
    return None


def _ordinal(node: exp.Expr, size: int, clause: str) -> int | None:
    """The place, from 0, that a whole number in ORDER BY or GROUP BY means."""
    if not (isinstance(node, exp.Literal) and not node.is_string and node.this.isdigit()):
        return None
    if not 1 <= int(node.this) <= size:
        raise QueryFailed(
            "INVALID_COLUMN_REFERENCE", f"{clause} position {node.this} is not in select list", position(node)
        )
    return int(node.this) - 1


def _limits(made: exp.Select, node: exp.Expr) -> None:
    """LIMIT, FETCH FIRST and OFFSET, each a whole number."""
    limit, offset = node.args.get("limit"), node.args.get("offset")
    if isinstance(limit, exp.Fetch):
        options = limit.args.get("limit_options")
        if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
            raise not_supported("FETCH FIRST WITH TIES or PERCENT", position(node))
        made.set("limit", exp.Limit(expression=_count(limit.args.get("count") or exp.Literal.number(1))))
    elif limit is not None and limit.expression.name.upper() != "ALL":
        made.set("limit", exp.Limit(expression=_count(limit.expression)))
    if offset is not None:
        made.set("offset", exp.Offset(expression=_count(offset.expression)))


def _count(node: exp.Expr) -> exp.Expr:
    if not (isinstance(node, exp.Literal) and not node.is_string and node.this.isdigit()):
        raise not_supported(f"LIMIT or OFFSET of {node.sql('trino')}", position(node))
    return node.copy()


@compiles(exp.Subquery, exp.Select)
def _scalar_subquery(self: Expressions, node: exp.Expr) -> Typed:
    query = self.context.queries.compile(node, self.scope)
    if len(query.columns) != 1:
        raise QueryFailed(
            "NOT_SUPPORTED",
            f"Multiple columns returned by subquery are not yet supported. Found {len(query.columns)}",
            position(node),
        )
    return Typed(query.columns[0][1], exp.Subquery(this=query.sql))


@compiles(exp.Exists)
def _exists(self: Expressions, node: exp.Exists) -> Typed:
    query = self.context.queries.compile(node.this, self.scope)
    return Typed(BOOLEAN, exp.Exists(this=query.sql))


def output_names(query: Query) -> list[str]:
    """The names of a result's columns: `_col0` and so on where the query gives none."""
    return [n if n is not None else f"_col{i}" for i, (n, _) in enumerate(query.columns)]
