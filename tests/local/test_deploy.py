"""Deploying a SAM project, unbuilt, and the flow that a landed object then takes."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from headrace_local.deploy import Deployed, DeployError, deploy, outputs
from tests.local.account import Account, eventually

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

FLOW = Path(__file__).parent / "flow"
KEYS = [
    "sales/orders/plain.csv",
    "sales/orders/a b+c%20d%2F.csv",
    "sales/orders/línea ü 漢字 🌊.csv",
    "sales/orders/new\nline.csv",
    "sales/orders/\"quoted\" 'and' <tagged> & {{%}}.csv",
]


@pytest.fixture(scope="module")
def flow(account: Account) -> Deployed:
    return deploy(account.laptop, project=FLOW)


def ledger(account: Account, flow: Deployed) -> dict[str, dict[str, Any]]:
    items = account.client("dynamodb").scan(TableName=flow.outputs["LedgerName"])["Items"]
    return {item["pk"]["S"]: item for item in items}


def test_an_object_that_lands_goes_through_every_edge_of_the_flow(account: Account, flow: Deployed) -> None:
    put = account.client("s3").put_object
    landing = flow.outputs["LandingName"]
    versions = {key: put(Bucket=landing, Key=key, Body=b"1")["VersionId"] for key in KEYS}
    refreshed = eventually(
        lambda: [item for item in ledger(account, flow).values() if "refreshed" in item][len(KEYS) - 1 :]
    )
    assert refreshed
    assert {
        key: (item["version"]["S"], item["rows"]["N"]) for key, item in ledger(account, flow).items()
    } == {key: (versions[key], "60") for key in KEYS}


def test_an_object_that_cannot_be_read_takes_the_branch_of_its_error(
    account: Account, flow: Deployed
) -> None:
    key = "sales/orders/unreadable.csv"
    account.client("s3").put_object(Bucket=flow.outputs["LandingName"], Key=key, Body=b"1")
    item = eventually(lambda: ledger(account, flow).get(key))
    assert item["state"]["S"] == "QUARANTINED"
    assert item["reason"]["S"].endswith("is no CSV")


def test_functions_get_no_layers(account: Account, flow: Deployed) -> None:
    functions = account.client("lambda").list_functions()["Functions"]
    assert [function for function in functions if function.get("Layers")] == []
    assert list((account.laptop.state / "tmp").rglob("layer_*")) == []


def test_deploying_again_changes_nothing(account: Account, flow: Deployed) -> None:
    assert deploy(account.laptop, project=FLOW).outputs == flow.outputs


def test_deploying_leaves_no_temporary_file_behind(
    account: Account, flow: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert deploy(account.laptop, project=FLOW).stack == flow.stack
    assert list(tmp_path.iterdir()) == []


def test_a_parameter_given_joins_those_of_the_project(account: Account, flow: Deployed) -> None:
    again = deploy(account.laptop, project=FLOW, parameters={"Greeting": "hello"})
    assert again.outputs == {**flow.outputs, "Greeting": "hello"}
    assert outputs(account.laptop, "flow") == again.outputs


REFUSED = """
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {ComparisonOperator: GreaterThanThreshold, EvaluationPeriods: 1, Threshold: 1%s}
"""


def test_a_failed_deployment_names_the_resource_and_can_be_repeated_once_mended(
    account: Account, tmp_path: Path
) -> None:
    shutil.copy(FLOW / "samconfig.toml", tmp_path)
    config = tmp_path / "samconfig.toml"
    config.write_text(
        config.read_text().replace("flow", "mended").replace('parameter_overrides = "Target=laptop"', "")
    )
    template = tmp_path / "template.yaml"
    template.write_text(REFUSED % "")
    with pytest.raises(
        DeployError, match=r"stack mended was not deployed:\n  Alarm \(AWS::CloudWatch::Alarm\): "
    ):
        deploy(account.laptop, project=tmp_path)
    template.write_text(REFUSED % ", Namespace: AWS/SQS, MetricName: NumberOfMessagesSent")
    assert deploy(account.laptop, project=tmp_path).stack == "mended"


def test_a_template_that_is_refused_as_a_whole_says_what_sam_said(account: Account, tmp_path: Path) -> None:
    shutil.copy(FLOW / "samconfig.toml", tmp_path)
    (tmp_path / "template.yaml").write_text("Resources: {Lake: {Type: AWS::LakeFormation::Resource}}")
    with pytest.raises(DeployError, match=r"Unrecognized resource types: \[AWS::LakeFormation::Resource\]"):
        deploy(account.laptop, project=tmp_path)


def test_there_are_no_outputs_of_a_stack_that_is_not_there(account: Account) -> None:
    with pytest.raises(DeployError, match="there is no stack nowhere"):
        outputs(account.laptop, "nowhere")
