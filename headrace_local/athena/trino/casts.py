"""Casts between Trino's types: a DuckDB expression that is NULL for what does not convert, and the error."""

from itertools import count

from sqlglot import exp

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.trino import duck
from headrace_local.athena.trino.coercion import common
from headrace_local.athena.trino.duck import duck as sql
from headrace_local.athena.trino.types import MAX_DECIMAL_PRECISION, UNKNOWN, VARCHAR, Type, decimal

_names = count()
_SIGNED = "regexp_full_match(_1, '\\s*[+-]?[0-9]+\\s*')"
_DECIMAL = "regexp_full_match(_1, '\\s*[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?\\s*')"
_FLOAT = f"({_DECIMAL} OR regexp_full_match(_1, '\\s*[+-]?(NaN|Infinity)\\s*'))"
_DAY = "regexp_full_match(_1, '\\s*[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}\\s*')"
_MOMENT = (
    "regexp_full_match(_1, '\\s*[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}"
    "( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\\.[0-9]+)?)?)?\\s*')"
)
_CLOCK = "regexp_full_match(_1, '[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\\.[0-9]+)?)?')"

_CLOCKS = ("timestamp", "time")

# What a varchar must look like before DuckDB, which is more lenient, may convert it.
_READABLE = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), _SIGNED),
    "real": _FLOAT,
    "double": _FLOAT,
    "decimal": _DECIMAL,
    "date": _DAY,
    "timestamp": _MOMENT,
    "time": _CLOCK,
    "boolean": "regexp_full_match(_1, '[tTfF01]|[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]')",
    "uuid": "regexp_full_match(_1, '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')",
}
_ERRORS = {
    "integer": "Cannot cast '_' to INT",
    "date": "Value cannot be cast to date: _",
    "timestamp": "Value cannot be cast to timestamp: _",
    "time": "Value cannot be cast to time: _",
}
# How each type but varchar reads as text; seconds' fractions are cut to the type's digits afterwards.
_TEXT = {
    **dict.fromkeys(
        ("tinyint", "smallint", "integer", "bigint", "decimal", "boolean"), "CAST(_1 AS VARCHAR)"
    ),
    "date": "strftime(_1, '%Y-%m-%d')",
    "double": "trino_scientific(CAST(_1 AS VARCHAR))",
    "real": "trino_scientific(CAST(_1 AS VARCHAR))",
    "timestamp": "strftime(_1, '%Y-%m-%d %H:%M:%S.%f')",
    "time": "strftime(DATE '1970-01-01' + _1, '%H:%M:%S.%f')",
    "uuid": "CAST(_1 AS VARCHAR)",
}


def convert(node: exp.Expr, source: Type, target: Type, *, safe: bool = False) -> exp.Expr:
    """The value as `target`; what does not convert fails the query, or is NULL when `safe`."""
    if source == target and source.zone == target.zone:
        return node
    if source == UNKNOWN:
        return duck.null(target)
    if source.name == target.name and source.args:
        # One part that does not convert makes the whole container NULL, not just itself.
        return sql("TRY(_1)", _container(node, source, target)) if safe else _container(node, source, target)
    tried = _tried(node, source, target)
    if safe or never_fails(source, target):
        return tried
    return duck.guarded(
        sql("_1 IS NULL OR _2 IS NOT NULL", node, tried), *_failure(node, source, target), tried
    )


def never_fails(source: Type, target: Type) -> bool:
    """Whether every value converts, so that no check need be rendered."""
    shared = common(source, target)
    moments = ("date", "timestamp", "timestamp with time zone")
    return (
        (shared == target and target.name != "real")
        or (target.name in moments and source.name in moments)
        or (target.name == "boolean" and source.is_numeric)
        or source.name == target.name == "varchar"
        or target == VARCHAR
    )


