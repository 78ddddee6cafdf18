"""`headrace contract show`: the contract in force, with what of it is documentation."""

import json

from headrace.domain.contract.compile import compile_contract
from headrace.domain.dataset import DatasetId
from headrace.steps import records
from headrace_cli.failures import ExitCode
from tests.cli.conftest import TIDES, Run
from tests.cli.deployed import Deployed

SHOWN = (
    TIDES.replace("required: true}", "required: true, primaryKey: true, logicalTypeOptions: {maxLength: 40}}")
    + """\
      - name: gauge
        logicalType: object
        properties: [{name: serial, physicalName: serialNo, logicalType: string}]
team: {name: tide-gauges, members: [{username: ann}]}
slaProperties: [{property: latency, value: 1, unit: d}]
support: [{channel: '#tides', url: "https://example.org"}]
"""
)
SEA = DatasetId("sea", "tides")


def put_in_force(deployed: Deployed, text: str, *, source: bool = True) -> None:
    compiled = compile_contract(f"{SEA}.odcs.yaml", text).compiled
    key = records.write_contract(deployed.artefacts, SEA, compiled, text.encode() if source else b"")
    deployed.ledger.register(SEA, key)


def test_columns_are_shown_with_what_their_values_must_keep(deployed: Deployed, run: Run) -> None:
    put_in_force(deployed, SHOWN)
    ran = run("contract", "show", "sea/tides")
    assert ran.exit_code == ExitCode.FINE
    assert ran.stdout.startswith("sea/tides 1.0.0+")
    rows = [[part.strip() for part in line.split("  ") if part.strip()] for line in ran.stdout.splitlines()]
    assert ["harbour", "text", "required; length most 40"] in rows
    assert ["gauge.serial", "serialNo", "text"] in rows
    assert ["keys", "harbour (primary_key, within the table)"] in rows


def test_what_is_documentation_is_shown_as_its_author_wrote_it(deployed: Deployed, run: Run) -> None:
    put_in_force(deployed, SHOWN)
    ran = run("contract", "show", "sea/tides")
    kept = ran.stdout.split("what it keeps:")[1]
    assert "tide-gauges" in kept
    assert "property: latency" in kept
    assert "schema" not in kept
    assert "sea/tides.odcs.yaml:19:" in ran.stderr


def test_the_source_comes_back_byte_for_byte(deployed: Deployed, run: Run) -> None:
    put_in_force(deployed, SHOWN)
    assert run("contract", "show", "sea/tides", "--source").stdout == SHOWN


def test_the_answer_for_programs_is_one_document(deployed: Deployed, run: Run) -> None:
    put_in_force(deployed, SHOWN)
    shown = json.loads(run("contract", "show", "sea/tides", "--json").stdout)
    assert [one["name"] for one in shown["columns"]] == ["harbour", "height_m", "gauge", "gauge.serial"]
    assert shown["documentation"]["team"]["name"] == "tide-gauges"


def test_a_contract_without_its_source_shows_what_is_in_force(deployed: Deployed, run: Run) -> None:
    put_in_force(deployed, TIDES, source=False)
    ran = run("contract", "show", "sea/tides")
    assert "height_m" in ran.stdout
    assert "was not kept" in ran.stderr


def test_a_mart_is_shown_with_what_it_reads(deployed: Deployed, run: Run) -> None:
    mart = DatasetId("sea", "highest")
    text = (
        TIDES.replace("tides", "highest")
        .replace(", required: true", "")
        .replace(
            'servers:\n  - {server: landing, type: s3, location: "s3://landing/sea/highest/", format: csv}\n',
            "",
        )
    )
    text += "customProperties: [{property: headrace.sql, value: 'SELECT harbour, height_m FROM sea.tides'}]\n"
    compiled = compile_contract(f"{mart}.odcs.yaml", text).compiled
    key = records.write_contract(deployed.artefacts, mart, compiled, text.encode())
    deployed.ledger.register_mart(mart, key, (SEA,))
    ran = run("contract", "show", "sea/highest")
    assert "reads" in ran.stdout
    assert "sea/tides" in ran.stdout


def test_a_dataset_that_is_not_registered_is_a_usage_error(deployed: Deployed, run: Run) -> None:
    assert run("contract", "show", "sea/tides").exit_code == ExitCode.USAGE
