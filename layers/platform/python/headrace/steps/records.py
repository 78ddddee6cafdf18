"""Reads and writes the protocol's records in the artefacts bucket."""

import hashlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from headrace.domain import keys
from headrace.domain.batch import Manifest, UnitReport, Verdict
from headrace.domain.compiled import from_json, to_json
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import MissingArtefact, UnknownDataset
from headrace.domain.keys import Variant
from headrace.domain.plan import Compiled, Described, Mart, Plan
from headrace.ports import ObjectStore

Record = TypeVar("Record", bound=msgspec.Struct)


def encode(record: msgspec.Struct) -> bytes:
    """The record as JSON: the same record always gives the same bytes."""
    return msgspec.json.encode(record, order="deterministic")


def read(store: ObjectStore, key: str, kind: type[Record]) -> Record:
    """Raises MissingArtefact where there is none."""
    return msgspec.json.decode(store.read(key), type=kind)


def find(store: ObjectStore, key: str, kind: type[Record]) -> Record | None:
    """Like `read`; None where there is none."""
    try:
        return read(store, key, kind)
    except MissingArtefact:
        return None


def create(store: ObjectStore, key: str, record: Record) -> Record:
    """Write a record that is written once. Returns the one that stands: ours, or an earlier writer's."""
    if store.create(key, encode(record)):
        return record
    return read(store, key, type(record))


def read_plan(store: ObjectStore, key: str) -> Plan:
    """The compiled contract of a dataset; raises UnknownDataset where it is of anything else."""
    compiled = from_json(store.read(key))
    if not isinstance(compiled, Plan):
        raise UnknownDataset(f"{key} is the contract of {_called(compiled)}, where no object lands")
    return compiled


def read_mart(store: ObjectStore, key: str) -> Mart:
    """The compiled contract of a mart; raises UnknownDataset where it is of anything else."""
    compiled = from_json(store.read(key))
    if not isinstance(compiled, Mart):
        raise UnknownDataset(f"{key} is the contract of {_called(compiled)}, not of a mart")
    return compiled


def _called(compiled: Compiled) -> str:
    kinds = {Plan: "a dataset", Mart: "a mart", Described: "data that is elsewhere"}
    return f"{kinds[type(compiled)]}, {compiled.dataset}"


def read_contract(store: ObjectStore, key: str) -> Compiled:
    """The compiled contract, whatever it is of."""
    return from_json(store.read(key))


def write_contract(store: ObjectStore, dataset: DatasetId, compiled: Compiled, source: bytes = b"") -> str:
    """Keep a compiled contract, and what its author wrote, under a key that names its content; returns
    the key."""
    body = to_json(compiled)
    key = keys.contract_key(dataset, compiled.contract, hashlib.sha256(body).hexdigest())
    store.write(key, body)
    if source:
        store.write(keys.source_key(key), source)
    return key


def read_source(store: ObjectStore, key: str) -> bytes:
    """What the author of the compiled contract at this key wrote, in YAML; empty where it was not kept."""
    try:
        return store.read(keys.source_key(key))
    except MissingArtefact:
        return b""


def read_committed(store: ObjectStore, manifest: Manifest, verdict: Verdict) -> list[UnitReport]:
    """The reports of the rows that a batch commits under this verdict; none of a replay that was refused."""
    if manifest.replay and not verdict.publish:
        return []
    return read_reports(store, manifest, verdict.variant)


def replays(store: ObjectStore, dataset: DatasetId, newest: int, after: int) -> Iterator[Manifest]:
    """The manifests of a dataset's replays that come after the batch `after`, the newest first; `newest` is
    the last that counts, as `Manifest.last_replay` names it."""
    while newest > after:
        manifest = read(store, keys.manifest_key(dataset, newest), Manifest)
        yield manifest
        newest = manifest.last_replay


def read_reports(
    store: ObjectStore, manifest: Manifest, variant: Callable[[int], Variant]
) -> list[UnitReport]:
    """The reports of a batch's work units, in order; `variant` tells which one of a unit counts."""
    dataset, batch = manifest.dataset, manifest.batch
    numbers = (unit.index for unit in manifest.units)
    return [read(store, keys.report_key(dataset, batch, one, variant(one)), UnitReport) for one in numbers]
