"""Ingest, from the first state to the last, with the steps answering from a script."""

import itertools
from typing import Any

import pytest

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.packing import BATCH_UNITS
from headrace.steps.close_batch import ROUNDS, BatchClosed, CloseBatch
from headrace.steps.commit_batch import BatchCommitted, CommitBatch
from headrace.steps.judge_batch import BatchJudged, JudgeBatch
from headrace.steps.plan_batch import BatchPlanned, PlanBatch, StatementToRun, UnitOfWork
from headrace.steps.refine_unit import RefineUnit, UnitRefined
from tests.stack import definition
from tests.statemachines.harness import NAME, Answer, Run, failing
from tests.statemachines.interpreter import StateFailed

RUNWAYS = DatasetId("aviation", "runways")
LONGEST = DatasetId("d" * 20, "n" * 40)
QUERY = StatementToRun("longest", "SELECT max(length) FROM runways", "5" * 64)


def batch(dataset: DatasetId, units: int, *queries: StatementToRun) -> BatchPlanned:
    key = keys.manifest_key(dataset, 7)
    return BatchPlanned(False, 7, key, tuple(UnitOfWork(key, unit) for unit in range(units)), queries)


def refined(request: RefineUnit) -> UnitRefined:
    return UnitRefined(keys.report_key(RUNWAYS, 7, request.unit))


def rejected(units: int = 2) -> BatchJudged:
    """The verdict on a batch none of which is published."""
    key = keys.manifest_key(RUNWAYS, 7)
    return BatchJudged(publish=False, rejected=tuple(UnitOfWork(key, unit) for unit in range(units)))


PUBLISHED = BatchJudged(publish=True)


def judged_twice(*units: int, then: BatchJudged = PUBLISHED) -> Answer:
    """First these units must be refined again; then the batch is judged."""

    def answer(request: JudgeBatch) -> BatchJudged:
        return then if request.again else BatchJudged(publish=False, again=units)

    return answer


def steps() -> dict[str, Answer]:
    """One batch of two units and one query, published; then nothing waits."""
    return {
        "plan_batch": lambda request: batch(RUNWAYS, 2, QUERY),
        "refine_unit": refined,
        "judge_batch": lambda request: BatchJudged(publish=True),
        "commit_batch": lambda request: BatchCommitted(()),
        "close_batch": lambda request: BatchClosed(waiting=False),
    }


def ingest(dataset: DatasetId = RUNWAYS, athena: Answer = lambda request: {}, **changed: Answer) -> Run:
    return Run("ingest", {"dataset": str(dataset), "execution": NAME}, {**steps(), **changed}, athena)


def ingest_with(step: str, answer: Answer) -> Run:
    return Run("ingest", {"dataset": str(RUNWAYS), "execution": NAME}, {**steps(), step: answer})


def refuse(request: Any) -> Any:
    raise StateFailed("States.TaskFailed", "SYNTAX_ERROR: line 1: the canary's row")


def refuse_rejected(request: RefineUnit) -> UnitRefined:
    if request.rejected:
        raise StateFailed("MissingArtefact")
    return refined(request)


def test_a_batch_is_refined_judged_committed_queried_and_closed() -> None:
    run = ingest()
    assert run.ended.error == ""
    assert run.path == [
        "Begin",
        "PlanBatch",
        "AnythingWaiting",
        "RefineUnits",
        "RefineUnit",
        "RefineUnit",
        "JudgeBatch",
        "VerdictReached",
        "CommitBatch",
        "RunQueries",
        "RunQuery",
        "CloseBatch",
        "MoreWaiting",
        "Idle",
    ]
    assert run.requests[0] == PlanBatch("aviation/runways", NAME)
    assert run.requests[-1] == CloseBatch(keys.manifest_key(RUNWAYS, 7), NAME, 1)


def test_nothing_waiting_ends_the_execution_at_once() -> None:
    run = ingest(plan_batch=lambda request: BatchPlanned(idle=True))
    assert (run.ended.error, run.path[-1]) == ("", "Idle")
    assert len(run.requests) == 1


def test_every_unit_is_refined_once() -> None:
    run = ingest(plan_batch=lambda request: batch(RUNWAYS, 3))
    refined = [request for request in run.requests if isinstance(request, RefineUnit)]
    assert [request.unit for request in refined] == [0, 1, 2]


