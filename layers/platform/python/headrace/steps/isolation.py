"""Keeps an object whose refining ends the process from holding up its neighbours, for ever.

Such an object leaves nothing but a mark that a call began, and no report. One such end may be anything's
fault; the call after the second finds out, in processes of their own, which objects are to blame. They are
quarantined whole, and the rest is refined. Whom it blames is noted at once, so that a call which runs out of
time leaves the next one less to do.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.batch import UnitReport
from headrace.domain.errors import Unavailable
from headrace.engines.duckdb import Refusal, Source
from headrace.engines.probe import Probed, ProbeJob, death, killers
from headrace.ports import ObjectStore
from headrace.steps import records

Dies = Callable[[Sequence[Source]], str]
"""Refines some sources in a process of its own, and says how that ended; nothing where it survived."""

_MARKS = ("began", "began-again")

ENOUGH = len(_MARKS)
"""Calls that began, and gave no report, before objects are suspected."""

HANDFUL = 3
"""As many objects may be to blame although no other in their unit is survived."""


class Killers(Struct, frozen=True):
    """How a process ended that refined these objects alone, by identity."""

    deaths: Mapping[str, str]


def begin(artefacts: ObjectStore, report: str) -> int:
    """Leave a mark that a call began on the unit whose report has this key; how many began before, counted
    up to ENOUGH."""
    ours = uuid4().hex.encode()
    for before, mark in enumerate(_MARKS):
        if artefacts.create(f"{report}.{mark}", ours):
            return before
    return ENOUGH


def blamed(
    artefacts: ObjectStore,
    report: str,
    suspects: Sequence[Source],
    dies: Dies,
    first: UnitReport | None = None,
) -> dict[str, Refusal]:
    """Why objects are refused, by identity: those that the `first` refining of the unit blamed, and those
    among the suspects that end a process which refines them alone.

    Raises Unavailable where none is survived and it is not they: there are many, or a process that refines
    nothing ends just so.
    """
    refused = _blamed_before(first) if first else {}
    left = [one for one in suspects if isinstance(one.content, Path) and one.landed.identity not in refused]
    deaths = _deaths(artefacts, f"{report}.killers", left, dies) if left else {}
    return refused | {identity: _refusal(ended) for identity, ended in deaths.items()}


def _deaths(artefacts: ObjectStore, key: str, suspects: Sequence[Source], dies: Dies) -> dict[str, str]:
    """How a process ended that refined a suspect alone, by identity; noted at `key` as it is found."""
    noted = records.find(artefacts, key, Killers)
    deaths = dict(noted.deaths) if noted else {}
    for one, ended in killers([one for one in suspects if one.landed.identity not in deaths], dies):
        deaths[one.landed.identity] = ended
        artefacts.write(key, records.encode(Killers(deaths)))
    if all(one.landed.identity in deaths for one in suspects) and (len(suspects) > HANDFUL or dies(())):
        artefacts.write(key, records.encode(Killers({})))
        raise Unavailable(
            f"each of {len(suspects)} objects ends the process that refines it, so it is rather something "
            "else: give the function more memory or storage"
        )
    return deaths


def _blamed_before(report: UnitReport) -> dict[str, Refusal]:
    refused = (one for one in report.objects if one.outcome == "unprocessable")
    return {one.identity: Refusal("unprocessable", one.reason) for one in refused}


def probing(job: ProbeJob) -> Dies:
    """Probes as `job` says, whose sources are none."""

    def dies(sources: Sequence[Source]) -> str:
        probed = tuple(Probed(one.index, one.landed, str(one.content)) for one in sources)
        return death(replace(job, sources=probed))

    return dies


def digest(identities: Iterable[str]) -> str:
    """Tells the files of a unit without these objects from its files with them; empty for none."""
    named = sorted(identities)
    return hashlib.sha256("\n".join(named).encode()).hexdigest()[:16] if named else ""


def _refusal(ended: str) -> Refusal:
    return Refusal(
        "unprocessable",
        f"refining this object alone ended its process: {ended}; land it in smaller files, or give the "
        "function more memory and replay it",
    )
