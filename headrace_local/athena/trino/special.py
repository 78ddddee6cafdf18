"""Functions whose result type, number of arguments or literal arguments a signature cannot tell."""

import re
from functools import reduce

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.trino import duck, operators
from headrace_local.athena.trino.calls import arguments, function, literal_text, special
from headrace_local.athena.trino.casts import convert, sql_lambda
from headrace_local.athena.trino.coercion import coerces
from headrace_local.athena.trino.dialect import position
from headrace_local.athena.trino.duck import duck as sql
from headrace_local.athena.trino.expressions import Expressions, row_of
from headrace_local.athena.trino.scope import Field, Scope, Typed
from headrace_local.athena.trino.types import (
    BIGINT,
    BOOLEAN,
    JSON,
    MAX_DECIMAL_PRECISION,
    UNKNOWN,
    VARCHAR,
    Type,
    array,
    decimal,
    mapping,
    varchar,
)

_PATH = re.compile(r'\.([A-Za-z_]\w*)|\["([^"\\]*)"\]|\[(\d+)\]')
_ROUNDINGS = {
    "round": "round(_1)",
    "ceil": "ceil(_1)",
    "ceiling": "ceil(_1)",
    "floor": "floor(_1)",
    "truncate": "trunc(_1)",
}


@special("coalesce")
def _coalesce(self: Expressions, node: exp.Anonymous) -> Typed:
    args = [self.typed(a) for a in arguments(node, 2, 255)]
    values = self.one_type(args, "All COALESCE operands must be the same type", None)
    return Typed(values[0].type, duck.call("coalesce", *(v.sql for v in values)))


@special("nullif")
def _nullif(self: Expressions, node: exp.Anonymous) -> Typed:
    first, second = (self.typed(a) for a in arguments(node, 2, 2))
    equal = operators.comparison("=", first, second, position(node)).sql
    return Typed(first.type, sql("CASE WHEN _1 THEN NULL ELSE _2 END", equal, first.sql))


@special("try")
def _try(self: Expressions, node: exp.Anonymous) -> Typed:
    value = self.typed(arguments(node, 1, 1)[0])
    return Typed(value.type, sql("TRY(_1)", value.sql))


@special("greatest", "least")
def _extreme(self: Expressions, node: exp.Anonymous) -> Typed:
    args = [self.typed(a) for a in arguments(node, 1, 127)]
    found = self.one_type(args, f"{node.name} operands must be the same type", None)
    values = [v.sql for v in found]
    missing = reduce(lambda a, b: sql("_1 OR _2 IS NULL", a, b), values[1:], sql("_1 IS NULL", values[0]))
    chosen = duck.call(node.name.lower(), *values)
    return Typed(found[0].type, sql("CASE WHEN NOT _1 THEN _2 END", missing, chosen))


@special("concat")
def _concat(self: Expressions, node: exp.Anonymous) -> Typed:
    args = [self.typed(a) for a in arguments(node, 2, 127)]
    return reduce(lambda a, b: operators.concatenation(a, b, position(node)), args)


@special("concat_ws")
def _concat_ws(self: Expressions, node: exp.Anonymous) -> Typed:
    separator, *rest = (self.typed(a) for a in arguments(node, 2, 127))
    if not all(coerces(v.type, VARCHAR) for v in (separator, *rest)):
        raise not_supported("concat_ws of anything but varchars", position(node))
    return Typed(
        VARCHAR, duck.call("concat_ws", *(operators.coerced(v, VARCHAR).sql for v in (separator, *rest)))
    )


@special("row")
def _row(self: Expressions, node: exp.Anonymous) -> Typed:
    return row_of([self.typed(a) for a in arguments(node, 1, 254)])


@special("map")
def _map(self: Expressions, node: exp.Anonymous) -> Typed:
    args = [self.typed(a) for a in arguments(node, 0, 2)]
    if not args:
        empty = mapping(UNKNOWN, UNKNOWN)
        return Typed(empty, duck.cast(duck.call("map"), empty))
    return function("map", args, position(node))


@special("typeof")
def _typeof(self: Expressions, node: exp.Anonymous) -> Typed:
    shown = str(self.typed(arguments(node, 1, 1)[0]).type)
    return Typed(varchar(len(shown)), duck.cast(duck.text(shown), VARCHAR))


@special("mod")
def _mod(self: Expressions, node: exp.Anonymous) -> Typed:
    first, second = (self.typed(a) for a in arguments(node, 2, 2))
    return operators.arithmetic("%", first, second, position(node))


