"""What the port suites run against: the fakes, and the adapters over an emulated account.

A world makes a fresh, empty thing behind each port. Where a suite must see or do what a port cannot (an
upload by somebody else, the messages of a topic), the thing has that as a method of its own.
"""

import io
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.schema import Schema

from headrace.aws.clients import Clients
from headrace.aws.dynamodb import DynamoLedger
from headrace.aws.eventbridge import EventBridgeBus
from headrace.aws.glue_iceberg import GlueTableCatalog
from headrace.aws.s3 import S3ObjectStore
from headrace.aws.secretsmanager import SecretMaskingKeys
from headrace.aws.sns import SnsAlerts
from headrace.aws.stepfunctions import StepFunctionsExecutions
from headrace.domain.landed import LandedObject
from headrace.domain.zones import TableRef
from headrace.ports import Alerts, EventBus, Executions, Ledger, MaskingKeys, ObjectStore, TableCatalog
from tests.fake_tables import FakeTableCatalog
from tests.fakes import (
    FakeAlerts,
    FakeEventBus,
    FakeExecutions,
    FakeLedger,
    FakeMaskingKeys,
    FakeObjectStore,
)

Row = Mapping[str, Any]
REGION = "us-east-1"


class Bucket(ObjectStore, Protocol):
    """An object store that others write to as well."""

    def land(self, key: str, body: bytes) -> LandedObject: ...
    def delete(self, key: str) -> None: ...


class Catalog(TableCatalog, Protocol):
    """A catalog with data files: `parquet` writes one for a table."""

    def parquet(self, ref: TableRef, rows: Sequence[Row]) -> str: ...


class Machine(Executions, Protocol):
    """A state machine whose executions run until they are stopped."""

    def stop(self, name: str) -> None: ...


class Bus(EventBus, Protocol):
    """A bus with a listener."""

    def received(self, number: int) -> list[tuple[str, Mapping[str, Any]]]: ...


class Topic(Alerts, Protocol):
    """A topic with a subscriber."""

    def received(self, number: int) -> list[tuple[str, str]]: ...


class World(Protocol):
    """One way of running Headrace. `name` is the one under which a test may skip it."""

    name: str

    @property
    def database(self) -> str: ...
    @property
    def location(self) -> str: ...
    def bucket(self, *, versioned: bool = True) -> Bucket: ...
    def ledger(self) -> Ledger: ...
    def catalog(self) -> Catalog: ...
    def machine(self) -> Machine: ...
    def bus(self) -> Bus: ...
    def topic(self) -> Topic: ...
    def masking_keys(self) -> MaskingKeys: ...


class FakeWorld:
    """Everything in memory."""

    name = "fake"
    database = "curated"
    location = "s3://lake"

    def bucket(self, *, versioned: bool = True) -> Bucket:
        return FakeObjectStore("landing", versioned=versioned)

    def ledger(self) -> Ledger:
        return FakeLedger()

    def catalog(self) -> Catalog:
        return _FakeCatalog(FakeObjectStore("lake"))

    def machine(self) -> Machine:
        return FakeExecutions()

    def bus(self) -> Bus:
        return _FakeBus()

    def topic(self) -> Topic:
        return _FakeTopic()

    def masking_keys(self) -> MaskingKeys:
        return FakeMaskingKeys()


class _FakeCatalog(FakeTableCatalog):
    def parquet(self, ref: TableRef, rows: Sequence[Row]) -> str:
        ids = self.tables[ref].field_ids
        content = pa.Table.from_pylist(list(rows))
        fields = [one.with_metadata({"PARQUET:field_id": str(ids[one.name])}) for one in content.schema]
        body, key = io.BytesIO(), f"{ref.name}/{uuid.uuid4()}.parquet"
        pq.write_table(content.cast(pa.schema(fields)), body)
        self._lake.write(key, body.getvalue())
        return f"s3://lake/{key}"


class _FakeBus(FakeEventBus):
    def received(self, number: int) -> list[tuple[str, Mapping[str, Any]]]:
        return self.events[:number]


class _FakeTopic(FakeAlerts):
    def received(self, number: int) -> list[tuple[str, str]]:
        return self.alerts[:number]


@cache
def _session() -> boto3.Session:
    """One session: each new one reads the service models anew."""
    return boto3.Session(region_name=REGION)