def _failure(node: exp.Expr, source: Type, target: Type) -> tuple[str, exp.Expr]:
    """The error's name and sentence for a value that does not convert."""
    shown = sql("CAST(_1 AS VARCHAR)", node)
    if source.name == "varchar":
        before, after = _ERRORS.get(target.name, f"Cannot cast '_' to {str(target).upper()}").split("_")
        return "INVALID_CAST_ARGUMENT", sql("_1 || _2 || _3", duck.text(before), shown, duck.text(after))
    if target.name == "varchar":
        sentence = sql(
            "_1 || _2 || _3", duck.text("Value "), shown, duck.text(f" cannot be represented as {target}")
        )
        return "INVALID_CAST_ARGUMENT", sentence
    if target.is_integral and source.is_integral:
        return "NUMERIC_VALUE_OUT_OF_RANGE", sql("_1 || _2", duck.text(f"Out of range for {target}: "), shown)
    sentence = sql("_1 || _2 || _3", duck.text(f"Cannot cast {source} '"), shown, duck.text(f"' to {target}"))
    return "INVALID_CAST_ARGUMENT", sentence


def _tried(node: exp.Expr, source: Type, target: Type) -> exp.Expr:
    if target.name == "varchar":
        return _to_varchar(node, source, target)
    if source.name == "varchar":
        return _from_varchar(node, source, target)
    if source.is_numeric and target.is_numeric:
        return _number(node, source, target)
    if source.name == "boolean" and target.is_numeric:
        return duck.cast(duck.cast(node, Type("integer")), target)
    if source.is_numeric and target.name == "boolean":
        return sql("_1 <> 0", node)
    moment = _moment(node, source, target)
    if moment is None:
        raise QueryFailed("TYPE_MISMATCH", f"Cannot cast {source} to {target}")
    return moment


def _number(node: exp.Expr, source: Type, target: Type) -> exp.Expr:
    if source.is_floating and target.is_integral:
        node = sql("round(_1)", node)
    if source.is_floating and target.name == "decimal":
        # By its shortest digits, as Trino does: 1.005 is 1.01 to two places.
        node = duck.cast(node, VARCHAR)
    return duck.cast(node, target, safe=True)


def _from_varchar(node: exp.Expr, source: Type, target: Type) -> exp.Expr:
    if target.name == "varbinary":
        return sql("encode(_1)", node)
    if target.name == "timestamp with time zone":
        raise not_supported(f"A cast from {source} to {target}")
    if target.name == "json":
        return sql("CAST(to_json(_1) AS VARCHAR)", node)
    if target.name not in _READABLE:
        raise QueryFailed("TYPE_MISMATCH", f"Cannot cast {source} to {target}")
    trimmed = sql("trim(_1, ' \t\n\r')", node)
    value = duck.cast(trimmed, target, safe=True)
    if target.name in ("timestamp", "time"):
        value = rounded_to(value, target)
    return sql(f"CASE WHEN {_READABLE[target.name]} THEN _2 END", node, value)


def _to_varchar(node: exp.Expr, source: Type, target: Type) -> exp.Expr:
    if source.name == "varchar":
        return node if target.length is None else sql("left(_1, _2)", node, duck.number(target.length))
    if source.name == "timestamp with time zone":
        zone = known_zone(source)
        local = sql("timezone(_1, _2)", duck.text(zone), node)
        shown = sql("_1 || _2", _cut(sql(_TEXT["timestamp"], local), source), duck.text(f" {zone}"))
    elif source.name in ("timestamp", "time"):
        shown = _cut(sql(_TEXT[source.name], node), source)
    elif source.name == "decimal" and source.length == source.scale < MAX_DECIMAL_PRECISION:
        # DuckDB leaves out the zero before the point of a decimal that has no other whole digits.
        shown = sql(_TEXT["decimal"], duck.cast(node, decimal(MAX_DECIMAL_PRECISION, source.scale)))
    elif source.name in _TEXT:
        shown = sql(_TEXT[source.name], node)
    else:
        raise QueryFailed("TYPE_MISMATCH", f"Cannot cast {source} to {target}")
    if target.length is None:
        return shown
    return sql("CASE WHEN length(_1) <= _2 THEN _1 END", shown, duck.number(target.length))


