"""Which cases there are: each call of the recorded flow, each way to fail there, each company to fail in.

An invocation begins with the world as the one before left it, so a case starts there, in a fork of the
process that has come so far. Cases that would be the same world are one: a kill before a call is a kill
after the write before it, and a read has no effect that a kill, or a lost answer, could come after.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from tests.crash_matrix.wire import Call, Kind

Company = Literal["alone", "again", "two"]
"""`alone`: whatever died is left to its execution's next attempt. `again`: it is invoked anew in place, and
once more when all is at rest, as a duplicate that was late. `two`: in the gap of the faulted call another
worker takes over and comes to rest; then the first goes on."""

COMPANIES: tuple[Company, ...] = ("alone", "again", "two")
_IN_EVERY_COMPANY: tuple[Kind, ...] = ("after", "ambiguous")
_ANY: tuple[Kind, ...] = ("before", "after", "throttle", "lost", "ambiguous")


class Recorded(Struct, frozen=True):
    """One invocation of the recorded flow, the AWS calls that it made, and whether single ones fail."""

    episode: str
    step: str
    calls: tuple[Call, ...]
    struck: bool

    def __str__(self) -> str:
        return f"{self.episode}: {self.step}"


class Case(Struct, frozen=True):
    """Faults by the number of their call, counted from 1 where invocation `invocation` begins. `command` runs
    this case alone."""

    name: str
    command: str
    invocation: int
    faults: dict[int, Kind]
    company: Company


def single_faults(recorded: Sequence[Recorded]) -> list[Case]:
    """Every call with every way to fail there."""
    found: list[Case] = []
    for number, one in enumerate(recorded):
        for at, call in enumerate(one.calls if one.struck else (), 1):
            for kind, company in _ways(call, first=at == 1):
                name = f"{one} (invocation {number}), {kind} at call {at}, {call}, {company}"
                command = f"just crash-matrix --only {len(found)}"
                found.append(Case(name, command, number, {at: kind}, company))
    return found


def _ways(call: Call, *, first: bool) -> Iterator[tuple[Kind, Company]]:
    if first:
        yield "before", "alone"
        yield "before", "again"
    yield "stall", "two"
    yield "throttle", "alone"
    if call.reads:
        return
    yield "lost", "alone"
    for kind in _IN_EVERY_COMPANY:
        for company in COMPANIES:
            yield kind, company


def pair(recorded: Sequence[Recorded], seed: int) -> Case:
    """The two faults of a seed: one anywhere, the other among the calls that follow, whoever makes them."""
    chance = random.Random(seed)
    number = chance.choices(range(len(recorded)), [len(one.calls) for one in recorded])[0]
    at = chance.randint(1, len(recorded[number].calls))
    faults: dict[int, Kind] = {
        at: chance.choice(_ANY),
        at + chance.randint(1, 60): chance.choice(_ANY),
    }
    company = chance.choice(COMPANIES)
    told = ", ".join(f"{kind} at call {where}" for where, kind in faults.items())
    name = f"{recorded[number]} (invocation {number}), {told}, {company}, seed {seed}"
    command = f"just crash-matrix --sample 0 --pairs 1 --start {seed}"
    return Case(name, command, number, faults, company)
