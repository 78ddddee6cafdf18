"""Which deployment a command finds, and what it knows of it."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from headrace_cli.deployment import Deployment, Outputs, Target, resolve
from headrace_cli.failures import ExitCode, Failure

NAMES = {
    "LandingBucket": "landing",
    "LakeBucket": "lake",
    "ArtefactsBucket": "artefacts",
    "LedgerTable": "ledger",
    "IngestStateMachineArn": "arn:ingest",
    "RefreshMartStateMachineArn": "arn:refresh",
    "ReplayStateMachineArn": "arn:replay",
    "BufferQueueUrl": "https://queue",
    "BufferDeadLetterQueueUrl": "https://dead",
    "UndeliveredQueueUrl": "https://undelivered",
    "Workgroup": "headrace",
    "CuratedDatabase": "headrace_curated",
    "QuarantineDatabase": "headrace_quarantine",
    "MartsDatabase": "headrace_marts",
    "RegisterDatasetFunction": "register",
    "RebuildDatasetFunction": "rebuild",
    "ReconcileFunction": "reconcile",
}


class OneClient:
    """A session whose only client is CloudFormation's, with scripted answers."""

    region_name = "eu-west-1"

    def __init__(self) -> None:
        self.made = boto3.Session("test", "test", region_name=self.region_name).client("cloudformation")

    def client(self, _: str, **__: object) -> object:
        return self.made


@pytest.fixture
def session() -> OneClient:
    return OneClient()


@pytest.fixture
def stack(session: OneClient) -> Iterator[Stubber]:
    with Stubber(session.made) as stub:
        yield stub


def stands(stub: Stubber, outputs: dict[str, str]) -> None:
    described = [{"OutputKey": name, "OutputValue": text} for name, text in outputs.items()]
    stub.add_response(
        "describe_stacks",
        {
            "Stacks": [
                {
                    "StackName": "headrace",
                    "CreationTime": "2026-03-01",
                    "StackStatus": "UPDATE_COMPLETE",
                    "Outputs": described,
                }
            ]
        },
    )


def test_every_name_comes_from_the_stacks_outputs(session: OneClient, stack: Stubber) -> None:
    stands(stack, NAMES | {"SomethingElse": "is left alone"})
    deployment = Deployment(session, "headrace")  # type: ignore[arg-type]
    assert deployment.outputs == Outputs(*NAMES.values())
    assert deployment.zones.curated_database == "headrace_curated"


def test_a_stack_of_another_version_is_told_by_the_output_it_lacks(
    session: OneClient, stack: Stubber
) -> None:
    stands(stack, {name: text for name, text in NAMES.items() if name != "LedgerTable"})
    with pytest.raises(Failure, match="missing required field `LedgerTable`") as failed:
        _ = Deployment(session, "headrace").outputs  # type: ignore[arg-type]
    assert failed.value.code is ExitCode.UNREACHABLE


def test_a_stack_that_is_not_there_is_said_with_its_region(session: OneClient, stack: Stubber) -> None:
    stack.add_client_error("describe_stacks", "ValidationError", "Stack with id prod does not exist")
    with pytest.raises(Failure, match="there is no stack prod on AWS in eu-west-1") as failed:
        _ = Deployment(session, "prod").outputs  # type: ignore[arg-type]
    assert failed.value.code is ExitCode.UNREACHABLE


def test_a_shell_pointed_at_the_laptop_does_not_take_commands_for_aws_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    deployment = resolve(Target(tmp_path, stack="prod", region="eu-west-1"))
    assert deployment.athena.meta.endpoint_url == "https://athena.eu-west-1.amazonaws.com"
    assert deployment.clients.dynamodb.meta.endpoint_url == "https://dynamodb.eu-west-1.amazonaws.com"
    assert str(deployment) == "stack prod on AWS in eu-west-1"


def test_a_profile_alone_means_the_stack_of_the_usual_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile ops]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    assert str(resolve(Target(tmp_path, profile="ops"))) == "stack headrace on AWS in eu-north-1"


def test_aws_without_a_region_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(Failure, match="no AWS region") as failed:
        resolve(Target(tmp_path, stack="prod"))
    assert failed.value.code is ExitCode.USAGE
