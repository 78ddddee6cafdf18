"""The same contract over the same bytes comes out of Spark as it comes out of DuckDB."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from msgspec.structs import replace
from pyspark.sql import SparkSession

from headrace.domain.contract.compile import compile_contract
from headrace.domain.formats import Avro, Csv, JsonDocument, Ndjson, Orc, Parquet
from headrace.domain.plan import Column, Integer, Json, Key, Pattern, Plan, Range, Text
from headrace.engines.duckdb import EngineFault, Reason, Source
from headrace.engines.spark import dialect
from headrace.engines.spark.refine import refine
from tests.differential.__main__ import tally
from tests.differential.both import MACHINE, compare, rows_in_duckdb, rows_in_spark
from tests.differential.spark import local_spark
from tests.engines.unit import KEY, landed, plan

PROJECT = Path(__file__).resolve().parents[2]
DATA, CORPUS = PROJECT.parent / "shared" / "data", PROJECT.parent / "shared" / "corpus"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17 or newer"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"there is no {DATA}")
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"there is no {CORPUS}")


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    with local_spark(tmp_path_factory.mktemp("spark")) as session:
        yield session


def contract(path: str, *more: Csv | Avro | Orc) -> Plan:
    compiled = compile_contract(path, (PROJECT / "contracts" / path).read_text()).compiled
    assert isinstance(compiled, Plan)
    return replace(compiled, formats=(*compiled.formats, *more))


def files(folder: Path, pattern: str) -> dict[str, bytes | Path]:
    return {path.name: path for path in sorted(folder.rglob(pattern)) if path.is_file()}


def test_made_up_contracts_come_out_alike(spark: SparkSession) -> None:
    total = tally(spark, contracts=4, rows=100, start=3)
    assert total.smallest == ""
    assert total.cases > total.curated > 0


def test_a_difference_is_found_and_made_small(spark: SparkSession) -> None:
    with mock.patch.object(dialect, "java_regex", side_effect=lambda regex: f"{regex}|.{{3}}"):
        total = tally(spark, contracts=3, rows=30, start=3)
    assert total.differences
    assert "DuckDB" in total.smallest


def test_rows_are_judged_alike_over_several_objects_of_several_formats(spark: SparkSession) -> None:
    the_plan = plan(
        Column("id", "ID", Integer(), required=True, rules=(Range("1", None),)),
        Column("name", "Name", Text(), rules=(Pattern(r"\w+"),), mask="partial"),
        formats=(Csv(), Ndjson(), JsonDocument()),
        keys=(Key(("id",)), Key(("name",), "primary_key")),
    )
    bodies = {
        "a.csv": b'ID,Name,extra\n1,Ada Lovelace,x\n2,Grace,\n"broken\n2,Linus,y\nx,Edsger,z\n',
        "b.ndjson": b'{"ID": 2, "Name": "Barbara"}\n{"ID": 3, "Name": "Grace"}\n[1]\n'
        b'{"ID": "4", "new": [1, {"a": null}]}\n',
        "c.json": b'[{"ID": 5.0, "Name": true}, {"ID": 6, "Name": {"a": 1}}]',
        "refused.json": b'[{"ID": 7}, {]',
        "other.csv": b"nothing,of,it\n1,2,3\n",
    }
    compared = compare(spark, the_plan, bodies)
    assert compared.differences == ()
    assert (compared.curated, compared.quarantined) == (3, 10)


def test_a_rejected_batch_is_quarantined_whole(spark: SparkSession) -> None:
    the_plan = plan(Column("id", "id", Integer()))
    rejection = (Reason("", "row_count", "1 of at least 2"),)
    bodies = {"a.csv": b"id\n1\nx\n"}
    found = rows_in_spark(spark, the_plan, bodies, rejection)
    assert found == rows_in_duckdb(the_plan, bodies, rejection)
    assert {side for side, _, _ in found} == {"quarantine"}


@pytest.mark.parametrize("asked", [{"batch": 3}, {"rows": frozenset({1})}])
def test_what_only_replays_ask_for_is_refused(
    spark: SparkSession, tmp_path: Path, asked: dict[str, Any]
) -> None:
    source = Source(0, landed("a.csv"), tmp_path / "a.csv", **asked)
    columns = plan(Column("id", "id", Integer()))
    with pytest.raises(EngineFault, match="replay"):
        refine(spark, columns, batch=4, sources=[source], masking_key=KEY, machine=MACHINE)


@needs_data
@pytest.mark.parametrize("dataset", ["aviation/countries", "aviation/runways"])
def test_airports_come_out_alike(spark: SparkSession, dataset: str) -> None:
    path = DATA / "ourairports" / f"{dataset.partition('/')[2]}.csv"
    compared = compare(spark, contract(f"{dataset}.odcs.yaml"), {path.name: path})
    assert compared.differences == ()
    assert compared.curated > 200


@needs_data
def test_users_come_out_alike_from_four_formats(spark: SparkSession) -> None:
    folder = DATA / "kylo-userdata"
    bodies: dict[str, bytes | Path] = {
        "userdata1.csv": folder / "userdata1.csv",
        "userdata2.parquet": folder / "userdata2.parquet",
        "userdata3.avro": folder / "userdata3.avro",
        "userdata4.orc": folder / "userdata4_orc",
    }
    compared = compare(spark, contract("people/users.odcs.yaml", Avro(("",)), Orc(("",))), bodies)
    assert compared.differences == ()
    assert compared.curated + compared.quarantined >= 3_999


@needs_data
def test_cloudtrail_comes_out_alike(spark: SparkSession) -> None:
    bodies = dict(list(files(DATA / "cloudtrail-invictus", "*.json").items())[:12])
    compared = compare(spark, contract("security/cloudtrail.odcs.yaml"), bodies)
    assert compared.differences == ()
    assert compared.curated


@needs_corpus
def test_the_csv_and_json_files_of_the_corpora_come_out_alike(spark: SparkSession) -> None:
    columns = [Column(f"c{at}", name, Text()) for at, name in enumerate(["a", "b", "c", "key", "v"])]
    bodies = files(CORPUS / "csv-spectrum" / "csvs", "*.csv")
    bodies |= files(CORPUS / "json-test-suite" / "test_parsing", "y_*.json")
    compared = compare(spark, plan(*columns, formats=(Csv(), Ndjson())), bodies)
    assert compared.differences == ()


@needs_corpus
def test_naughty_strings_come_out_alike(spark: SparkSession) -> None:
    strings = json.loads((CORPUS / "blns" / "blns.json").read_text())
    lines = [json.dumps({"v": text, "j": text, text or "none": text}) for text in strings if "\0" not in text]
    the_plan = plan(
        Column("v", "v", Text(), rules=(Pattern(r"[\p{L}\s]*"),), mask="partial"),
        Column("j", "j", Json()),
        formats=(Ndjson(), Parquet()),
    )
    compared = compare(spark, the_plan, {"blns.ndjson": "\n".join(lines).encode()})
    assert compared.differences == ()
    assert compared.curated
    assert compared.quarantined
