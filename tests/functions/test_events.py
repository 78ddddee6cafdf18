"""The envelopes in `events/`: what AWS sends is what a function takes."""

import json
from importlib import import_module
from typing import Any, cast, get_type_hints

import msgspec
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from headrace.runtime import Platform, entrypoint
from headrace.steps.admit_objects import admit_objects
from tests.fakes import FakeObjectStore
from tests.stack import FUNCTIONS, PROJECT
from tests.statemachines.harness import Run
from tests.world import World

EVENTS = PROJECT / "events"
CASES = sorted(path.relative_to(EVENTS).with_suffix("").as_posix() for path in EVENTS.glob("*/*.json"))
LANDING = "headrace-landing-000000000000"
RUNWAYS = DatasetId("aviation", "runways")
AWKWARD = "aviation/runways/2026-11-20 06:30/100% réglé + 50%20.csv"


class Context(LambdaContext):
    """What Lambda tells a function about one invocation."""

    _function_name = "any"
    _memory_limit_in_mb = 512
    _invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:any"
    _aws_request_id = "52fdfc07-2182-454f-963f-5f0f9a621d72"


def event(case: str) -> Any:
    return json.loads((EVENTS / f"{case}.json").read_text())


def taken(function: str, envelope: Any) -> Any:
    """The request that a function's step gets to see."""
    seen = []

    def step(request: Any) -> None:
        seen.append(request)

    real = getattr(import_module(f"headrace.steps.{function}"), function)
    step.__annotations__["request"] = next(iter(get_type_hints(real).values()))
    entrypoint(step, cast(Platform, None))(envelope, Context())
    return seen[0]


@pytest.fixture
def world() -> World:
    world = World()
    world.landing = FakeObjectStore(LANDING)
    world.register((PROJECT / "contracts/aviation/runways.odcs.yaml").read_text())
    return world


def admit(world: World, case: str) -> list[str]:
    """Deliver an envelope to the function; the ids of the messages to deliver again."""
    reply = entrypoint(admit_objects, cast(Platform, world))(event(f"admit_objects/{case}"), Context())
    return [failure["itemIdentifier"] for failure in reply["batchItemFailures"]]


def test_every_function_has_events_and_nothing_else_has_besides_the_machine_that_events_start() -> None:
    assert {case.split("/")[0] for case in CASES} == {*FUNCTIONS, "refresh_mart"}


@pytest.mark.parametrize("case", [case for case in CASES if not case.startswith(("admit", "refresh"))])
def test_an_event_is_a_request_of_its_functions_step(case: str) -> None:
    function = case.split("/", maxsplit=1)[0]
    request = json.loads(msgspec.json.encode(taken(function, event(case))))
    said = {name: value for name, value in event(case).items() if name in request}
    assert {**request, **said} == request
    assert said == event(case) or function == "reconcile"  # which any event may wake


def test_a_landed_object_waits_in_the_ledger(world: World) -> None:
    assert admit(world, "object-created") == []
    (landed,) = world.ledger.pending(RUNWAYS, 10)
    assert landed == LandedObject(
        LANDING,
        "aviation/runways/runways.csv",
        "yd3d4HaWOT2zguDLvIQLU6ptDTwKBnQV",
        "4e68adba0abe2dc8653dc3354e14c01d",
        184662,
    )
    assert list(world.executions.started) == ["aviation-runways-1-1"]


@pytest.mark.parametrize("case", ["awkward-key", "classic-notification"])
def test_a_key_is_what_the_producer_called_it_in_either_envelope(world: World, case: str) -> None:
    assert admit(world, case) == []
    assert [landed.key for landed in world.ledger.pending(RUNWAYS, 10)] == [AWKWARD]


@pytest.mark.parametrize("case", ["test-event", "foreign-bucket"])
def test_what_is_not_ours_is_acknowledged_and_leaves_no_trace(world: World, case: str) -> None:
    assert admit(world, case) == []
    assert world.ledger.pending(RUNWAYS, 10) == []
    assert world.ledger.objects("unrouted") == []


def test_an_object_under_no_datasets_prefix_ends_in_quarantine(world: World) -> None:
    assert admit(world, "unrouted-key") == []
    assert [one.object.key for one in world.ledger.objects("unrouted")] == ["runways.csv"]


def test_a_bad_message_comes_back_and_its_neighbours_do_not(world: World) -> None:
    bad = event("admit_objects/one-bad-message")["Records"][1]["messageId"]
    assert admit(world, "one-bad-message") == [bad]
    waiting = [landed.key for landed in world.ledger.pending(RUNWAYS, 10)]
    assert waiting == ["aviation/runways/first.csv", "aviation/runways/second.csv"]


def test_the_landing_bucket_is_listed_every_day_and_by_hand_but_not_every_five_minutes() -> None:
    cases = [case for case in CASES if case.startswith("reconcile/")]
    listing = [case for case in cases if taken("reconcile", event(case)).list_landing]
    assert listing == ["reconcile/by-hand-within-a-budget", "reconcile/every-day"]


def test_the_contract_in_the_event_is_the_projects_own() -> None:
    for contract in event("register_dataset/dataset")["contracts"]:
        assert contract["text"] == (PROJECT / contract["path"]).read_text()


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("refresh_mart/")])
def test_an_event_on_the_bus_starts_a_refresh_of_the_dataset_it_names(case: str) -> None:
    asked = []

    def plan_refresh(request: Any) -> Any:
        asked.append(request.dataset)
        return import_module("headrace.steps.plan_refresh").RefreshPlanned(())

    run = Run("refresh_mart", event(case), {"plan_refresh": plan_refresh})
    assert run.ended.error == ""
    assert asked == [event(case)["detail"]["dataset"]]