@special(*_ROUNDINGS)
def _rounding(self: Expressions, node: exp.Anonymous) -> Typed:
    name, args = node.name.lower(), [self.typed(a) for a in arguments(node, 1, 2)]
    value = args[0]
    if value.type.name != "decimal":
        return function(name, args, position(node))
    digits, scale = value.type.length or 0, value.type.scale
    if len(args) == 1:
        kind = decimal(
            min(MAX_DECIMAL_PRECISION, digits - scale + (min(1, scale) if name != "truncate" else 0)) or 1, 0
        )
        return Typed(kind, duck.cast(sql(_ROUNDINGS[name], value.sql), kind))
    if name != "round" or not coerces(args[1].type, BIGINT):
        raise not_supported(f"{name} of a decimal to given digits", position(node))
    kind = decimal(min(MAX_DECIMAL_PRECISION, digits + 1), scale)
    return Typed(kind, duck.cast(sql("round(_1, CAST(_2 AS INTEGER))", value.sql, args[1].sql), kind))


@special("date")
def _date(self: Expressions, node: exp.Anonymous) -> Typed:
    value, kind = self.typed(arguments(node, 1, 1)[0]), Type("date")
    return Typed(kind, convert(value.sql, value.type, kind))


@special("json_parse")
def _json_parse(self: Expressions, node: exp.Anonymous) -> Typed:
    value = self.as_type(arguments(node, 1, 1)[0], VARCHAR, "json_parse argument")
    message = sql("'Cannot convert value to JSON: ''' || _1 || ''''", value)
    return Typed(
        JSON,
        duck.guarded(sql("_1 IS NULL OR json_valid(_1)", value), "INVALID_FUNCTION_ARGUMENT", message, value),
    )


@special("json_extract_scalar", "json_extract")
def _json_extract(self: Expressions, node: exp.Anonymous) -> Typed:
    raw, path = arguments(node, 2, 2)
    document = self.typed(raw)
    if document.type != JSON and not coerces(document.type, VARCHAR):
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"Unexpected parameters ({document.type}) for function {node.name.lower()}",
            position(node),
        )
    place = duck.text(_duckdb_path(literal_text(path, "A JSON path"), position(path)))
    if node.name.lower() == "json_extract_scalar":
        return Typed(VARCHAR, sql("trino_json_scalar(_1, _2)", document.sql, place))
    kept = sql("_1 IS NULL OR trino_number_kept(_1)", document.sql)
    message = duck.text("json_extract of a document with rewritten numbers")
    taken = sql(
        "CASE WHEN json_valid(_1) THEN CAST(json_extract(_1, _2) AS VARCHAR) END", document.sql, place
    )
    return Typed(JSON, duck.guarded(kept, "NOT_SUPPORTED", message, taken))


def _duckdb_path(path: str, at: int | None) -> str:
    """Trino's JSON path as DuckDB's: members by name and elements by index."""
    steps, rest = [], path.removeprefix("$")
    if not path.startswith("$"):
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", f"Invalid JSON path: '{path}'", at)
    while rest:
        found = _PATH.match(rest)
        if found is None:
            raise not_supported(f"The JSON path '{path}'", at)
        steps.append(f"[{found[3]}]" if found[3] is not None else f'."{found[1] or found[2]}"')
        rest = rest[found.end() :]
    return "$" + "".join(steps)


@special("regexp_extract", "regexp_extract_all")
def _regexp_extract(self: Expressions, node: exp.Anonymous) -> Typed:
    raw = arguments(node, 2, 3)
    value, pattern = (self.as_type(a, VARCHAR, f"{node.name} argument") for a in raw[:2])
    group = self.as_type(raw[2], BIGINT, "group") if len(raw) > 2 else duck.number(0)
    if node.name.lower() == "regexp_extract_all":
        return Typed(
            array(VARCHAR), sql("regexp_extract_all(_1, _2, CAST(_3 AS INTEGER))", value, pattern, group)
        )
    found = sql("regexp_extract(_1, _2, _3)", value, pattern, _whole(group))
    return Typed(VARCHAR, sql("CASE WHEN regexp_matches(_1, _2) THEN _3 END", value, pattern, found))


def _whole(node: exp.Expr) -> exp.Expr:
    """A group's number as the bare literal that DuckDB wants there."""
    bare = next(iter(node.find_all(exp.Literal)), None)
    if bare is None:
        raise not_supported("A group number that is not a literal")
    return bare


