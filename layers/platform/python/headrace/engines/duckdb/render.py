"""A plan as SQL: from a reading's rows to typed and masked columns, reasons and raw text, in one pass.

Each layer computes something once from the columns below it:

    rows      entry, place, problem, record, and what the reading's fields refer to
    texts     t<i>: each column's value as text             (nested ones are then shaped in Python)
    parsed    p<i>: what the text says
    values    v<i>: the value, within its type's bounds; NULL where there is none
    judged    reasons: every rule the row broke; NULL where it broke none
    refined   o<i>: what the table gets, rescued, reasons, raw, u<i>: what a masked column is unique by
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from headrace.domain.plan import Array, Column, Json, Object, Plan, Text, Type
from headrace.engines.duckdb.casts import bounded, column_type, from_text, parsed, sql_type
from headrace.engines.duckdb.reading import Field, Reading
from headrace.engines.duckdb.rules import breaks, excerpt, masked, name_of
from headrace.engines.sql import (
    E,
    all_of,
    any_of,
    array,
    call,
    case,
    column,
    extended,
    first_of,
    is_not_null,
    is_null,
    joined,
    member,
    members,
    named,
    no_text,
    number,
    struct,
    text,
)

REASON = exp.DataType.build('STRUCT("column" TEXT, "rule" TEXT, "value_excerpt" TEXT)', dialect="duckdb")


@dataclass(frozen=True)
class _Check:
    """One rule on one column: whether a row breaks it, and what of the value is shown."""

    column: str
    rule: str
    broken: E
    shown: E


@dataclass(frozen=True)
class _Leaf:
    """A scalar inside a nested column: whether the column's value holds one that has no place in its
    type, and the first such."""

    path: str
    misfits: Callable[[E], E]
    first: Callable[[E], E]


def reason(column_: E, rule: E, value_excerpt: E) -> E:
    return struct([("column", column_), ("rule", rule), ("value_excerpt", value_excerpt)])


def work_columns(plan: Plan) -> list[tuple[str, exp.DataType]]:
    """The columns that `refined` yields, with their types."""
    columns = list(enumerate(plan.columns))
    return [
        ("entry", exp.DataType.build("INT")),
        ("place", exp.DataType.build("BIGINT")),
        *((f"o{i}", column_type(one)) for i, one in columns),
        ("rescued", exp.DataType.build("TEXT")),
        ("reasons", exp.DataType(this=exp.DType.ARRAY, expressions=[REASON.copy()], nested=True)),
        ("raw", exp.DataType.build("TEXT")),
        *((f"u{i}", sql_type(one.type)) for i, one in columns if is_key(plan, one) and one.mask),
    ]


def is_key(plan: Plan, one: Column) -> bool:
    """Whether a column is part of a key: its own value is then kept beside the masked one."""
    return any(one.name in key.columns for key in plan.keys)


def texts(reading: Reading) -> exp.Select:
    """The reading's rows with each column's value as text."""
    added = ((f"t{i}", field.text if field else no_text()) for i, field in enumerate(reading.fields))
    return extended(reading.rows, added)


def to_shape(plan: Plan, reading: Reading) -> dict[str, Column]:
    """The text columns that Python is to shape before `refined` takes them."""
    pairs = enumerate(zip(plan.columns, reading.fields, strict=True))
    return {f"t{i}": one for i, (one, field) in pairs if field and field.shaped}


def refined(plan: Plan, reading: Reading, rows: exp.Select, *, all_raw: bool) -> exp.Select:
    """From `texts`, shaped where they must be, to `work_columns`; with `all_raw`, each row has its raw
    text, else those with reasons."""
    columns = list(zip(range(len(plan.columns)), plan.columns, reading.fields, strict=True))
    read = extended(rows, ((f"p{i}", _parsed(i, one, field)) for i, one, field in columns))
    values = extended(read, ((f"v{i}", _bounded(i, one, field)) for i, one, field in columns))
    judged = extended(values, [("reasons", _reasons(plan, reading))])
    unknown = _unknown(reading)
    outputs = {
        "entry": column("entry"),
        "place": column("place"),
        **{f"o{i}": _output(i, one, field) for i, one, field in columns},
        "rescued": no_text() if unknown is None else case((is_not_null(unknown), _braced(unknown))),
        "reasons": column("reasons"),
        "raw": _raw(plan, reading, all_raw=all_raw),
        **{f"u{i}": column(f"v{i}") for i, one, _ in columns if is_key(plan, one) and one.mask},
    }
    select = exp.select(*(named(value, name) for name, value in outputs.items()), copy=False)
    return select.from_(judged.subquery("rows", copy=False), copy=False)


def _parsed(i: int, one: Column, field: Field | None) -> E:
    if field is None:
        return exp.cast(exp.null(), sql_type(one.type))
    if field.shaped:
        return _shaped_value(one.type, _part(i, "value"))
    value = parsed(one.type, column(f"t{i}"))
    if field.native is not None:
        value = first_of(field.native, value)
    return case((exp.Not(this=exp.paren(field.unfit)), value)) if field.unfit is not None else value


def _bounded(i: int, one: Column, field: Field | None) -> E:
    value = column(f"p{i}")
    return value if field is None or field.shaped else bounded(one.type, value)


def _part(i: int, name: str) -> E:
    """A part of what Python made of a column."""
    return exp.StructExtract(this=column(f"t{i}_shaped"), expression=text(name))


def _shaped_value(type_: Type, shape: E, depth: int = 0) -> E:
    match type_:
        case Array(items=items):
            item = exp.to_identifier(f"x{depth}")
            body = _shaped_value(items, exp.column(item.copy()), depth + 1)
            return exp.Transform(this=shape, expression=exp.Lambda(this=body, expressions=[item]))
        case Object(columns=columns):
            fields = (
                (one.name, _shaped_value(one.type, _field(shape, f), depth)) for f, one in enumerate(columns)
            )
            return case((is_not_null(shape), struct(fields)))
        case _:
            return from_text(type_, shape)


def _field(shape: E, index: int) -> E:
    return exp.StructExtract(this=shape, expression=text(f"f{index}"))


def _reasons(plan: Plan, reading: Reading) -> E:
    """All rules that a row breaks, found without building anything for the rows that break none."""
    lists: list[E] = []
    signs: list[E] = []
    for i, (one, field) in enumerate(zip(plan.columns, reading.fields, strict=True)):
        if field is None:
            continue
        checks = list(_shaped_checks(i, one) if field.shaped else _checks(i, one, field))
        signs += (check.broken for check in checks)
        lists += [_listed(checks)] if checks else []
        if field.shaped:
            signs.append(exp.GT(this=call("LEN", _part(i, "faults")), expression=number(0)))
            lists.append(_part(i, "faults"))
    unknown = _unknown(reading)
    if unknown is not None and plan.evolution == "freeze":
        names = call("ARRAY_TO_STRING", call("JSON_KEYS", _braced(unknown)), text(", "))
        check = _Check("", "structure", is_not_null(unknown), joined(text("unknown: "), names))
        signs.append(check.broken)
        lists.append(_listed([check]))
    broken = array([reason(text(""), text("structure"), column("problem"))])
    branches = [(is_not_null(column("problem")), broken)]
    if signs:
        branches.append((any_of(signs), _kept(lists)))
    return case(*branches)


def _listed(checks: list[_Check]) -> E:
    return array(
        case((check.broken, reason(text(check.column), text(check.rule), check.shown))) for check in checks
    )


def _kept(lists: list[E]) -> E:
    """The reasons of several lists that are not NULL."""
    whole = exp.ArrayConcat(this=lists[0], expressions=lists[1:]) if len(lists) > 1 else lists[0]
    body = is_not_null(exp.column("x"))
    return exp.ArrayFilter(this=whole, expression=exp.Lambda(this=body, expressions=[exp.to_identifier("x")]))


def _checks(i: int, one: Column, field: Field) -> Iterator[_Check]:
    written, value = column(f"t{i}"), column(f"v{i}")
    shown = excerpt(one.mask, written)
    if one.required:
        yield _Check(one.name, "required", is_null(written), text(""))
    if field.unfit is not None or not isinstance(one.type, Text | Json):
        yield _Check(one.name, "type", all_of(is_null(value), is_not_null(written)), shown)
    for rule in one.rules:
        yield _Check(one.name, name_of(rule), breaks(rule, one.type, value), shown)


def _shaped_checks(i: int, one: Column) -> Iterator[_Check]:
    value = _part(i, "value")
    if one.required:
        no_faults = exp.EQ(this=first_of(call("LEN", _part(i, "faults")), number(0)), expression=number(0))
        yield _Check(one.name, "required", all_of(is_null(value), no_faults), text(""))
    for leaf in _leaves(one.type, one.name):
        yield _Check(leaf.path, "type", leaf.misfits(value), excerpt(one.mask, leaf.first(value)))


def _leaves(type_: Type, path: str, depth: int = 0) -> Iterator[_Leaf]:
    match type_:
        case Array(items=items):
            for leaf in _leaves(items, f"{path}.element", depth + 1):
                yield _in_array(leaf, f"x{depth}")
        case Object(columns=columns):
            for index, one in enumerate(columns):
                for leaf in _leaves(one.type, f"{path}.{one.name}", depth):
                    yield _in_object(leaf, index)
        case Text() | Json():
            return
        case _:
            yield _Leaf(
                path,
                lambda written: all_of(is_not_null(written), is_null(from_text(type_, written))),
                lambda written: written,
            )


def _in_array(leaf: _Leaf, item: str) -> _Leaf:
    def misfits(items: E) -> E:
        body = leaf.misfits(exp.column(item))
        filter_ = exp.Lambda(this=body, expressions=[exp.to_identifier(item)])
        return exp.ArrayFilter(this=items, expression=filter_)

    return _Leaf(
        leaf.path,
        lambda items: exp.GT(this=call("LEN", misfits(items)), expression=number(0)),
        lambda items: leaf.first(call("LIST_EXTRACT", misfits(items), number(1))),
    )


def _in_object(leaf: _Leaf, index: int) -> _Leaf:
    return _Leaf(
        leaf.path,
        lambda fields: leaf.misfits(_field(fields, index)),
        lambda fields: leaf.first(_field(fields, index)),
    )


def _unknown(reading: Reading) -> E | None:
    """The inside of a JSON object with all that the plan does not know; None where there can be none."""
    parts = [] if reading.extra is None else [reading.extra]
    parts += (_part(i, "unknown") for i, field in enumerate(reading.fields) if field and field.shaped)
    return members(parts) if parts else None


def _output(i: int, one: Column, field: Field | None) -> E:
    value = column(f"v{i}")
    if one.mask is None:
        return value
    shaped = field is not None and field.shaped
    return masked(one.mask, column(f"t{i}") if shaped else exp.cast(value, "TEXT"))


def _raw(plan: Plan, reading: Reading, *, all_raw: bool) -> E:
    """The record's text where it could not be split, else its fields as a JSON object; masked ones masked."""
    parts = [
        member(
            one.source, field.json if one.mask is None else call("TO_JSON", masked(one.mask, column(f"t{i}")))
        )
        for i, (one, field) in enumerate(zip(plan.columns, reading.fields, strict=True))
        if field is not None
    ]
    inside = members([*parts, *([reading.extra] if reading.extra is not None else [])])
    fields = _braced(first_of(inside, text("")))
    record = text("") if any(one.mask for one in plan.columns) else column("record")
    branches = [(is_not_null(column("problem")), record), (is_not_null(column("reasons")), fields)]
    return case(*branches, default=fields) if all_raw else case(*branches)


def _braced(inside: E) -> E:
    return joined(text("{"), inside, text("}"))
