"""A whole Headrace in memory: the real steps over the fakes, driven as the state machines drive them.

The ports are plain attributes; a test that injects faults puts a wrapper in their place.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from headrace.domain.machine import Machine
from headrace.domain.zones import Zones
from headrace.runtime import Reply, bind
from headrace.steps.admit_objects import admit_objects
from headrace.steps.close_batch import CloseBatch, close_batch
from headrace.steps.commit_batch import CommitBatch, commit_batch
from headrace.steps.judge_batch import JudgeBatch, judge_batch
from headrace.steps.plan_batch import PlanBatch, plan_batch
from headrace.steps.plan_replay import PlanReplay, ReplayPlanned, plan_replay
from headrace.steps.reconcile import Reconcile, Reconciled, reconcile
from headrace.steps.refine_unit import RefineUnit, refine_unit
from headrace.steps.register_dataset import ContractText, RegisterDataset, Registered, register_dataset
from tests.fake_tables import FakeTableCatalog
from tests.fakes import (
    FakeAlerts,
    FakeClock,
    FakeEventBus,
    FakeExecutions,
    FakeLedger,
    FakeMaskingKeys,
    FakeMetrics,
    FakeObjectStore,
)


class World:
    """Buckets, tables, ledger, executions, bus and topic of one deployment."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.landing = FakeObjectStore("landing", clock=self.clock)
        self.lake = FakeObjectStore("lake", clock=self.clock)
        self.artefacts = FakeObjectStore("artefacts", clock=self.clock)
        self.ledger = FakeLedger()
        self.catalog = FakeTableCatalog(self.lake)
        self.executions = FakeExecutions()
        self.events = FakeEventBus()
        self.alerts = FakeAlerts()
        self.metrics = FakeMetrics()
        self.masking_keys = FakeMaskingKeys()
        self.zones = Zones("curated", "quarantine", "marts")
        self.machine = Machine(1769)

    def call(self, step: Callable[..., Reply], request: Any) -> Reply:
        """Run a step with the ports its signature asks for."""
        return bind(step, self)(request)

    def register(self, *texts: str) -> Registered:
        contracts = tuple(ContractText(_path(text), text) for text in texts)
        return self.call(register_dataset, RegisterDataset(contracts))

    def announce(self, *landed: LandedObject) -> list[str]:
        """Deliver one message an object; returns the ids of those to deliver again."""
        return self.deliver(*(event_bridge(one) for one in landed))

    def deliver(self, *bodies: str) -> list[str]:
        messages = [{"messageId": str(n), "eventSource": "aws:sqs", "body": b} for n, b in enumerate(bodies)]
        reply = self.call(admit_objects, {"Records": messages})
        return [str(failure["itemIdentifier"]) for failure in reply["batchItemFailures"]]

    def land(self, key: str, body: bytes) -> LandedObject:
        self.clock.advance(timedelta(milliseconds=1))
        landed = self.landing.land(key, body)
        assert self.announce(landed) == []
        return landed

    def waiting_executions(self) -> Iterator[str]:
        return (name for name in list(self.executions.started) if self.executions.running(name))

    def run(self, execution: str) -> None:
        """What `ingest.asl.yaml` does, from its start to its end."""
        dataset = str(self.executions.started[execution])
        turn = 1
        while True:
            planned = self.call(plan_batch, PlanBatch(dataset, execution))
            if planned.idle or not self.run_batch(planned, execution, turn):
                break
            turn += 1
        self.executions.stop(execution)

    def run_batch(self, planned: Any, execution: str, turn: int) -> bool:
        """One batch, from its manifest to its audit record; whether the execution goes on."""
        for unit in planned.units:
            self.call(refine_unit, RefineUnit(unit.manifest, unit.unit))
        judged = self.call(judge_batch, JudgeBatch(planned.manifest))
        if judged.again:
            for number in judged.again:
                self.call(refine_unit, RefineUnit(planned.manifest, number, again=True))
            judged = self.call(judge_batch, JudgeBatch(planned.manifest, again=True))
        for unit in judged.rejected:
            self.call(refine_unit, RefineUnit(unit.manifest, unit.unit, rejected=True))
        self.call(commit_batch, CommitBatch(planned.manifest))
        closed = self.call(close_batch, CloseBatch(planned.manifest, execution, turn))
        return bool(closed.waiting)

    def replay(self, dataset: str, **asked: Any) -> ReplayPlanned:
        """Plan a replay and run it to its end."""
        number = len([*self.artefacts.list(f"replays/{dataset}/")])
        planned = self.call(plan_replay, PlanReplay(**{"dataset": dataset, "id": f"r{number}", **asked}))
        self.rest()
        return planned

    def rest(self) -> None:
        """Run executions until none is left."""
        while running := list(self.waiting_executions()):
            for execution in running:
                self.run(execution)

    def reconcile(self, *, list_landing: bool = False) -> Reconciled:
        return self.call(reconcile, Reconcile(list_landing))

    def states(self, dataset: str) -> Mapping[str, str]:
        """State by landing key, for datasets whose keys were landed once."""
        return {one.object.key: one.state.value for one in self.ledger.objects(dataset)}

    def watermark(self, dataset: str) -> int:
        table = self.catalog.tables[self.zones.curated(DatasetId.parse(dataset))]
        return int(table.properties.get("headrace.watermark", "0"))


def _path(contract: str) -> str:
    domain, name = (re.findall(rf"^{key}: (\w+)$", contract, re.MULTILINE)[0] for key in ("domain", "name"))
    return f"contracts/{domain}/{name}.odcs.yaml"


def event_bridge(landed: LandedObject) -> str:
    """The message in which EventBridge announces an object."""
    found = {"key": landed.key, "size": landed.size, "etag": landed.etag, "version-id": landed.version_id}
    detail = {"bucket": {"name": landed.bucket}, "object": found}
    return json.dumps({"detail-type": "Object Created", "source": "aws.s3", "detail": detail})
