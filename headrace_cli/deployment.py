"""Finds the deployment a command works on: the laptop, or a stack on AWS.

Every name comes from the outputs of the CloudFormation stack, wherever that stands.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.lineup import DatasetState
from headrace.domain.zones import Zones
from headrace.ports import Clock, Executions, Ledger, ObjectStore, TableCatalog
from headrace_cli.failures import ExitCode, Failure

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

    from headrace.aws.clients import Clients


STACK = "headrace"
"""The stack's name, unless told otherwise."""


class Target(Struct, frozen=True):
    """What the global options say: without profile and stack, the laptop whose state is in `state`."""

    state: Path
    profile: str | None = None
    stack: str | None = None
    region: str | None = None

    @property
    def on_aws(self) -> bool:
        return bool(self.profile or self.stack)


class Outputs(Struct, frozen=True, rename="pascal"):
    """The outputs of template.yaml that commands read."""

    landing_bucket: str
    lake_bucket: str
    artefacts_bucket: str
    ledger_table: str
    ingest_state_machine_arn: str
    refresh_mart_state_machine_arn: str
    replay_state_machine_arn: str
    buffer_queue_url: str
    buffer_dead_letter_queue_url: str
    undelivered_queue_url: str
    workgroup: str
    curated_database: str
    quarantine_database: str
    marts_database: str
    register_dataset_function: str
    rebuild_dataset_function: str
    reconcile_function: str


class Deployment:
    """A stack that stands, and clients for it. `endpoint` is None on AWS."""

    def __init__(self, session: "boto3.Session", stack: str, endpoint: str | None = None) -> None:
        self._session = session
        self.stack = stack
        self.endpoint = endpoint

    def __str__(self) -> str:
        where = f"the laptop at {self.endpoint}" if self.endpoint else f"AWS in {self._session.region_name}"
        return f"stack {self.stack} on {where}"

    @cached_property
    def outputs(self) -> Outputs:
        """Raises Failure where the stack is not there or is of another version."""
        from botocore.exceptions import ClientError

        client = self._session.client("cloudformation", endpoint_url=self.endpoint)
        try:
            stack = client.describe_stacks(StackName=self.stack)["Stacks"][0]
        except ClientError as error:
            if error.response["Error"].get("Code") != "ValidationError":
                raise
            raise Failure(
                ExitCode.UNREACHABLE,
                f"there is no {self}; name another --stack or --region, or deploy it: "
                + ("`headrace up`" if self.endpoint else "`sam build && sam deploy`"),
            ) from error
        found = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}
        try:
            return msgspec.convert(found, Outputs)
        except msgspec.ValidationError as error:
            raise Failure(
                ExitCode.UNREACHABLE,
                f"{self} ({stack['StackStatus']}) is not one this command understands: {error}; "
                "deploy this version's template.yaml to it",
            ) from error

    @cached_property
    def zones(self) -> Zones:
        names = self.outputs
        return Zones(names.curated_database, names.quarantine_database, names.marts_database)

    @cached_property
    def clients(self) -> "Clients":
        from headrace.aws.clients import Clients

        return Clients(self._session, self.endpoint)

    @cached_property
    def ledger(self) -> Ledger:
        from headrace.aws.dynamodb import DynamoLedger

        return DynamoLedger(self.clients.dynamodb, self.outputs.ledger_table)

    @cached_property
    def artefacts(self) -> ObjectStore:
        return self._store(self.outputs.artefacts_bucket)

    @cached_property
    def landing(self) -> ObjectStore:
        return self._store(self.outputs.landing_bucket)

    @cached_property
    def lake(self) -> ObjectStore:
        return self._store(self.outputs.lake_bucket)

    def _store(self, bucket: str) -> ObjectStore:
        from headrace.aws.s3 import S3ObjectStore

        return S3ObjectStore(self.clients.s3, bucket)

    @cached_property
    def catalog(self) -> TableCatalog:
        """The tables themselves; loading what reads them takes a second."""
        from headrace.aws.glue_iceberg import GlueTableCatalog

        credentials = self._session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
        return GlueTableCatalog.connect(self._session.region_name, self.endpoint, self.clients.glue, frozen)

    @cached_property
    def executions(self) -> Executions:
        from headrace.aws.stepfunctions import StepFunctionsExecutions

        return StepFunctionsExecutions(self.clients.stepfunctions, self.outputs.ingest_state_machine_arn)

    @cached_property
    def clock(self) -> Clock:
        from headrace.aws.clock import SystemClock

        return SystemClock()

    @cached_property
    def athena(self) -> "AthenaClient":
        return self._session.client("athena", endpoint_url=self.endpoint)

    @cached_property
    def sqs(self) -> "SQSClient":
        return self._session.client("sqs", endpoint_url=self.endpoint)

    @cached_property
    def functions(self) -> "LambdaClient":
        """Calls last as long as a function may; a lost answer is not asked for twice."""
        from botocore.config import Config

        patience = Config(read_timeout=910, retries={"total_max_attempts": 1})
        return self._session.client("lambda", endpoint_url=self.endpoint, config=patience)

    def contract_key(self, dataset: DatasetId) -> str:
        """The key of the compiled contract in force, a mart's too; raises Failure where there is none."""
        mart = self.ledger.mart(dataset)
        return mart.contract if mart else self.registered(dataset).contract

    def registered(self, dataset: DatasetId) -> DatasetState:
        """The dataset's state; raises Failure, naming those that are registered, where it is not."""
        state = self.ledger.dataset(dataset)
        if state is None:
            if any(mart.mart == dataset for mart in self.ledger.marts()):
                said = f"{dataset} is a mart: `headrace status` shows it; it has no batches"
                raise Failure(ExitCode.USAGE, said)
            names = ", ".join(str(one.dataset) for one in self.ledger.datasets())
            raise Failure(
                ExitCode.USAGE,
                f"{dataset} is not registered; these datasets are: {names or 'none'}.\n"
                f"`headrace register contracts/{dataset}.odcs.yaml` registers a contract.",
            )
        return state


def resolve(target: Target) -> Deployment:
    """The deployment the global options name; raises Failure where there is none."""
    return _on_aws(target) if target.on_aws else _on_laptop(target)


def _on_aws(target: Target) -> Deployment:
    """A shell that was pointed at the laptop stays out of it: configured endpoints are ignored."""
    import boto3
    import botocore.session
    from botocore.config import Config

    core = botocore.session.Session(profile=target.profile)
    core.set_default_client_config(Config(ignore_configured_endpoint_urls=True))  # type: ignore[call-arg] # the stubs lack it
    session = boto3.Session(botocore_session=core, region_name=target.region)
    if session.region_name is None:
        raise Failure(ExitCode.USAGE, "no AWS region: give --region, or set one in the profile")
    return Deployment(session, target.stack or STACK)


def _on_laptop(target: Target) -> Deployment:
    import boto3
    import botocore.session
    from botocore.config import Config

    from headrace_local.laptop import Laptop

    running = Laptop(target.state).running()
    if running is None:
        raise Failure(
            ExitCode.UNREACHABLE,
            f"the laptop is not running (state in {target.state}): `headrace up` starts it; "
            "--stack or --profile names a deployment on AWS instead",
        )
    core = botocore.session.Session(session_vars=_DEAF)
    core.set_default_client_config(Config(proxies={}))
    session = boto3.Session("test", "test", region_name="us-east-1", botocore_session=core)
    return Deployment(session, STACK, running.endpoint)


_DEAF = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Settings that botocore would take from the user's profile and files, which mean AWS and not the laptop."""
