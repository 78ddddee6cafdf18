"""The simulated `ingest` does what its definition says: the same requests in the same order, the same end."""

from collections.abc import Callable
from typing import Any

import pytest

from headrace.domain.dataset import DatasetId
from headrace.runtime import Reply
from headrace.steps.close_batch import BatchClosed
from headrace.steps.commit_batch import BatchCommitted
from headrace.steps.judge_batch import BatchJudged
from headrace.steps.plan_batch import BatchPlanned, UnitOfWork
from headrace.steps.refine_unit import UnitRefined
from tests.simulation.chaos import Faults
from tests.simulation.machine import StateFailed, tasks
from tests.simulation.scenario import Scenario
from tests.simulation.scheduler import Process
from tests.simulation.simulation import Simulation
from tests.stack import definition
from tests.statemachines.harness import NAME, Answer, Run
from tests.statemachines.interpreter import StateFailed as Failed

MILLS = DatasetId("river", "mills")
STILL = Scenario(1, ("mills",), 0.0, 1, {}, (), (), gentle=True)
UNITS = tuple(UnitOfWork("batches/river/mills/000000001/manifest.json", unit) for unit in range(2))


class Scripted(Simulation):
    """A world whose functions answer from a script."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        super().__init__(STILL, Faults(1, {}))
        self.requests: list[Any] = []
        self._answers = answers

    def invoke(self, step: Callable[..., Reply], request: Any, name: str) -> Process[Reply]:
        self.requests.append(request)
        return self.scheduler.start(name, lambda: self._answers[step.__name__](request))


def script(**changed: Answer) -> dict[str, Answer]:
    """Two batches of two units; the second leaves nothing waiting."""
    rounds = iter((True, False))
    answers: dict[str, Answer] = {
        "plan_batch": lambda _: BatchPlanned(False, 1, UNITS[0].manifest, UNITS),
        "refine_unit": lambda request: UnitRefined(f"report {request.unit}"),
        "judge_batch": lambda _: BatchJudged(publish=True),
        "commit_batch": lambda _: BatchCommitted(()),
        "close_batch": lambda _: BatchClosed(waiting=next(rounds)),
    }
    return {**answers, **changed}


def late_then(judged: BatchJudged) -> Answer:
    return lambda request: judged if request.again else BatchJudged(publish=False, again=(1,))


def failing(error: str, times: int) -> Callable[[type[Exception]], Answer]:
    """A commit that fails so often, in the words of either machine."""

    def of(kind: type[Exception]) -> Answer:
        left = [times]

        def answer(_: Any) -> BatchCommitted:
            left[0] -= 1
            if left[0] >= 0:
                raise kind(error)
            return BatchCommitted(())

        return answer

    return of


REJECTED = BatchJudged(publish=False, rejected=UNITS)
SCRIPTS: dict[str, dict[str, Answer]] = {
    "published": {},
    "idle": {"plan_batch": lambda _: BatchPlanned(idle=True)},
    "rejected": {"judge_batch": lambda _: REJECTED},
    "rejected, nothing to reject": {"judge_batch": lambda _: BatchJudged(publish=False)},
    "late": {"judge_batch": late_then(BatchJudged(publish=True))},
    "late, then rejected": {"judge_batch": late_then(REJECTED)},
}


def simulated(answers: dict[str, Answer]) -> tuple[list[Any], Scripted]:
    simulation = Scripted(answers)
    simulation.start_execution(NAME, MILLS)
    while simulation.scheduler.living:
        simulation.scheduler.step()
    return simulation.requests, simulation


def defined(answers: dict[str, Answer]) -> Run:
    return Run("ingest", {"dataset": str(MILLS), "execution": NAME}, answers)


@pytest.mark.parametrize("changed", SCRIPTS.values(), ids=SCRIPTS)
def test_it_makes_the_requests_of_the_definition(changed: dict[str, Answer]) -> None:
    run = defined(script(**changed))
    requests, simulation = simulated(script(**changed))
    assert run.requests == requests
    assert not simulation.world.alerts.alerts
    assert run.ended.error == ""


@pytest.mark.parametrize(
    ("error", "times"),
    [("CommitConflict", 3), ("CommitConflict", 100), ("Lambda.Unknown", 3), ("OutOfOrder", 1)],
)
def test_it_retries_and_fails_as_the_definition_does(error: str, times: int) -> None:
    fails = failing(error, times)
    run = defined(script(commit_batch=fails(Failed)))
    requests, simulation = simulated(script(commit_batch=fails(StateFailed)))
    assert run.requests == requests
    assert bool(run.ended.error) == bool(simulation.world.alerts.alerts)
    assert all(error in message for _, message in simulation.world.alerts.alerts)


def test_a_payload_that_no_state_may_hold_fails_the_execution() -> None:
    units = tuple(UnitOfWork(UNITS[0].manifest, unit) for unit in range(5000))
    planned = BatchPlanned(idle=False, batch=1, manifest=UNITS[0].manifest, units=units)
    requests, simulation = simulated(script(plan_batch=lambda _: planned))
    assert len(requests) == 1
    assert "States.DataLimitExceeded" in simulation.world.alerts.alerts[0][1]


def test_every_task_of_the_definition_is_simulated_or_is_the_alert() -> None:
    visited = {"PlanBatch", "RefineUnit", "JudgeBatch", "RefineUnitAgain", "RejectUnit", "CommitBatch"}
    assert tasks().keys() == visited | {"RunQuery", "CloseBatch", "AlertOperators"}
    assert definition("ingest")["StartAt"] == "Begin"
