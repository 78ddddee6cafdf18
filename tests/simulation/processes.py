"""Functions as Lambda runs them: each a process whose every call to a port can go wrong."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from headrace.domain.errors import CommitConflict, OutcomeUnknown, Throttled, Unavailable
from headrace.runtime import Reply
from tests.fakes import FakeLedger
from tests.simulation.chaos import Faults
from tests.simulation.scheduler import Scheduler
from tests.world import World

if TYPE_CHECKING:
    from tests.simulation.focus import Spot
    from tests.simulation.meanwhile import Meanwhile

START = datetime(2026, 3, 1, 12, tzinfo=UTC)

PORTS = frozenset(
    {"landing", "lake", "artefacts", "ledger", "catalog", "executions", "events", "alerts", "masking_keys"}
)
READS = frozenset(
    {"read", "open", "list", "versions", "key", "token_key", "state", "files", "dataset", "datasets"}
    | {
        "pending",
        "loaded_content",
        "objects",
        "known",
        "unknown",
        "running",
        "mart",
        "marts",
        "marts_reading",
    }
)
LISTINGS = frozenset({"landing.list", "landing.versions"})
COMMITS = frozenset({"catalog.append", "catalog.replace", "catalog.replace_rows"})
_ALWAYS = frozenset({"throttle", "crash_before", "stall"})
_EFFECTS = _ALWAYS | {"crash_after", "crash_in_flight", "ambiguous"}

PAYLOAD = 262_144
"""The most bytes that a state may hold."""


class Killed(BaseException):
    """The process ended here, for the reason that its caller sees; no handler of the code may see it."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class LedgerTable:
    """The table that functions know as the ledger, by its name, from when they begin. One that is lost is
    made again under that name, and they meet it empty; one that is restored is another table."""

    def __init__(self, ledger: FakeLedger) -> None:
        self.ledger = ledger


class Function:
    """One invocation: a step with its ports, a clock and a time by which it must have ended."""

    def __init__(
        self,
        name: str,
        world: World,
        table: LedgerTable,
        scheduler: Scheduler,
        faults: Faults,
        timeout: float,
        meanwhile: "Meanwhile",
    ) -> None:
        self.name = name
        self.random: Random = faults.random(name)
        self._world, self._scheduler, self._faults = world, scheduler, faults
        self._table, self._meanwhile = table, meanwhile
        self._step = ""
        self._deadline = scheduler.now + timeout
        self._skew = timedelta(0)
        if faults.strikes("clock_skew", name, self.random):
            self._skew = timedelta(seconds=self.random.uniform(-900, 900))

    def now(self) -> datetime:
        """What this function's clock shows."""
        return START + timedelta(seconds=self._scheduler.now) + self._skew

    def run(self, step: Callable[..., Reply], request: Any) -> Reply:
        self._step = step.__name__
        named = {name: self._port(name) for name in ports_of(step)}
        return step(request, **named)

    def _port(self, name: str) -> Any:
        if name == "clock":
            return self
        return Port(self, name) if name in PORTS else getattr(self._world, name)

    def port(self, name: str) -> Any:
        """What stands under the name now; as ledger, what stands in the table that it knows."""
        return self._table.ledger if name == "ledger" else getattr(self._world, name)

    def call(self, port: str, method: str, *args: Any, **named: Any) -> Any:
        """A call to a port, with what goes wrong with it."""
        where = f"{port}.{method}"
        effect = method not in READS
        spot = self._meanwhile.spot(self.name, f"{self._step}:{where}")
        if spot and (seconds := self._meanwhile.pause(self.name, where, spot)):
            self._give_way(min(seconds, (self._deadline - self._scheduler.now) / 2))
        member = getattr(self.port(port), method)
        self._give_way(self._latency())
        fault = self._fault(where, spot)
        if fault:
            self._struck_before(fault, where, partial(member, *args, **named))
        result = member(*args, **named)
        if effect:
            self._give_way(self._latency())
            self._struck_after(fault, where)
            return result
        if where in LISTINGS:
            return self._listed(result, left_out=fault == "page_missing")
        return iter(list(result)) if where == "catalog.read" else result

    def _fault(self, where: str, spot: "Spot | None") -> str:
        place, applicable = f"{self.name}:{where}", _applicable(where)
        if spot and spot.kind in applicable and self.random.random() < spot.chance:
            return spot.kind if self._faults.struck_by(spot.kind, place) else ""
        return self._faults.on_call(place, self.random, applicable)

    def _latency(self) -> float:
        """Seconds that a call takes one way: mostly little, now and then long enough for others to act."""
        draw = self.random.random()
        return draw**3 * 0.4 if draw < 0.985 else 12 * self.random.random()

    def _struck_before(self, fault: str, where: str, effect: Callable[[], Any]) -> None:
        match fault:
            case "throttle":
                raise (Throttled if self.random.random() < 0.5 else Unavailable)(f"{where}: try again")
            case "conflict":
                raise CommitConflict(f"{where}: another writer came first")
            case "stall":
                self._give_way(self.random.uniform(20, 1200))
            case "crash_before":
                raise Killed(self.random.choice(("Runtime.ExitError", "Lambda.Unknown")))
            case "crash_in_flight":
                self._scheduler.after(self.random.uniform(0, 60), partial(_unseen, effect))
                raise Killed("Runtime.ExitError")

    def _struck_after(self, fault: str, where: str) -> None:
        if fault == "crash_after":
            raise Killed(self.random.choice(("Runtime.ExitError", "Lambda.Unknown")))
        if fault == "ambiguous":
            kind = OutcomeUnknown if where in COMMITS else Unavailable
            raise kind(f"{where}: the answer was lost")

    def _give_way(self, seconds: float) -> None:
        left = self._deadline - self._scheduler.now
        self._scheduler.sleep(min(seconds, max(left, 0.0)))
        if seconds >= left:
            raise Killed("Sandbox.Timedout")

    def _listed(self, result: Any, *, left_out: bool) -> Any:
        """A listing; one that lacks a page has a gap."""
        if not isinstance(result, Iterator):
            kept = self._with_gap(result.versions) if left_out else result.versions
            return replace(result, versions=kept)
        found = tuple(result)
        return iter(self._with_gap(found) if left_out else found)

    def _with_gap(self, found: tuple[Any, ...]) -> tuple[Any, ...]:
        first = self.random.randrange(len(found) + 1)
        return found[:first] + found[first + self.random.randint(1, 4) :]


class Port:
    """A port as one function sees it."""

    __slots__ = ("_function", "_name")

    def __init__(self, function: Function, name: str) -> None:
        self._function, self._name = function, name

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._function.port(self._name), name)
        return partial(self._function.call, self._name, name) if callable(member) else member


@cache
def ports_of(step: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the ports that a step asks for."""
    parameters = inspect.signature(step).parameters.values()
    return tuple(one.name for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY)


@cache
def _applicable(where: str) -> frozenset[str]:
    faults = _ALWAYS if where.partition(".")[2] in READS else _EFFECTS
    if where in LISTINGS:
        faults |= {"page_missing"}
    return faults | {"conflict"} if where in COMMITS else faults


def _unseen(effect: Callable[[], Any]) -> None:
    """An effect that comes when nobody waits for it any more: whatever it says, nobody hears it."""
    with suppress(Exception):
        effect()