def test_a_rejected_batch_is_refined_anew_committed_and_not_queried() -> None:
    run = ingest(judge_batch=lambda request: rejected())
    assert run.ended.error == ""
    again = [request for request in run.requests if isinstance(request, RefineUnit) and request.rejected]
    assert [request.unit for request in again] == [0, 1]
    assert CommitBatch(keys.manifest_key(RUNWAYS, 7)) in run.requests
    assert run.queries == []


def test_a_replay_that_is_refused_is_committed_without_refining_anything_anew() -> None:
    run = ingest(judge_batch=lambda request: BatchJudged(publish=False))
    assert run.ended.error == ""
    assert not [request for request in run.requests if isinstance(request, RefineUnit) and request.rejected]
    assert CommitBatch(keys.manifest_key(RUNWAYS, 7)) in run.requests
    assert run.queries == []


@pytest.mark.parametrize("units", [(1,), (0, 2)])
def test_units_that_the_whole_batch_throws_new_light_on_are_refined_again_and_judged_anew(
    units: tuple[int, ...],
) -> None:
    run = ingest(plan_batch=lambda request: batch(RUNWAYS, 3), judge_batch=judged_twice(*units))
    manifest = keys.manifest_key(RUNWAYS, 7)
    assert run.ended.error == ""
    again = [request for request in run.requests if isinstance(request, RefineUnit) and request.again]
    assert again == [RefineUnit(manifest, unit, again=True) for unit in units]
    judged = [request for request in run.requests if isinstance(request, JudgeBatch)]
    assert judged == [JudgeBatch(manifest), JudgeBatch(manifest, again=True)]
    assert CommitBatch(manifest) in run.requests


def test_the_next_batch_is_judged_from_the_start() -> None:
    waiting = iter([True, False])
    run = ingest(judge_batch=judged_twice(0), close_batch=lambda request: BatchClosed(next(waiting)))
    judged = [request.again for request in run.requests if isinstance(request, JudgeBatch)]
    assert judged == [False, True, False, True]


def test_a_batch_that_was_refined_again_may_still_be_rejected() -> None:
    run = ingest(judge_batch=judged_twice(1, then=rejected()))
    refined = [(one.unit, one.again, one.rejected) for one in run.requests if isinstance(one, RefineUnit)]
    assert refined == [
        (0, False, False),
        (1, False, False),
        (1, True, False),
        (0, False, True),
        (1, False, True),
    ]


def test_a_unit_that_cannot_be_refined_again_fails_the_execution() -> None:
    def refuse_again(request: RefineUnit) -> UnitRefined:
        if request.again:
            raise StateFailed("EngineFault")
        return refined(request)

    run = ingest(judge_batch=judged_twice(1), refine_unit=refuse_again)
    assert (run.ended.error, run.ended.cause) == ("EngineFault", "RefineUnitAgain of unit 1")


def test_it_goes_on_while_more_waits_and_counts_its_rounds() -> None:
    waiting = iter([True, True, False])
    run = ingest(close_batch=lambda request: BatchClosed(next(waiting)))
    assert [request.round for request in run.requests if isinstance(request, CloseBatch)] == [1, 2, 3]
    assert run.path[-1] == "Idle"


def test_two_executions_never_share_a_query_token() -> None:
    (query,) = ingest().queries
    assert query["QueryString"] == QUERY.sql
    assert query["ClientRequestToken"] == "5" * 40 + "-" + NAME
    assert 32 <= len("5" * 40 + "-" + "n" * 80) <= 128  # the shortest and the longest that Athena takes


@pytest.mark.parametrize("step", ["plan_batch", "refine_unit", "judge_batch", "commit_batch", "close_batch"])
@pytest.mark.parametrize(
    "error", ["Throttled", "Unavailable", "Lambda.TooManyRequestsException", "Sandbox.Timedout"]
)
def test_what_may_pass_is_tried_again(step: str, error: str) -> None:
    run = ingest_with(step, failing(error, times=2, then=steps()[step]))
    assert (run.ended.error, run.alerts) == ("", [])


