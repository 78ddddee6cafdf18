"""The refresh of marts, from the first state to the last, with the steps answering from a script."""

from typing import Any

import pytest

from headrace.domain.freshness import Freshness
from headrace.domain.zones import TableRef
from headrace.steps.plan_refresh import PlanRefresh, Refresh, RefreshPlanned
from headrace.steps.publish_mart import MartPublished, PublishMart
from tests.stack import definition
from tests.statemachines.harness import NAME, Answer, Run, failing
from tests.statemachines.interpreter import StateFailed


def refresh_of(mart: str) -> Refresh:
    return Refresh(
        mart=f"aviation/{mart}",
        sql=f"CREATE TABLE {mart}__1 AS SELECT 1",
        token=f"{mart:a<64}",
        stage=TableRef("marts", f"aviation_{mart}__1"),
        freshness=Freshness("1.0.0+1a2b3c4d", {"aviation/runways": 7}),
    )


LENGTHS, SURFACES = refresh_of("lengths"), refresh_of("surfaces")


def refresh(athena: Answer = lambda request: {}, **changed: Answer) -> Run:
    event = {
        "detail-type": "Dataset Updated",
        "source": "headrace",
        "detail": {"dataset": "aviation/runways"},
    }
    steps: dict[str, Answer] = {
        "plan_refresh": lambda request: RefreshPlanned((LENGTHS, SURFACES)),
        "publish_mart": lambda request: MartPublished(published=True),
    }
    return Run("refresh_mart", event, {**steps, **changed}, athena)


def refuse_lengths(request: Any) -> Any:
    if "lengths" in request["QueryString"]:
        raise StateFailed("States.TaskFailed", "INVALID_CAST_ARGUMENT: the canary's row")
    return {}


def test_each_stale_mart_is_computed_and_published() -> None:
    run = refresh()
    assert run.ended.error == ""
    assert run.path[-1] == "Fresh"
    assert run.requests == [
        PlanRefresh("aviation/runways", NAME),
        PublishMart(LENGTHS.mart, LENGTHS.stage, LENGTHS.freshness),
        PublishMart(SURFACES.mart, SURFACES.stage, SURFACES.freshness),
    ]
    assert [query["QueryString"] for query in run.queries] == [LENGTHS.sql, SURFACES.sql]
    assert [query["ClientRequestToken"] for query in run.queries] == [LENGTHS.token, SURFACES.token]


def plan_one_at_a_time(request: Any) -> RefreshPlanned:
    if not request.after:
        return RefreshPlanned((LENGTHS,), after=LENGTHS.mart)
    return RefreshPlanned((SURFACES,))


def test_marts_that_one_state_cannot_hold_are_planned_in_turn() -> None:
    run = refresh(plan_refresh=plan_one_at_a_time)
    assert (run.ended.error, run.path[-1]) == ("", "Fresh")
    assert run.requests == [
        PlanRefresh("aviation/runways", NAME),
        PublishMart(LENGTHS.mart, LENGTHS.stage, LENGTHS.freshness),
        PlanRefresh("aviation/runways", NAME, after=LENGTHS.mart),
        PublishMart(SURFACES.mart, SURFACES.stage, SURFACES.freshness),
    ]


def test_no_stale_mart_is_no_work() -> None:
    run = refresh(plan_refresh=lambda request: RefreshPlanned(()))
    assert (run.ended.error, run.queries, run.path[-1]) == ("", [], "Fresh")


def test_a_refresh_that_was_overtaken_is_no_failure() -> None:
    assert refresh(publish_mart=lambda request: MartPublished(published=False)).ended.error == ""


def test_a_mart_that_fails_holds_no_other_up_and_fails_the_execution_in_the_end() -> None:
    run = refresh(refuse_lengths)
    assert PublishMart(SURFACES.mart, SURFACES.stage, SURFACES.freshness) in run.requests
    assert (run.ended.error, run.ended.cause) == ("States.TaskFailed", "aviation/lengths")
    (alert,) = run.alerts
    assert alert["Subject"] == "aviation/runways: refresh_mart failed"
    assert "aviation/lengths" in alert["Message"]
    assert "canary" not in f"{alert} {run.execution.inputs} {run.ended}"


def test_all_marts_that_fail_are_named() -> None:
    run = refresh(publish_mart=failing("IncompatibleTable"))
    assert (run.ended.error, run.ended.cause) == ("IncompatibleTable", "aviation/lengths, aviation/surfaces")


@pytest.mark.parametrize("error", ["CommitConflict", "OutcomeUnknown", "Throttled", "Unavailable"])
def test_a_publication_with_an_unclear_end_is_tried_again(error: str) -> None:
    answer = failing(error, times=2, then=lambda request: MartPublished(published=True))
    assert refresh(publish_mart=answer).ended.error == ""


def test_a_plan_that_fails_tells_the_operators_and_fails_the_execution() -> None:
    run = refresh(plan_refresh=failing("Refused"))
    assert (run.ended.error, run.ended.cause) == ("Refused", "PlanRefresh")
    assert len(run.alerts) == 1


def test_every_state_is_entered() -> None:
    runs = [refresh(), refresh(refuse_lengths)]
    states = definition("refresh_mart")["States"]
    inner = states["RefreshMarts"]["ItemProcessor"]["States"]
    assert {*states, *inner} == {state for run in runs for state in run.path}
