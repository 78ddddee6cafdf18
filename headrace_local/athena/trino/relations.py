"""FROM: tables, subqueries, joins and UNNEST, each with the fields that it brings into scope."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.trino import duck, moments
from headrace_local.athena.trino.casts import convert
from headrace_local.athena.trino.coercion import common
from headrace_local.athena.trino.context import Context, Scan
from headrace_local.athena.trino.dialect import only, position
from headrace_local.athena.trino.duck import duck as sql
from headrace_local.athena.trino.expressions import Expressions, row_field
from headrace_local.athena.trino.scope import Field, Scope, Typed, column
from headrace_local.athena.trino.types import BIGINT, Type

_SIDES = {"LEFT", "RIGHT", "FULL"}


@dataclass
class Relation:
    """What a FROM clause reads: DuckDB's nodes, the fields, and the scans whose rows no outer join pads."""

    node: exp.Expr
    fields: list[Field]
    joins: list[exp.Join] = field(default_factory=list)
    unpadded: list[Scan] = field(default_factory=list)


def relation(context: Context, node: exp.Select, scope: Scope) -> Relation | None:
    """The SELECT's FROM and joins, whose fields come into the scope; None without FROM."""
    from_ = node.args.get("from_")
    if from_ is None:
        return None
    found = _item(context, from_.this, scope, lateral=[])
    for join in node.args.get("joins") or []:
        found = _joined(context, found, join, scope)
    scope.fields = found.fields
    return found


def _item(context: Context, node: exp.Expr, scope: Scope, lateral: list[Field]) -> Relation:
    match node:
        case exp.Table():
            only(node, "this", "db", "catalog", "alias", "version")
            found = _table(context, node, scope)
        case exp.Subquery() if isinstance(node.this, exp.Query):
            only(node, "this", "alias")
            found = _derived(context, node, scope)
        case exp.Values():
            found = _derived(context, exp.Subquery(this=node, alias=node.args.get("alias")), scope)
        case exp.Unnest():
            return _unnest(context, node, scope, lateral)
        case _:
            raise not_supported(f"{node.sql('trino')} in FROM", position(node))
    return _renamed(found, node.args.get("alias"), position(node))


def _renamed(found: Relation, alias: exp.TableAlias | None, at: int | None) -> Relation:
    """The relation under its alias, and its columns under theirs."""
    if alias is None:
        return found
    name = alias.name.lower()
    columns = [c.name.lower() for c in alias.args.get("columns") or []]
    if columns and len(columns) != len(found.fields):
        raise QueryFailed(
            "MISMATCHED_COLUMN_ALIASES",
            f"Column alias list has {len(columns)} entries but '{name}' has {len(found.fields)} columns "
            "available",
            at,
        )
    names = columns or [f.name for f in found.fields]
    fields = [replace(f, name=n, origin=(name,)) for f, n in zip(found.fields, names, strict=True)]
    return replace(found, fields=fields)


def _table(context: Context, node: exp.Table, scope: Scope) -> Relation:
    parts = tuple(p.name.lower() for p in node.parts)
    version = node.args.get("version")
    cte = scope.cte(parts[0]) if len(parts) == 1 and version is None else None
    if cte is not None:
        name = context.relation()
        aliased = exp.Table(this=_quoted(cte.relation), alias=exp.TableAlias(this=_quoted(name)))
        return Relation(aliased, _fields(name, cte.columns, (parts[0],)))
    table = context.tables.find(parts, _version(context, version, scope), position(node))
    scan = Scan(context.relation(), table)
    context.scans.append(scan)
    named: list[tuple[str | None, Type]] = list(table.columns)
    fields = _fields(scan.relation, named, table.origin)
    return Relation(exp.Table(this=_quoted(scan.relation)), fields, unpadded=[scan])


def _version(context: Context, node: exp.Expr | None, scope: Scope) -> int | str | datetime | None:
    """What FOR VERSION AS OF (a snapshot's id, a branch or tag) or FOR TIMESTAMP AS OF (a moment) names."""
    if node is None:
        return None
    value = Expressions(context, Scope(ctes=scope.ctes), "Table version").typed(node.expression)
    if str(node.this).upper() == "TIMESTAMP":
        return cast("datetime", context.constant(moments.versions_moment(value)))
    if value.type.name not in ("bigint", "varchar"):
        raise QueryFailed(
            "NOT_SUPPORTED", f"Unsupported type for table version: {value.type}", position(node)
        )
    return cast("int | str", context.constant(value))


def _derived(context: Context, node: exp.Subquery, scope: Scope) -> Relation:
    outer = Scope(outer=scope.outer, ctes=scope.ctes)
    query = context.queries.compile(node.this, outer)
    name = context.relation()
    return Relation(subquery(query.sql, name), _fields(name, query.columns, ()))


def subquery(query: exp.Query, name: str) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=_quoted(name)))


