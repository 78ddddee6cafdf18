"""DuckDB's meaning in Spark SQL, for a session of ANSI mode in UTC.

Spark's casts take other texts than DuckDB's. The plan's own guards, regular expressions that both engines
read alike, have already left only the texts that a type has: these have to come out as the same values.
"""

from collections.abc import Mapping

from sqlglot import exp

from headrace.engines.java_regex import java_regex, rewritten
from headrace.engines.sql import E, call, case, data_type, first_of, is_not_null, joined, number, text
from headrace.engines.strptime import Words, strptime
from headrace.engines.translate import Kind, Rule, Translation, is_all_fraction, without_zero

DOUBLE_TEXT = "headrace_double_text"
"""A Python function of doubles that must be registered: Java 17 does not write the shortest digits."""

_MOMENTS = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ)
_WHOLE = (exp.DType.INT, exp.DType.BIGINT)
_KINDS = {
    exp.DType.INT128: data_type("DECIMAL(38, 0)"),
    exp.DType.TIMESTAMPNTZ: exp.DataType(this=exp.DType.TIMESTAMP),
}
# Letters that Java writes in lower case as DuckDB does not: by two characters, or by where they stand.
_DATE_FORMATS = {"%Y": "yyyy", "%H:%M:%S.%f": "HH:mm:ss.SSSSSS"}
_OTHER_LOWER_CASE = (("\u0130", "i"), ("\u03a3", "\u03c3"))


def spark_sql(tree: exp.Expr, columns: Mapping[str, Kind]) -> str:
    """A query with DuckDB's meaning as Spark SQL; `columns` are the types of its innermost relation."""
    return Translation("Spark", _RULES, _CALLS, columns)(tree).sql("spark")


def spark_schema(columns: Mapping[str, Kind]) -> str:
    """Columns with their types, as Spark takes a schema in words."""
    definitions = (
        exp.ColumnDef(this=exp.to_identifier(name, quoted=True), kind=kind) for name, kind in columns.items()
    )
    return ", ".join(one.sql("spark") for one in definitions)


def _kind(to: Translation, node: exp.DataType) -> E:
    return _KINDS[node.this].copy() if node.this in _KINDS else to.parts(node)


def _cast(to: Translation, node: exp.Cast) -> E:
    source = to.kind(node.this)
    value = to(node.this)
    if node.to.this == exp.DType.TEXT:
        return _text(value, source)
    if source is not None and source.this == exp.DType.TEXT:
        if node.to.this in _WHOLE:
            value = rewritten(value, [(r"\.0*\s*\z", "")])
        elif node.to.this in _MOMENTS:
            value = _with_whole_offset(value if isinstance(value, exp.Literal) else call("TRIM", value))
    return type(node)(this=value, to=to(node.to), safe=node.args.get("safe"))


def _text(value: E, kind: Kind | None) -> E:
    match kind.this if kind else None:
        case exp.DType.DOUBLE:
            return call(DOUBLE_TEXT, value)
        case exp.DType.TIMESTAMPTZ:
            return joined(exp.cast(value, "TEXT"), text("+00"))
        case exp.DType.DECIMAL if kind is not None and is_all_fraction(kind):
            return without_zero(exp.cast(value, "TEXT"))
        case _:
            return exp.cast(value, "TEXT")


def _with_whole_offset(value: E) -> E:
    """A moment with seconds and minutes in its offset, where it has one."""
    changes = [
        (r"([T ][0-9]{2}:[0-9]{2})(Z|[+-].*)?\z", "$1:00$2"),
        (r"(:.*[+-][0-9]{2}):?\z", "$1:00"),
        (r"(:.*[+-][0-9]{2})([0-9]{2})\z", "$1:$2"),
    ]
    return rewritten(value, changes)


def _matches(to: Translation, node: exp.RegexpLike) -> E:
    return exp.RegexpLike(this=to(node.this), expression=text(java_regex(node.expression.name)))


def _replaced(to: Translation, node: exp.RegexpReplace) -> E:
    replacement = node.args["replacement"].name.replace("\\", "$")
    return call("REGEXP_REPLACE", to(node.this), text(java_regex(node.expression.name)), text(replacement))


def _lower(to: Translation, node: exp.Lower) -> E:
    value = to(node.this)
    for letter, lower in _OTHER_LOWER_CASE:
        value = call("REPLACE", value, text(letter), text(lower))
    return exp.Lower(this=value)


