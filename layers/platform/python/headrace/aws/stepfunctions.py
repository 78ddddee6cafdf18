"""Executions of the `ingest` state machine."""

from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import ClientError

from headrace.aws.errors import code_of, translated
from headrace.domain.dataset import DatasetId

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StepFunctionsExecutions:
    """Executions: an execution's name is its identity, so starting it twice is starting it once."""

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._state_machine_arn = state_machine_arn

    def start(self, name: str, dataset: DatasetId) -> bool:
        request = msgspec.json.encode({"dataset": str(dataset), "execution": name}).decode()
        with translated(f"start execution {name} of {self._state_machine_arn}"):
            try:
                self._client.start_execution(
                    stateMachineArn=self._state_machine_arn, name=name, input=request
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
                return self.running(name)
        return True

    def known(self, name: str) -> bool:
        return self._status(name) is not None

    def running(self, name: str) -> bool:
        return self._status(name) == "RUNNING"

    def _status(self, name: str) -> str | None:
        arn = f"{self._state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        with translated(f"describe execution {arn}"):
            try:
                return self._client.describe_execution(executionArn=arn)["status"]
            except ClientError as error:
                if code_of(error) != "ExecutionDoesNotExist":
                    raise
                return None
