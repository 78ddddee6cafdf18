"""`headrace contract infer`: which format the samples have, and where in it the rows are."""

import gzip
import json
import zipfile
from datetime import date
from pathlib import Path

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.domain.formats import Avro, Excel, JsonDocument, Ndjson, Parquet, Xml
from headrace.domain.plan import (
    Array,
    Date,
    Double,
    Integer,
    Text,
    Timestamp,
)
from headrace.engines.duckdb.infer import samples as sampling
from headrace_cli.failures import ExitCode
from tests.cli.conftest import Run
from tests.cli.samples import columns, drafted, ndjson, tried
from tests.engines.formats import workbook


def test_the_rows_of_a_document_are_found_below_its_top(tmp_path: Path) -> None:
    path = tmp_path / "mills.json"
    path.write_text(
        json.dumps({"page": 1, "data": {"rows": [{"a": n, "tags": [{"x": 1}]} for n in range(9)]}})
    )
    _, plan = drafted(path)
    assert plan.formats == (JsonDocument("data.rows"),)
    assert list(columns(plan)) == ["a", "tags"]


def test_one_object_a_line_is_ndjson_whatever_the_file_is_called(tmp_path: Path) -> None:
    _, plan = drafted(ndjson(tmp_path / "mills.txt", [{"a": 1}, {"a": 2}]))
    assert plan.formats == (Ndjson(),)


def test_parquet_gives_its_types_and_gzip_is_seen_through(tmp_path: Path) -> None:
    path = tmp_path / "mills.parquet"
    pq.write_table(
        pa.table({"n": [1, 2], "at": pa.array([0, 1], pa.timestamp("us")), "none": [None, None]}), path
    )
    packed = tmp_path / "packed.parquet.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    _, plan = drafted(packed)
    assert plan.formats == (Parquet(),)
    assert {name: one.type for name, one in columns(plan).items()} == {
        "n": Integer(),
        "at": Timestamp(),
        "none": Text(),
    }


def test_another_encoding_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "mills.csv"
    path.write_bytes("name,ort\nMüller,Höchst\n".encode("cp1252"))
    text, plan = drafted(path)
    assert getattr(plan.formats[0], "encoding", "") in ("windows-1252", "cp1252")
    assert tried(text, tmp_path, path).curated == 1


def test_files_without_a_header_get_columns_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "mills.csv"
    path.write_text("1,2024-01-31\n2,2024-02-01\n")
    text, plan = drafted(path)
    assert [one.name for one in plan.columns] == ["column_1", "column_2"]
    assert "no header line" in text
    assert tried(text, tmp_path, path).curated == 2


def test_a_large_parquet_file_is_cut_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_ROWS", 10)
    path = tmp_path / "mills.parquet"
    pq.write_table(pa.table({"n": list(range(50))}), path)
    text, _ = drafted(path)
    assert "from 10 rows" in text


MILLS_XML = """\
<?xml version="1.0"?>
<mills xmlns="urn:m"><about>all</about>
  <mill id="1"><name>Upper</name><wheel><d>3.5</d></wheel><built>1901-02-03</built></mill>
  <mill id="2"><name>Lower</name><wheel><d>4</d></wheel><wheel><d>4.5</d></wheel><built/></mill>
</mills>
"""


def test_xml_gives_its_records_and_takes_what_stands_several_times_for_an_array(tmp_path: Path) -> None:
    path = tmp_path / "mills.xml"
    path.write_text(MILLS_XML)
    text, plan = drafted(path)
    found = columns(plan)
    assert plan.formats == (Xml("mills.mill"),)
    assert [(one.name, one.source) for one in plan.columns] == [
        ("id", "@id"),
        ("name", "name"),
        ("wheel", "wheel"),
        ("built", "built"),
    ]
    assert (found["id"].type, found["built"].type) == (Integer(), Date())
    assert isinstance(found["wheel"].type, Array)
    assert tried(text, tmp_path, path).curated == 2


def test_xml_that_declares_entities_is_refused(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "mills.xml"
    path.write_text('<!DOCTYPE a [<!ENTITY b "c">]><a><b/><b/></a>')
    ran = run("contract", "infer", str(path), "--output", "-")
    assert ran.exit_code == ExitCode.TROUBLE
    assert "declares" in ran.stderr


def test_an_archive_gives_what_its_members_hold(tmp_path: Path) -> None:
    path = tmp_path / "mills.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "id,name\n1,x\n")
        archive.writestr("b.csv", "id,name\n2,y\n")
    text, plan = drafted(path)
    assert columns(plan)["id"].type == Integer()
    assert tried(text, tmp_path, path).curated == 2


def test_avro_gives_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "mills.avro"
    schema = {
        "type": "record",
        "name": "Mill",
        "fields": [
            {"name": "id", "type": "long"},
            {"name": "built", "type": {"type": "int", "logicalType": "date"}},
            {"name": "wheels", "type": {"type": "array", "items": "double"}},
        ],
    }
    with path.open("wb") as file:
        fastavro.writer(
            file, schema, [{"id": n, "built": date(1901, 2, n), "wheels": [n / 2]} for n in (1, 2)]
        )
    text, plan = drafted(path)
    assert plan.formats == (Avro(),)
    assert {name: one.type for name, one in columns(plan).items()} == {
        "id": Integer(),
        "built": Date(),
        "wheels": Array(Double()),
    }
    assert tried(text, tmp_path, path).curated == 2


def test_a_workbook_gives_its_first_sheet(tmp_path: Path) -> None:
    path = tmp_path / "mills.xlsx"
    path.write_bytes(workbook(mills=[["Id", "Wheel Name", "depth"], [1, "a", 2.5], [2, "b", None]]))
    text, plan = drafted(path)
    assert plan.formats == (Excel(),)
    assert {name: (one.type, one.required) for name, one in columns(plan).items()} == {
        "id": (Integer(), True),
        "wheel_name": (Text(), True),
        "depth": (Double(), False),
    }
    assert tried(text, tmp_path, path).curated == 2