class EmulatedWorld:
    """The adapters over an account that answers at `endpoint`; everything it makes has a name of its own.

    Without an endpoint it is moto that answers, in this process, where PyArrow cannot ask it: tables
    then lie in the `lake` directory.
    """

    def __init__(self, name: str, endpoint: str | None = None, lake: Path | None = None) -> None:
        self.name = name
        self.clients = Clients(_session(), endpoint)
        self._endpoint = endpoint
        self._lake = lake

    @cached_property
    def database(self) -> str:
        name = f"curated_{uuid.uuid4().hex}"
        self.clients.glue.create_database(DatabaseInput={"Name": name})
        return name

    @cached_property
    def location(self) -> str:
        return self._lake.as_uri() if self._lake else f"s3://{self._new_bucket()}"

    @cached_property
    def _sqs(self) -> Any:
        return _session().client("sqs", endpoint_url=self._endpoint)

    def bucket(self, *, versioned: bool = True) -> Bucket:
        name = self._new_bucket()
        if versioned:
            status = {"Status": "Enabled"}
            self.clients.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=status)  # type: ignore[arg-type]
        return _EmulatedBucket(self.clients, name)

    def table(self) -> str:
        """A new DynamoDB table with the ledger's keys."""
        name = f"ledger-{uuid.uuid4()}"
        self.clients.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
        )
        return name

    def ledger(self) -> Ledger:
        return DynamoLedger(self.clients.dynamodb, self.table())

    def catalog(self) -> "EmulatedCatalog":
        client = Clients(_session(), self._endpoint).glue
        return EmulatedCatalog.connect(REGION, self._endpoint, client)

    def machine(self) -> Machine:
        sleeper = {"StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "Seconds": 86_400, "End": True}}}
        arn = self.clients.stepfunctions.create_state_machine(
            name=f"ingest-{uuid.uuid4()}",
            definition=json.dumps(sleeper),
            roleArn="arn:aws:iam::000000000000:role/ingest",
        )["stateMachineArn"]
        return _EmulatedMachine(self.clients, arn)

    def bus(self) -> Bus:
        name = f"bus-{uuid.uuid4()}"
        self.clients.events.create_event_bus(Name=name)
        self.clients.events.put_rule(
            Name="all", EventBusName=name, EventPattern=json.dumps({"source": ["headrace"]})
        )
        queue, queue_arn = self._new_queue()
        self.clients.events.put_targets(
            Rule="all", EventBusName=name, Targets=[{"Id": "queue", "Arn": queue_arn}]
        )
        return _EmulatedBus(self.clients, name, self._sqs, queue)

    def topic(self) -> Topic:
        arn = self.clients.sns.create_topic(Name=f"alerts-{uuid.uuid4()}")["TopicArn"]
        queue, queue_arn = self._new_queue()
        self.clients.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
        return _EmulatedTopic(self.clients, arn, self._sqs, queue)

    def masking_keys(self) -> MaskingKeys:
        secret = self.clients.secretsmanager.create_secret(
            Name=f"masking-{uuid.uuid4()}", SecretString="millrace"
        )
        return SecretMaskingKeys(self.clients.secretsmanager, secret["ARN"])

    def _new_bucket(self) -> str:
        name = f"bucket-{uuid.uuid4()}"
        self.clients.s3.create_bucket(Bucket=name)
        return name

    def _new_queue(self) -> tuple[str, str]:
        queue = self._sqs.create_queue(QueueName=f"queue-{uuid.uuid4()}")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        return queue, attributes["Attributes"]["QueueArn"]


class _EmulatedBucket(S3ObjectStore):
    def __init__(self, clients: Clients, name: str) -> None:
        super().__init__(clients.s3, name)
        self._s3 = clients.s3

    def land(self, key: str, body: bytes) -> LandedObject:
        put = self._s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return LandedObject(self.bucket, key, put.get("VersionId", ""), put["ETag"].strip('"'), len(body))

    def delete(self, key: str) -> None:
        self._s3.delete_object(Bucket=self.bucket, Key=key)


class EmulatedCatalog(GlueTableCatalog):
    """A catalog whose tables can be read with PyIceberg, as other engines read them."""

    @property
    def iceberg(self) -> GlueCatalog:
        return self._catalog

    def parquet(self, ref: TableRef, rows: Sequence[Row]) -> str:
        table = self.iceberg.load_table((ref.database, ref.name))
        return self.write(ref, pa.Table.from_pylist(list(rows), schema=arrow_schema(table.schema())))

    def write(self, ref: TableRef, content: pa.Table) -> str:
        """A Parquet file of exactly this content under the table's location."""
        table = self.iceberg.load_table((ref.database, ref.name))
        uri = f"{table.location()}/data/{uuid.uuid4()}.parquet"
        with table.io.new_output(uri).create() as stream:
            pq.write_table(content, stream)
        return uri

    def rows(self, ref: TableRef) -> list[dict[str, Any]]:
        scanned = self.iceberg.load_table((ref.database, ref.name)).scan().to_arrow()
        rows: list[dict[str, Any]] = scanned.to_pylist()
        return rows


def arrow_schema(schema: Schema) -> pa.Schema:
    """The table's schema with its field ids, as a writer must use it."""
    written: pa.Schema = schema.as_arrow()
    return written


class _EmulatedMachine(StepFunctionsExecutions):
    def __init__(self, clients: Clients, arn: str) -> None:
        super().__init__(clients.stepfunctions, arn)
        self._stepfunctions, self._arn = clients.stepfunctions, arn

    def stop(self, name: str) -> None:
        arn = f"{self._arn.replace(':stateMachine:', ':execution:')}:{name}"
        self._stepfunctions.stop_execution(executionArn=arn)


class _EmulatedBus(EventBridgeBus):
    def __init__(self, clients: Clients, name: str, sqs: Any, queue: str) -> None:
        super().__init__(clients.events, name)
        self._sqs, self._queue = sqs, queue

    def received(self, number: int) -> list[tuple[str, Mapping[str, Any]]]:
        events = (json.loads(body) for body in _messages(self._sqs, self._queue, number))
        return [(event["detail-type"], event["detail"]) for event in events]


class _EmulatedTopic(SnsAlerts):
    def __init__(self, clients: Clients, arn: str, sqs: Any, queue: str) -> None:
        super().__init__(clients.sns, arn)
        self._sqs, self._queue = sqs, queue

    def received(self, number: int) -> list[tuple[str, str]]:
        alerts = (json.loads(body) for body in _messages(self._sqs, self._queue, number))
        return [(alert["Subject"], alert["Message"]) for alert in alerts]


def _messages(sqs: Any, queue: str, number: int) -> Iterable[str]:
    """The first `number` messages of a queue; waits up to 20 s for each."""
    for _ in range(number):
        reply = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=1, WaitTimeSeconds=20)
        for message in reply.get("Messages", ()):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            yield message["Body"]
