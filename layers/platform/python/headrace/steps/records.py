"""Reads and writes the protocol's records in the artefacts bucket."""

import hashlib
from typing import TypeVar

import msgspec

from headrace.domain import keys
from headrace.domain.batch import Manifest, UnitReport
from headrace.domain.compiled import from_json, to_json
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import UnknownDataset
from headrace.domain.plan import Compiled, Mart, Plan
from headrace.ports import ObjectStore

Record = TypeVar("Record", bound=msgspec.Struct)


def encode(record: msgspec.Struct) -> bytes:
    """The record as JSON: the same record always gives the same bytes."""
    return msgspec.json.encode(record, order="deterministic")


def read(store: ObjectStore, key: str, kind: type[Record]) -> Record:
    """Raises MissingArtefact where there is none."""
    return msgspec.json.decode(store.read(key), type=kind)


def create(store: ObjectStore, key: str, record: Record) -> Record:
    """Write a record that is written once. Returns the one that stands: ours, or an earlier writer's."""
    if store.create(key, encode(record)):
        return record
    return read(store, key, type(record))


def read_plan(store: ObjectStore, key: str) -> Plan:
    """The compiled contract of a dataset; raises UnknownDataset where it is a mart's."""
    compiled = from_json(store.read(key))
    if not isinstance(compiled, Plan):
        raise UnknownDataset(f"{key} is the contract of a mart, {compiled.dataset}, where no object lands")
    return compiled


def read_mart(store: ObjectStore, key: str) -> Mart:
    """The compiled contract of a mart; raises UnknownDataset where it is a dataset's."""
    compiled = from_json(store.read(key))
    if not isinstance(compiled, Mart):
        raise UnknownDataset(f"{key} is the contract of a dataset, {compiled.dataset}, not of a mart")
    return compiled


def write_contract(store: ObjectStore, dataset: DatasetId, compiled: Compiled) -> str:
    """Keep a compiled contract under a key that names its content; returns the key."""
    body = to_json(compiled)
    key = keys.contract_key(dataset, compiled.contract, hashlib.sha256(body).hexdigest())
    store.write(key, body)
    return key


def read_reports(store: ObjectStore, manifest: Manifest, rejected: bool) -> list[UnitReport]:
    """The reports of a batch's work units, in order."""
    return [
        read(store, keys.report_key(manifest.dataset, manifest.batch, unit.index, rejected), UnitReport)
        for unit in manifest.units
    ]
