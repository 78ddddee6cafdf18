"""Widens a contract by the fields that its batches bring and it does not name: `evolve`.

Such a column is as the landed data had it first. It stays when the author registers a new version, until
a column of the contract takes its place; it is then the author's.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, count

from msgspec.structs import replace

from headrace.domain.batch import UnknownField
from headrace.domain.column_names import RESERVED, column_name
from headrace.domain.compiled import contract_id
from headrace.domain.plan import Column, Date, Double, Integer, Json, Plan, Text, Timestamp, Type
from headrace.domain.tables import partition_name

MOST_COLUMNS = 1_000
"""Columns that a contract is widened to at most; further fields stay in `_rescued`."""

_JOINED: dict[frozenset[type], Type] = {
    frozenset({Integer, Double}): Double(),
    frozenset({Date, Timestamp}): Timestamp(),
}


def widened(plan: Plan, unknown: Iterable[UnknownField], reserved: Iterable[str] = ()) -> Plan:
    """The plan with a column for each unknown field that its units report, in the order of the reports.

    Where units differ in a field's type, the column has the one that takes the values of both. Its name is
    the field's in snake_case, with a number behind it where the plan or `reserved` has that name. Its
    field ids are not known yet.
    """
    known = set(_sources(plan.columns))
    types: dict[str, Type] = {}
    for field in unknown:
        if field.source not in known:
            types[field.source] = joined(types.get(field.source, field.type), field.type)
    taken = {*RESERVED, *reserved, *_names(plan.columns), *map(partition_name, plan.partitions)}
    columns: list[Column] = []
    for source, kind in list(types.items())[: max(0, MOST_COLUMNS - len(plan.columns))]:
        name = _free(column_name(source) or "column", taken)
        taken.add(name)
        columns.append(Column(name, source, kind, evolved=True))
    return _with(plan, columns)


def keeping_evolved(plan: Plan, standing: Plan) -> Plan:
    """The plan with the evolved columns of the one that stands, but for those whose place it takes."""
    sources, names = set(_sources(plan.columns)), {*_names(plan.columns), *_aliases(plan.columns)}
    kept = [
        column
        for column in standing.columns
        if column.evolved and column.name not in names and column.source not in sources
    ]
    ids = {path: number for path, number in standing.field_ids.items() if path in set(_names(kept))}
    wider = _with(plan, kept)
    return replace(wider, field_ids={**ids, **wider.field_ids})


def joined(one: Type, other: Type) -> Type:
    """The narrowest type that takes the values of both."""
    if one == other:
        return one
    if isinstance(one, Json) or isinstance(other, Json):
        return Json()
    return _JOINED.get(frozenset({type(one), type(other)}), Text())


def _with(plan: Plan, columns: Sequence[Column]) -> Plan:
    if not columns:
        return plan
    wider = replace(plan, columns=(*plan.columns, *columns))
    version = plan.contract.partition("+")[0]
    return replace(wider, contract=contract_id(version, wider))


def _free(name: str, taken: set[str]) -> str:
    numbered = (f"{name[:120]}_{number}" for number in count(2))
    return next(one for one in chain([name], numbered) if one not in taken)


def _names(columns: Iterable[Column]) -> Iterable[str]:
    return (column.name for column in columns)


def _aliases(columns: Iterable[Column]) -> Iterable[str]:
    return (alias for column in columns for alias in column.aliases)


def _sources(columns: Iterable[Column]) -> Iterable[str]:
    return (name for column in columns for name in (column.source, *column.aliases))
