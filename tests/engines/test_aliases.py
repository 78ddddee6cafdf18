"""A column's former names stand for it in every format."""

import json

import pytest

from headrace.domain.formats import Avro, Csv, Format, JsonDocument, Ndjson, Parquet
from headrace.domain.plan import Column, Integer, Text
from tests.engines.formats import avro, parquet, record
from tests.engines.unit import Unit, plan, refine_files

A = Column("a", "new", Integer(), required=True, aliases=("old", "older"))
B = Column("b", "b", Text())


def read(format_: Format, body: bytes) -> Unit:
    return refine_files(plan(A, B, formats=(format_,)), {"f": body})


@pytest.mark.parametrize("name", ["new", "old", "older"])
@pytest.mark.parametrize("format_", [Csv(), Ndjson(), JsonDocument(), Parquet(), Avro()])
def test_a_field_may_have_any_of_its_names(name: str, format_: Format) -> None:
    row = {name: 1, "b": "x"}
    body = {
        Csv: f"{name},b\n1,x\n".encode(),
        Ndjson: json.dumps(row).encode(),
        JsonDocument: json.dumps([row]).encode(),
        Parquet: parquet({name: [1], "b": ["x"]}),
        Avro: avro(record(**{name: "int", "b": "string"}), [row]),
    }[type(format_)]
    unit = read(format_, body)
    assert (unit.column("a"), unit.column("_rescued"), unit.quarantine) == ([1], [None], [])


@pytest.mark.parametrize(
    ("format_", "body", "where"),
    [
        (Csv(), b"new,older,b\n1,2,x\n", "the header"),
        (Parquet(), parquet({"older": [1], "new": [2]}), "the file"),
    ],
)
def test_a_file_with_two_names_of_one_column_is_refused(format_: Format, body: bytes, where: str) -> None:
    message = f"{where} has new, older, which are names of the one column a; leave one of them"
    assert read(format_, body).broken == [(0, [("", "unreadable", message)])]


def test_a_json_record_with_two_names_keeps_the_newer_and_rescues_the_other() -> None:
    unit = read(Ndjson(), b'{"older":1,"new":2}\n{"older":3,"old":4}')
    assert unit.column("a") == [2, 4]
    assert unit.column("_rescued") == ['{"older":1}', '{"older":3}']
