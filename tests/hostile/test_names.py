"""Naughty texts as names of fields: in contracts, in headers, as keys of objects, as columns of Parquet."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.steps import records
from tests.hostile.flow import SAYINGS, Flow, contract

ID = {"name": "id", "logicalType": "integer"}


def as_csv(row: Mapping[str, str]) -> bytes:
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([row.keys(), row.values()])
    return file.getvalue().encode()


def as_ndjson(row: Mapping[str, str]) -> bytes:
    return json.dumps(row).encode() + b"\n"


def as_parquet(row: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row)]), file)
    return file.getvalue()


WRITERS: dict[str, Callable[[Mapping[str, str]], bytes]] = {
    "csv": as_csv,
    "ndjson": as_ndjson,
    "parquet": as_parquet,
}


def fields_of(strings: tuple[str, ...], kind: str = "") -> dict[str, str]:
    """A value by each name that a field can have; those of CSV have no spaces around them, if they are not
    a contract's."""
    trimmed = [one.strip() if kind == "csv" else one for one in strings]
    return {one: f"value {at}" for at, one in enumerate(trimmed) if one.strip() and "\x00" not in one}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_contract_can_name_any_field(flow: Flow, strings: tuple[str, ...], kind: str) -> None:
    fields = fields_of(strings)
    columns = [
        {"name": f"c{at}", "physicalName": name, "logicalType": "string"} for at, name in enumerate(fields)
    ]
    flow.world.register(contract(*columns, kind=kind))
    flow.land({f"a.{kind}": WRITERS[kind](fields)})
    flow.check()
    (row,) = flow.curated()
    assert [row[f"c{at}"] for at in range(len(fields))] == list(fields.values())
    assert row["_rescued"] is None


@pytest.mark.parametrize("kind", WRITERS)
def test_fields_that_the_contract_does_not_know_are_rescued_under_their_names(
    flow: Flow, strings: tuple[str, ...], kind: str
) -> None:
    fields = fields_of(strings, kind)
    flow.world.register(contract(ID, kind=kind))
    flow.land({f"a.{kind}": WRITERS[kind]({"id": "1", **fields})})
    flow.check()
    (row,) = flow.curated()
    assert json.loads(row["_rescued"]) == fields


@pytest.mark.parametrize("kind", WRITERS)
def test_fields_that_evolve_get_names_that_a_table_can_have(
    flow: Flow, strings: tuple[str, ...], kind: str
) -> None:
    fields = fields_of(strings, kind)
    flow.world.register(contract(ID, kind=kind, evolution="evolve"))
    flow.land({f"a.{kind}": WRITERS[kind]({"id": "1", **fields})})
    flow.check()
    state = flow.world.ledger.dataset(SAYINGS)
    assert state is not None
    names = {one.source: one.name for one in records.read_plan(flow.world.artefacts, state.contract).columns}
    assert names.keys() == {"id", *fields}
    assert all(re.fullmatch(r"[a-z_][a-z0-9_]{0,126}", name) for name in names.values())
    assert len({*names.values()}) == len(names)
    (row,) = flow.curated()
    assert {name: row[names[name]] for name in fields} == fields


@pytest.mark.parametrize("kind", WRITERS)
def test_a_name_with_nul_inside_ends_well_or_with_a_reason(flow: Flow, kind: str) -> None:
    name = "nothing\x00behind"
    field = {"name": "n", "physicalName": name, "logicalType": "string"}
    flow.world.register(contract(ID, field, kind=kind, evolution="evolve"))
    flow.land({f"a.{kind}": WRITERS[kind]({"id": "1", name: "x", name * 2: "y"})})
    flow.check()
    assert [row["n"] for row in flow.curated()] == ["x"] * len(flow.curated())
