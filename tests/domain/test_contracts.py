"""The contracts that come with Headrace, and the example data that lands under them."""

import csv
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import jsonschema  # type: ignore[import-untyped]
import pytest
import sqlglot
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from headrace.domain.contract.compile import compile_contract
from headrace.domain.dataset import DatasetId
from headrace.domain.plan import Column, Compiled, Mart, Plan
from headrace.domain.zones import TableRef
from headrace.engines.trino import qualify

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
CONTRACTS = sorted((ROOT / "contracts").rglob("*.yaml"))
EXAMPLE_FILES = sorted(path for path in EXAMPLES.glob("*/*/*") if path.is_file())
ODCS = json.loads((files("open_data_contract_standard") / "schema.json").read_text())


def compiled(dataset: str) -> Compiled:
    path = f"contracts/{dataset}.odcs.yaml"
    return compile_contract(path, (ROOT / path).read_text()).compiled


def plan(dataset: str) -> Plan:
    found = compiled(dataset)
    assert isinstance(found, Plan)
    return found


def test_there_are_contracts_and_examples() -> None:
    assert len(CONTRACTS) == 5
    assert {path.parts[-3] for path in EXAMPLE_FILES} == {"aviation", "people", "security"}


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
class TestEveryContract:
    def test_takes_forty_lines_or_fewer(self, path: Path) -> None:
        assert len(path.read_text().splitlines()) <= 40

    def test_compiles_and_every_key_of_it_is_acted_on(self, path: Path) -> None:
        compilation = compile_contract(str(path), path.read_text())
        assert compilation.notes == ()
        assert compilation.compiled.contract.startswith("1.0.0+")

    def test_is_what_the_standard_s_own_model_reads(self, path: Path) -> None:
        document = OpenDataContractStandard.from_string(path.read_text())
        assert f"{document.domain}/{document.name}.odcs.yaml" == "/".join(path.parts[-2:])

    def test_keeps_to_the_standard_s_json_schema(self, path: Path) -> None:
        jsonschema.Draft201909Validator(ODCS).validate(yaml.safe_load(path.read_text()))


def test_the_json_schema_does_refuse_what_is_not_odcs() -> None:
    document = yaml.safe_load(CONTRACTS[0].read_text())
    document["schema"][0]["properties"][0]["logicalType"] = "varchar"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft201909Validator(ODCS).validate(document)


def masks(columns: tuple[Column, ...]) -> dict[str, str]:
    return {column.name: column.mask for column in columns if column.mask}


def test_who_the_people_are_is_masked() -> None:
    assert masks(plan("people/users").columns) == {
        "first_name": "redact",
        "last_name": "redact",
        "email": "hash",
        "ip_address": "redact",
        "cc": "partial",
    }


def test_the_examples_are_small_and_say_under_which_licence_they_stand() -> None:
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file()) < 600_000
    for domain in EXAMPLES.iterdir():
        assert domain.is_file() or (domain / "LICENCE").read_text().strip()


@pytest.mark.parametrize("path", EXAMPLE_FILES, ids=lambda path: path.name)
def test_an_example_has_the_fields_of_its_contract(path: Path) -> None:
    contract = plan("/".join(path.parts[-3:-1]))
    known = {column.source for column in contract.columns}
    required = {column.source for column in contract.columns if column.required}
    for fields in field_sets(path):
        assert required <= fields
        assert fields <= known or path.suffix == ".json"


def field_sets(path: Path) -> list[set[str]]:
    """The fields of a file's rows, one set for each way that they are put together."""
    if path.suffix == ".json":
        return [set(record) for record in json.loads(path.read_text())["Records"]]
    if path.suffix == ".csv":
        return [set(next(csv.reader(path.read_text().splitlines())))]
    return [{name for name, *_ in duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'").fetchall()}]


def test_the_people_are_the_same_in_csv_and_parquet() -> None:
    folder = EXAMPLES / "people/users"
    landed = "CAST(registration_dttm AS TIMESTAMP), CAST(id AS INT), CAST(salary AS DOUBLE)"
    others = "first_name, last_name, email, gender, ip_address, cc, country, birthdate, title, comments"
    texts = f"read_csv('{folder}/users.csv', all_varchar = true, nullstr = '')"
    rows = duckdb.sql(f"SELECT {landed}, {others} FROM {texts}").fetchall()
    assert len(rows) == 300
    assert duckdb.sql(f"SELECT {landed}, {others} FROM '{folder}/users.parquet'").fetchall() == rows


@pytest.fixture(scope="module")
def by_country() -> list[dict[str, Any]]:
    """The mart over the example data, translated for DuckDB."""
    mart = compiled("aviation/runways_by_country")
    assert isinstance(mart, Mart)
    sql = qualify(mart.sql, lambda dataset: TableRef("main", dataset.table))
    with duckdb.connect() as engine:
        for name in ("runways", "countries"):
            source = EXAMPLES / "aviation" / name / f"{name}.csv"
            casts = "closed = '1' AS closed, lighted = '1' AS lighted, CAST(length_ft AS BIGINT) AS length_ft"
            replaced = f"* REPLACE ({casts})" if name == "runways" else "*"
            engine.execute(
                f"CREATE TABLE aviation_{name} AS "
                f"SELECT {replaced} FROM read_csv('{source}', all_varchar = true, nullstr = '')"
            )
        result = engine.sql(sqlglot.transpile(sql, read="athena", write="duckdb")[0])
        assert result.columns == [column.name for column in mart.columns]
        return [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]


def test_the_mart_reads_the_runways_and_the_countries() -> None:
    mart = compiled("aviation/runways_by_country")
    assert isinstance(mart, Mart)
    assert mart.reads == (DatasetId("aviation", "countries"), DatasetId("aviation", "runways"))


def test_the_mart_counts_every_runway_once(by_country: list[dict[str, Any]]) -> None:
    assert sum(row["runways"] for row in by_country) == 2008
    assert len({row["country_code"] for row in by_country}) == len(by_country)


def test_the_mart_names_the_country_of_each_runway_whose_airport_does(
    by_country: list[dict[str, Any]],
) -> None:
    texts = (EXAMPLES / "aviation/runways/runways.csv").read_text().splitlines()
    prefixes = [row["airport_ident"].partition("-") for row in csv.DictReader(texts)]
    of_brazil = sum(country == "BR" and bool(dash) for country, dash, _ in prefixes)
    (brazil,) = (row for row in by_country if row["country_code"] == "BR")
    assert (brazil["country"], brazil["continent"]) == ("Brazil", "SA")
    assert brazil["runways"] == of_brazil > 10


def test_the_mart_keeps_the_others_together(by_country: list[dict[str, Any]]) -> None:
    (unknown,) = (row for row in by_country if row["country_code"] == "??")
    assert unknown["country"] is None
    assert unknown["runways"] > 1000
    assert 0 < unknown["lighted_percent"] < 100
