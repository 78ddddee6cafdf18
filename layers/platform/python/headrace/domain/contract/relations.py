"""Relationships of a contract: values that must stand in another dataset's table."""

import re
from typing import Literal

from headrace.domain.column_names import column_name
from headrace.domain.contract.extensions import RELATIONSHIP, Settings
from headrace.domain.contract.names import Named
from headrace.domain.contract.quality import Quality
from headrace.domain.contract.source import Findings, Place, excerpt
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidRequest
from headrace.domain.plan import Column, DatasetRule, Orphans

_SHORT = re.compile(r"([^./#\s]+)\.([^./#\s]+)")
_QUALIFIED = re.compile(r"/?schema/([^/#\s]+)/properties/([^/#\s]+)")
_FILE = re.compile(r"(?:.*/)?([^/]+)/([^/]+)\.odcs\.ya?ml|([^/]+)\.odcs\.ya?ml")
_COMPARABLE = (None, "tokenise")
_ADVICE = "write dataset.column, or folder/dataset.odcs.yaml#dataset.column for one of another domain"


def read_relationships(
    schema: Place,
    columns: tuple[tuple[Named, Column], ...],
    dataset: DatasetId,
    into: Quality,
    found: Findings,
) -> None:
    """Add a rule for each relationship of the columns, then for each of the schema object."""
    by_name = {column.name: column for _, column in columns}
    for named, column in columns:
        for relation in named.field.items_of("relationships"):
            if relation.get("from"):
                found.problem(relation.at("from"), "from is the column itself here", "remove from")
            _add(relation, (column,), dataset, into, found)
    for relation in schema.items_of("relationships"):
        source = relation.get("from")
        if source is None:
            found.problem(relation, "the relationship does not say from which columns", "add from")
            continue
        names = into.columns_called(tuple(_last_part(place) for place in _each(source)))
        _add(relation, tuple(by_name[name] for name in names), dataset, into, found)


def _add(
    relation: Place, columns: tuple[Column, ...], dataset: DatasetId, into: Quality, found: Findings
) -> None:
    severity: Literal["warning", "error"] = Settings(relation, RELATIONSHIP, found).choice(
        "headrace.severity", ("warning", "error")
    )
    target = relation.get("to")
    if target is None:
        found.problem(relation, "the relationship leads nowhere", f"add to: {_ADVICE.removeprefix('write ')}")
        return
    if relation.text_of("type") not in ("", "foreignKey"):
        found.note(
            relation.at("type"), f"{excerpt(relation.text_of('type'))} is not checked", "foreignKey is"
        )
        return
    targets = [_target(place, dataset, found) for place in _each(target)]
    known = [one for one in targets if one]
    if len(known) < len(targets) or not columns:
        return
    other, to = known[0][0], tuple(column for _, column in known)
    if len(to) != len(columns) or any(one != other for one, _ in known):
        found.problem(target, "the two ends do not match", "name as many columns, all of one dataset")
        return
    hidden = [column.name for column in columns if column.mask not in _COMPARABLE]
    if hidden:
        advice = "masked values stand in no other table: tokenise both columns"
        found.note(target, f"the values of {hidden[0]} are not looked up", advice)
        return
    default = f"{'_'.join(column.name for column in columns)}_in_{other.table}"
    measure = Orphans(tuple(column.name for column in columns), other, to)
    name = relation.text_of("id") or default
    into.add(DatasetRule(name, measure, most=0, severity=severity))


def _target(place: Place, dataset: DatasetId, found: Findings) -> tuple[DatasetId, str] | None:
    """The dataset and the column that one end of a relationship names."""
    file, _, inside = place.text.rpartition("#")
    match = _SHORT.fullmatch(inside) or _QUALIFIED.fullmatch(inside)
    located = _FILE.fullmatch(file) if file else None
    if match is None or (file and located is None):
        found.note(place, f"{excerpt(place.value)} is not looked up", _ADVICE)
        return None
    domain, name = dataset.domain, match[1].lower()
    if located:
        domain, name = located[1] or domain, located[2] or located[3]
    try:
        return DatasetId.parse(f"{domain}/{name}"), column_name(match[2])
    except InvalidRequest:
        found.note(place, f"{excerpt(place.value)} is not looked up", _ADVICE)
        return None


def _last_part(place: Place) -> Place:
    """A column that a schema's own relationship names, without its table: `orders.id` is `id`."""
    name = re.split(r"[./]", place.text)[-1]
    return Place(place.path, place.line, place.column, name, name)


def _each(place: Place) -> tuple[Place, ...]:
    return place.items or (place,)