def _trim(to: Translation, node: exp.Trim) -> E:
    return exp.Trim(this=to(node.this), expression=node.expression.copy(), position="BOTH")


def _repeated(to: Translation, node: exp.Repeat) -> E:
    return call("REPEAT", to(node.this), exp.cast(to(node.args["times"]), "INT"))


def _concatenated(to: Translation, lists: list[E]) -> E:
    """Lists one after the other; one that is NULL is empty."""
    none = exp.Array(expressions=[])
    return call("CONCAT", *(first_of(to(one), none.copy()) for one in lists))


def _in_zone(to: Translation, node: exp.Anonymous) -> E:
    """A clock's reading as a moment: of two, the later, where a zone's clocks are set back."""
    zone, local = node.expressions[0], to(node.expressions[1])
    earlier = call("TO_UTC_TIMESTAMP", local, zone.copy())
    next_day = _add("day", number(1), earlier)
    # What clocks show a day later gives the offset after the change.
    shown = call("FROM_UTC_TIMESTAMP", next_day, zone.copy())
    offset = call("TIMESTAMPDIFF", exp.var("MICROSECOND"), next_day.copy(), shown)
    later = call("TIMESTAMPADD", exp.var("MICROSECOND"), exp.Neg(this=offset), local.copy())
    is_shown = exp.EQ(this=call("FROM_UTC_TIMESTAMP", later, zone.copy()), expression=local.copy())
    return case((is_shown, call("GREATEST", earlier.copy(), later.copy())), default=earlier.copy())


def _add(unit: str, count: E, moment: E) -> E:
    return call("TIMESTAMPADD", exp.var(unit.upper()), count, moment)


_WORDS = Words(exp.DataType(this=exp.DType.TIMESTAMP), _add)


def _strptime(to: Translation, node: exp.Anonymous) -> E:
    value, pattern = node.expressions
    return strptime(to(value), pattern.name, _WORDS)


def _strftime(to: Translation, node: exp.Anonymous) -> E:
    value, pattern = node.expressions
    return call("DATE_FORMAT", to(value), text(_DATE_FORMATS[pattern.name]))


def _distinct(to: Translation, node: exp.Anonymous) -> E:
    """Without NULL."""
    present = exp.Lambda(this=is_not_null(exp.column("x")), expressions=[exp.to_identifier("x")])
    return call("ARRAY_DISTINCT", exp.ArrayFilter(this=to(node.expressions[0]), expression=present))


def _json_text(to: Translation, node: exp.Anonymous) -> E:
    """A text as a JSON string."""
    in_list = call("TO_JSON", exp.Array(expressions=[to(node.expressions[0])]))
    quoted = exp.Trim(this=in_list, expression=text("[]"), position="BOTH")
    return case((is_not_null(to(node.expressions[0])), quoted))


def _renamed(name: str) -> Rule:
    return lambda to, node: call(name, *map(to, node.expressions))


_RULES: dict[type[exp.Expr], Rule] = {
    exp.DataType: _kind,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.RegexpLike: _matches,
    exp.RegexpReplace: _replaced,
    exp.Lower: _lower,
    exp.Trim: _trim,
    exp.Repeat: _repeated,
    exp.ArrayConcat: lambda to, node: _concatenated(to, [node.this, *node.expressions]),
}
_CALLS: dict[str, Rule] = {
    "LEN": _renamed("ARRAY_SIZE"),
    "LIST_EXTRACT": lambda to, node: call(
        "GET", to(node.expressions[0]), exp.Sub(this=to(node.expressions[1]), expression=number(1))
    ),
    "LIST_CONCAT": lambda to, node: _concatenated(to, node.expressions),
    "LIST_APPEND": lambda to, node: _concatenated(
        to, [node.expressions[0], exp.Array(expressions=[node.expressions[1]])]
    ),
    "ARRAY_TO_STRING": _renamed("ARRAY_JOIN"),
    "DATE_TRUNC": _renamed("DATE_TRUNC"),
    "JSON_VALID": lambda _to, _node: exp.true(),  # what is then asked of invalid JSON is NULL here
    "JSON_KEYS": _renamed("JSON_OBJECT_KEYS"),
    "LEAST": _renamed("LEAST"),
    "LIST_DISTINCT": _distinct,
    "TRY": lambda to, node: to(node.expressions[0]),
    "TO_JSON": _json_text,
    "TIMEZONE": _in_zone,
    "TRY_STRPTIME": _strptime,
    "STRFTIME": _strftime,
}
