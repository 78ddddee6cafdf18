"""DuckDB's meaning in Trino's SQL, as Athena runs it, for sessions in UTC.

As for Spark, the plan's guards have left only the texts that a type has: here these have to come out as the
same values. A text of a double is written otherwise in Trino, so a mask over one is refused. Where a zone's
clocks are set back, Trino takes the earlier of two moments, the other engines the later.
"""

import re
from collections.abc import Iterable, Mapping

from sqlglot import exp

from headrace.domain.errors import EngineFault
from headrace.engines.java_regex import java_regex, rewritten
from headrace.engines.sql import E, call, column, data_type, first_of, is_not_null, joined, number, text
from headrace.engines.strptime import Words, in_utc, strptime
from headrace.engines.translate import Kind, Rule, Translation, is_all_fraction, without_zero

_DIALECT = "athena"
_TRIMMED = " \t\r\n\f"
_MOMENTS = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ)
_MOMENT = r"\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z"
_WHOLE = (exp.DType.INT, exp.DType.BIGINT)
_TIMESTAMP = exp.DataType.build("TIMESTAMP(6)", dialect="trino")
_KINDS = {
    exp.DType.TIMESTAMP: _TIMESTAMP,
    exp.DType.TIMESTAMPNTZ: _TIMESTAMP,
    exp.DType.TIMESTAMPTZ: exp.DataType.build("TIMESTAMP(6) WITH TIME ZONE", dialect="trino"),
    exp.DType.INT128: data_type("DECIMAL(38, 0)"),
}


def to_trino(columns: Mapping[str, Kind]) -> Translation:
    """What takes trees with DuckDB's meaning to Trino; `columns` are the types of the innermost relation.

    A named parameter becomes a column of its name, which that relation has to have too.
    """
    return Translation("Trino", _RULES, _CALLS, columns)


def trino_sql(tree: exp.Expr) -> str:
    """A tree with Trino's meaning, written for Athena."""
    return tree.sql(_DIALECT, identify=True, pretty=True)


def _kind(to: Translation, node: exp.DataType) -> E:
    if node.this in _KINDS:
        return _KINDS[node.this].copy()
    return to.parts(node)


def _cast(to: Translation, node: exp.Cast) -> E:
    source = to.kind(node.this)
    value = to(node.this)
    is_text = source is not None and source.this == exp.DType.TEXT
    if node.to.this == exp.DType.TEXT and not is_text:
        return _text(value, source)
    if is_text and node.to.this in _MOMENTS:
        return _moment(value, node.to.this)
    if is_text and not isinstance(value, exp.Literal) and node.to.this != exp.DType.TEXT:
        value = _trimmed(value)
        if node.to.this in _WHOLE:
            value = rewritten(value, [(r"\.0*\z", "")])
    return type(node)(this=value, to=to(node.to), safe=node.args.get("safe"))


def _text(value: E, kind: Kind | None) -> E:
    match kind.this if kind else None:
        case exp.DType.DOUBLE:
            raise EngineFault("Trino writes doubles as no other engine does: they have no text here")
        case exp.DType.TIMESTAMPTZ:
            written = call("DATE_FORMAT", value, text("%Y-%m-%d %H:%i:%s.%f"))
            return joined(rewritten(written, [(r"\.?0*\z", "")]), text("+00"))
        case exp.DType.DECIMAL if kind is not None and is_all_fraction(kind):
            return without_zero(exp.cast(value, "TEXT"))
        case _:
            return exp.cast(value, "TEXT")


def _add(unit: str, count: E, moment: E) -> E:
    return call("DATE_ADD", text(unit), count, moment)


_WORDS = Words(_TIMESTAMP, _add)


def _in_utc(local: E, offset: E) -> E:
    return in_utc(local, offset, _WORDS)


def _moment(value: E, kind: exp.DType) -> E:
    """A moment in ISO 8601, of which Trino's own cast takes only some forms; by the clock or in UTC."""
    if isinstance(value, exp.Literal):
        found = re.fullmatch(_MOMENT[2:-2], value.name)
        day, clock, offset = found.groups() if found else (value.name, None, None)
        local: E = exp.cast(text(f"{day} {clock or '00:00'}"), _TIMESTAMP.copy())
        shifted = local if offset in (None, "Z", "+00") else _in_utc(local, text(offset))
    else:
        trimmed = _trimmed(value)
        day, clock, offset = (
            call("REGEXP_EXTRACT", trimmed.copy(), text(_MOMENT), number(at)) for at in (1, 2, 3)
        )
        clock = first_of(exp.Nullif(this=clock, expression=text("")), text("00:00"))
        local = exp.TryCast(this=joined(day, text(" "), clock), to=_TIMESTAMP.copy(), safe=True)
        shifted = _in_utc(local, first_of(offset, text("")))
    return local if kind != exp.DType.TIMESTAMPTZ else call("WITH_TIMEZONE", shifted, text("UTC"))


def _matches(to: Translation, node: exp.RegexpLike) -> E:
    return call("REGEXP_LIKE", to(node.this), text(java_regex(node.expression.name)))


def _replaced(to: Translation, node: exp.RegexpReplace) -> E:
    replacement = node.args["replacement"].name.replace("\\", "$")
    return call("REGEXP_REPLACE", to(node.this), text(java_regex(node.expression.name)), text(replacement))


