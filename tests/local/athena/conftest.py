"""The emulator with this Athena in it, on a port of its own, and clients for it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from mypy_boto3_athena import AthenaClient
from mypy_boto3_glue import GlueClient
from mypy_boto3_s3 import S3Client
from pyiceberg.catalog.glue import GlueCatalog

REGION = "us-east-1"
READY_WITHIN = 60.0
SERVE = (
    "import ministack.app as app\n"
    "from headrace_local.gaps import athena, glue\n"
    "athena.close()\n"
    "glue.close()\n"
    "app.main()\n"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, port: int, **more: str) -> dict[str, str]:
    places = {"TMPDIR": home / "tmp", "STATE_DIR": home / "state", "S3_DATA_DIR": home / "s3"}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SFTP_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        **{k: str(v) for k, v in places.items()},
        **more,
    }


def serve(home: Path, port: int, **more: str) -> "subprocess.Popen[bytes]":
    """The emulator in a process of its own, once it answers."""
    log = (home / "emulator.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        env=environment(home, port, **more),
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    log.close()
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=2):
                return process
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    process.kill()
    process.wait()
    pytest.fail(f"the emulator did not start:\n{(home / 'emulator.log').read_text()[-2000:]}")


def end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Emulator:
    """A running emulator: its clients, and queries run to their end."""

    port: int
    home: Path

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @property
    def catalog(self) -> GlueCatalog:
        properties: dict[str, Any] = {
            "s3.endpoint": self.endpoint,
            "s3.region": REGION,
            "s3.access-key-id": "test",
            "s3.secret-access-key": "test",
        }
        return GlueCatalog("laptop", client=self.client("glue"), **properties)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    home, port = tmp_path_factory.mktemp("emulator"), free_port()
    process = serve(home, port)
    yield Emulator(port, home)
    end(process)


@pytest.fixture(scope="session")
def athena(emulator: Emulator) -> AthenaClient:
    client: AthenaClient = emulator.client("athena")
    return client


@pytest.fixture(scope="session")
def s3(emulator: Emulator) -> S3Client:
    client: S3Client = emulator.client("s3")
    client.create_bucket(Bucket="lake")
    return client


@pytest.fixture(scope="session")
def glue(emulator: Emulator) -> GlueClient:
    client: GlueClient = emulator.client("glue")
    return client


@pytest.fixture(scope="session")
def catalog(emulator: Emulator) -> GlueCatalog:
    return emulator.catalog


@pytest.fixture
def database(glue: GlueClient) -> str:
    """A new database."""
    name = f"db_{uuid.uuid4().hex[:8]}"
    glue.create_database(DatabaseInput={"Name": name})
    return name


Ask = Callable[..., "Answer"]


@dataclass(frozen=True)
class Answer:
    """A finished query: its execution, and its result where it has one."""

    execution: dict[str, Any]
    results: dict[str, Any] | None

    @property
    def state(self) -> str:
        return str(self.execution["Status"]["State"])

    @property
    def reason(self) -> str:
        return str(self.execution["Status"].get("StateChangeReason"))

    @property
    def rows(self) -> list[list[str | None]]:
        """The rows as text, without the header."""
        assert self.results is not None, self.reason
        rows = [[d.get("VarCharValue") for d in r["Data"]] for r in self.results["ResultSet"]["Rows"]]
        return rows[1:] if self.execution["StatementType"] == "DML" else rows


def finished(athena: AthenaClient, query_id: str, within: float = 60.0) -> Answer:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        execution: dict[str, Any] = dict(
            athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        )
        if execution["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
            results = None
            if execution["Status"]["State"] == "SUCCEEDED":
                results = dict(athena.get_query_results(QueryExecutionId=query_id))
            return Answer(execution, results)
        time.sleep(0.02)
    pytest.fail(f"query {query_id} did not finish")


@pytest.fixture
def ask(athena: AthenaClient, s3: S3Client, database: str) -> Ask:
    """Runs a statement in the test's database, to its end."""

    def run(statement: str, **more: Any) -> Answer:
        asked: dict[str, Any] = {
            "QueryString": statement,
            "QueryExecutionContext": {"Database": database, "Catalog": "AwsDataCatalog"},
            "ResultConfiguration": {"OutputLocation": "s3://lake/athena-results/"},
            **more,
        }
        return finished(athena, athena.start_query_execution(**asked)["QueryExecutionId"])

    return run
