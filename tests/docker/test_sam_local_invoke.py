"""Each function, from the layers that would be shipped, in a container: what it answers and what it does."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

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
    *("register_dataset/dataset", "plan_batch/dataset", "refine_unit/rejected-unit", "refine_unit/unit"),
    *("judge_batch/batch", "commit_batch/batch", "close_batch/batch"),
    *("plan_refresh/dataset-updated", "publish_mart/mart"),
    *(
        "reconcile/by-hand",
        "reconcile/every-five-minutes",
        "reconcile/execution-failed",
        "reconcile/every-day",
    ),
)

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
    """What the functions replied when they were invoked in the flow's order, and last with what else lands."""
    return {event: invoke(event) for event in (*ORDER, *sorted(EVENTS - set(ORDER)))}


def _quieten(deployment: Deployment) -> None:
    """Nothing starts by itself: the steps are taken here."""
    session = boto3.Session("test", "test", region_name="us-east-1")
    events = session.client("events", endpoint_url=deployment.endpoint)
    for bus in ("default", deployment.outputs.event_bus):
        for rule in events.list_rules(EventBusName=bus)["Rules"]:
            events.disable_rule(Name=rule["Name"], EventBusName=bus)
    scheduler = session.client("scheduler", endpoint_url=deployment.endpoint)
    for schedule in scheduler.list_schedules()["Schedules"]:
        scheduler.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])


def _land(deployment: Deployment, dataset: DatasetId, name: str) -> LandedObject:
    bucket, key = deployment.outputs.landing_bucket, f"{dataset}/{name}"
    content = (PROJECT / "examples" / key.replace(name, "") / name).read_bytes()
    put = deployment.clients.s3.put_object(Bucket=bucket, Key=key, Body=content)
    return LandedObject(bucket, key, put["VersionId"], put["ETag"].strip('"'), len(content))


def test_every_event_of_a_function_is_invoked(replies: Replies) -> None:
    assert set(replies) == EVENTS
    assert {event.split("/")[0] for event in replies} == set(FUNCTIONS)
