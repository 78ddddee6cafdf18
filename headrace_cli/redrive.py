"""Says why messages died, sends each back to where it can be handled, and follows it to its end.

Nothing is lost, whenever this is interrupted: a message is deleted only after it was sent, its execution was
started, or its record stands. What is then handled twice changes nothing, because admission, refreshes and
reconcile are idempotent. SQS's own StartMessageMoveTask would move all there is without looking at it, and
knows no queue whose messages came from EventBridge or Lambda.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.dead_letters import (
    FIT,
    DeadLetterRecord,
    Diagnosis,
    Handler,
    Names,
    Queue,
    diagnose,
    record_key,
)
from headrace.steps import records
from headrace_cli import register
from headrace_cli.deployment import Deployment
from headrace_cli.redrive_follow import Follow
from headrace_cli.redrive_queue import DeadLetterQueue, Taken, send, tens

QUEUES: tuple[Queue, ...] = ("buffer", "undelivered")

LOOKED_AT = 10_000
"""Messages of a queue that a plan looks at: it must hold all of them until it is done."""

_AT_ONCE = 8


class Group(Struct, frozen=True):
    """Messages of one queue that died of the same. `to` handles them; `record` stands for a record in the
    artefacts bucket. `receives` is the most that one was received, looks of this command too, `oldest` when
    the first was sent."""

    queue: Queue
    to: Handler
    why: str
    messages: int
    objects: int
    receives: int
    oldest: str
    example: str


class Redriven(Struct, frozen=True):
    """What lay in the queues, and what became of it. `left` messages were not accepted where they were sent,
    and lie there as before. `ends` counts the objects announced by their state, those that had come to
    their end before as `BEFORE`, and `told` names those that were not loaded, each with why; `refreshes` the
    executions of refresh_mart by their status. `waiting`
    objects and executions had not come to their end in time. With `planned` nothing was done.
    """

    deployment: str
    planned: bool
    groups: tuple[Group, ...]
    left: int = 0
    ends: Mapping[str, int] = {}
    told: tuple[str, ...] = ()
    refreshes: Mapping[str, int] = {}
    waiting: int = 0


def redrive(
    deployment: Deployment, queues: Sequence[Queue] = QUEUES, *, plan: bool = False, timeout: float = 600
) -> Redriven:
    """Redrive these queues; with `plan` only look, and give every message back. `timeout` in seconds."""
    run = _Run(deployment, plan=plan)
    for queue in queues:
        run.empty(queue)
    if plan:
        return Redriven(str(deployment), planned=True, groups=run.groups())
    followed = run.follow.wait(timeout)
    return Redriven(
        str(deployment),
        planned=False,
        groups=run.groups(),
        left=run.left,
        ends=followed.ends,
        told=followed.told,
        refreshes=followed.refreshes,
        waiting=followed.waiting,
    )


class _Run:
    """One call of the command. What was taken from a queue and not deleted is given back."""

    def __init__(self, deployment: Deployment, *, plan: bool) -> None:
        self._deployment, self._plan = deployment, plan
        names = deployment.outputs
        self._names = Names(names.landing_bucket, names.reconcile_function)
        self._urls = {
            "buffer": names.buffer_dead_letter_queue_url,
            "undelivered": names.undelivered_queue_url,
        }
        # Threads may share clients, but not make them.
        self._sqs, self._ledger, self._artefacts = deployment.sqs, deployment.ledger, deployment.artefacts
        self.follow = Follow(deployment)
        self._lock = threading.Lock()
        self._groups: dict[tuple[Queue, Handler, str], Group] = {}
        self._held: dict[str, Taken] = {}
        self._stop = False
        self.left = 0

    def groups(self) -> tuple[Group, ...]:
        """The largest first."""
        return tuple(sorted(self._groups.values(), key=lambda one: (-one.messages, one.why)))

    def empty(self, name: Queue) -> None:
        """Look at every message of a queue, and unless this is a plan handle it."""
        queue = DeadLetterQueue(self._sqs, self._urls[name], name)
        self._stop = False
        try:
            reconciled = self._at_once(queue)
            if reconciled:
                register.reconcile(self._deployment)
                self._settle(queue, reconciled)
            self.left += 0 if self._plan else len(self._held)
        finally:
            queue.give_back(list(self._held.values()))
            self._held.clear()

    def _at_once(self, queue: DeadLetterQueue) -> list[Taken]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                return [one for found in pool.map(self._work, [queue] * _AT_ONCE) for one in found]
            finally:
                self._stop = True  # where one fails, or Ctrl-C is pressed, the others end too

    def _work(self, queue: DeadLetterQueue) -> list[Taken]:
        """Handle messages, ten at a time, until none is left; returns those that reconcile makes up for."""
        waiting: list[Taken] = []
        while not self._stop and (len(self._held) < LOOKED_AT or not self._plan):
            taken = queue.take()
            if not taken:
                break
            with self._lock:
                self._held.update((one.receipt, one) for one in taken)
            waiting += self._handle(queue, [(one, self._diagnosed(one)) for one in taken])
        return waiting

    def _diagnosed(self, one: Taken) -> Diagnosis:
        """Why it died, and whether the ledger has its objects by now."""
        found = diagnose(one.letter, self._names, self.follow.registered)
        known = all(self.follow.known(landed) for landed in found.objects)
        if found.why == FIT and found.objects and known:
            found = replace(
                found, why="the ledger has its objects already: handling it again changes nothing"
            )
        with self._lock:
            self._count(one, found)
        return found

    def _count(self, one: Taken, found: Diagnosis) -> None:
        letter, key = one.letter, (one.letter.queue, found.to, found.why)
        first = Group(*key, 0, 0, 0, letter.sent_at, _example(one, found))
        group = self._groups.get(key, first)
        self._groups[key] = replace(
            group,
            messages=group.messages + 1,
            objects=group.objects + len(found.objects),
            receives=max(group.receives, letter.receives),
            oldest=min(group.oldest, letter.sent_at),
        )

    def _handle(self, queue: DeadLetterQueue, diagnosed: Sequence[tuple[Taken, Diagnosis]]) -> list[Taken]:
        """Bring messages where they belong; returns those that reconcile makes up for."""
        if self._plan:
            return []
        by: dict[Handler, list[Taken]] = {}
        for one, found in diagnosed:
            by.setdefault(found.to, []).append(one)
            if found.to == "record":
                self._record(one, found)
            elif found.to == "refresh_mart":
                self.follow.start_refresh(one.letter.body)
        self.follow.expect(landed for _, found in diagnosed for landed in found.objects)
        buffer = self._deployment.outputs.buffer_queue_url
        sent = send(self._sqs, buffer, by.get("buffer", ()))
        self._settle(queue, [*sent, *by.get("record", ()), *by.get("refresh_mart", ())])
        return by.get("reconcile", [])

    def _record(self, one: Taken, found: Diagnosis) -> None:
        record = DeadLetterRecord(one.letter, found.why, found.detail)
        records.create(self._artefacts, record_key(one.letter), record)

    def _settle(self, queue: DeadLetterQueue, taken: Sequence[Taken]) -> None:
        for some in tens(taken):
            queue.delete(some)
            with self._lock:
                for one in some:
                    del self._held[one.receipt]


def _example(one: Taken, found: Diagnosis) -> str:
    """What best shows a group: an object, what the message says of itself, or its text."""
    for landed in found.objects:
        return landed.identity
    return found.detail or one.letter.body[:200]
