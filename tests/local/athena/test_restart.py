"""Executions outlive the emulator; one that ran when it stopped has failed."""

import os
import signal
import uuid
from pathlib import Path

import pytest

from tests.local.athena.conftest import Emulator, end, finished, free_port, serve
from tests.local.athena.test_api import SLOW

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

KEPT = {"PERSIST_STATE": "1", "S3_PERSIST": "1"}
OUTPUT = {"OutputLocation": "s3://lake/results/"}


def test_executions_results_and_tokens_survive_a_restart(tmp_path: Path) -> None:
    token, port = uuid.uuid4().hex, free_port()
    process = serve(tmp_path, port, **KEPT)
    try:
        emulator = Emulator(port, tmp_path)
        emulator.client("s3").create_bucket(Bucket="lake")
        athena = emulator.client("athena")
        athena.create_work_group(Name="ours", Configuration={"ResultConfiguration": OUTPUT})
        asked = {"QueryString": "SELECT 1 AS a, 'x' AS b", "WorkGroup": "ours", "ClientRequestToken": token}
        done = athena.start_query_execution(**asked)["QueryExecutionId"]
        assert finished(athena, done).rows == [["1", "x"]]
        running = athena.start_query_execution(QueryString=SLOW, WorkGroup="ours")["QueryExecutionId"]
    finally:
        end(process)

    process = serve(tmp_path, port, **KEPT)
    try:
        athena = Emulator(port, tmp_path).client("athena")
        assert finished(athena, done).rows == [["1", "x"]]
        assert athena.start_query_execution(**asked)["QueryExecutionId"] == done
        assert athena.get_work_group(WorkGroup="ours")["WorkGroup"]["Name"] == "ours"
        interrupted = finished(athena, running)
        assert interrupted.state == "FAILED"
        assert "stopped while it ran" in interrupted.reason
    finally:
        end(process)


def test_a_running_query_does_not_keep_the_emulator_from_stopping(tmp_path: Path) -> None:
    process = serve(tmp_path, port := free_port())
    try:
        emulator = Emulator(port, tmp_path)
        emulator.client("s3").create_bucket(Bucket="lake")
        emulator.client("athena").start_query_execution(QueryString=SLOW, ResultConfiguration=OUTPUT)
        os.kill(process.pid, signal.SIGTERM)
        process.wait(15)
    finally:
        end(process)