@special("regexp_replace")
def _regexp_replace(self: Expressions, node: exp.Anonymous) -> Typed:
    raw = arguments(node, 2, 3)
    value, pattern = (self.as_type(a, VARCHAR, "regexp_replace argument") for a in raw[:2])
    if len(raw) > 2 and isinstance(raw[2], exp.Lambda):
        raise not_supported("regexp_replace with a lambda", position(node))
    replacement = literal_text(raw[2], "A replacement") if len(raw) > 2 else ""
    text = duck.text(_re2_replacement(replacement))
    return Typed(VARCHAR, sql("regexp_replace(_1, _2, _3, 'g')", value, pattern, text))


def _re2_replacement(replacement: str) -> str:
    r"""Java's `$1` and `\$` as RE2's `\1` and `$`."""
    if re.search(r"\$\{|\$(?!\d)|\\(?![\\$])", re.sub(r"\\[\\$]", "", replacement)):
        raise not_supported(f"The replacement '{replacement}'")
    parts = re.split(r"(\\[\\$]|\$\d)", replacement)
    changed = {"\\\\": "\\\\", "\\$": "$"}
    return "".join(f"\\{p[1]}" if re.fullmatch(r"\$\d", p) else changed.get(p, p) for p in parts)


@special("array_join")
def _array_join(self: Expressions, node: exp.Anonymous) -> Typed:
    raw = arguments(node, 2, 3)
    items = self.typed(raw[0])
    if items.type.name != "array":
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"Unexpected parameters ({items.type}) for function array_join",
            position(node),
        )
    texts = (
        operators.coerced(items, items.type).sql
        if items.type.args[0] == VARCHAR
        else convert(items.sql, items.type, array(VARCHAR))
    )
    delimiter, *instead = (self.as_type(a, VARCHAR, "array_join argument") for a in raw[1:])
    if instead:
        item = self.context.name("e")
        texts = sql_lambda(
            "list_transform", texts, item, sql("coalesce(_1, _2)", exp.Column(this=item), instead[0])
        )
    return Typed(
        VARCHAR,
        sql("CASE WHEN _1 IS NOT NULL THEN coalesce(array_to_string(_1, _2), '') END", texts, delimiter),
    )


@special("transform", "filter", "any_match", "all_match", "none_match")
def _over_elements(self: Expressions, node: exp.Anonymous) -> Typed:
    raw, function_ = arguments(node, 2, 2)
    name, items = node.name.lower(), self.typed(raw)
    if items.type.name != "array" or not isinstance(function_, exp.Lambda):
        raise QueryFailed(
            "FUNCTION_NOT_FOUND",
            f"Unexpected parameters ({items.type}, …) for function {name}",
            position(node),
        )
    item, body = lambda_body(self, function_, items.type.args[0])
    if name == "transform":
        return Typed(array(body.type), sql_lambda("list_transform", items.sql, item, body.sql))
    if not coerces(body.type, BOOLEAN):
        raise QueryFailed(
            "TYPE_MISMATCH", f"Lambda of {name} must return boolean: {body.type}", position(node)
        )
    if name == "filter":
        return Typed(
            items.type, sql_lambda("list_filter", items.sql, item, sql("coalesce(_1, FALSE)", body.sql))
        )
    wanted = sql("NOT _1", body.sql) if name == "all_match" else body.sql
    found = sql("trino_contains(_1, TRUE)", sql_lambda("list_transform", items.sql, item, wanted))
    return Typed(BOOLEAN, found if name == "any_match" else sql("NOT _1", found))


def lambda_body(self: Expressions, node: exp.Lambda, kind: Type) -> tuple[exp.Identifier, Typed]:
    """A lambda of one parameter: the parameter's name in DuckDB, and its compiled body."""
    if len(node.expressions) != 1:
        raise QueryFailed("INVALID_PARAMETER_USAGE", "Expected a lambda with one parameter", position(node))
    name, item = node.expressions[0].name.lower(), self.context.name("e")
    scope = Scope([Field(name, kind, exp.Column(this=item.copy()))], self.scope)
    inner = Expressions(self.context, scope, self.clause)
    return item, inner.typed(_as_columns(node.this, name))


def _as_columns(body: exp.Expr, name: str) -> exp.Expr:
    """A lambda's body with its parameter as a column; sqlglot reads it as a bare identifier."""

    def column(node: exp.Expr) -> exp.Expr:
        part = isinstance(node.parent, exp.Dot) and node.arg_key == "expression"
        bare = isinstance(node, exp.Identifier) and not isinstance(node.parent, exp.Column) and not part
        return exp.Column(this=node.copy()) if bare and node.name.lower() == name else node

    return body.copy().transform(column)
