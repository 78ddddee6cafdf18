"""Each function, from the layers that would be shipped, in a container: what it answers and what it does."""

import os
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from headrace.domain.contract.compile import compile_contract
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState
from headrace_cli.deployment import Deployment
from headrace_cli.query import run_query
from tests.docker.conftest import Invoke
from tests.stack import FUNCTIONS, PROJECT

pytestmark = [
    pytest.mark.docker,
    pytest.mark.xdist_group("docker"),
    pytest.mark.skipif(
        os.environ.get("HEADRACE_TEST_DOCKER") != "1",
        reason="needs a container engine and some minutes: set HEADRACE_TEST_DOCKER=1",
    ),
]

RUNWAYS = DatasetId("aviation", "runways")
COUNTRIES = DatasetId("aviation", "countries")
EVENTS = {
    path.relative_to(PROJECT / "events").with_suffix("").as_posix()
    for function in FUNCTIONS
    for path in (PROJECT / "events" / function).glob("*.json")
}
ORDER = (
    *("register_dataset/dataset", "plan_batch/dataset", "refine_unit/unit", "judge_batch/batch"),
    *("refine_unit/rejected-unit", "commit_batch/batch", "close_batch/batch"),
    *("plan_refresh/dataset-updated", "publish_mart/mart"),
    *("plan_replay/batches", "refine_unit/unit-rehearsed", "compare_replay/rehearsed"),
    *(
        "reconcile/by-hand",
        "reconcile/every-five-minutes",
        "reconcile/execution-failed",
        "reconcile/every-day",
    ),
)

BATCH = "batches/aviation/runways/000000001"

Replies = dict[str, Any]


@pytest.fixture(scope="module")
def landed(deployment: Deployment) -> LandedObject:
    """The object of the first batch of runways; an object of countries landed, too, and nobody was told."""
    _quieten(deployment)
    _land(deployment, COUNTRIES, "countries.csv")
    landed = _land(deployment, RUNWAYS, "runways-with-mistakes.csv")
    deployment.ledger.admit(RUNWAYS, landed, datetime.now(UTC))
    deployment.ledger.acquire(RUNWAYS, datetime.now(UTC))
    return landed


@pytest.fixture(scope="module")
def replies(invoke: Invoke, landed: LandedObject) -> Replies:
    """The replies of the functions, invoked in the flow's order, and last with what else may land."""
    return {event: invoke(event) for event in (*ORDER, *sorted(EVENTS - set(ORDER)))}


def _quieten(deployment: Deployment) -> None:
    """Nothing starts by itself: the steps are taken here."""
    session = boto3.Session("test", "test", region_name="us-east-1")
    events = session.client("events", endpoint_url=deployment.endpoint)
    for bus in ("default", deployment.stack):
        for rule in events.list_rules(EventBusName=bus)["Rules"]:
            events.disable_rule(Name=rule["Name"], EventBusName=bus)
    scheduler = session.client("scheduler", endpoint_url=deployment.endpoint)
    for schedule in scheduler.list_schedules()["Schedules"]:
        scheduler.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])


def _land(deployment: Deployment, dataset: DatasetId, name: str) -> LandedObject:
    bucket, key = deployment.outputs.landing_bucket, f"{dataset}/{name}"
    content = (PROJECT / "examples" / str(dataset) / name).read_bytes()
    put = deployment.clients.s3.put_object(Bucket=bucket, Key=key, Body=content)
    return LandedObject(bucket, key, put["VersionId"], put["ETag"].strip('"'), len(content))


def test_every_event_of_a_function_is_answered(replies: Replies) -> None:
    assert set(replies) == EVENTS
    assert {event.split("/")[0] for event in EVENTS} == set(FUNCTIONS)


