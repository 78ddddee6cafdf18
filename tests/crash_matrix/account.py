"""The emulated account: moto's, in this process, behind a wire."""

import io
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import boto3
import pytest
from moto import backend_index, mock_aws
from moto.backends import get_backend
from moto.core.base_backend import BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.glue.responses import GlueResponse
from moto.moto_api._internal import mock_random

from headrace.aws.clients import Clients
from headrace_local.emulator import client_environment
from tests.crash_matrix.wire import Wire
from tests.ports.worlds import REGION, EmulatedWorld

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_SERVICES = {"dynamodb", "events", "glue", "s3", "secretsmanager", "sns", "sqs", "stepfunctions"}
"""What moto is asked for, so that it need not look for each request among all that it knows."""


@contextmanager
def emulated(wire: Wire) -> Iterator[pytest.MonkeyPatch]:
    """An empty account, for as long as the patch holds; its clients find credentials, and nobody's own."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in client_environment(port=9).items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL")
        patch.setattr(BaseBackend, "urls", _Remembered(BaseBackend.urls))
        ours = [(name, urls) for name, urls in backend_index.backend_url_patterns if name in _SERVICES]
        patch.setattr(backend_index, "backend_url_patterns", ours)
        patch.setattr(GlueResponse, "update_table", _fenced(GlueResponse.update_table))
        wire.lay(patch)
        yield patch


@contextmanager
def deterministic(wire: Wire) -> Iterator[None]:
    """An account in which calls come in the same order each time, and nobody waits before trying again.
    Each object is a work unit, and ids that nobody chose are drawn from the same seed. A unit whose
    process died again and again is not looked into: it survives in any other process."""
    chance = random.Random(0)
    mock_random.seed(0)
    with emulated(wire) as patch:
        patch.setattr("uuid.uuid4", lambda: UUID(int=chance.getrandbits(128), version=4))
        patch.setattr("time.sleep", lambda _: None)
        patch.setattr(ThreadPoolExecutor, "submit", _at_once)
        patch.setattr("headrace.domain.packing.UNIT_OBJECTS", 1)
        patch.setattr("headrace.steps.isolation.death", lambda _: "")
        patch.setattr("headrace_cli.redrive._AT_ONCE", 1)
        patch.setattr("headrace_cli.redrive_queue._WAIT_S", 0)
        patch.setattr("headrace_cli.redrive_queue._HIDDEN_S", 0)
        yield


class Account(EmulatedWorld):
    """The account that stands; its clients are the same for all that ever stood."""

    def __init__(self) -> None:
        super().__init__("moto")
        self.session = boto3.Session(region_name=REGION)
        self.clients = Clients(self.session)

    @cached_property
    def sqs(self) -> "SQSClient":
        return self.session.client("sqs")


@cache
def account() -> Account:
    return Account()


class ShortCut:
    """An S3 client that reads bodies where moto keeps them: for the checker, whose reads no step makes."""

    def __getattr__(self, operation: str) -> Any:
        return getattr(account().clients.s3, operation)

    def get_object(self, *, Bucket: str, Key: str, **version: Any) -> Any:  # noqa: N803 - boto3's own names
        buckets = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"]
        found = buckets.get_object(Bucket, Key, version.get("VersionId"))
        if found is None:
            return account().clients.s3.get_object(Bucket=Bucket, Key=Key, **version)
        return {"Body": io.BytesIO(found.value)}


_SHORT_CUT = ShortCut()
_checking = False


def lake_client() -> Any:
    """The client of PyIceberg's files."""
    return _SHORT_CUT if _checking else account().clients.s3


@contextmanager
def checking() -> Iterator["S3Client"]:
    """Meanwhile PyIceberg's files, too, are read by the short cut."""
    global _checking  # noqa: PLW0603 - PyIceberg makes the FileIO, and gives it nothing but texts
    _checking = True
    try:
        yield cast("S3Client", _SHORT_CUT)
    finally:
        _checking = False


def _fenced(update: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """moto's UpdateTable, which looks at no VersionId, as Glue's: refused where another came first."""

    def update_table(response: Any) -> Any:
        database, change = response.parameters["DatabaseName"], response.parameters["TableInput"]
        stands = response.glue_backend.get_table(database, change["Name"]).as_dict()["VersionId"]
        if response.parameters.get("VersionId", stands) != stands:
            raise JsonRESTError(
                "ConcurrentModificationException", "Update table failed due to concurrent modifications."
            )
        return update(response)

    return update_table


class _Remembered(cached_property[Any]):
    """moto's table of URLs, which it makes anew for each request."""

    def __init__(self, made: Any) -> None:
        super().__init__(made.fget)
        self.__set_name__(BaseBackend, "_urls")


def _at_once(_: ThreadPoolExecutor, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
    """What a pool does, done by the one who asks."""
    future: Future[Any] = Future()
    try:
        future.set_result(work(*args, **named))
    except Exception as error:  # noqa: BLE001 - a pool's worker, too, puts whatever it is in the future
        future.set_exception(error)
    return future
