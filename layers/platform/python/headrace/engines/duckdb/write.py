"""Writes rows as Parquet that an Iceberg table takes as it is: field ids, zstd, the same bytes each time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from headrace.domain.errors import EngineFault
from headrace.domain.plan import Array, Column, Object, Type
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import E, number, struct, text

_ROW_GROUP = 122_880
# Level 1 saves 12 to 19 % of the whole job and costs a few percent of size.
_ZSTD_LEVEL = 1
_OWN_ID = "__duckdb_field_id"


@dataclass(frozen=True)
class Written:
    """A Parquet file and the number of its rows."""

    path: Path
    rows: int


def write_parquet(
    session: Session, rows: exp.Select, to: Path, columns: Sequence[Column], ids: Mapping[str, int]
) -> Written:
    """Write `rows` to the file `to`; `ids` maps each path of `columns`, as they are published, to its field
    id, and may be empty."""
    options = {
        "FORMAT": exp.var("PARQUET"),
        "COMPRESSION": exp.var("ZSTD"),
        "COMPRESSION_LEVEL": number(_ZSTD_LEVEL),
        "ROW_GROUP_SIZE": number(_ROW_GROUP),
    }
    if ids:
        options["FIELD_IDS"] = struct((one.name, _ids(one.type, one.name, ids)) for one in columns)
    copy = exp.Copy(
        this=rows.subquery(copy=False),
        kind=False,
        files=[text(str(to))],
        params=[exp.CopyParameter(this=exp.var(name), expression=value) for name, value in options.items()],
    )
    return Written(to, session.execute(copy)[0][0])


def _ids(type_: Type, path: str, ids: Mapping[str, int]) -> E:
    if path not in ids:
        raise EngineFault(f"the table has no field id for {path}")
    own = number(ids[path])
    match type_:
        case Array(items=items):
            return struct([(_OWN_ID, own), ("element", _ids(items, f"{path}.element", ids))])
        case Object(columns=columns):
            inner = ((one.name, _ids(one.type, f"{path}.{one.name}", ids)) for one in columns)
            return struct([(_OWN_ID, own), *inner])
        case _:
            return own
