"""Any sequence of calls leaves the DynamoDB ledger and the fake one with the same contents."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from moto import mock_aws
from msgspec.structs import replace

from headrace.domain.batch import Previous
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import UnknownDataset
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import DatasetState, Finished
from headrace.ports import Ledger, LedgerObject
from tests.fakes import FakeLedger
from tests.ports.ledgers import advance as beyond
from tests.ports.worlds import EmulatedWorld

Answer = TypeVar("Answer")

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DATASETS = [DatasetId("music", "albums"), DatasetId("music", "tracks")]
OBJECTS = [
    LandedObject("landing", f"music/{key}.csv", version, "c0ffee", 42)
    for key in ("a", "b", "ключ\n🎺")
    for version in ("1", "2", "")
]
LOADED = (ObjectState.LOADED, ObjectState.LOADED_WITH_REJECTS)

datasets = st.sampled_from(DATASETS)
objects = st.sampled_from(OBJECTS)
batches = st.integers(1, 3)
moments = st.integers(0, 5).map(lambda number: NOON + timedelta(seconds=number))
executions = st.builds("{}-{}-{}".format, st.sampled_from([d.slug for d in DATASETS]), batches, batches)
ends = st.builds(
    Finished,
    object=objects,
    state=st.sampled_from([state for state in ObjectState if state.terminal]),
    reason=st.sampled_from(["", "broken"]),
    rows=st.integers(0, 3),
)


def _unregistered(answer: object) -> object:
    """An answer without what registrations are called: each ledger has names of its own."""
    match answer:
        case DatasetState():
            return replace(answer, registration="")
        case list():
            return [_unregistered(one) for one in answer]
    return answer


class LedgersAgree(RuleBasedStateMachine):
    """Does the same to both ledgers and compares what they answer, and then all that they hold."""

    world: EmulatedWorld

    def __init__(self) -> None:
        super().__init__()
        self.real, self.fake = self.world.ledger(), FakeLedger()

    def both(self, call: Callable[[Ledger], Answer]) -> Answer:
        real, fake = call(self.real), call(self.fake)
        assert _unregistered(real) == _unregistered(fake)
        return real

    @rule(dataset=datasets, contract=st.sampled_from(["contracts/1.json", "contracts/2.json"]))
    def register(self, dataset: DatasetId, contract: str) -> None:
        self.both(lambda ledger: ledger.register(dataset, contract))

    @rule(mart=datasets, reads=st.lists(datasets, unique=True))
    def register_mart(self, mart: DatasetId, reads: list[DatasetId]) -> None:
        self.both(lambda ledger: ledger.register_mart(mart, "contracts/1.json", reads))

    @rule(dataset=datasets, at=moments, instead_of=st.none() | executions)
    def acquire(self, dataset: DatasetId, at: datetime, instead_of: str | None) -> None:
        def outcome(ledger: Ledger) -> object:
            try:
                return ledger.acquire(dataset, at, instead_of)
            except UnknownDataset:
                return UnknownDataset

        self.both(outcome)

    @rule(dataset=datasets, execution=executions)
    def release(self, dataset: DatasetId, execution: str) -> None:
        self.both(lambda ledger: ledger.release(dataset, execution))

    @rule(dataset=datasets, batch=batches)
    def advance(self, dataset: DatasetId, batch: int) -> None:
        self.both(lambda ledger: beyond(ledger, batch, dataset))

    @rule(dataset=datasets, landed=objects, at=moments)
    def admit(self, dataset: DatasetId, landed: LandedObject, at: datetime) -> None:
        self.both(lambda ledger: ledger.admit(dataset, landed, at))

    @rule(landed=objects, at=moments)
    def refuse(self, landed: LandedObject, at: datetime) -> None:
        self.both(lambda ledger: ledger.refuse(landed, "no contract", at))

    @rule(dataset=datasets, landed=objects, at=moments)
    def route(self, dataset: DatasetId, landed: LandedObject, at: datetime) -> None:
        self.both(lambda ledger: ledger.route(dataset, landed, at))

    @rule(dataset=datasets, batch=batches, some=st.lists(objects, max_size=6))
    def assign(self, dataset: DatasetId, batch: int, some: list[LandedObject]) -> None:
        self.both(lambda ledger: ledger.assign(dataset, batch, some))

    @rule(dataset=datasets, batch=batches, some=st.lists(ends, max_size=6))
    def finish(self, dataset: DatasetId, batch: int, some: list[Finished]) -> None:
        ended = [
            Finished(
                one.object,
                one.state,
                one.reason,
                one.rows,
                loaded=Previous(one.object.identity, f"sha {batch}") if one.state in LOADED else None,
            )
            for one in some
        ]
        self.both(lambda ledger: ledger.finish(dataset, batch, ended))

    @rule(dataset=datasets, batch=batches, some=st.lists(ends, max_size=6, unique_by=lambda one: one.object))
    def amend(self, dataset: DatasetId, batch: int, some: list[Finished]) -> None:
        places = {one.object: one.batch for one in self.fake.objects(str(dataset))}
        ended = [
            replace(
                one,
                batch=places.get(one.object, 1),
                loaded=Previous(one.object.identity, f"sha {batch}") if one.state in LOADED else None,
            )
            for one in some
        ]
        self.both(lambda ledger: ledger.amend(dataset, batch, ended))

    @rule(dataset=datasets, limit=st.integers(0, 3))
    def pending(self, dataset: DatasetId, limit: int) -> None:
        self.both(lambda ledger: ledger.pending(dataset, limit))

    @rule(dataset=datasets, landed=objects)
    def known(self, dataset: DatasetId, landed: LandedObject) -> None:
        self.both(lambda ledger: ledger.known(dataset, landed))

    @rule(dataset=datasets, batch=batches)
    def batch(self, dataset: DatasetId, batch: int) -> None:
        self.both(lambda ledger: ledger.objects(str(dataset), batch))

    @invariant()
    def they_hold_the_same(self) -> None:
        self.both(lambda ledger: ledger.datasets())
        self.both(lambda ledger: ledger.marts())
        for dataset in DATASETS:
            self.both(partial(_loaded, dataset))
        for name in (*map(str, DATASETS), "unrouted"):
            identities = [one.object.identity for one in self.both(partial(_listed, name))]
            assert len(identities) == len(set(identities)), "an object stands in two places"


def _loaded(dataset: DatasetId, ledger: Ledger) -> Mapping[str, Previous]:
    return ledger.loaded_content(dataset, [one.key for one in OBJECTS])


def _listed(dataset: str, ledger: Ledger) -> list[LedgerObject]:
    return ledger.objects(dataset)


@pytest.mark.slow
def test_the_ledgers_agree_whatever_is_done_to_them() -> None:
    with mock_aws():
        LedgersAgree.world = EmulatedWorld("moto")
        run_state_machine_as_test(
            LedgersAgree,
            settings=settings(
                max_examples=25,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