def _cut(shown: exp.Expr, source: Type) -> exp.Expr:
    """The text of a moment, with its six digits of a second cut to those its type has."""
    missing = 6 - (source.length or 0)
    extra = missing + 1 if missing == 6 else missing
    return sql("left(_1, length(_1) - _2)", shown, duck.number(extra)) if extra else shown


def _moment(node: exp.Expr, source: Type, target: Type) -> exp.Expr | None:
    """Casts between dates, times and timestamps; a zone that is not known per value is refused."""
    zoned = "timestamp with time zone"
    local = node
    if source.name == zoned and target.name != zoned:
        local = sql("timezone(_1, _2)", duck.text(known_zone(source)), node)
    match (source.name, target.name):
        case ("date", "timestamp") | ("timestamp" | "timestamp with time zone", "date"):
            return duck.cast(local, target)
        case ("date" | "timestamp", "timestamp with time zone"):
            local = sql("timezone('UTC', CAST(_1 AS TIMESTAMP))", node)
        case ("timestamp" | "timestamp with time zone", "time"):
            local = duck.cast(local, target)
        case (first, second) if second not in (first, "timestamp") or first not in (zoned, *_CLOCKS):
            return None
    shrinks = (source.length or 0) > (target.length or 0)
    return rounded_to(local, target) if shrinks else local


def rounded_to(node: exp.Expr, target: Type) -> exp.Expr:
    """A moment rounded to the digits of a second its type has; DuckDB always keeps six."""
    step = 10 ** (6 - (target.length or 0))
    if step == 1:
        return node
    name = {"time": "trino_round_time", "timestamp": "trino_round_timestamp"}.get(
        target.name, "trino_round_instant"
    )
    return duck.call(name, node, duck.number(step))


def known_zone(t: Type) -> str:
    """The zone values are shown in; refuses types whose rows each have their own."""
    if t.zone is None:
        raise not_supported("A timestamp whose time zone differs by row (use AT TIME ZONE to choose one)")
    return t.zone


def _container(node: exp.Expr, source: Type, target: Type) -> exp.Expr:
    if len(source.args) != len(target.args):
        raise QueryFailed("TYPE_MISMATCH", f"Cannot cast {source} to {target}")
    if source.name == "row":
        return _row(node, source, target)
    item = exp.Identifier(this=f"e{next(_names)}")
    each = exp.Column(this=item)
    if source.name == "array":
        return sql_lambda("list_transform", node, item, convert(each, source.args[0], target.args[0]))
    key = convert(sql("struct_extract(_1, 'key')", each), source.args[0], target.args[0])
    value = convert(sql("struct_extract(_1, 'value')", each), source.args[1], target.args[1])
    pair = sql("row(_1, _2)", key, value)
    return duck.call(
        "map_from_entries", sql_lambda("list_transform", sql("map_entries(_1)", node), item, pair)
    )


def sql_lambda(name: str, over: exp.Expr, item: exp.Identifier, body: exp.Expr) -> exp.Expr:
    """A DuckDB list function with a lambda of one parameter."""
    return exp.Anonymous(
        this=name, expressions=[over.copy(), exp.Lambda(this=body, expressions=[item.copy()])]
    )


def _row(node: exp.Expr, source: Type, target: Type) -> exp.Expr:
    fields = []
    for i, (old, new, name) in enumerate(zip(source.args, target.args, target.field_names(), strict=True)):
        part = duck.call("struct_extract", node, duck.text(source.field_names()[i]))
        fields.append(
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=convert(part, old, new))
        )
    packed = exp.Anonymous(this="struct_pack", expressions=fields)
    return sql("CASE WHEN _1 IS NOT NULL THEN _2 END", node, packed)
