"""A plan as SQL: from a reading's rows to typed and masked columns, reasons and raw text, in one pass.

Each layer computes something once from the columns below it:

    rows      entry, place, problem, record, and what the reading's fields refer to
    texts     t<i>: each column's value as text             (nested ones are then shaped in Python)
    parsed    p<i>: what the text says
    values    v<i>: the value, within its type's bounds; NULL where there is none
    judged    reasons: every rule the row broke; NULL where it broke none
    refined   o<i>: what the table gets, rescued, reasons, raw; u<i>: what a masked column is a key by;
              m<i>: whether the row counts for rule i of the dataset; unknown: the fields that are
"""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace
from sqlglot import exp

from headrace.domain.contract.sql import BATCH
from headrace.domain.lookalikes import any_masked, holds_masks
from headrace.domain.plan import Breaks, Column, Json, Nulls, Plan, Text, rule_name
from headrace.domain.tables import published_type
from headrace.engines.duckdb.read.reading import Field, Reading
from headrace.engines.duckdb.rows import inside, masks
from headrace.engines.duckdb.rows.casts import bounded, parsed
from headrace.engines.duckdb.rows.measures import counted, flag
from headrace.engines.duckdb.rows.row_checks import breaks_check
from headrace.engines.duckdb.rows.rules import breaks
from headrace.engines.duckdb.rows.unknown import UNKNOWN
from headrace.engines.sql import (
    E,
    all_of,
    any_of,
    array,
    call,
    case,
    cast,
    column,
    data_type,
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
from headrace.engines.table_types import sql_type

WORK = "work"
"""The table of a unit's rows, with `work_columns`."""

REASON = data_type('STRUCT("column" TEXT, "rule" TEXT, "value_excerpt" TEXT)')


@dataclass(frozen=True)
class _Check:
    """One rule on one column: whether a row breaks it, and what of the value is shown."""

    column: str
    rule: str
    broken: E
    shown: E


def reason(column_: E, rule: E, value_excerpt: E) -> E:
    return struct([("column", column_), ("rule", rule), ("value_excerpt", value_excerpt)])


def work_columns(plan: Plan) -> list[tuple[str, exp.DataType]]:
    """The columns that `refined` yields, with their types."""
    kept = ((i, published_type(one)) for i, one in enumerate(plan.columns))
    return [
        ("entry", data_type("INT")),
        ("place", data_type("BIGINT")),
        *((f"o{i}", sql_type(type_)) for i, type_ in kept if type_ is not None),
        ("rescued", data_type("TEXT")),
        ("reasons", exp.DataType(this=exp.DType.ARRAY, expressions=[REASON.copy()], nested=True)),
        ("raw", data_type("TEXT")),
        *((f"u{i}", sql_type(plan.columns[i].type)) for i in _kept_for_keys(plan)),
        *((flag(rule), data_type("BOOLEAN")) for rule in counted(plan)),
        *([(UNKNOWN, data_type("TEXT"))] if plan.evolution == "evolve" else []),
    ]


def key_value(plan: Plan, i: int) -> str:
    """Which of `work_columns` holds what column i is compared by, as part of a key."""
    return f"u{i}" if i in _kept_for_keys(plan) else f"o{i}"


def _kept_for_keys(plan: Plan) -> list[int]:
    """The columns of keys whose own value is kept beside the masked one."""
    parts = {name for key in plan.keys for name in key.columns}
    return [
        i for i, one in enumerate(plan.columns) if one.name in parts and (one.mask or holds_masks(one.type))
    ]


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
        **{f"o{i}": _output(i, one, field) for i, one, field in columns if published_type(one) is not None},
        "rescued": no_text() if unknown is None else case((is_not_null(unknown), _braced(unknown))),
        "reasons": column("reasons"),
        "raw": _raw(plan, reading, all_raw=all_raw),
        **{f"u{i}": column(f"v{i}") for i in _kept_for_keys(plan)},
        **dict(_flags(plan, reading)),
    }
    if plan.evolution == "evolve":
        outputs[UNKNOWN] = no_text() if reading.extra is None else _braced(reading.extra)
    select = exp.select(*(named(value, name) for name, value in outputs.items()), copy=False)
    return select.from_(judged.subquery("rows", copy=False), copy=False)


def _parsed(i: int, one: Column, field: Field | None) -> E:
    if field is None:
        return cast(exp.null(), sql_type(one.type))
    if field.shaped:
        return inside.typed(one.type, _part(i, "value"))
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


def _reasons(plan: Plan, reading: Reading) -> E:
    """All rules that a row breaks, found without building anything for the rows that break none."""
    lists: list[E] = []
    signs: list[E] = []
    for i, (one, field) in enumerate(zip(plan.columns, reading.fields, strict=True)):
        if field is None:
            continue
        checks = list(_checks(i, one, field))
        signs += (check.broken for check in checks)
        lists += [_listed(checks)] if checks else []
        if field.shaped:
            signs.append(_has_faults(i))
            lists.append(_part(i, "faults"))
    unknown = _unknown(reading)
    if unknown is not None and plan.evolution == "freeze":
        names = call("ARRAY_TO_STRING", call("JSON_KEYS", _braced(unknown)), text(", "))
        check = _Check("", "structure", is_not_null(unknown), joined(text("unknown: "), names))
        signs.append(check.broken)
        lists.append(_listed([check]))
    if plan.checks:
        checks = [_Check("", one.name, _fails(plan, one.predicate), text("")) for one in plan.checks]
        signs += (check.broken for check in checks)
        lists.append(_listed(checks))
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