@pytest.mark.parametrize("error", ["CommitConflict", "OutcomeUnknown"])
def test_a_commit_with_an_unclear_end_is_tried_again(error: str) -> None:
    run = ingest(commit_batch=failing(error, times=3, then=steps()["commit_batch"]))
    assert run.ended.error == ""


@pytest.mark.parametrize(
    ("step", "where"),
    [
        ("plan_batch", "PlanBatch"),
        ("refine_unit", "RefineUnit of unit 0"),
        ("judge_batch", "JudgeBatch"),
        ("commit_batch", "CommitBatch"),
        ("close_batch", "CloseBatch"),
    ],
)
def test_a_failure_tells_the_operators_where_and_fails_the_execution(step: str, where: str) -> None:
    run = ingest_with(step, failing("Refused", "the canary's row"))
    assert (run.ended.error, run.ended.cause) == ("Refused", where)
    (alert,) = run.alerts
    assert alert["Subject"] == "aviation/runways: ingest failed"
    assert all(part in alert["Message"] for part in (NAME, "aviation/runways", "Refused", where))


@pytest.mark.parametrize("step", steps())
def test_no_alert_no_input_of_a_state_and_no_end_holds_what_an_error_says(step: str) -> None:
    run = ingest_with(step, failing("Refused", "the canary's row"))
    assert "canary" not in f"{run.alerts} {run.execution.inputs} {run.ended}"


def test_what_athena_says_of_a_query_stays_out_of_alerts_and_states_too() -> None:
    run = ingest(athena=refuse)
    assert "canary" not in f"{run.alerts} {run.execution.inputs} {run.ended}"


def test_a_unit_that_cannot_be_rejected_fails_the_execution() -> None:
    run = ingest(judge_batch=lambda request: rejected(), refine_unit=refuse_rejected)
    assert (run.ended.error, run.ended.cause) == ("MissingArtefact", "RejectUnit of unit 0")


def test_a_query_that_fails_is_named_and_not_tried_again() -> None:
    run = ingest(athena=refuse)
    assert (run.ended.error, run.ended.cause) == ("States.TaskFailed", "RunQuery of longest")
    assert len(run.queries) == 1


def test_a_query_that_athena_has_no_room_for_is_tried_again() -> None:
    run = ingest(athena=failing("Athena.TooManyRequestsException", times=3, then=lambda request: {}))
    assert run.ended.error == ""


def test_an_input_without_a_dataset_fails() -> None:
    assert Run("ingest", {}, steps()).ended.error == "States.QueryEvaluationError"


def test_the_largest_batch_fits_what_a_state_may_hold() -> None:
    sql = StatementToRun("q" * 60, "S" * 20_000, "5" * 64)
    run = ingest(LONGEST, plan_batch=lambda request: batch(LONGEST, BATCH_UNITS, *[sql] * 8))
    assert run.ended.error == ""
    assert 150_000 < run.execution.largest < 262_144


def test_the_longest_execution_fits_its_history() -> None:
    """Batches of the most units, while more waits: each unit is refined, refined again and rejected."""
    run = ingest(
        plan_batch=lambda request: batch(RUNWAYS, BATCH_UNITS),
        judge_batch=judged_twice(*range(BATCH_UNITS), then=rejected(BATCH_UNITS)),
        close_batch=lambda request: BatchClosed(request.round < ROUNDS),
    )
    assert run.ended.error == ""
    assert 10_000 < run.execution.events < 25_000


def test_every_state_is_entered() -> None:
    runs = [
        ingest(athena=refuse),
        ingest(refine_unit=failing("Refused")),
        ingest(
            judge_batch=judged_twice(0),
            refine_unit=lambda request: failing("Refused")(request) if request.again else UnitRefined("key"),
        ),
        ingest(
            judge_batch=lambda request: rejected(),
            refine_unit=lambda request: (
                failing("Refused")(request) if request.rejected else UnitRefined("key")
            ),
        ),
        ingest(),
    ]
    machine = definition("ingest")
    inner = [
        state["ItemProcessor"]["States"] for state in machine["States"].values() if state["Type"] == "Map"
    ]
    states = itertools.chain(machine["States"], *inner)
    assert set(states) == {state for run in runs for state in run.path}
