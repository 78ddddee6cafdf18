"""Starting, finding and stopping laptops."""

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import boto3
import pytest

from headrace_local.laptop import Laptop, LaptopError
from tests.local.account import Account, eventually

pytestmark = [pytest.mark.laptop, pytest.mark.slow]


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    laptop = Laptop(tmp_path / "state", port=0, keep=False)
    yield laptop
    laptop.stop()


def test_a_laptop_is_started_found_and_stopped(laptop: Laptop) -> None:
    assert laptop.running() is None
    assert laptop.start()
    assert laptop.healthy()
    assert Laptop(laptop.state).running() == laptop.running()
    assert laptop.stop()
    assert (laptop.running(), laptop.healthy()) == (None, False)


def test_starting_and_stopping_again_is_no_error(laptop: Laptop) -> None:
    laptop.start()
    running = laptop.running()
    assert not laptop.start()
    assert laptop.running() == running
    assert laptop.stop()
    assert not laptop.stop()


def test_what_a_killed_laptop_left_behind_counts_as_none(laptop: Laptop) -> None:
    laptop.start()
    killed = laptop.running()
    assert killed
    os.kill(killed.pid, signal.SIGKILL)
    eventually(lambda: laptop.running() is None)
    assert (laptop.state / "emulator.json").exists()
    assert not laptop.stop()
    assert laptop.start()


def test_a_laptop_that_does_not_stop_is_killed(laptop: Laptop) -> None:
    laptop.start()
    stuck = laptop.running()
    assert stuck
    os.kill(stuck.pid, signal.SIGSTOP)
    assert laptop.stop(timeout_s=0.2)
    assert laptop.running() is None


def test_of_two_that_start_the_same_laptop_one_did(laptop: Laptop) -> None:
    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(lambda _: laptop.start(), range(2)))
    assert sorted(started) == [False, True]


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            LaptopError, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use"
        ):
            Laptop(tmp_path, port=port, keep=False).start()


def test_laptops_run_side_by_side(laptop: Laptop, account: Account) -> None:
    laptop.start()
    Account(laptop).client("sqs").create_queue(QueueName="only-here")
    assert account.client("sqs").list_queues(QueueNamePrefix="only-here").get("QueueUrls", []) == []


def test_there_is_no_endpoint_without_an_emulator(laptop: Laptop) -> None:
    with pytest.raises(LaptopError, match="no laptop is running"):
        _ = laptop.endpoint


def test_a_client_in_the_laptops_environment_talks_to_it(account: Account) -> None:
    bucket = account.bucket()
    shell = {**os.environ, "AWS_PROFILE": "production", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}
    with patch.dict(os.environ, account.laptop.process_environment(shell), clear=True):
        buckets = boto3.Session().client("s3").list_buckets()["Buckets"]
    assert bucket in [found["Name"] for found in buckets]


def test_a_child_process_sees_no_aws_setting_but_the_laptops(account: Account) -> None:
    child = account.laptop.process_environment({"AWS_PROFILE": "production", "HOME": "/home/ada"})
    assert child == {"HOME": "/home/ada", **account.laptop.environment()}


def test_a_function_sees_the_packages_of_the_project_and_nothing_of_the_shell(
    laptop: Laptop,
) -> None:
    with patch.dict(os.environ, {"AWS_PROFILE": "production", "SECRET_OF_THE_SHELL": "x"}):
        laptop.start()
    account = Account(laptop)
    function = account.function(
        "import headrace, duckdb, os\n"
        "def handler(event, context):\n"
        "    return [duckdb.sql('SELECT 7').fetchone()[0], sorted(os.environ)]\n"
    )
    seven, variables = account.invoke(function)
    assert seven == 7
    assert not {"AWS_PROFILE", "SECRET_OF_THE_SHELL"} & set(variables)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads the kernel's table of sockets")
def test_nothing_listens_but_on_127_0_0_1(account: Account) -> None:
    running = account.laptop.running()
    assert running
    owned = {str(entry.readlink()) for entry in Path(f"/proc/{running.pid}/fd").iterdir()}
    listening = [
        fields[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6")
        for fields in (line.split() for line in Path(table).read_text().splitlines()[1:])
        if fields[3] in ("0A", "07") and f"socket:[{fields[9]}]" in owned
    ]
    assert listening == [f"0100007F:{running.port:04X}"]


def test_wiping_deletes_the_account_and_nothing_else(laptop: Laptop) -> None:
    laptop.start()
    kept = laptop.state / "notes.txt"
    kept.write_text("mine")
    laptop.wipe()
    assert list(laptop.state.iterdir()) == [kept]
