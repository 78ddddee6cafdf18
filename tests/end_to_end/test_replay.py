"""A contract was too strict: it is corrected, and what it quarantined is replayed; then a whole day is."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import ReadOnlyCredentials

from headrace.domain.dataset import DatasetId
from headrace_local.emulator import REGION
from tests.end_to_end.conftest import PROJECT, Headrace
from tests.ports.worlds import EmulatedCatalog

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

RUNWAYS = (PROJECT / "contracts/aviation/runways.odcs.yaml").read_text("utf-8")
STRICT = RUNWAYS.replace("version: 1.0.0", "version: 1.1.0").replace("maximum: 40000", "maximum: 5000")
CORRECTED = RUNWAYS.replace("version: 1.0.0", "version: 1.2.0")
PICKY = (
    STRICT.replace("version: 1.1.0", "version: 1.3.0")
    + "customProperties:\n  - {property: headrace.maxQuarantinedPercent, value: 1}\n"
)
FILES = [
    PROJECT / "examples/aviation/runways" / name for name in ("runways.csv", "runways-with-mistakes.csv")
]
TOO_LONG = "SELECT count(*) FROM aviation_runways WHERE length_ft > 5000"


def register(headrace: Headrace, folder: Path, text: str) -> None:
    path = folder / "contracts/aviation/runways.odcs.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    headrace("register", path)


def replay(headrace: Headrace, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(headrace("replay", "aviation/runways", *words, "--json"))
    return told


def tables(headrace: Headrace) -> list[list[dict[str, Any]]]:
    sql = "SELECT * FROM aviation_runways ORDER BY _object, _row"
    return [headrace.rows(sql, zone) for zone in ("curated", "quarantine")]


def counts(headrace: Headrace) -> dict[str, int]:
    sql = "SELECT count(*) FROM aviation_runways"
    return {
        "curated": headrace.value(sql),
        "quarantined": headrace.value(sql, "quarantine"),
    }


def test_what_a_too_strict_contract_quarantined_is_replayed_as_planned(
    headrace: Headrace, tmp_path: Path
) -> None:
    register(headrace, tmp_path, STRICT)
    for file in FILES:
        headrace("put", file, "--dataset", "aviation/runways", "--wait")
    rows = headrace.conserved("aviation/runways")
    assert headrace.value(TOO_LONG) == 0
    strict = tables(headrace)

    register(headrace, tmp_path, CORRECTED)
    wanted = ("--quarantined", "--rule", "range", "--column", "length_ft")
    planned = replay(headrace, *wanted, "--plan")
    assert planned["contract_changes"][0]["changes"][0]["where"] == "length_ft"
    assert planned["comparison"]["changed"] >= 1
    assert tables(headrace) == strict
    headrace.at_rest()

    replayed = replay(headrace, *wanted)
    assert [one["state"] for one in replayed["requests"]] == ["LOADED"]
    for part in ("objects", "before", "after", "changed", "changes"):
        assert replayed["comparison"][part] == planned["comparison"][part]
    assert headrace.conserved("aviation/runways") == rows
    after = replayed["comparison"]["after"]
    assert counts(headrace) == {"curated": after["curated"], "quarantined": after["quarantined"]}
    gained = headrace.value(TOO_LONG)
    assert gained == after["curated"] - replayed["comparison"]["before"]["curated"]
    assert gained > 100
    reasons = "SELECT count(*) FROM aviation_runways WHERE any_match(_reasons, r -> r.rule = 'range')"
    assert headrace.value(reasons, "quarantine") < gained


def expire(headrace: Headrace) -> None:
    """Every line that the ledger has of the dataset's objects goes, and every snapshot but the newest."""
    deployment = headrace.deployment
    ledger, client = deployment.outputs.ledger_table, deployment.clients.dynamodb
    ours = ("aviation/runways", "object#aviation/runways#", "key#aviation/runways#")
    for page in client.get_paginator("scan").paginate(TableName=ledger, ProjectionExpression="pk, sk"):
        for line in page["Items"]:
            if line["pk"]["S"].startswith(ours):
                client.delete_item(TableName=ledger, Key=line)
    keys = ReadOnlyCredentials("test", "test", None)
    catalog = EmulatedCatalog.connect(REGION, deployment.endpoint, deployment.clients.glue, keys).iceberg
    for of in (deployment.zones.curated, deployment.zones.quarantine):
        ref = of(DatasetId.parse("aviation/runways"))
        table = catalog.load_table((ref.database, ref.name))
        table.maintenance.expire_snapshots().older_than(datetime.now(UTC)).commit()
        assert len(table.refresh().snapshots()) == 1


def test_a_day_replayed_when_ledger_and_snapshots_have_expired_changes_no_row(headrace: Headrace) -> None:
    before = tables(headrace)
    status = json.loads(headrace("status", "aviation/runways", "--json"))
    day = status["datasets"][0]["batches"][-1]["closed_at"][:10]
    planned = replay(headrace, "--day", day, "--plan", "--contract", "1.2.0")
    replay(headrace, "--day", day, "--contract", "1.2.0")
    settled = tables(headrace)
    assert planned["comparison"]["after"] == planned["comparison"]["before"]
    assert [len(table) for table in settled] == [len(table) for table in before]
    expire(headrace)
    assert headrace.objects("aviation/runways") == []
    replayed = replay(headrace, "--day", day)
    assert replayed["comparison"]["changed"] == 0
    assert replayed["comparison"]["objects"] >= 1
    assert tables(headrace) == settled
    headrace("reconcile")
    headrace.at_rest()
    assert tables(headrace) == settled
    headrace.conserved("aviation/runways")


def test_a_dataset_rule_refuses_a_replay_and_rejects_a_batch(headrace: Headrace, tmp_path: Path) -> None:
    before, rows = tables(headrace), headrace.conserved("aviation/runways")
    register(headrace, tmp_path, PICKY)
    planned = replay(headrace, "--all", "--plan")
    assert [one["severity"] for one in planned["comparison"]["broken"]] == ["error"]
    assert planned["comparison"]["changed"] == 0
    refused = json.loads(headrace("replay", "aviation/runways", "--all", "--json", code=1))
    assert [one["state"] for one in refused["requests"]] == ["REJECTED"]
    assert refused["comparison"] | {"unseen": planned["comparison"]["unseen"]} == planned["comparison"]
    assert tables(headrace) == before

    mistakes = ("put", FILES[1], "--dataset", "aviation/runways", "--as", "again.csv", "--wait")
    assert "REJECTED" in headrace(*mistakes)
    assert headrace.conserved("aviation/runways") == rows + 8


def test_what_is_not_there_is_told_with_what_there_is(headrace: Headrace) -> None:
    before = headrace("status", "aviation/runways", "--json")
    for words, said in (
        (("--batch", "99"), "aviation/runways has closed the batches 1 to "),
        (("--object", "nowhere.csv"), "took aviation/runways/nowhere.csv;"),
        (("--all", "--contract", "9.9.9"), "1.1.0"),
    ):
        headrace("replay", "aviation/runways", *words, code=2)
        assert said in headrace.remarks
        assert headrace.remarks.endswith("Nothing was replayed.\n")
    told = json.loads(before)["datasets"][0]["watermark"]
    assert json.loads(headrace("status", "aviation/runways", "--json"))["datasets"][0]["watermark"] == told
