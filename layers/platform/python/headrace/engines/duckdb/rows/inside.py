"""Nested columns as expressions over the shape that `headrace.engines.duckdb.rows.nested` gives them.

A shape has text at its leaves, a field `f<i>` for column i of an object, and beside it `t<i>`, its JSON
text, where `has_text` says so.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from sqlglot import exp

from headrace.domain.plan import Array, Column, Json, Mask, Object, Rule, Text, Type, rule_name
from headrace.domain.tables import published_type
from headrace.engines.duckdb.rows import masks
from headrace.engines.duckdb.rows.casts import from_text
from headrace.engines.duckdb.rows.rules import breaks
from headrace.engines.sql import E, all_of, call, case, is_not_null, is_null, number, struct, text


@dataclass(frozen=True)
class Check:
    """One rule on what is inside a value: whether any of it breaks the rule, and the text of the first that
    does; `mask` is the outermost that covers it, and `type_` that of the column which has it."""

    path: str
    rule: str
    mask: Mask | None
    type_: Type
    broken: Callable[[E], E]
    first: Callable[[E], E]


def is_nested(type_: Type) -> bool:
    return isinstance(type_, Array | Object)


def has_text(one: Column) -> bool:
    """Whether the shape of an object holds the JSON text of this column beside its own shape."""
    return is_nested(one.type) and bool(one.mask or one.rules)


def typed(type_: Type, shape: E, *, published: bool = False, depth: int = 0) -> E:
    """The value that a shape stands for; with `published`, as the table has it: masked inside."""
    match type_:
        case Array(items=items):
            item = exp.to_identifier(f"x{depth}")
            body = typed(items, exp.column(item.copy()), published=published, depth=depth + 1)
            return exp.Transform(this=shape, expression=exp.Lambda(this=body, expressions=[item]))
        case Object(columns=columns):
            fields = [
                (one.name, _inner(one, shape, index, published=published, depth=depth))
                for index, one in enumerate(columns)
                if not published or published_type(one) is not None
            ]
            return case((is_not_null(shape), struct(fields)))
        case _:
            return from_text(type_, shape)


def _inner(one: Column, shape: E, index: int, *, published: bool, depth: int) -> E:
    if not (published and one.mask):
        return typed(one.type, part(shape, index), published=published, depth=depth)
    if is_nested(one.type):
        return masks.shown(one.mask, one.type, written(one, shape, index))
    return masks.published(one, from_text(one.type, part(shape, index)))


def part(shape: E, index: int) -> E:
    return exp.StructExtract(this=shape, expression=text(f"f{index}"))


def written(one: Column, shape: E, index: int) -> E:
    """An object's column as text."""
    name = f"t{index}" if has_text(one) else f"f{index}"
    return exp.StructExtract(this=shape, expression=text(name))


def checks(type_: Type, path: str, mask: Mask | None, depth: int = 0) -> Iterator[Check]:
    """The casts and rules of all that is inside a value of a type, in the order of its columns."""
    match type_:
        case Array(items=items):
            for check in checks(items, f"{path}.element", mask, depth + 1):
                yield _in_array(check, f"x{depth}")
        case Object(columns=columns):
            for index, one in enumerate(columns):
                yield from _column_checks(one, index, f"{path}.{one.name}", mask or one.mask, depth)
        case Text() | Json():
            return
        case _:
            yield Check(path, "type", mask, type_, lambda shape: _misfits(type_, shape), lambda shape: shape)


def _column_checks(one: Column, index: int, path: str, mask: Mask | None, depth: int) -> Iterator[Check]:
    for check in checks(one.type, path, mask, depth):
        yield _in_object(check, index)
    for rule in one.rules:
        yield Check(
            path,
            rule_name(rule),
            mask,
            one.type,
            partial(_breaks, rule, one, index, depth),
            lambda shape: written(one, shape, index),
        )


def _breaks(rule: Rule, one: Column, index: int, depth: int, shape: E) -> E:
    return breaks(rule, one.type, typed(one.type, part(shape, index), depth=depth))


def _misfits(type_: Type, shape: E) -> E:
    return all_of(is_not_null(shape), is_null(from_text(type_, shape)))


def _in_array(check: Check, item: str) -> Check:
    def breaking(items: E) -> E:
        is_broken = exp.Lambda(this=check.broken(exp.column(item)), expressions=[exp.to_identifier(item)])
        return exp.ArrayFilter(this=items, expression=is_broken)

    return replace(
        check,
        broken=lambda items: exp.GT(this=call("LEN", breaking(items)), expression=number(0)),
        first=lambda items: check.first(call("LIST_EXTRACT", breaking(items), number(1))),
    )


def _in_object(check: Check, index: int) -> Check:
    return replace(
        check,
        broken=lambda shape: check.broken(part(shape, index)),
        first=lambda shape: check.first(part(shape, index)),
    )
