"""The boto3 clients, all with one patience and each made only when it is first needed."""

from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

PATIENCE = Config(
    connect_timeout=3,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 5},
    max_pool_connections=32,
    tcp_keepalive=True,
)
"""Shorter than any function's timeout: a lost answer becomes an error of ours, not a killed function."""


class Clients:
    """Clients of one session; `endpoint` replaces AWS's own (None: boto3 decides, AWS_ENDPOINT_URL too)."""

    def __init__(self, session: boto3.Session | None = None, endpoint: str | None = None) -> None:
        self._session = session or boto3.Session()
        self._endpoint = endpoint

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._session.client("dynamodb", endpoint_url=self._endpoint, config=PATIENCE)

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self._session.client("events", endpoint_url=self._endpoint, config=PATIENCE)

    @cached_property
    def glue(self) -> "GlueClient":
        return self._session.client("glue", endpoint_url=self._endpoint, config=PATIENCE)

    @cached_property
    def s3(self) -> "S3Client":
        return self._session.client("s3", endpoint_url=self._endpoint, config=PATIENCE)

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        return self._session.client("secretsmanager", endpoint_url=self._endpoint, config=PATIENCE)

    @cached_property
    def sns(self) -> "SNSClient":
        return self._session.client("sns", endpoint_url=self._endpoint, config=PATIENCE)

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        return self._session.client("stepfunctions", endpoint_url=self._endpoint, config=PATIENCE)
