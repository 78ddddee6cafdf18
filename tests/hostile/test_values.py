"""Naughty texts as values: whatever they say, they are data, and come back as they were."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest

from tests.hostile.flow import Flow, contract, masked

Fields = Sequence[dict[str, Any]]

SAID = {"name": "said", "logicalType": "string"}
ID = {"name": "id", "logicalType": "integer", "primaryKey": True}
NAMES = ("id", "said", "hashed", "token", "hidden", "start")


def rows_of(strings: Sequence[str]) -> Fields:
    """One row a text, which stands in each column."""
    return [{"id": at, **dict.fromkeys(NAMES[1:], one)} for at, one in enumerate(strings)]


def as_csv(rows: Fields) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, NAMES, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def as_ndjson(rows: Fields) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def as_json(rows: Fields) -> bytes:
    return json.dumps(rows).encode()


def as_parquet(rows: Fields) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), file)
    return file.getvalue()


def as_orc(rows: Fields) -> bytes:
    file = io.BytesIO()
    orc.write_table(pa.Table.from_pylist(list(rows)), file)
    return file.getvalue()


def as_avro(rows: Fields) -> bytes:
    fields = [{"name": name, "type": "long" if name == "id" else "string"} for name in NAMES]
    file = io.BytesIO()
    fastavro.writer(file, {"type": "record", "name": "row", "fields": fields}, rows)
    return file.getvalue()


WRITERS: dict[str, Callable[[Fields], bytes]] = {
    "csv": as_csv,
    "ndjson": as_ndjson,
    "json": as_json,
    "parquet": as_parquet,
    "orc": as_orc,
    "avro": as_avro,
}
MASKS = ("partial", "hash", "tokenise", "redact", "drop")
EVERYTHING = (
    ID,
    {**SAID, "logicalTypeOptions": {"maxLength": 300}, "partitioned": True,
     "customProperties": [{"property": "headrace.partition", "value": "truncate(1)"}]},
    masked("hashed", "hash"),
    masked("token", "tokenise"),
    masked("hidden", "redact"),
    masked("start", "truncate"),
)  # fmt: skip


def telling(strings: Sequence[str]) -> list[str]:
    """The texts that can be looked for: they stand in nothing by chance."""
    return [one for one in strings if len(one) > 14 or (len(one) > 8 and not one.isascii())]


def written_in(strings: Sequence[str], text: str) -> list[str]:
    """Which of the texts stand in another, plainly or as JSON writes them."""
    forms = {one: {one, json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1]} for one in strings}
    return [one for one, spelled in forms.items() if any(form in text for form in spelled)]


@pytest.mark.parametrize("kind", WRITERS)
def test_values_come_back_as_they_were_and_are_told_nowhere(
    flow: Flow, strings: tuple[str, ...], kind: str
) -> None:
    flow.world.register(contract(*EVERYTHING, kind=kind))
    flow.land({f"a.{kind}": WRITERS[kind](rows_of(strings))})
    flow.check()
    nothing = {"": None} if kind == "csv" else {}
    expected = {at: nothing.get(one, one) for at, one in enumerate(strings) if len(one) <= 300}
    assert {row["id"]: row["said"] for row in flow.curated()} == expected
    refused = [row["_reasons"] for row in flow.quarantine()]
    rules = {reason["rule"] for reasons in refused for reason in reasons}
    assert rules <= {"length"}
    assert len(refused) == sum(len(one) > 300 for one in strings)
    assert "s3://landing/river/sayings/a." in flow.told()
    assert written_in(telling(strings), flow.told()) == []


def test_masked_texts_stand_nowhere_even_where_rows_are_refused(flow: Flow, strings: tuple[str, ...]) -> None:
    short = {"logicalTypeOptions": {"maxLength": 20}}
    columns = [{**masked(name, mask), **short} for name, mask in zip(NAMES[1:], MASKS, strict=True)]
    flow.world.register(contract(ID, *columns, kind="ndjson"))
    flow.land({"a.ndjson": as_ndjson(rows_of(strings))})
    flow.check()
    assert len(flow.quarantine()) == sum(len(one) > 20 for one in strings)
    tables = json.dumps([flow.curated(), flow.quarantine()], ensure_ascii=False)
    assert written_in(telling(strings), tables + flow.told()) == []


@pytest.mark.parametrize(
    "key", [{**SAID, "unique": True}, {**masked("said", "hash"), "unique": True}], ids=str
)
def test_texts_are_compared_as_keys_character_by_character(
    flow: Flow, strings: tuple[str, ...], key: dict[str, Any]
) -> None:
    flow.world.register(contract(ID, key, kind="ndjson"))
    rows: Fields = [{"id": at, "said": one} for at, one in enumerate(strings)]
    flow.land({"a.ndjson": as_ndjson(rows)})
    assert len(flow.curated()) == len(strings)
    flow.land({"b.ndjson": as_ndjson([{**row, "id": row["id"] + len(rows)} for row in rows])})
    flow.check()
    assert len(flow.curated()) == len(strings)
    assert len(flow.quarantine()) == len(strings)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_column_that_evolves_takes_them_all(flow: Flow, strings: tuple[str, ...], kind: str) -> None:
    flow.world.register(contract(ID, *EVERYTHING[2:], kind=kind, evolution="evolve"))
    flow.land({f"a.{kind}": WRITERS[kind](rows_of(strings))})
    flow.check()
    nothing = {"": None} if kind == "csv" else {}
    assert {row["id"]: row["said"] for row in flow.curated()} == {
        at: nothing.get(one, one) for at, one in enumerate(strings)
    }


def test_a_contract_s_own_texts_may_be_as_naughty(flow: Flow, strings: tuple[str, ...]) -> None:
    """As the values that are allowed, and in examples and conditions."""
    allowed = {"arguments": {"validValues": list(strings)}, "metric": "invalidValues", "mustBe": 0}
    said = {**SAID, "quality": [allowed]}
    flow.world.register(contract(ID, said, kind="ndjson"))
    rows = [{"id": at, "said": one} for at, one in enumerate(strings)]
    flow.land({"a.ndjson": as_ndjson([*rows, {"id": -1, "said": "nobody says this"}])})
    flow.check()
    assert {row["id"]: row["said"] for row in flow.curated()} == dict(enumerate(strings))
    assert [row["_reasons"][0]["rule"] for row in flow.quarantine()] == ["enum"]


@pytest.mark.parametrize("kind", ["csv", "ndjson", "json"])
def test_lines_that_nobody_quoted_end_in_one_of_the_tables(
    flow: Flow, strings: tuple[str, ...], kind: str
) -> None:
    """Whatever rows they make."""
    flow.world.register(contract(SAID, kind=kind))
    flow.land({f"a.{kind}": "\n".join(["said", *strings]).encode()})
    flow.check()
    assert len(flow.curated()) + len(flow.quarantine()) > 0
    assert written_in(telling(strings), flow.told()) == []