def test_a_contract_comes_into_force_as_it_was_compiled_here(
    replies: Replies, deployment: Deployment
) -> None:
    path = f"contracts/{COUNTRIES}.odcs.yaml"
    here = compile_contract(path, (PROJECT / path).read_text()).compiled
    (registered,) = replies["register_dataset/dataset"]["registered"]
    assert (registered["dataset"], registered["contract"]) == (str(COUNTRIES), here.contract)


def test_a_batch_goes_from_the_ledger_into_its_tables(
    replies: Replies, deployment: Deployment, landed: LandedObject
) -> None:
    planned = replies["plan_batch/dataset"]
    assert planned["units"] == [{"manifest": f"{BATCH}/manifest.json", "unit": 0}]
    assert replies["refine_unit/unit"] == {"report": f"{BATCH}/units/00000.json"}
    assert replies["judge_batch/batch"] == {"publish": True}
    committed = {table["table"]: table["rows"] for table in replies["commit_batch/batch"]["tables"]}
    assert committed == {"headrace_curated.aviation_runways": 1, "headrace_quarantine.aviation_runways": 7}
    assert replies["close_batch/batch"] == {"waiting": False}
    (ended,) = deployment.ledger.objects(str(RUNWAYS), 1)
    assert (ended.object, ended.state) == (landed, ObjectState.LOADED_WITH_REJECTS)
    for zone, rows in (("curated", 1), ("quarantine", 7)):
        sql = "SELECT count(*) AS rows, min(_object) AS object FROM aviation_runways WHERE _batch = 1"
        assert run_query(deployment, sql, zone).rows == ({"rows": rows, "object": landed.identity},)


def test_a_rejected_unit_is_reported_beside_and_not_committed(
    replies: Replies, deployment: Deployment
) -> None:
    assert replies["refine_unit/rejected-unit"] == {"report": f"{BATCH}/units/00000.rejected.json"}


def test_the_committed_batch_makes_the_mart_that_reads_it_stale(replies: Replies) -> None:
    (refresh,) = replies["plan_refresh/dataset-updated"]["refreshes"]
    assert refresh["mart"] == "aviation/runways_by_country"
    assert refresh["freshness"]["sources"] == {str(COUNTRIES): 0, str(RUNWAYS): 1}
    assert replies["publish_mart/mart"] == {"published": False}  # it is of a contract that is not in force


@pytest.mark.parametrize("event", ["by-hand", "every-five-minutes", "execution-failed"])
def test_reconcile_finds_nothing_where_nothing_is_lost(replies: Replies, event: str) -> None:
    assert replies[f"reconcile/{event}"] == {"admitted": 0, "woken": []}


def test_reconcile_finds_the_object_of_which_nobody_was_told(
    replies: Replies, deployment: Deployment
) -> None:
    assert replies["reconcile/every-day"] == {"admitted": 1, "woken": [str(COUNTRIES)]}
    assert [one.object.key for one in deployment.ledger.objects(str(COUNTRIES))] == [
        f"{COUNTRIES}/countries.csv"
    ]


def test_what_lands_is_admitted_once_and_a_bad_message_comes_back_alone(
    replies: Replies, deployment: Deployment
) -> None:
    came_back = {
        event.removeprefix("admit_objects/"): [one["itemIdentifier"] for one in reply["batchItemFailures"]]
        for event, reply in replies.items()
        if event.startswith("admit_objects/")
    }
    assert came_back.pop("one-bad-message") == ["059f36b4-87a3-44ab-83d2-661975830001"]
    assert set(map(tuple, came_back.values())) == {()}
    admitted = [one.object.key for one in deployment.ledger.objects(str(RUNWAYS))]
    assert sorted(admitted) == [
        "aviation/runways/2026-11-20 06:30/100% réglé + 50%20.csv",
        "aviation/runways/first.csv",
        "aviation/runways/runways-with-mistakes.csv",
        "aviation/runways/runways.csv",
        "aviation/runways/second.csv",
    ]
    assert [one.object.key for one in deployment.ledger.objects("unrouted")] == ["runways.csv"]
