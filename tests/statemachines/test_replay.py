"""A replay, from the first state to the last, with the steps answering from a script."""

from typing import Any

import pytest

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.steps.compare_replay import CompareReplay, ReplayCompared
from headrace.steps.plan_batch import UnitOfWork
from headrace.steps.plan_replay import PlanReplay, ReplayPlanned
from headrace.steps.refine_unit import RefineUnit, UnitRefined
from headrace.steps.replay_requests import LeftOut
from tests.stack import definition
from tests.statemachines.harness import NAME, Answer, Run, failing

RUNWAYS = DatasetId("aviation", "runways")
LONGEST = DatasetId("d" * 20, "n" * 40)
ID = "20261121t171500-1a2b3c4d"
COMPARISON = keys.comparison_key(keys.request_key(RUNWAYS, ID, 0))


def planned(*units: int, dataset: DatasetId = RUNWAYS, left_out: int = 0) -> ReplayPlanned:
    """A plan with one request for each number, which is that of its units."""
    requests = tuple(keys.request_key(dataset, ID, part) for part in range(len(units)))
    return ReplayPlanned(
        requests=requests,
        objects=4,
        batches=2,
        rows=30,
        curated=20,
        quarantined=10,
        contract_then=(keys.contract_key(dataset, "1.0.0+1a2b3c4d", "0" * 64),),
        contract_now=keys.contract_key(dataset, "1.1.0+5e6f7a8b", "1" * 64),
        units=tuple(
            UnitOfWork(key, unit) for key, count in zip(requests, units, strict=True) for unit in range(count)
        ),
        left_out=tuple(LeftOut(batch, 2000, "w" * 300) for batch in range(left_out)),
    )


def steps() -> dict[str, Answer]:
    return {
        "plan_replay": lambda request: planned() if request.submit else planned(2, 1),
        "refine_unit": lambda request: UnitRefined(keys.rehearsal_key(request.manifest, request.unit)),
        "compare_replay": lambda request: ReplayCompared(COMPARISON),
    }


def replay(dataset: DatasetId = RUNWAYS, *, submit: bool = False, **changed: Answer) -> Run:
    given = {"dataset": str(dataset), "id": ID, "batches": [1, 2], "submit": submit}
    return Run("replay", given, {**steps(), **changed})


def replay_with(step: str, answer: Answer) -> Run:
    given = {"dataset": str(RUNWAYS), "id": ID, "batches": [1, 2], "submit": False}
    return Run("replay", given, {**steps(), step: answer})


def test_a_submitted_replay_ends_once_its_requests_are_admitted() -> None:
    run = replay(submit=True)
    assert (run.ended.error, run.path) == ("", ["Begin", "PlanReplay", "OnlyRehearsed", "Planned"])
    assert run.requests == [PlanReplay(str(RUNWAYS), ID, batches=(1, 2))]
    assert run.ended.output["plan"]["contract_now"] == planned().contract_now


def test_a_plan_alone_is_rehearsed_unit_by_unit_and_compared() -> None:
    run = replay()
    first, second = planned(2, 1).requests
    assert run.ended.error == ""
    assert run.requests[1:] == [
        RefineUnit(first, 0, rehearse=True),
        RefineUnit(first, 1, rehearse=True),
        RefineUnit(second, 0, rehearse=True),
        CompareReplay((first, second), planned(2, 1).units),
    ]
    assert run.ended.output["comparison"] == COMPARISON
    assert run.ended.output["plan"]["requests"] == [first, second]


def test_nothing_to_replay_is_no_work() -> None:
    run = replay(plan_replay=lambda request: planned(), compare_replay=lambda request: ReplayCompared(""))
    assert (run.ended.error, run.ended.output["comparison"]) == ("", "")
    assert not [request for request in run.requests if isinstance(request, RefineUnit)]


@pytest.mark.parametrize("error", ["InvalidRequest", "UnknownDataset"])
def test_a_request_that_cannot_be_meant_is_refused_to_who_made_it_and_alerts_nobody(error: str) -> None:
    run = replay(plan_replay=failing(error, '{"errorMessage": "there is no batch 9"}'))
    assert (run.ended.error, run.ended.cause) == (error, '{"errorMessage": "there is no batch 9"}')
    assert run.alerts == []


@pytest.mark.parametrize("step", steps())
def test_what_may_pass_is_tried_again(step: str) -> None:
    run = replay_with(step, failing("Throttled", times=2, then=steps()[step]))
    assert (run.ended.error, run.alerts) == ("", [])


@pytest.mark.parametrize(
    ("step", "where"),
    [
        ("plan_replay", "PlanReplay"),
        ("refine_unit", "RehearseUnit of unit 0"),
        ("compare_replay", "CompareReplay"),
    ],
)
def test_a_failure_tells_the_operators_where_and_fails_the_execution(step: str, where: str) -> None:
    run = replay_with(step, failing("EngineFault", "the canary's row"))
    assert (run.ended.error, run.ended.cause) == ("EngineFault", where)
    (alert,) = run.alerts
    assert alert["Subject"] == "aviation/runways: replay failed"
    assert all(part in alert["Message"] for part in (NAME, "aviation/runways", "EngineFault", where))
    assert "canary" not in f"{run.alerts} {run.execution.inputs} {run.ended}"


def test_the_largest_rehearsal_fits_a_state_and_its_history() -> None:
    run = replay(LONGEST, plan_replay=lambda request: planned(*[4] * 200, dataset=LONGEST, left_out=50))
    assert run.ended.error == ""
    assert 100_000 < run.execution.largest < 262_144
    assert run.execution.events < 25_000


def test_every_state_is_entered() -> None:
    def refuse(request: Any) -> Any:
        return failing("Refused")(request)

    runs = [replay(), replay(refine_unit=refuse), replay(plan_replay=failing("InvalidRequest"))]
    states = definition("replay")["States"]
    inner = states["RehearseUnits"]["ItemProcessor"]["States"]
    assert {*states, *inner} == {state for run in runs for state in run.path}
