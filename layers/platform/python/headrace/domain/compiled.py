"""Compiled contracts as bytes: what the artefacts bucket holds."""

import hashlib

import msgspec
from msgspec.structs import replace

from headrace.domain.plan import Array, Column, Compiled, Described, Mart, Object, Plan, Type

_DECODER: msgspec.json.Decoder[Compiled] = msgspec.json.Decoder(Plan | Mart | Described)


def to_json(compiled: Compiled) -> bytes:
    """A compiled contract as JSON; equal contracts give equal bytes."""
    return msgspec.json.encode(compiled, order="deterministic")


def from_json(body: bytes) -> Compiled:
    """Read what `to_json` wrote. Raises msgspec.ValidationError for anything else."""
    return _DECODER.decode(body)


def contract_id(version: str, compiled: Compiled) -> str:
    """`<version>+<hash>`: the hash is over what the contract means, so descriptions do not count."""
    bare: Compiled
    if isinstance(compiled, Described):
        tables = {name: _undescribed(columns) for name, columns in compiled.tables.items()}
        bare = replace(compiled, contract="", tables=tables)
    else:
        bare = replace(compiled, contract="", columns=_undescribed(compiled.columns))
    if isinstance(bare, Plan):
        bare = replace(bare, field_ids={}, quarantine_field_ids={})
    return f"{version}+{hashlib.sha256(to_json(bare)).hexdigest()[:8]}"


def _undescribed(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(replace(column, description="", type=_bare(column.type)) for column in columns)


def _bare(kind: Type) -> Type:
    match kind:
        case Object(columns):
            return Object(_undescribed(columns))
        case Array(items):
            return Array(_bare(items))
        case _:
            return kind
