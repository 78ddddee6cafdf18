"""A value is taken if nothing is lost, in every type and by the same rule in every format."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal as Number
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.domain.formats import Csv, JsonDocument, Ndjson, Parquet
from headrace.domain.plan import (
    Array,
    Boolean,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Json,
    Object,
    Text,
    Time,
    Timestamp,
    Type,
)
from headrace.engines.duckdb import Refusal
from tests.engines.unit import plan, refine_files

REFUSED = "refused"
FORMATS = (Csv(), Ndjson(), JsonDocument(), Parquet())

SCALARS: list[tuple[Type, str, Any]] = [
    (Text(), " as it is ", " as it is "),
    (Text(), "grüße\n\u2028🌊", "grüße\n\u2028🌊"),
    (Integer(), "42", 42),
    (Integer(), " +42\t", 42),
    (Integer(), "-0042", -42),
    (Integer(), "42.000", 42),
    (Integer(), "9223372036854775807", 2**63 - 1),
    (Integer(), "9223372036854775808", REFUSED),
    (Integer(), "9007199254740993", 9007199254740993),
    (Integer(32), "2147483648", REFUSED),
    (Integer(), "1.5", REFUSED),
    (Integer(), "1e3", REFUSED),
    (Integer(), "0x10", REFUSED),
    (Integer(), "1_000", REFUSED),
    (Integer(), "1,000", REFUSED),
    (Integer(), "٣", REFUSED),
    (Integer(), "true", REFUSED),
    (Integer(), "-", REFUSED),
    (Double(), "1.5", 1.5),
    (Double(), " .5e-3 ", 0.0005),
    (Double(), "17", 17.0),
    (Double(), "1e308", 1e308),
    (Double(), "1e309", REFUSED),
    (Double(), "NaN", REFUSED),
    (Double(), "-Infinity", REFUSED),
    (Double(), "1_0.5", REFUSED),
    (Double(), "1.5.1", REFUSED),
    (Decimal(10, 2), "1.50", Number("1.50")),
    (Decimal(10, 2), "1.50000", Number("1.50")),
    (Decimal(10, 2), "-.5", Number("-0.50")),
    (Decimal(10, 2), "5.", Number("5.00")),
    (Decimal(10, 2), "1.5e3", Number("1500.00")),
    (Decimal(10, 2), "1.505", REFUSED),
    (Decimal(10, 2), "1e-3", REFUSED),
    (Decimal(10, 2), "123456789.00", REFUSED),
    (Decimal(10, 2), ".", REFUSED),
    (Decimal(38, 6), "1" * 30 + ".123456", Number("1" * 30 + ".123456")),
    (Boolean(), "Yes", True),
    (Boolean(), " 0 ", False),
    (Boolean(), "maybe", REFUSED),
    (Boolean(("on",), ("off",)), "ON", True),
    (Boolean(("on",), ("off",)), "1", REFUSED),
    (Date(), "2024-02-29", date(2024, 2, 29)),
    (Date(), " 2024-02-29 ", date(2024, 2, 29)),
    (Date(), "2023-02-29", REFUSED),
    (Date(), "2024-2-9", REFUSED),
    (Date(), "2024/02/29", REFUSED),
    (Date(), "2024-02-29T10:00:00", REFUSED),
    (Date(), "0000-01-01", REFUSED),
    (Date(), "infinity", REFUSED),
    (Date(), "epoch", REFUSED),
    (Date("%d/%m/%Y"), "5/1/2024", date(2024, 1, 5)),
    (Date("%d/%m/%Y"), "05/01/24", REFUSED),
    (Date("%d/%m/%Y"), "2024-01-05", REFUSED),
    (Date("%d/%m/%Y"), "31/02/2024", REFUSED),
    (Date("%d.%m.%y"), "05.01.24", date(2024, 1, 5)),
    (Date("%d %b %Y"), "05 Jan 2024", date(2024, 1, 5)),
    (Date("%Y%m%d"), "20240105", date(2024, 1, 5)),
    (Date("%Y%m%d"), "2024115", REFUSED),
    (Date("%Y-%j"), "2024-366", date(2024, 12, 31)),
    (Date("%Y-%j"), "2023-366", REFUSED),
    (Time(), "09:30:00", "09:30:00"),
    (Time(), " 23:59\t", "23:59:00"),
    (Time(), "09:30:00.5", "09:30:00.500000"),
    (Time(), "09:30:00.000", "09:30:00"),
    (Time(), "09:30:00.123456789", "09:30:00.123456"),
    (Time(), "24:00:00", REFUSED),
    (Time(), "9:30", REFUSED),
    (Time(), "09:30:60", REFUSED),
    (Time(), "09:30Z", REFUSED),
    (Time(), "2024-07-01T09:30", REFUSED),
    (Time("%I:%M %p"), "5:07 PM", "17:07:00"),
    (Time("%H%M%S.%f"), "093000.25", "09:30:00.250000"),
    (Time("%H:%M"), "25:00", REFUSED),
    (Timestamp(), "2024-07-01T12:00:00Z", datetime(2024, 7, 1, 12, tzinfo=UTC)),
    (Timestamp(), "2024-07-01 12:00:00.123456+02:00", datetime(2024, 7, 1, 10, 0, 0, 123456, tzinfo=UTC)),
    (Timestamp(), "2024-07-01T12:00:00.123456789Z", datetime(2024, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)),
    (Timestamp(), "2024-07-01T12:00Z", datetime(2024, 7, 1, 12, tzinfo=UTC)),
    (Timestamp(), "2024-07-01T12:00-0530", datetime(2024, 7, 1, 17, 30, tzinfo=UTC)),
    (Timestamp(), "2024-07-01T12:00+02", datetime(2024, 7, 1, 10, tzinfo=UTC)),
    (Timestamp(), "2024-07-01T12:00:00-05", datetime(2024, 7, 1, 17, tzinfo=UTC)),
    (Timestamp(), " 2024-07-01T12:00:00Z", datetime(2024, 7, 1, 12, tzinfo=UTC)),
    (Timestamp(), " 2024-07-01 12:00:00\t", datetime(2024, 7, 1, 12, tzinfo=UTC)),
    (Timestamp(), "2024-07-01", datetime(2024, 7, 1, tzinfo=UTC)),
    (Timestamp(), "2024-07-01T24:00:00", REFUSED),
    (Timestamp(), "2024-07-01T12:00:00 Europe/Paris", REFUSED),
    (Timestamp(), "2024-07-01T12:00:00+99:00", REFUSED),
    (Timestamp(), "9999-12-31T23:59:59-05:00", REFUSED),
    (Timestamp(), "1719835200", REFUSED),
    (Timestamp(timezone="Europe/Amsterdam"), "2024-07-01T12:00:00", datetime(2024, 7, 1, 10, tzinfo=UTC)),
    (Timestamp(timezone="Europe/Amsterdam"), "2024-01-01 12:00", datetime(2024, 1, 1, 11, tzinfo=UTC)),
    (Timestamp(timezone="Europe/Amsterdam"), "2024-07-01", datetime(2024, 6, 30, 22, tzinfo=UTC)),
    (Timestamp(timezone="Europe/Amsterdam"), "2024-07-01T12:00:00Z", datetime(2024, 7, 1, 12, tzinfo=UTC)),
    (Timestamp(timezone="Europe/Amsterdam"), "2024-07-01T12:00+01", datetime(2024, 7, 1, 11, tzinfo=UTC)),
    (Timestamp(timezone="Europe/Amsterdam"), "noon", REFUSED),
    (Timestamp("%d/%m/%Y %H:%M"), "05/01/2024 10:30", datetime(2024, 1, 5, 10, 30, tzinfo=UTC)),
    (Timestamp("%m/%Y %I:%M %p", "Asia/Tokyo"), "02/2024 10:30 PM", datetime(2024, 2, 1, 13, 30, tzinfo=UTC)),
    (Timestamp("%d/%m/%Y %H:%M%z"), "05/01/2024 10:30+02:00", datetime(2024, 1, 5, 8, 30, tzinfo=UTC)),
    (Timestamp("%Y-%jT%H:%M:%S.%f%z"), "2024-005T10:30:00.5Z", datetime(2024, 1, 5, 10, 30, 0, 500000, UTC)),
]  # fmt: skip


def files_with(text: str, folder: Path) -> dict[str, bytes | Path | Refusal]:
    """The same text in a column `v` of each format."""
    quoted = text.replace('"', '""')
    table = pa.table({"v": [text], "other": ["x"]})
    pq.write_table(table, folder / "v.parquet")
    return {
        "v.csv": f'v,other\n"{quoted}",x\n'.encode(),
        "v.ndjson": json.dumps({"v": text, "other": "x"}).encode(),
        "v.json": json.dumps([{"other": "x", "v": text}], ensure_ascii=False).encode(),
        "v.parquet": folder / "v.parquet",
    }


@pytest.mark.parametrize(("type_", "text", "value"), SCALARS, ids=lambda one: str(one)[:60])
def test_a_text_is_taken_or_refused_alike_in_every_format(
    type_: Type, text: str, value: Any, tmp_path: Path
) -> None:
    unit = refine_files(plan(Column("v", "v", type_), formats=FORMATS), files_with(text, tmp_path))
    if value == REFUSED:
        assert unit.broken == [(1, [("v", "type", text[:100])])] * len(FORMATS)
    else:
        assert unit.column("v") == [value] * len(FORMATS)


def test_json_numbers_keep_every_digit() -> None:
    columns = [Column("id", "id", Integer()), Column("d", "d", Decimal(38, 6)), Column("t", "t", Text())]
    line = b'{"id": 9223372036854775807, "d": 123456789012345.678901, "t": 1.10}'
    unit = refine_files(plan(*columns, formats=FORMATS), {"a.ndjson": line, "b.json": b"[" + line + b"]"})
    for row in unit.curated:
        assert (row["id"], row["d"], row["t"]) == (2**63 - 1, Number("123456789012345.678901"), "1.10")
    assert len(unit.curated) == 2


def test_true_and_false_of_json_and_parquet_need_no_spelling(tmp_path: Path) -> None:
    pq.write_table(pa.table({"v": [True, False, None]}), tmp_path / "v.parquet")
    files: dict[str, bytes | Path | Refusal] = {
        "a.ndjson": b'{"v":true}\n{"v":false}\n{"v":null}',
        "b.parquet": tmp_path / "v.parquet",
    }
    unit = refine_files(plan(Column("v", "v", Boolean(("on",), ("off",))), formats=FORMATS), files)
    assert unit.column("v") == [True, False, None] * 2


VISIT = Object((Column("at", "at", Timestamp()), Column("ok", "ok", Boolean())))
PERSON = Object(
    (
        Column("city", "City", Text()),
        Column("age", "age", Integer()),
        Column("visits", "visits", Array(VISIT)),
    )
)
NESTED = (
    Column("tags", "tags", Array(Text())),
    Column("person", "person", PERSON),
    Column("rest", "rest", Json()),
    Column("grid", "grid", Array(Array(Decimal(6, 2)))),
)
DOCUMENT = (
    '{"tags": ["a", null, "b\\n\\"c\\""], "person": {"City": "Ør", "age": 3, "visits": '
    '[{"at": "2024-07-01T12:00:00Z", "ok": true}, null, {}]}, "rest": {"deep": [1.10, {"x": null}]}, '
    '"grid": [[1, 2.5], []]}'
)


def nested_files(document: str) -> dict[str, bytes]:
    """A document as NDJSON, as JSON, and as CSV with JSON in its cells."""
    members = {name: _raw_member(document, name) for name in json.loads(document)}
    cells = ",".join('"' + value.replace('"', '""') + '"' for value in members.values())
    return {
        "n.ndjson": document.encode(),
        "n.json": f"[{document}]".encode(),
        "n.csv": f"{','.join(members)}\n{cells}\n".encode(),
    }


def _raw_member(document: str, name: str) -> str:
    begin = document.index(f'"{name}": ') + len(name) + 4
    _, length = json.JSONDecoder().raw_decode(document[begin:])
    return document[begin : begin + length]


def test_nested_values_come_alike_out_of_every_format() -> None:
    unit = refine_files(plan(*NESTED, formats=FORMATS), nested_files(DOCUMENT))
    expected = {
        "tags": ["a", None, 'b\n"c"'],
        "person": {
            "city": "Ør",
            "age": 3,
            "visits": [
                {"at": datetime(2024, 7, 1, 12, tzinfo=UTC), "ok": True},
                None,
                {"at": None, "ok": None},
            ],
        },
        "rest": '{"deep": [1.10, {"x": null}]}',
        "grid": [[Number("1.00"), Number("2.50")], []],
    }
    assert [{name: row[name] for name in expected} for row in unit.curated] == [expected] * 3


def test_nested_values_come_out_of_nested_parquet(tmp_path: Path) -> None:
    values = json.loads(DOCUMENT) | {"grid": [[Number("1.00"), Number("2.50")], []]}
    values["person"]["visits"][0]["at"] = datetime(2024, 7, 1, 12, tzinfo=UTC)
    del values["rest"]["deep"]
    values["rest"]["n"] = Number("123456789012345.678901")
    pq.write_table(pa.Table.from_pylist([values]), tmp_path / "n.parquet")
    unit = refine_files(plan(*NESTED, formats=FORMATS), {"n.parquet": tmp_path / "n.parquet"})
    (row,) = unit.curated
    assert row["tags"] == ["a", None, 'b\n"c"']
    assert row["person"]["visits"][0] == {"at": datetime(2024, 7, 1, 12, tzinfo=UTC), "ok": True}
    assert row["rest"] == '{"n":123456789012345.678901}'
    assert row["grid"] == [[Number("1.00"), Number("2.50")], []]


@pytest.mark.parametrize(
    ("document", "reasons"),
    [
        ('{"tags": "no"}', [("tags", "no")]),
        ('{"tags": {"a": 1}}', [("tags", '{"a":1}')]),
        ('{"tags": [["x"]]}', [("tags.element", '["x"]')]),
        ('{"person": [1]}', [("person", "[1]")]),
        ('{"person": {"age": "x"}}', [("person.age", "x")]),
        ('{"person": {"age": {"a": 1.50}}}', [("person.age", '{"a":1.50}')]),
        ('{"person": {"visits": [{"at": "noon", "ok": 7}, {"at": "eve"}]}}',
         [("person.visits.element.at", "noon"), ("person.visits.element.ok", "7")]),
        ('{"grid": [[1], ["x", 2.005]]}', [("grid.element.element", "x")]),
    ],
)  # fmt: skip
def test_each_misfit_inside_a_column_is_a_reason_with_its_path(
    document: str, reasons: list[tuple[str, str]]
) -> None:
    unit = refine_files(plan(*NESTED, formats=FORMATS), nested_files(document))
    expected = [(1, [(path, "type", excerpt) for path, excerpt in reasons])]
    assert unit.broken[:2] == expected * 2
    assert [column for column, _, _ in unit.broken[2][1]] == [path for path, _ in reasons]


@pytest.mark.parametrize("text", ["{", "[1,]", "[NaN]", '{"a":1,"a":2}', "01", '"\\ud800"', "[" * 5000])
def test_json_in_a_cell_is_read_strictly(text: str) -> None:
    cell = text.replace('"', '""')
    unit = refine_files(plan(Column("v", "v", Json())), {"v.csv": f'v\n"{cell}"\n'.encode()})
    assert unit.rules == [["v type"]]


def as_parquet(values: list[Any], kind: pa.DataType, folder: Path) -> dict[str, Path]:
    pq.write_table(pa.table({"v": pa.array(values, kind)}), folder / "v.parquet")
    return {"v.parquet": folder / "v.parquet"}


MIDNIGHT, NOON = datetime(2024, 1, 5), datetime(2024, 1, 5, 12)  # noqa: DTZ001 - Parquet's local time


@pytest.mark.parametrize(
    ("kind", "value", "type_", "expected"),
    [
        (pa.uint64(), 2**64 - 1, Integer(), REFUSED),
        (pa.int8(), -5, Integer(32), -5),
        (pa.float64(), 3.0, Integer(), 3),
        (pa.float64(), 3.5, Integer(), REFUSED),
        (pa.float64(), float("nan"), Double(), REFUSED),
        (pa.float64(), float("inf"), Double(), REFUSED),
        (pa.float32(), 0.5, Double(), 0.5),
        (pa.float64(), 0.00001, Decimal(10, 5), Number("0.00001")),
        (pa.float64(), 0.1, Decimal(10, 1), Number("0.1")),
        (pa.decimal128(20, 6), Number("1.500000"), Decimal(10, 2), Number("1.50")),
        (pa.decimal128(20, 6), Number("1.500001"), Decimal(10, 2), REFUSED),
        (pa.int64(), 7, Text(), "7"),
        (pa.bool_(), True, Text(), "true"),
        (pa.date32(), date(2024, 1, 5), Date("%d/%m/%Y"), date(2024, 1, 5)),
        (pa.time64("us"), time(9, 30, 0, 500_000), Time(), "09:30:00.500000"),
        (pa.date32(), date(2024, 1, 5), Timestamp(), datetime(2024, 1, 5, tzinfo=UTC)),
        (pa.timestamp("us"), MIDNIGHT, Date(), date(2024, 1, 5)),
        (pa.timestamp("us"), NOON, Date(), REFUSED),
        (pa.timestamp("us"), NOON, Timestamp("%d", "Asia/Tokyo"), datetime(2024, 1, 5, 3, tzinfo=UTC)),
        (pa.timestamp("ns", "UTC"), NOON, Timestamp(), datetime(2024, 1, 5, 12, tzinfo=UTC)),
        (pa.string(), "2024-01-05T12:00Z", Timestamp(), datetime(2024, 1, 5, 12, tzinfo=UTC)),
        (pa.binary(), b"caf\xc3\xa9", Text(), "café"),
        (pa.binary(), b"\xff\xfe", Text(), REFUSED),
        (pa.dictionary(pa.int8(), pa.string()), "x", Text(), "x"),
        (pa.list_(pa.int64()), [1], Text(), REFUSED),
        (pa.struct([("a", pa.int64())]), {"a": 1}, Integer(), REFUSED),
        (pa.list_(pa.int64()), [1, None], Array(Text()), ["1", None]),
        (pa.string(), "[1, 2]", Array(Integer()), [1, 2]),
        (pa.map_(pa.string(), pa.int64()), [("k", 1)], Json(), '{"k":1}'),
        (pa.int64(), 7, Array(Integer()), REFUSED),
    ],
    ids=str,
)
def test_a_parquet_column_may_have_another_type_than_the_contract(
    kind: pa.DataType, value: Any, type_: Type, expected: Any, tmp_path: Path
) -> None:
    columns = plan(Column("v", "v", type_), formats=(Parquet(),))
    unit = refine_files(columns, as_parquet([value, None], kind, tmp_path))
    if expected == REFUSED:
        assert unit.rules == [["v type"]]
        assert unit.column("v") == [None]
        json.loads(unit.quarantine[0]["_raw"])
    else:
        assert unit.column("v") == [expected, None]


def test_the_physical_types_are_those_of_the_contract() -> None:
    types: dict[Type, pa.DataType] = {
        Text(): pa.string(),
        Integer(32): pa.int32(),
        Integer(): pa.int64(),
        Double(): pa.float64(),
        Decimal(9, 2): pa.decimal128(9, 2),
        Boolean(): pa.bool_(),
        Date(): pa.date32(),
        Time(): pa.string(),
        Timestamp(): pa.timestamp("us", "UTC"),
        Json(): pa.string(),
        Array(Integer(32)): pa.list_(pa.field("element", pa.int32())),
        Object((Column("at", "At", Timestamp()),)): pa.struct([("at", pa.timestamp("us", "UTC"))]),
    }
    columns = [Column(f"c{at}", f"c{at}", one) for at, one in enumerate(types)]
    unit = refine_files(plan(*columns, formats=FORMATS), {"x.ndjson": b"{}"})
    schema = unit.schema("curated")
    assert [schema.field(one.name).type for one in columns] == list(types.values())
