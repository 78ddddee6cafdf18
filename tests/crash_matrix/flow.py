"""Plays the recorded flow: once to record it, then again with a fork for each case where it parts."""

import json
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from headrace_cli.verify import Outside, verify
from tests.crash_matrix.account import deterministic
from tests.crash_matrix.episodes import CANARY, DATASET, EPISODES, Episode
from tests.crash_matrix.forks import Fork, Forks
from tests.crash_matrix.matrix import Case, Recorded
from tests.crash_matrix.wire import Killed, Wire
from tests.crash_matrix.world import FAILURES, Flow, Restless, Step


def record() -> list[Recorded]:
    """The flow without a fault: its invocations, and the calls that each makes."""
    wire, begun = Wire(), _Begun()
    with deterministic(wire):
        flow = Flow(wire)
        flow.boundary = begun
        for episode in EPISODES:
            begun.episode = episode
            if wrong := played(flow, episode):
                raise AssertionError("\n".join(wrong))
        made = [tuple(one.calls) for one in wire.invocations]
    return [
        Recorded(episode.name, step, calls, not episode.struck or step in episode.struck)
        for (episode, step), calls in zip(begun.steps, made, strict=True)
    ]


class _Begun:
    """The steps that were invoked, with the episode in which they were."""

    def __init__(self) -> None:
        self.episode = EPISODES[0]
        self.steps: list[tuple[Episode, str]] = []

    def __call__(self, step: Step, _: Any) -> None:
        self.steps.append((self.episode, step.__name__))


def run(chosen: Sequence[Case], forks: Forks) -> None:
    """Play the flow once more, and each case from where it parts to its episode's rest."""
    wire = Wire()
    with deterministic(wire):
        flow = Flow(wire)
        parting = _Parting(flow, chosen, forks)
        flow.boundary = parting
        for episode in EPISODES:
            wrong = played(flow, episode, parting)
            if parting.fork:
                parting.fork.end(wrong if wire.struck else ["the fault did not strike", *wrong], wire.struck)
            if wrong:
                raise AssertionError("\n".join(wrong))
    forks.wait()


class _Parting:
    """Where the flow and its cases part: before an invocation, in the fork, faults are laid."""

    def __init__(self, flow: Flow, chosen: Sequence[Case], forks: Forks) -> None:
        self.fork: Fork | None = None
        self.late: Callable[[], object] | None = None
        """The duplicate that comes when all is at rest."""
        self._flow, self._forks = flow, forks
        self._number = -1
        self._chosen: defaultdict[int, list[Case]] = defaultdict(list)
        for case in chosen:
            self._chosen[case.invocation].append(case)

    def __call__(self, step: Step, request: Any) -> None:
        if self.fork:
            return
        self._number += 1
        for case in self._chosen[self._number]:
            if fork := self._forks.start(case.name):
                self.fork = fork
                self._lay(case, step, request)
                return

    def _lay(self, case: Case, step: Step, request: Any) -> None:
        flow = self._flow
        flow.restarts = case.company == "again"
        if case.company == "again":
            self.late = lambda: flow.once(step, request)
        others = (lambda: flow.take_over(step, request)) if case.company == "two" else None
        flow.wire.reset(case.faults, others)


def played(flow: Flow, episode: Episode, parting: _Parting | None = None) -> list[str]:
    """Play an episode to its rest, in a fork of a case with what is late in it; what is wrong then."""
    before = rows(flow) if episode.same_rows else []
    try:
        episode.begin(flow)
        flow.come_to_rest()
        if parting and parting.late:
            with suppress(*FAILURES):
                parting.late()
            flow.come_to_rest()
    except Restless:
        return ["it does not come to rest"]
    except (Exception, Killed) as error:  # noqa: BLE001 - whatever it is, it is what a case shows
        return [f"{type(error).__name__}: {error}", traceback.format_exc()]
    wrong = violations(flow, episode, parting.fork.printed() if parting and parting.fork else "")
    if episode.same_rows and rows(flow) != before:
        wrong.append(f"the tables hold other rows: {rows(flow)}, before: {before}")
    return wrong


def violations(flow: Flow, episode: Episode, printed: str) -> list[str]:
    """What does not hold in a world at rest, and what is not as the episode leaves it."""
    objects = [one for one in flow.ledger.objects(str(DATASET)) if one.object.bucket == flow.landing.bucket]
    ends = len(objects), sum(one.curated for one in objects), sum(one.quarantined for one in objects)
    expected = episode.objects, episode.curated, episode.quarantined
    wrong = verified(flow, printed)
    if ends != expected:
        wrong.append(f"objects, curated and quarantined rows are {ends}, expected {expected}")
    return wrong


def rows(flow: Flow) -> list[str]:
    """Every row of the dataset's tables, as text, in order."""
    found = []
    with flow.shown() as place:
        for table in (place.zones.curated(DATASET), place.zones.quarantine(DATASET)):
            columns = [name for name in place.catalog.state(table).field_ids if "." not in name]
            batches = place.catalog.read(table, sorted(columns))
            found += [f"{table} {row}" for batch in batches for row in batch.to_pylist()]
    return sorted(found)


def verified(flow: Flow, printed: str = "") -> list[str]:
    """What the checker finds in a world that must be at rest."""
    texts = [*flow.wire.sent, ("printed", printed)]
    outside = Outside(
        queues={"buffer": len(flow.queue), "dead letters": flow.stack.dead},
        events=list(_events(flow.wire)),
        texts=texts,
        canaries=(CANARY,),
    )
    with flow.shown() as place:
        found = verify(place, outside=outside)
    return [*map(str, found.violations), *(f"under way: {one}" for one in found.under_way)]


def _events(wire: Wire) -> Iterator[tuple[str, dict[str, object]]]:
    for operation, body in wire.sent:
        if operation == "eventbridge.PutEvents":
            for entry in json.loads(body)["Entries"]:
                yield entry["DetailType"], json.loads(entry["Detail"])
