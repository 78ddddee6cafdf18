"""Following a deployment until it rests."""

from collections.abc import Iterable

import pytest

from headrace.domain.batch import Audit
from headrace_cli import watch
from headrace_cli.failures import ExitCode
from headrace_cli.scene import Scene
from tests.cli.conftest import Run
from tests.cli.deployed import Deployed, loaded


@pytest.fixture(autouse=True)
def looks_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_POLL_S", 0.0)


def test_a_deployment_at_rest_ends_the_watch(deployed: Deployed, run: Run) -> None:
    deployed.register()
    ran = run("watch", "--until-idle")
    assert ran.exit_code == ExitCode.FINE
    assert (ran.stdout, ran.stderr) == ("", "all is at rest\n")


def test_rest_must_be_seen_twice_for_an_event_may_be_on_its_way(deployed: Deployed) -> None:
    deployed.register()
    seen: list[Scene] = []

    def show(scene: Scene, _: Iterable[Audit]) -> None:
        seen.append(scene)
        if len(seen) == 1:
            deployed.land("a.csv")
        if len(seen) == 3:
            deployed.close(1, loaded(deployed.land("a.csv")))

    last = watch.follow(deployed, show, timeout=30, until_idle=True)
    assert [scene.at_rest for scene in seen] == [True, False, False, True, True]
    assert last.at_rest


def test_batches_are_shown_once_each_as_they_close(deployed: Deployed) -> None:
    deployed.register()
    deployed.close(1, loaded(deployed.land("before.csv")))
    shown: list[str] = []
    steps = iter([["a.csv", "b.csv"], []])

    def show(_: Scene, closed: Iterable[Audit]) -> None:
        shown.extend(watch.closed_batch(audit) for audit in closed)
        for number, name in enumerate(next(steps, []), start=2):
            deployed.close(number, loaded(deployed.land(name), rows=1200, quarantined=number))

    watch.follow(deployed, show, timeout=30, until_idle=True)
    assert shown == [
        "aviation/runways: batch 2 published: 1 object, 1,200 rows = 1,198 curated + 2 quarantined",
        "aviation/runways: batch 3 published: 1 object, 1,200 rows = 1,197 curated + 3 quarantined",
    ]


@pytest.mark.parametrize("queue", ["buffer_queue_url", "buffer_dead_letter_queue_url"])
def test_only_a_message_that_moves_keeps_a_deployment_from_rest(
    deployed: Deployed, run: Run, queue: str
) -> None:
    deployed.sqs.send_message(QueueUrl=getattr(deployed.outputs, queue), MessageBody="{}")
    ran = run("watch", "--until-idle", "--timeout", "0.2")
    assert ran.exit_code == (ExitCode.TROUBLE if queue == "buffer_queue_url" else ExitCode.FINE)


def test_a_running_refresh_keeps_a_deployment_from_rest(deployed: Deployed, run: Run) -> None:
    machine = deployed.outputs.refresh_mart_state_machine_arn
    deployed.clients.stepfunctions.start_execution(stateMachineArn=machine)
    assert run("watch", "--until-idle", "--timeout", "0.2").exit_code == ExitCode.TROUBLE


def test_a_dataset_that_only_a_person_can_move_ends_the_watch_at_once(deployed: Deployed, run: Run) -> None:
    deployed.register()
    deployed.land("a.csv")
    deployed.exhaust()
    ran = run("watch", "--until-idle")
    assert ran.exit_code == ExitCode.TROUBLE
    assert "`headrace status` says what to do" in ran.stderr
