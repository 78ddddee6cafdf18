"""`headrace contract try`: what would become of files, with nothing written."""

import json
from pathlib import Path
from typing import Any

import pytest

from headrace_cli.failures import ExitCode
from tests.cli.conftest import TIDES, Run

CONTRACT = "contracts/sea/tides.odcs.yaml"


@pytest.fixture
def tides(contracts: Path) -> Path:
    path = contracts.parent / "tides.csv"
    path.write_text("harbour,height_m\nBrest,3.5\nDover,high\n,1\n")
    return path


def tried(run: Run, *files: Path, code: ExitCode = ExitCode.TROUBLE) -> dict[str, Any]:
    ran = run("contract", "try", *map(str, files), "--contract", CONTRACT, "--json")
    assert ran.exit_code == code, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_rows_that_break_a_rule_are_counted_under_it_with_the_first_of_them(run: Run, tides: Path) -> None:
    found = tried(run, tides)
    assert (found["rows"], found["curated"], found["quarantined"]) == (3, 1, 2)
    assert {(one["column"], one["rule"]): one["examples"][0] for one in found["rules"]} == {
        ("height_m", "type"): {
            "file": "tides.csv",
            "row": 2,
            "found": "high",
            "raw": '{"harbour":"Dover","height_m":"high"}',
        },
        ("harbour", "required"): {
            "file": "tides.csv",
            "row": 3,
            "found": "",
            "raw": '{"harbour":"","height_m":"1"}',
        },
    }


def test_files_that_keep_the_contract_are_fine(run: Run, tides: Path) -> None:
    tides.write_text("harbour,height_m\nBrest,3.5\n")
    assert tried(run, tides, code=ExitCode.FINE)["curated"] == 1


def test_nothing_is_written(run: Run, tides: Path) -> None:
    before = sorted(tides.parent.rglob("*"))
    tried(run, tides)
    assert sorted(tides.parent.rglob("*")) == before


def test_what_the_contract_masks_is_masked_here_too(run: Run, contracts: Path, tides: Path) -> None:
    (contracts / "sea" / "tides.odcs.yaml").write_text(
        TIDES.replace("logicalType: number}", "logicalType: number, classification: pii}")
    )
    ran = run("contract", "try", str(tides), "--contract", CONTRACT)
    assert "height_m type: 1 row" in ran.stdout
    assert "high" not in ran.stdout.replace("height", "")


def test_a_file_that_cannot_be_read_is_told_beside_the_others(run: Run, tides: Path) -> None:
    broken = tides.with_name("broken.csv")
    broken.write_bytes(b"\x89PNG\r\n")
    found = tried(run, tides, broken)
    reasons = {one["file"]: one["reason"] for one in found["files"]}
    assert reasons["tides.csv"] == ""
    assert "PNG" in reasons["broken.csv"]


def test_two_files_of_one_name_are_told_apart(run: Run, tides: Path) -> None:
    other = tides.parent / "other" / "tides.csv"
    other.parent.mkdir()
    other.write_text("harbour,height_m\nBrest,3.5\n")
    assert [one["rows"] for one in tried(run, tides, other)["files"]] == [3, 1]


def test_fields_that_the_contract_does_not_know_are_named_with_their_type(run: Run, tides: Path) -> None:
    tides.write_text("harbour,height_m,speed\nBrest,3.5,12\n")
    assert tried(run, tides, code=ExitCode.FINE)["new_fields"] == [{"name": "speed", "type": "integer"}]


def test_a_column_that_looks_personal_and_is_not_masked_is_told(run: Run, tides: Path) -> None:
    rows = "".join(f"ann{n}@example.org,1\n" for n in range(30))
    tides.write_text(f"harbour,height_m\n{rows}")
    ran = run("contract", "try", str(tides), "--contract", CONTRACT)
    assert "looks personal: harbour" in ran.stdout
    assert "classification: pii" in ran.stdout


RULES = """\
    quality:
      - {name: enough, metric: rowCount, mustBeGreaterOrEqualTo: 100}
      - {name: plausible, type: sql, query: "SELECT max(height_m) FROM batch",
         mustBeLessThan: 10, severity: warning}
"""


def test_a_batch_that_a_rule_would_reject_publishes_nothing(run: Run, contracts: Path, tides: Path) -> None:
    (contracts / "sea" / "tides.odcs.yaml").write_text(TIDES + RULES)
    tides.write_text("harbour,height_m\nBrest,35\n")
    found = tried(run, tides)
    assert (found["publish"], found["curated"], found["quarantined"]) == (False, 0, 1)
    assert {one["rule"]: (one["measured"], one["passed"]) for one in found["verdict"]} == {
        "enough": (1.0, False),
        "plausible": (35.0, False),
    }
    shown = run("contract", "try", str(tides), "--contract", CONTRACT).stdout
    assert "rule enough REJECTS THE BATCH: measured 1 rows, expected row_count at least 100" in shown
    assert "rule plausible warns" in shown


REPEATS = """\
    quality:
      - {name: repeats, metric: duplicateValues, arguments: {properties: [harbour]},
         mustBeLessThan: 25, unit: percent}
"""


def test_what_the_primary_key_keeps_out_counts_for_a_rule_on_it(
    run: Run, contracts: Path, tides: Path
) -> None:
    keyed = TIDES.replace("required: true", "primaryKey: true")
    (contracts / "sea" / "tides.odcs.yaml").write_text(keyed + REPEATS)
    tides.write_text("harbour,height_m\nBrest,35\nDover,3\nBrest,3\n")
    found = tried(run, tides)
    assert [(one["column"], one["rule"], one["rows"]) for one in found["rules"]] == [
        ("harbour", "primary_key", 1)
    ]
    (told,) = found["verdict"]
    assert (round(told["measured"]), told["passed"], found["publish"]) == (33, False, False)


def test_a_mart_takes_no_files(run: Run, contracts: Path, tides: Path) -> None:
    mart = contracts / "sea" / "highest.odcs.yaml"
    text = TIDES.replace("tides", "highest").replace(
        'servers:\n  - {server: landing, type: s3, location: "s3://landing/sea/highest/", format: csv}\n', ""
    )
    mart.write_text(
        text.replace(", required: true", "")
        + "customProperties: [{property: headrace.sql, value: 'SELECT harbour, height_m FROM sea.tides'}]\n"
    )
    ran = run("contract", "try", str(tides), "--contract", str(mart))
    assert ran.exit_code == ExitCode.USAGE
    assert "no files land in it" in ran.stderr


def test_a_contract_that_only_describes_takes_no_files(run: Run, contracts: Path, tides: Path) -> None:
    elsewhere = contracts / "sea" / "elsewhere.odcs.yaml"
    kept = [line for line in TIDES.splitlines() if not line.startswith(("servers:", "  - {server:"))]
    elsewhere.write_text("\n".join(kept).replace("tides", "elsewhere"))
    ran = run("contract", "try", str(tides), "--contract", str(elsewhere))
    assert ran.exit_code == ExitCode.USAGE
    assert "sea/elsewhere is only described" in ran.stderr


@pytest.mark.parametrize(
    "arguments", [["nowhere.csv", "--contract", CONTRACT], ["tides.csv", "--contract", "no.odcs.yaml"]]
)
def test_what_is_not_there_is_a_usage_error(run: Run, tides: Path, arguments: list[str]) -> None:
    assert run("contract", "try", *arguments).exit_code == ExitCode.USAGE
