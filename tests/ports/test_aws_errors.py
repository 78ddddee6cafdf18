"""How AWS's errors become Headrace's."""

import io
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    FlexibleChecksumError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.response import StreamingBody

from headrace.aws.errors import translated
from headrace.aws.eventbridge import EventBridgeBus
from headrace.aws.s3 import S3ObjectStore
from headrace.aws.secretsmanager import SecretMaskingKeys
from headrace.aws.sns import SnsAlerts
from headrace.aws.stepfunctions import StepFunctionsExecutions
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import HeadraceError, MissingArtefact, Refused, Throttled, Unavailable
from tests.ports.faults import answer, refuse
from tests.ports.worlds import EmulatedWorld

ALBUMS = DatasetId("music", "albums")


def client_error(code: str, status: int) -> ClientError:
    reply: Any = {
        "Error": {"Code": code, "Message": "Throttling NoSuchKey 503"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(reply, "GetObject")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("SlowDown", 503, Throttled),
        ("ThrottlingException", 400, Throttled),
        ("ProvisionedThroughputExceededException", 400, Throttled),
        ("TooManyRequestsException", 429, Throttled),
        ("ExecutionLimitExceeded", 400, Throttled),
        ("SomethingNew", 429, Throttled),
        ("InternalError", 500, Unavailable),
        ("InternalServiceException", 400, Unavailable),
        ("RequestTimeout", 400, Unavailable),
        ("SomethingNew", 503, Unavailable),
        ("NoSuchKey", 404, MissingArtefact),
        ("NoSuchVersion", 404, MissingArtefact),
        ("AccessDenied", 403, Refused),
        ("NoSuchBucket", 404, Refused),
        ("ValidationException", 400, Refused),
        ("SomethingNew", 400, Refused),
    ],
)
def test_the_code_decides_and_not_the_text(code: str, status: int, expected: type[HeadraceError]) -> None:
    with (
        pytest.raises(expected, match=f"^read s3://lake/a: {code} ") as raised,
        translated("read s3://lake/a"),
    ):
        raise client_error(code, status)
    assert type(raised.value) is expected
    assert isinstance(raised.value.__cause__, ClientError)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (EndpointConnectionError(endpoint_url="http://127.0.0.1"), Unavailable),
        (ConnectionClosedError(endpoint_url="http://127.0.0.1"), Unavailable),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1"), Unavailable),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), Unavailable),
        (FlexibleChecksumError(error_msg="differs"), Unavailable),
        (NoCredentialsError(), Refused),
    ],
)
def test_a_lost_connection_may_come_back(error: BotoCoreError, expected: type[HeadraceError]) -> None:
    with pytest.raises(expected, match=r"^read s3://lake/a: "), translated("read s3://lake/a"):
        raise error


def test_an_error_of_ours_passes_unchanged() -> None:
    with pytest.raises(MissingArtefact, match=r"^gone$"), translated("read s3://lake/a"):
        raise MissingArtefact("gone")


def test_a_body_that_breaks_off_is_unavailable_from_read_and_from_open(moto: EmulatedWorld) -> None:
    def broken() -> Mapping[str, Any]:
        return {"Body": StreamingBody(io.BytesIO(b"half of"), content_length=14)}

    store = S3ObjectStore(moto.clients.s3, "landing")
    answer(moto.clients.s3, "GetObject", broken())
    with pytest.raises(Unavailable, match=r"s3://landing/a\.csv"):
        store.read("a.csv")
    answer(moto.clients.s3, "GetObject", broken())
    stream = store.open("a.csv", "v1")
    with pytest.raises(Unavailable, match=r"s3://landing/a.csv\?versionId=v1"):
        stream.read()


def test_a_file_that_cannot_be_uploaded_names_the_service_s_own_code(
    moto: EmulatedWorld, tmp_path: Any
) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    store = S3ObjectStore(moto.clients.s3, "no-such-bucket")
    with pytest.raises(Refused, match=r"s3://no-such-bucket/a\.parquet: NoSuchBucket"):
        store.write("a.parquet", tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ThrottlingException", Throttled),
        ("InternalFailure", Unavailable),
        ("NotAuthorizedForSourceException", Refused),
    ],
)
def test_an_event_that_the_bus_did_not_take_is_an_error(
    moto: EmulatedWorld, code: str, expected: type[HeadraceError]
) -> None:
    entry = {"ErrorCode": code, "ErrorMessage": "no"}
    answer(moto.clients.events, "PutEvents", {"FailedEntryCount": 1, "Entries": [entry]})
    with pytest.raises(expected, match=f"'Dataset Updated' on bus headrace: {code} no"):
        EventBridgeBus(moto.clients.events, "headrace").publish("Dataset Updated", {"id": "1"})


def test_every_small_port_names_its_resource(moto: EmulatedWorld) -> None:
    region = "arn:aws:states:us-east-1:000000000000"
    machine = StepFunctionsExecutions(moto.clients.stepfunctions, f"{region}:stateMachine:ingest")
    refuse(moto.clients.stepfunctions, "StartExecution", "ExecutionLimitExceeded")
    with pytest.raises(Throttled, match=r"music-albums-1-1 of .*:stateMachine:ingest"):
        machine.start("music-albums-1-1", ALBUMS)
    refuse(moto.clients.stepfunctions, "DescribeExecution", "AccessDeniedException")
    with pytest.raises(Refused, match=f"{region}:execution:ingest:music-albums-1-1"):
        machine.running("music-albums-1-1")
    topic = f"{region}:alerts".replace("states", "sns")
    refuse(moto.clients.sns, "Publish", "InternalError", status=500)
    with pytest.raises(Unavailable, match=topic):
        SnsAlerts(moto.clients.sns, topic).alert("subject", "message")
    with pytest.raises(Refused, match="masking: ResourceNotFoundException"):
        SecretMaskingKeys(moto.clients.secretsmanager, "masking").key(ALBUMS)