def _fails(plan: Plan, predicate: str) -> E:
    """Whether a row breaks a rule on it as a whole."""
    at = {one.name: i for i, one in enumerate(plan.columns)}
    broken = exp.paren(breaks_check(predicate, plan.columns))
    for found in list(broken.find_all(exp.Column)):
        if found.table == BATCH:
            found.replace(column(f"v{at[found.name]}"))
    return broken


def _checks(i: int, one: Column, field: Field) -> Iterator[_Check]:
    """The rules on one column, in the order in which their reasons are listed."""
    value = column(f"v{i}")
    written = first_of(_part(i, "raw"), column(f"t{i}")) if field.shaped else column(f"t{i}")
    shown = masks.excerpt(one.mask, one.type, written)
    if one.required:
        yield _Check(one.name, "required", _is_absent(i, field), text(""))
    if field.shaped:
        part = _part(i, "value")
        for check in inside.checks(one.type, one.name, one.mask):
            first = masks.excerpt(check.mask, check.type_, check.first(part))
            yield _Check(check.path, check.rule, check.broken(part), first)
    elif field.unfit is not None or not isinstance(one.type, Text | Json):
        yield _Check(one.name, "type", all_of(is_null(value), is_not_null(written)), shown)
    for rule in one.rules:
        yield _Check(one.name, rule_name(rule), breaks(rule, one.type, value), shown)


def _is_absent(i: int, field: Field | None) -> E:
    """Whether a row has no value in a column, not even one of another kind."""
    if field is None:
        return exp.true()
    if not field.shaped:
        return is_null(column(f"t{i}"))
    return all_of(is_null(_part(i, "value")), exp.Not(this=_has_faults(i)))


def _has_faults(i: int) -> E:
    count = first_of(call("LEN", _part(i, "faults")), number(0))
    return exp.GT(this=count, expression=number(0))


def _flags(plan: Plan, reading: Reading) -> Iterator[tuple[str, E]]:
    """For each dataset rule that is counted row by row, whether the row counts. A record that could not be
    split shows nothing of its columns, so it counts for none."""
    at = {one.name: i for i, one in enumerate(plan.columns)}
    for rule, measure in counted(plan).items():
        i = at[measure.column]
        field = reading.fields[i]
        conditions = []
        if isinstance(measure, Nulls) or measure.nulls:
            conditions.append(_is_absent(i, field))
        if isinstance(measure, Breaks) and field is not None:
            bare = replace(plan.columns[i], required=False, rules=measure.rules)
            conditions += (check.broken for check in _checks(i, bare, field))
            conditions += [_has_faults(i)] if field.shaped else []
        counts = first_of(exp.paren(any_of(conditions)), exp.false())
        yield flag(rule), all_of(is_null(column("problem")), counts)


def _unknown(reading: Reading) -> E | None:
    """The inside of a JSON object with all that the plan does not know; None where there can be none."""
    parts = [] if reading.extra is None else [reading.extra]
    parts += (_part(i, "unknown") for i, field in enumerate(reading.fields) if field and field.shaped)
    return members(parts) if parts else None


def _output(i: int, one: Column, field: Field | None) -> E:
    """What the table gets of a column that is published."""
    value = column(f"v{i}")
    if field is None or not field.shaped:
        return masks.published(one, value)
    if one.mask:
        return masks.shown(one.mask, one.type, column(f"t{i}"))
    return inside.typed(one.type, _part(i, "value"), published=True) if holds_masks(one.type) else value


def _raw(plan: Plan, reading: Reading, *, all_raw: bool) -> E:
    """The record's text where it could not be split, else its fields as a JSON object; masked ones masked."""
    parts = [
        member(field.name or one.source, _raw_value(i, one, field))
        for i, (one, field) in enumerate(zip(plan.columns, reading.fields, strict=True))
        if field is not None and one.mask != "drop"
    ]
    inner = members([*parts, *([reading.extra] if reading.extra is not None else [])])
    fields = _braced(first_of(inner, text("")))
    record = text("") if any_masked(plan.columns) else column("record")
    branches = [(is_not_null(column("problem")), record), (is_not_null(column("reasons")), fields)]
    return case(*branches, default=fields) if all_raw else case(*branches)


def _raw_value(i: int, one: Column, field: Field) -> E:
    if one.mask:
        return call("TO_JSON", masks.shown(one.mask, one.type, column(f"t{i}")))
    return first_of(_part(i, "raw"), field.json) if field.shaped else field.json


def _braced(inside: E) -> E:
    return joined(text("{"), inside, text("}"))
