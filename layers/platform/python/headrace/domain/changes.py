"""What a new version of a contract changes, and what each change means to those who read or write the data.

Four effects, from none to the worst. `compatible`: whoever reads the tables or lands the files notices
nothing. `tighter`: readers notice nothing, and rows that were published may be quarantined from now on;
those in the table stay. `breaking`: readers or producers must do something, so the major version must be
raised. `impossible`: the table that stands cannot become what the contract says, whatever its version.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.formats import Csv, format_name
from headrace.domain.plan import (
    Array,
    Column,
    Compiled,
    Decimal,
    Described,
    Integer,
    Json,
    Mart,
    Object,
    Plan,
    Text,
    Time,
    Type,
)
from headrace.domain.renames import new_names, paired
from headrace.domain.rule_changes import dataset_rule_effect, row_rule_effects
from headrace.domain.tables import published_type

Effect = Literal["compatible", "tighter", "breaking", "impossible"]


class Change(Struct, frozen=True):
    """One change: what it is about (a column's path, `keys`, …), what changes, and how to migrate."""

    effect: Effect
    where: str
    what: str
    how: str = ""

    @property
    def breaks(self) -> bool:
        """Whether it is refused unless the major version is raised, or at all."""
        return self.effect in ("breaking", "impossible")

    def __str__(self) -> str:
        advice = f"; {self.how}" if self.how else ""
        return f"{self.effect}: {self.where}: {self.what}{advice}"


def changes(old: Compiled, new: Compiled) -> tuple[Change, ...]:
    """What the new contract changes of the old one, columns first; nothing where they mean the same."""
    if old.dataset != new.dataset:
        how = "its tables begin empty and the old ones stay: land the files again to fill them"
        return (Change("breaking", "name", f"{old.dataset} becomes {new.dataset}", how),)
    parts: list[Iterator[Change]]
    match old, new:
        case Plan(), Plan():
            parts = [_columns(old.columns, new.columns), _order(old, new), _plan(old, new)]
        case Mart(), Mart():
            parts = [map(_recomputed, _columns(old.columns, new.columns)), _mart(old, new)]
        case Described(), Described():
            parts = [
                map(_recomputed, _columns(old.tables.get(name, ()), new.tables.get(name, ()), f"{name}."))
                for name in {**old.tables, **new.tables}
            ]
        case _:
            kinds = {Plan: "a dataset that lands", Mart: "a mart", Described: "only described"}
            what = f"{kinds[type(old)]} becomes {kinds[type(new)]}"
            return (Change("impossible", "kind", what, "give the new contract a name of its own"),)
    return tuple(chain.from_iterable(parts))


# ── versions ─────────────────────────────────────────────────────────────────────────────────────

_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")


def refusals(old: Compiled, new: Compiled) -> tuple[str, ...]:
    """Why the new contract cannot take the place of the old one, one line each; none where it can.

    A version may not go back, and what breaks needs a higher major version (below 1.0.0 a higher minor
    one): the author's word that readers and producers know.
    """
    before, after = version_of(old), version_of(new)
    if _numbers(after) < _numbers(before):
        return (f"version {after} is below {before}, which is in force: give it a higher one",)
    announced = _announces(before) < _announces(after)
    refused = [
        change
        for change in changes(old, new)
        if change.effect == "impossible" or (change.effect == "breaking" and not announced)
    ]
    lines = [str(change) for change in refused]
    if any(change.effect == "breaking" for change in refused):
        lines.append(f"version {after} does not announce what breaks: raise the major version of {before}")
    return tuple(lines)


def version_of(compiled: Compiled) -> str:
    """The version that the author wrote."""
    return compiled.contract.partition("+")[0]


def _numbers(version: str) -> tuple[int, ...]:
    """`v1.2.0-rc1` as (1, 2); nothing for a version that is no number. Zeros at the end do not count."""
    match = _VERSION.match(version)
    numbers = [int(part) for part in match[1].split(".")] if match else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _announces(version: str) -> tuple[int, ...]:
    """What must rise for a change to break: the major version, below 1.0.0 the minor one."""
    major, minor = (*_numbers(version), 0, 0)[:2]
    return (major, 0 if major else minor)


# ── columns ──────────────────────────────────────────────────────────────────────────────────────


def _columns(old: Sequence[Column], new: Sequence[Column], prefix: str = "") -> Iterator[Change]:
    for former, column in paired(old, new):
        if column is None and former is not None:
            yield _removed(prefix + former.name, former)
        elif column is not None and former is None:
            yield _added(prefix + column.name, column)
        elif column is not None and former is not None:
            path = prefix + column.name
            if former.name != column.name:
                how = "queries and marts must use the new name"
                yield Change("compatible", path, f"renamed from {prefix}{former.name}", how)
            yield from _column(path, former, column)


def _added(path: str, column: Column) -> Change:
    if column.required:
        how = "make it required once the files have it: until then each of their rows is quarantined"
        return Change("breaking", path, "new, and required", how)
    return Change("compatible", path, "new")


def _removed(path: str, column: Column) -> Change:
    if published_type(column) is None:
        return Change("compatible", path, "removed; it was dropped before it was written")
    how = f"keep it, or give its successor headrace.aliases: [{column.source or column.name}]"
    return Change("breaking", path, "removed: new rows have no value in it", how)


def _column(path: str, old: Column, new: Column) -> Iterator[Change]:
    """What changes of one column, its name apart."""
    known = {new.source, *new.aliases}
    if old.source not in known:
        how = f"add headrace.aliases: [{old.source}] while files still have it"
        yield Change("breaking", path, f"reads the field {new.source}, no longer {old.source}", how)
    elif lost := set(old.aliases) - known:
        yield Change("tighter", path, f"no longer reads the field {', '.join(sorted(lost))}")
    yield from _mask(path, old, new)
    yield from _type(path, old, new)
    if new.required and not old.required:
        yield Change("tighter", path, "required: rows without a value are quarantined")
    elif old.required and not new.required:
        yield Change("compatible", path, "no longer required")
    for effect, what in row_rule_effects(old.rules, new.rules):
        yield Change(effect, path, what)
    if (old.description, old.classification) != (new.description, new.classification):
        yield Change("compatible", path, "described otherwise")


def _mask(path: str, old: Column, new: Column) -> Iterator[Change]:
    """Any change of a mask breaks: one column would hold values of two kinds, the old ones for ever, and
    what is compared or joined by it no longer meets."""
    if old.mask == new.mask:
        return
    what = f"mask {old.mask or 'none'} becomes {new.mask or 'none'}; the rows in the table stay as they are"
    how = "add a column of another name over the same field, and remove this one when nobody reads it"
    if not _fits(published_type(old), published_type(new)):
        yield Change("impossible", path, what, how)
    elif new.mask is None:
        yield Change("breaking", path, what, "personal data becomes readable: is it meant?")
    else:
        yield Change("breaking", path, what, how)


def _type(path: str, old: Column, new: Column) -> Iterator[Change]:
    before, after = old.type, new.type
    if before == after:
        return
    if isinstance(before, Object) and isinstance(after, Object):
        yield from _columns(before.columns, after.columns, f"{path}.")
    elif isinstance(before, Array) and isinstance(after, Array):
        element = Column("element", "", before.items), Column("element", "", after.items)
        yield from _type(f"{path}.element", *element)
    elif type(before) is type(after) and not isinstance(before, Integer | Decimal):
        yield Change("tighter", path, "its values are read otherwise")
    elif _widens(before, after):
        yield Change(
            "compatible", path, f"{_named_type(before)} becomes {_named_type(after)}, which is wider"
        )
    else:
        yield _retyped(path, old, new)


def _retyped(path: str, old: Column, new: Column) -> Change:
    what = f"{_named_type(old.type)} becomes {_named_type(new.type)}"
    if _fits(published_type(old), published_type(new)):
        return Change("breaking", path, what, "tell those who read it, and raise the major version")
    how = "keep the type; write the values of the new one to a column of another name, or rename the dataset"
    return Change("impossible", path, f"{what}: Iceberg cannot promote it", how)


def _fits(stored: Type | None, wanted: Type | None) -> bool:
    """Whether a table that holds the one takes the other: nothing there, the same, or narrower or wider."""
    if stored is None or wanted is None:
        return True
    texts = (Text, Json, Time)
    both_texts = isinstance(stored, texts) and isinstance(wanted, texts)
    return both_texts or stored == wanted or _widens(stored, wanted) or _widens(wanted, stored)


def _widens(narrow: Type, wide: Type) -> bool:
    """Whether Iceberg promotes the one type to the other."""
    match narrow, wide:
        case Integer(bits=least), Integer(bits=most):
            return least < most
        case Decimal(), Decimal():
            return narrow.scale == wide.scale and narrow.precision < wide.precision
        case _:
            return False


def _named_type(kind: Type) -> str:
    match kind:
        case Integer(bits=bits):
            return f"integer of {bits} bits"
        case Decimal(precision=precision, scale=scale):
            return f"decimal({precision}, {scale})"
        case _:
            return type(kind).__name__.lower()


def _order(old: Plan, new: Plan) -> Iterator[Change]:
    """Tables keep the order of their columns; files without a header have no other names for them."""
    before = [column.name for column in old.columns if not column.evolved]
    after = [column.name for column in new.columns if not column.evolved]
    nameless = any(isinstance(one, Csv) and not one.header for one in new.formats)
    if nameless and after[: len(before)] != before:
        how = "leave the columns in their places and add new ones at the end"
        yield Change("breaking", "columns", "files without a header are read by other positions", how)
    elif [name for name in before if name in after] != [name for name in after if name in before]:
        yield Change("compatible", "columns", "in another order; the table keeps its own")


# ── the rest of a contract ───────────────────────────────────────────────────────────────────────


def _plan(old: Plan, new: Plan) -> Iterator[Change]:
    yield from _formats(old, new)
    names = new_names(old.columns, new.columns)
    partitions = tuple(replace(one, column=names.get(one.column, one.column)) for one in old.partitions)
    if partitions != new.partitions:
        how = "keep the partitions, or rename the dataset and land its files again"
        yield Change("impossible", "partitions", "the table is partitioned otherwise", how)
    keys = {replace(key, columns=tuple(names.get(name, name) for name in key.columns)) for key in old.keys}
    if keys != set(new.keys):
        how = "readers may join and merge by a key: raise the major version"
        yield Change("breaking", "keys", "other rows count as repeated", how)
    if old.keys_within != new.keys_within:
        effect: Effect = "tighter" if new.keys_within == "table" else "breaking"
        yield Change(effect, "keys", f"hold within the {new.keys_within}, no longer the {old.keys_within}")
    yield from _checks(old, new)
    if old.evolution != new.evolution:
        effect = "tighter" if new.evolution == "freeze" else "compatible"
        yield Change(effect, "evolution", f"{old.evolution} becomes {new.evolution}")
    if old.reupload != new.reupload:
        effect = "tighter" if new.reupload == "immutable" else "compatible"
        yield Change(effect, "reupload", f"{old.reupload} becomes {new.reupload}")
    yield from _dataset_rules(old, new)
    if old.queries != new.queries:
        yield Change("compatible", "queries", "other queries run after a batch")
    if old.profiled != new.profiled:
        what = "batches are profiled" if new.profiled else "batches are no longer profiled"
        yield Change("compatible", "profile", what)


def _formats(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = ({format_name(one): one for one in plan.formats} for plan in (old, new))
    for name in {**before, **after}:
        if name not in after:
            yield Change("breaking", "formats", f"{name} files are no longer read", "keep it while they land")
        elif name not in before:
            yield Change("compatible", "formats", f"{name} files are read too")
        elif before[name] != after[name]:
            yield Change("tighter", "formats", f"{name} files are read otherwise")


def _checks(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = ({one.name: one for one in plan.checks} for plan in (old, new))
    for name in {**before, **after}:
        if name not in after:
            yield Change("compatible", "checks", f"{name} is no longer checked")
        elif name not in before or before[name] != after[name]:
            yield Change("tighter", "checks", f"{name} is checked" + (" otherwise" if name in before else ""))


def _dataset_rules(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = ({one.name: one for one in plan.rules} for plan in (old, new))
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            effect, what = dataset_rule_effect(before.get(name), after.get(name))
            yield Change(effect, "rules", f"{name} {what}")


def _mart(old: Mart, new: Mart) -> Iterator[Change]:
    if (old.sql, old.reads) != (new.sql, new.reads):
        yield Change("compatible", "sql", "the rows are computed otherwise at the next refresh")


def _recomputed(change: Change) -> Change:
    """A mart's table is written anew at each refresh, and can become anything; so can what is elsewhere."""
    if change.effect != "impossible":
        return change
    how = "tell those who read it, and raise the major version"
    return Change("breaking", change.where, change.what.partition(":")[0], how)
