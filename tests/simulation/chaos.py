"""What goes wrong in a simulated world: which faults there are, how often each strikes, and which struck.

Every process draws from numbers of its own, so that leaving one fault out disturbs what other processes
meet as little as can be. A fault is known by its kind, the process and its number there: `without` are
those that may not strike, by which a failing run is shrunk.
"""

from collections import Counter
from collections.abc import Mapping
from random import Random

CALLS = {
    "throttle": "a service asks for fewer calls; nothing was done",
    "crash_before": "the process ends before a call",
    "crash_after": "the process ends after an effect, before it can tell",
    "crash_in_flight": "the process ends while a call is on its way; its effect comes later",
    "ambiguous": "an effect was applied, and an error is shown",
    "stall": "the process stands still for minutes",
    "conflict": "another writer changed the table first",
    "page_missing": "a listing lacks a page",
}
"""Faults of one call to a port."""

EVENTS = {
    "duplicate": "an event comes more than once",
    "reorder": "an event is overtaken by later ones",
    "delay": "an event is late by minutes to hours",
    "drop_then_redeliver": "an event is lost and delivered again hours later",
    "drop_for_ever": "an event never comes",
    "visibility_expiry": "a message is visible again while its first receiver still works",
    "acknowledgement_lost": "a message is deleted and comes back",
    "old_duplicate": "everything is delivered once more after the world has come to rest",
}
"""Faults of what announces objects."""

EXECUTIONS = {
    "clock_skew": "a function's clock is wrong by up to 15 minutes",
    "abandoned": "a caller gives up on a function that goes on working",
    "two_workers": "a second worker does the same work",
    "aborted": "an execution is stopped; its functions go on",
    "oversize": "a state's payload is larger than 256 KB",
    "query_failed": "Athena fails a query",
    "status_lost": "nobody hears that an execution failed",
}
"""Faults of functions and executions."""

WORLD = {
    "ledger_lost": "the ledger is gone; the contracts are registered again",
    "ledger_restored": "the ledger is what it was some time ago",
    "snapshots_expired": "snapshots are expired, and the files that only they named are deleted",
    "compaction": "the files of a table are written into one",
    "reupload": "a key is uploaded again",
    "registration": "a contract is registered while batches run",
    "replay": "a replay is asked for",
    "redrive": "the dead letters are put back",
}
"""What people, schedules and disasters do to a world."""

LATER = {"ledger_expired": "the ledger forgets objects that have long been closed"}
"""What a world meets once it is at rest."""

FOCUS = {"pause": "a function stands still at a call of the focus while something is done on purpose"}
"""What only the worlds with a focus meet."""

KINDS = {**CALLS, **EVENTS, **EXECUTIONS, **WORLD, **LATER, **FOCUS}


class Faults:
    """`rates` are the chances, by kind, each time that kind could strike; those it does not name never do."""

    def __init__(self, seed: int, rates: Mapping[str, float], without: frozenset[str] = frozenset()) -> None:
        self.rates = rates
        self.struck: list[str] = []
        self.over = False
        self._seed, self._without = seed, without
        self._numbers: Counter[str] = Counter()
        self._calls = [kind for kind in CALLS if rates.get(kind)]
        self._any_call = sum(rates[kind] for kind in self._calls)

    def random(self, name: str) -> Random:
        """The numbers of one process."""
        return Random(f"{self._seed}/{name}")

    def strikes(self, kind: str, where: str, random: Random) -> bool:
        """Whether this kind strikes here; counted if it does."""
        return random.random() < self.rates.get(kind, 0.0) and self._strike(kind, where)

    def struck_by(self, kind: str, where: str) -> bool:
        """Count what was decided elsewhere; False where it may not strike."""
        return self._strike(kind, where)

    def take_back(self) -> None:
        """What was counted last came to nothing."""
        self.struck.pop()

    def on_call(self, where: str, random: Random, applicable: frozenset[str]) -> str:
        """The fault that strikes a call, of those that can; empty where none does."""
        roll = random.random()
        if self.over or roll >= self._any_call:
            return ""
        for kind in self._calls:
            roll -= self.rates[kind]
            if roll < 0:
                return kind if kind in applicable and self._strike(kind, where) else ""
        return ""

    def count(self) -> Counter[str]:
        """How often each kind struck."""
        return Counter(name.partition("@")[0] for name in self.struck)

    def _strike(self, kind: str, where: str) -> bool:
        if self.over:
            return False
        place = f"{kind}@{where}"
        self._numbers[place] += 1
        name = f"{place}#{self._numbers[place]}"
        if name in self._without:
            return False
        self.struck.append(name)
        return True


_MOST = {
    **dict.fromkeys(CALLS, 0.012),
    "throttle": 0.03,
    "ambiguous": 0.03,
    "stall": 0.004,
    "conflict": 0.25,
    "page_missing": 0.5,
    **dict.fromkeys(EVENTS, 0.35),
    "reorder": 0.6,
    "old_duplicate": 0.25,
    **dict.fromkeys(EXECUTIONS, 0.03),
    "clock_skew": 0.15,
    "two_workers": 0.06,
    "aborted": 0.15,
    "query_failed": 0.2,
    "status_lost": 0.5,
    **dict.fromkeys(WORLD, 0.5),
    "compaction": 0.8,
    "snapshots_expired": 0.8,
    "ledger_lost": 0.3,
    "ledger_restored": 0.3,
    **dict.fromkeys(LATER, 0.3),
}
"""The highest rate of each kind: one at which a world still gets on."""


def swarm(random: Random, kinds: frozenset[str] = frozenset(KINDS)) -> dict[str, float]:
    """Rates for one world: some kinds often, some seldom, some not at all, so that worlds differ."""
    rates = {kind: _MOST[kind] for kind in LATER}
    for kind in (one for one in KINDS if one not in LATER and one not in FOCUS):
        share = random.choice((0.5, 0.5, 1.0) if kind in EVENTS else (0.0, 0.25, 0.5, 1.0, 1.0))
        if share and kind in kinds:
            rates[kind] = _MOST[kind] * share
    return rates