def _trim(to: Translation, node: exp.Trim) -> E:
    return _trimmed(to(node.this), node.expression.name)


def _trimmed(value: E, characters: str = _TRIMMED) -> E:
    return exp.Trim(this=value, expression=text(characters), position="BOTH")


def _repeated(to: Translation, node: exp.Repeat) -> E:
    """One character many times."""
    return call("RPAD", text(""), to(node.args["times"]), to(node.this))


def _struct(to: Translation, node: exp.Struct) -> E:
    kind = to.kind(node)
    if kind is None:
        raise EngineFault("a row of unknown types has no translation for Trino")
    row = exp.Anonymous(this="ROW", expressions=[to(one.expression) for one in node.expressions])
    return exp.Cast(this=row, to=to(kind))


def _concatenated(to: Translation, lists: Iterable[E]) -> E:
    """Lists one after the other; one that is NULL is empty."""
    lists = list(lists)
    kind = next((kind for one in lists if (kind := to.kind(one)) is not None), None)
    if kind is None:
        raise EngineFault("lists of unknown types have no translation for Trino")
    none = exp.Cast(this=exp.Array(expressions=[]), to=to(kind))
    return call("CONCAT", *(first_of(to(one), none.copy()) for one in lists))


def _strptime(to: Translation, node: exp.Anonymous) -> E:
    value, pattern = node.expressions
    moment = strptime(to(value), pattern.name, _WORDS)
    has_offset = "%z" in pattern.name.replace("%%", "")
    return call("WITH_TIMEZONE", moment, text("UTC")) if has_offset else moment


def _strftime(to: Translation, node: exp.Anonymous) -> E:
    value, pattern = node.expressions
    return call("DATE_FORMAT", to(value), text(pattern.name.replace("%M", "%i").replace("%S", "%s")))


def _in_zone(to: Translation, node: exp.Anonymous) -> E:
    zone, local = node.expressions
    moment = call("WITH_TIMEZONE", to(local), zone.copy())
    return moment if zone.name == "UTC" else call("AT_TIMEZONE", moment, text("UTC"))


def _distinct(to: Translation, node: exp.Anonymous) -> E:
    present = exp.Lambda(this=is_not_null(exp.column("x")), expressions=[exp.to_identifier("x")])
    return call("ARRAY_DISTINCT", exp.ArrayFilter(this=to(node.expressions[0]), expression=present))


def _json_keys(to: Translation, node: exp.Anonymous) -> E:
    members = exp.DataType.build("MAP(VARCHAR, JSON)", dialect="trino")
    return call("MAP_KEYS", exp.Cast(this=call("JSON_PARSE", to(node.expressions[0])), to=members))


def _length(to: Translation, node: exp.Anonymous) -> E:
    """Of a list; of the list of a JSON object's names as Trino counts them."""
    listed = node.expressions[0]
    keys = listed.expressions[0] if listed.name == "TRY" else listed
    if keys.name == "JSON_KEYS":
        return call("TRY", call("JSON_SIZE", to(keys.expressions[0]), text("$")))
    return call("CARDINALITY", to(listed))


def _json_text(to: Translation, node: exp.Anonymous) -> E:
    """A text as a JSON string."""
    return call("JSON_FORMAT", exp.Cast(this=to(node.expressions[0]), to=data_type("JSON")))


def _renamed(name: str) -> Rule:
    return lambda to, node: call(name, *map(to, node.expressions))


_RULES: dict[type[exp.Expr], Rule] = {
    exp.DataType: _kind,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.RegexpLike: _matches,
    exp.RegexpReplace: _replaced,
    exp.Trim: _trim,
    exp.Lower: lambda to, node: to.parts(node),
    exp.Repeat: _repeated,
    exp.Struct: _struct,
    exp.ArrayConcat: lambda to, node: _concatenated(to, [node.this, *node.expressions]),
    exp.Contains: lambda to, node: exp.GT(
        this=call("STRPOS", to(node.this), to(node.expression)), expression=number(0)
    ),
    exp.Placeholder: lambda _to, node: column(node.name) if node.this else node.copy(),
    exp.Replace: lambda to, node: to.parts(node),
}
_CALLS: dict[str, Rule] = {
    "ARRAY_TO_STRING": _renamed("ARRAY_JOIN"),
    "COUNT_IF": _renamed("COUNT_IF"),
    "DATE_TRUNC": _renamed("DATE_TRUNC"),
    "FROM_HEX": _renamed("FROM_HEX"),
    "JSON_VALID": lambda _to, _node: exp.true(),  # what is then asked of invalid JSON is NULL here
    "JSON_KEYS": _json_keys,
    "LEAST": _renamed("LEAST"),
    "LEN": _length,
    "LIST_APPEND": lambda to, node: _concatenated(
        to, [node.expressions[0], exp.Array(expressions=[node.expressions[1]])]
    ),
    "LIST_CONCAT": lambda to, node: _concatenated(to, node.expressions),
    "LIST_DISTINCT": _distinct,
    "LIST_EXTRACT": _renamed("ELEMENT_AT"),
    "STRFTIME": _strftime,
    "TIMEZONE": _in_zone,
    "TO_JSON": _json_text,
    "TRY": _renamed("TRY"),
    "TRY_STRPTIME": _strptime,
}
