"""The contract in force: what Headrace acts on, and what it keeps for people to read."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from headrace.domain.contract.compile import compile_contract
from headrace.domain.contract.source import Findings
from headrace.domain.contract.yaml_source import read_source
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidContract
from headrace.domain.plan import Array, Column, Compiled, Decimal, Integer, Object, Plan, Type
from headrace.steps import records
from headrace_cli.contract.check import SUFFIX
from headrace_cli.deployment import Deployment

_SHOWN_ELSEWHERE = frozenset(
    {"kind", "apiVersion", "domain", "name", "version", "schema", "servers", "customProperties"}
)
"""Keys of a contract that the compiled one tells, or that say nothing to people."""


class ShownColumn(Struct, frozen=True):
    """A column, or a field inside one by its path; `rules` are what a value must keep."""

    name: str
    source: str
    type: str
    rules: tuple[str, ...]
    mask: str
    classification: str
    description: str


class Shown(Struct, frozen=True):
    """A contract in force. `documentation` holds the parts of its source that Headrace keeps and does not
    act on, `notes` what it says of that; both are empty where the source was not kept."""

    dataset: DatasetId
    contract: str
    columns: tuple[ShownColumn, ...]
    settings: dict[str, str]
    documentation: dict[str, Any]
    notes: tuple[str, ...]
    source: str


def show_contract(deployment: Deployment, dataset: DatasetId) -> Shown:
    """Raises Failure where no contract is registered under the name."""
    key = deployment.contract_key(dataset)
    compiled = records.read_contract(deployment.artefacts, key)
    source = records.read_source(deployment.artefacts, key).decode()
    return Shown(
        dataset,
        compiled.contract,
        tuple(_columns(compiled)),
        dict(_settings(compiled)),
        _documentation(source),
        _notes(dataset, source),
        source,
    )


def _columns(compiled: Compiled) -> Iterator[ShownColumn]:
    tables = [] if isinstance(compiled, Plan) else list(getattr(compiled, "tables", {}).items())
    for column in getattr(compiled, "columns", ()):
        yield from _column(column, column.name)
    for table, columns in tables:
        for column in columns:
            yield from _column(column, f"{table}.{column.name}")


def _column(column: Column, path: str) -> Iterator[ShownColumn]:
    rules = (*(["required"] if column.required else []), *map(_told, column.rules))
    yield ShownColumn(
        path,
        column.source,
        _type(column.type),
        rules,
        column.mask or "",
        column.classification,
        column.description,
    )
    inner = column.type
    while isinstance(inner, Array):
        inner, path = inner.items, f"{path}.element"
    if isinstance(inner, Object):
        for one in inner.columns:
            yield from _column(one, f"{path}.{one.name}")


def _type(type_: Type) -> str:
    match type_:
        case Array(items):
            return f"array of {_type(items)}"
        case Decimal(precision, scale):
            return f"decimal({precision},{scale})"
        case Integer(32):
            return "integer of 32 bits"
        case _:
            return str(type_.__struct_config__.tag)


def _told(part: Struct) -> str:
    """A part of a plan in one line: its name, and those of its values that say something."""
    said: dict[str, Any] = msgspec.to_builtins(part)
    name = said.pop("type", "")
    values = (_valued(key, value) for key, value in said.items() if value not in (None, False, "", [], {}))
    return " ".join([*([name] if name else []), *values])


def _valued(key: str, value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return key if value is True else f"{key} {value}"


def _settings(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """What the contract decides beyond its columns."""
    if not isinstance(compiled, Plan):
        if reads := getattr(compiled, "reads", ()):
            yield "reads", ", ".join(map(str, reads))
        return
    yield "lands as", _listed([_told(one) for one in compiled.formats])
    yield "unknown fields", compiled.evolution
    yield "re-uploads", compiled.reupload
    keys = [
        f"{', '.join(key.columns)} ({key.rule}, within the {compiled.keys_within})" for key in compiled.keys
    ]
    parts = {
        "keys": keys,
        "row checks": [f"{check.name}: {check.predicate}" for check in compiled.checks],
        "partitioned by": [f"{one.transform} of {one.column}" for one in compiled.partitions],
        "batch rules": [_told(rule) for rule in compiled.rules],
        "queries": [query.name for query in compiled.queries],
    }
    yield from ((name, _listed(told)) for name, told in parts.items() if told)


def _listed(told: Sequence[str]) -> str:
    return "; ".join(told)


def _documentation(source: str) -> dict[str, Any]:
    """What the contract says beyond the table, as plain values; its text was valid when it was kept."""
    if not source:
        return {}
    written = read_source(source, Findings("")).entries
    return {key: place.value for key, place in written.items() if key not in _SHOWN_ELSEWHERE}


def _notes(dataset: DatasetId, source: str) -> tuple[str, ...]:
    if not source:
        return ("what its author wrote was not kept; register the contract again to keep it",)
    try:
        return compile_contract(f"{dataset}{SUFFIX}", source).notes
    except InvalidContract:  # in force since another version of Headrace, which took it
        return ("this version of Headrace would not take it any more; `headrace contract check` says why",)