def _fields(name: str, columns: Sequence[tuple[str | None, Type]], origin: tuple[str, ...]) -> list[Field]:
    return [Field(n, t, column(name, f"c{i}"), origin) for i, (n, t) in enumerate(columns)]


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def _joined(context: Context, left: Relation, node: exp.Join, scope: Scope) -> Relation:
    only(node, "this", "side", "kind", "on", "using")
    side, kind = (str(node.args.get(a) or "").upper() for a in ("side", "kind"))
    if kind not in ("", "INNER", "OUTER", "CROSS") or side not in ("", *_SIDES):
        raise not_supported(f"{node.sql('trino')}", position(node))
    right = _item(context, node.this, scope, lateral=left.fields)
    both = [*left.fields, *right.fields]
    on: exp.Expr | None
    if node.args.get("using"):
        on, fields = _using(node, left, right, side)
    else:
        on, fields = _on(context, node, both, scope), both
    cross = kind == "CROSS" or (on is None and not side)
    if side and on is None:
        raise QueryFailed("SYNTAX_ERROR", "An outer join needs a condition", position(node))
    join = exp.Join(
        this=right.node, side=side or None, kind="CROSS" if cross else None, on=None if cross else on
    )
    unpadded = {
        "LEFT": left.unpadded,
        "RIGHT": right.unpadded,
        "FULL": [],
    }.get(side, [*left.unpadded, *right.unpadded])
    return Relation(left.node, fields, [*left.joins, *right.joins, join], unpadded)


def _on(context: Context, node: exp.Join, fields: list[Field], scope: Scope) -> exp.Expr | None:
    condition = node.args.get("on")
    if condition is None:
        return None
    inner = Scope(fields, scope.outer, scope.ctes)
    return Expressions(context, inner, "JOIN clause").predicate(condition, "JOIN ON clause")


def _using(node: exp.Join, left: Relation, right: Relation, side: str) -> tuple[exp.Expr, list[Field]]:
    """The condition of JOIN … USING, and the fields: each named column once, and first."""
    conditions: list[exp.Expr] = []
    merged: list[Field] = []
    taken: set[int] = set()
    for name in (c.name.lower() for c in node.args["using"]):
        pair = [_only(name, r.fields, position(node)) for r in (left, right)]
        shared = common(pair[0].type, pair[1].type)
        if shared is None:
            raise QueryFailed(
                "TYPE_MISMATCH",
                f"Column '{name}' types do not match: {pair[0].type}, {pair[1].type}",
                position(node),
            )
        a, b = (convert(f.sql, f.type, shared) for f in pair)
        conditions.append(sql("_1 = _2", a, b))
        value = {"RIGHT": b, "FULL": duck.call("coalesce", a, b)}.get(side, a)
        merged.append(Field(name, shared, value))
        taken.update(id(f) for f in pair)
    rest = [f for f in (*left.fields, *right.fields) if id(f) not in taken]
    return exp.and_(*conditions), [*merged, *rest]


def _only(name: str, fields: list[Field], at: int | None) -> Field:
    found = [f for f in fields if f.name == name]
    if len(found) != 1:
        what = "is missing from one side of join" if not found else "is ambiguous"
        raise QueryFailed(
            "COLUMN_NOT_FOUND" if not found else "AMBIGUOUS_NAME", f"Column '{name}' {what}", at
        )
    return found[0]


def _unnest(context: Context, node: exp.Unnest, scope: Scope, lateral: list[Field]) -> Relation:
    """UNNEST: arrays side by side, the shorter padded with nulls; rows and maps spread to columns."""
    only(node, "expressions", "alias", "offset")
    expressions = Expressions(context, Scope(lateral, scope.outer, scope.ctes), "UNNEST")
    values = [expressions.typed(n) for n in node.expressions]
    outputs = [column_ for v in values for column_ in _spread(v, position(node))]
    ordinality = node.args.get("offset")
    if ordinality:
        sizes = [sql("coalesce(len(_1), 0)", _list(v)) for v in values]
        places = sql("unnest(range(1, _1 + 1))", duck.call("greatest", *sizes))
        outputs.append(Typed(BIGINT, places))
    name = context.relation()
    select = exp.select(*(exp.alias_(o.sql, f"c{i}", quoted=True) for i, o in enumerate(outputs)))
    made: exp.Expr = subquery(select, name)
    if lateral:
        made = exp.Lateral(this=exp.Subquery(this=select), alias=exp.TableAlias(this=_quoted(name)))
    alias = node.args.get("alias")
    if alias is not None and alias.args.get("columns") and isinstance(ordinality, exp.Identifier):
        alias = exp.TableAlias(this=alias.this, columns=[*alias.args["columns"], ordinality])
    fields = _fields(name, [(None, o.type) for o in outputs], ())
    return _renamed(Relation(made, fields), alias, position(node))


def _list(value: Typed) -> exp.Expr:
    return sql("map_keys(_1)", value.sql) if value.type.name == "map" else value.sql


def _spread(value: Typed, at: int | None) -> list[Typed]:
    """The columns that one argument of UNNEST becomes."""
    match value.type.name:
        case "map":
            sides = zip(("map_keys", "map_values"), value.type.args, strict=True)
            return [Typed(t, sql("unnest(_1)", duck.call(f, value.sql))) for f, t in sides]
        case "array":
            element = Typed(value.type.args[0], sql("unnest(_1)", value.sql))
            if element.type.name == "row":
                return [row_field(element, i) for i in range(len(element.type.args))]
            return [element]
    raise QueryFailed("TYPE_MISMATCH", f"Cannot unnest type: {value.type}", at)
