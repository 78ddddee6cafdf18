"""Gaps of MiniStack that only show inside its process: writes that interleave.

Each gap is tested twice: plain MiniStack still has it, else ours can go; here it is closed.
"""

import json
import subprocess
import sys

import pytest

from headrace_local import emulator

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

# What only shows inside the process

SEAMS = """
import asyncio, json, sys, threading, time, types
from ministack import app
from ministack.core.arn import parse_arn
from ministack.services import dynamodb, eventbridge, glue, sqs, stepfunctions
if sys.argv[1] == "closed":
    from headrace_local.gaps import close_all
    close_all(slots=2)

taken = []
class Lock:
    def __enter__(self): taken.append(threading.current_thread())
    def __exit__(self, *_): pass
sqs._queues_lock = Lock()
eventbridge._dispatch_to_sqs(parse_arn("arn:aws:sqs:us-east-1:000000000000:none"), "{}")

ran_on = []
def update(request):
    ran_on.append(threading.current_thread())
    return 200, {}, b"{}"
dynamodb._update_item = update
async def main():
    app._MAIN_LOOP = asyncio.get_running_loop()
    task = stepfunctions._SERVICE_DISPATCH["arn:aws:states:::dynamodb:updateItem"]
    await asyncio.to_thread(task, "arn:aws:states:::dynamodb:updateItem", {})
asyncio.run(main())

glue._create_database({"DatabaseInput": {"Name": "curated"}})
glue._create_table({"DatabaseName": "curated", "TableInput": {"Name": "orders"}})
commit = {"DatabaseName": "curated", "TableInput": {"Name": "orders"}, "VersionId": "1"}
answers = []
other = threading.Thread(target=lambda: answers.append(glue._update_table(commit)[0]))
def between_check_and_write():
    glue.time = time
    other.start()
    other.join(timeout=0.5)
    return time.time()
glue.time = types.SimpleNamespace(time=between_check_and_write)
answers.append(glue._update_table(commit)[0])
other.join()

print(json.dumps({
    "locked": bool(taken),
    "on_the_loop": ran_on == [threading.main_thread()],
    "winners": answers.count(200),
}))
"""


Seams = dict[str, dict[str, int]]


@pytest.fixture(scope="module")
def seams(tmp_path_factory: pytest.TempPathFactory) -> Seams:
    variables = emulator.environment(tmp_path_factory.mktemp("seams"), 1, keep=False, wait_scale=0)
    variables["TMPDIR"] = str(tmp_path_factory.mktemp("temporary"))

    def run(gaps: str) -> dict[str, int]:
        ran = subprocess.run(
            [sys.executable, "-c", SEAMS, gaps], env=variables, capture_output=True, text=True, check=True
        )
        found: dict[str, int] = json.loads(ran.stdout)
        return found

    return {gaps: run(gaps) for gaps in ("open", "closed")}


def test_plain_an_event_is_put_into_its_queue_without_the_queues_lock(seams: Seams) -> None:
    assert not seams["open"]["locked"]


def test_an_event_is_put_into_its_queue_under_the_queues_lock(seams: Seams) -> None:
    assert seams["closed"]["locked"]


def test_plain_a_machines_ledger_write_does_not_take_its_turn(seams: Seams) -> None:
    assert not seams["open"]["on_the_loop"]


def test_a_machines_ledger_write_takes_its_turn(seams: Seams) -> None:
    assert seams["closed"]["on_the_loop"]


def test_plain_two_commits_from_one_version_of_a_table_both_win(seams: Seams) -> None:
    assert seams["open"]["winners"] == 2


def test_one_of_two_commits_from_one_version_of_a_table_wins(seams: Seams) -> None:
    assert seams["closed"]["winners"] == 1
