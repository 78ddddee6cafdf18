"""Finds what a replay is about in manifests and audit records, and makes requests of it, a batch each.

The first call under an id decides what is meant; later ones make the same requests of it. A request is
admitted to the ledger as a landed object is, and `plan_batch` makes a batch of it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidRequest, MissingArtefact, UnknownDataset
from headrace.domain.landed import ObjectState
from headrace.domain.replay import by_whole_batches, units_of
from headrace.domain.zones import Zones
from headrace.ports import Clock, Executions, Ledger, ObjectStore, TableCatalog
from headrace.steps import records
from headrace.steps.audited import Audited
from headrace.steps.plan_batch import UnitOfWork
from headrace.steps.quarantined import Quarantined, find_rows, selected
from headrace.steps.replay_contract import ReplayContract, contract_of_version
from headrace.steps.replay_requests import Chosen, LeftOut, Part, parts, sifted, written
from headrace.steps.wake import wake


class PlanReplay(Struct, frozen=True):
    """What to replay: exactly one of `objects` (identities or landing keys), `batches` (first and last),
    `day` (the UTC day, YYYY-MM-DD, on which they were closed), `quarantined` rows, or `all`.

    `contract` is the version to replay under, the one in force where it is empty. `id` names the replay:
    asking again under the same one changes nothing. Without `submit` it is written and not begun.
    """

    dataset: str
    id: str
    objects: tuple[str, ...] = ()
    batches: tuple[int, int] | None = None
    day: str = ""
    quarantined: Quarantined | None = None
    all: bool = False
    contract: str = ""
    submit: bool = True


class ReplayPlanned(Struct, frozen=True):
    """The keys of the requests, and what they are about: `rows`, `curated` and `quarantined` as audited
    now (of single rows: those selected, all in quarantine). `contract_then` are the keys of the compiled
    contracts that the objects were published under, `contract_now` the key of the one to replay under.
    `units` are to be rehearsed; none where the replay is submitted."""

    requests: tuple[str, ...]
    objects: int
    batches: int
    rows: int
    curated: int
    quarantined: int
    contract_then: tuple[str, ...]
    contract_now: str
    units: tuple[UnitOfWork, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def plan_replay(
    request: PlanReplay,
    *,
    artefacts: ObjectStore,
    ledger: Ledger,
    catalog: TableCatalog,
    executions: Executions,
    clock: Clock,
    zones: Zones,
) -> ReplayPlanned:
    """Raises InvalidRequest where it names what there is not, or is too large for one replay."""
    dataset = DatasetId.parse(request.dataset)
    meant = _meant(request, dataset, ledger, artefacts, catalog, zones)
    contract = ReplayContract(artefacts, meant.contract)
    chosen = _chosen(request, Audited(artefacts, dataset, meant.last), contract, artefacts, catalog, zones)
    kept, left_out = sifted(request.id, dataset, chosen, contract, ledger, artefacts)
    planned = parts(kept, contract)
    units = tuple(_units(request, dataset, planned, contract))
    _check_size(planned, units)
    landed = [
        written(part, keys.request_key(dataset, request.id, number), dataset, meant.last, artefacts)
        for number, part in enumerate(planned)
    ]
    if request.submit:
        for number, one in enumerate(landed):
            ledger.admit(dataset, one, clock.now() + timedelta(microseconds=number))
        wake(dataset, ledger=ledger, executions=executions, clock=clock)
    return ReplayPlanned(
        requests=tuple(one.key for one in landed),
        **_counts(kept),
        contract_then=tuple(sorted({key for one in kept for key in one.audited.contracts})),
        contract_now=meant.contract,
        units=() if request.submit else units,
        left_out=left_out[:_MOST_TOLD],
    )


# ── what is meant ────────────────────────────────────────────────────────────────────────────────


class _Meant(Struct, frozen=True):
    """A replay as it was understood first: up to which batch, under which compiled contract."""

    asked: PlanReplay
    last: int
    contract: str


def _meant(
    request: PlanReplay,
    dataset: DatasetId,
    ledger: Ledger,
    artefacts: ObjectStore,
    catalog: TableCatalog,
    zones: Zones,
) -> _Meant:
    _check(request)
    key = keys.selection_key(dataset, request.id)
    asked = replace(request, submit=True)
    meant = records.find(artefacts, key, _Meant)
    if meant is None:
        state = ledger.dataset(dataset)
        if state is None:
            raise UnknownDataset(f"{dataset} has no registered contract; register it and ask again")
        curated = catalog.state(zones.curated(dataset))
        last = Audited.below(artefacts, dataset, curated.watermark).last
        if not last:
            raise InvalidRequest(f"{dataset} has no closed batch yet: there is nothing to replay")
        contract = state.contract
        if request.contract:
            contract = contract_of_version(artefacts, dataset, request.contract, state.contract, curated)
        meant = records.create(artefacts, key, _Meant(asked, last, contract))
    if meant.asked != asked:
        raise InvalidRequest(f"{request.id} names another replay of {dataset}: give this one its own id")
    return meant


def _check(request: PlanReplay) -> None:
    given = [
        *(name for name in ("objects", "day", "all") if getattr(request, name)),
        *(name for name in ("batches", "quarantined") if getattr(request, name) is not None),
    ]
    if len(given) != 1:
        said = " and ".join(given) or "nothing"
        raise InvalidRequest(f"say one of objects, batches, day, quarantined and all; this says {said}")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", request.id):
        raise InvalidRequest(f"{request.id!r} is no id: write letters, digits, - and _, 80 at most")


def _chosen(
    request: PlanReplay,
    audited: Audited,
    contract: ReplayContract,
    artefacts: ObjectStore,
    catalog: TableCatalog,
    zones: Zones,
) -> list[Chosen]:
    """The objects that are asked for, in the order in which they were first processed."""
    if request.quarantined is not None:
        return _by_rows(request, request.quarantined, audited, contract, artefacts, catalog, zones)
    if request.objects:
        return _by_name(request, audited, contract)
    batches = _batches(request, audited)
    chosen = [Chosen(one) for batch in batches for one in audited.objects(batch)]
    if not chosen:
        raise InvalidRequest(
            f"what is asked for are replays of {request.dataset} themselves; ask for their objects' batches"
        )
    return chosen


def _batches(request: PlanReplay, audited: Audited) -> Sequence[int]:
    there_are = f"{request.dataset} has closed the batches 1 to {audited.last}"
    if request.batches is not None:
        first, last = request.batches
        if not 1 <= first <= last <= audited.last:
            raise InvalidRequest(f"there are no batches {first} to {last}: {there_are}")
        return range(first, last + 1)
    if not request.day:
        return range(1, audited.last + 1)
    try:
        day = date.fromisoformat(request.day)
    except ValueError:
        raise InvalidRequest(f"{request.day!r} is no day: write YYYY-MM-DD") from None
    found = audited.closed_on(day)
    if not found:
        first_day, last_day = (audited.closed_at(batch).date() for batch in (1, audited.last))
        raise InvalidRequest(f"no batch was closed on {day} (UTC): {there_are}, {first_day} to {last_day}")
    return found


def _by_name(request: PlanReplay, audited: Audited, contract: ReplayContract) -> list[Chosen]:
    wanted = frozenset(request.objects)
    missing = set(wanted)
    exact = all(name.startswith("s3://") for name in request.objects)
    found: list[list[Chosen]] = []
    for batch in range(audited.last, 0, -1):
        manifest = audited.manifest(batch)
        names = {
            entry.object.identity: wanted & {entry.object.identity, entry.object.key}
            for entry in (() if manifest.replay else manifest.entries)
        }
        if any(names.values()):
            missing -= set().union(*names.values())
            whole = by_whole_batches(contract.plan)
            of_batch = audited.objects(batch)
            found.append([Chosen(one) for one in of_batch if whole or names[one.line.identity]])
        if exact and not missing:
            break
    if missing:
        listed = ", ".join(sorted(missing)[:5])
        raise InvalidRequest(
            f"no closed batch of {request.dataset} took {listed}; `headrace status {request.dataset}` shows "
            "where its objects are"
        )
    return [one for of_batch in reversed(found) for one in of_batch]


def _by_rows(
    request: PlanReplay,
    wanted: Quarantined,
    audited: Audited,
    contract: ReplayContract,
    artefacts: ObjectStore,
    catalog: TableCatalog,
    zones: Zones,
) -> list[Chosen]:
    dataset = DatasetId.parse(request.dataset)
    key = keys.selected_rows_key(dataset, request.id)
    try:
        body = artefacts.read(key)
    except MissingArtefact:
        artefacts.create(key, find_rows(catalog, zones.quarantine(dataset), wanted, audited.last))
        body = artefacts.read(key)
    rows = selected(body)
    if not rows:
        raise InvalidRequest(f"no row in {dataset}'s quarantine is what is asked for: nothing to replay")
    whole = by_whole_batches(contract.plan)
    objects = (one for batch in sorted({o.batch for o in rows.values()}) for one in audited.objects(batch))
    chosen = []
    for one in objects:
        if whole:
            chosen.append(Chosen(one))
        elif one.line.identity in rows:
            of_object = rows[one.line.identity].rows
            if one.line.state is ObjectState.QUARANTINED:
                chosen.append(Chosen(one, by_rows=True))
            elif contract.plan_of(one.contracts[0]).formats == contract.plan.formats:
                chosen.append(Chosen(one, of_object, by_rows=True))
            else:  # read in another way, the same number may be another row
                chosen.append(Chosen(one))
    return chosen


# ── what is told ─────────────────────────────────────────────────────────────────────────────────


def _units(
    request: PlanReplay, dataset: DatasetId, parts: Sequence[Part], contract: ReplayContract
) -> Iterator[UnitOfWork]:
    if request.submit:
        return
    for number, part in enumerate(parts):
        entries = [one.audited.entry for one in part.objects]
        for unit in units_of(entries, contract.plan_of(part.contract)):
            yield UnitOfWork(keys.request_key(dataset, request.id, number), unit.index)


def _check_size(parts: Sequence[Part], units: Sequence[UnitOfWork]) -> None:
    if len(parts) > _MOST_PARTS:
        raise InvalidRequest(
            f"this replay makes {len(parts)} batches, and one may make {_MOST_PARTS}: divide it"
        )
    if len(units) > _MOST_UNITS:
        raise InvalidRequest(
            f"this plan tries {len(units)} work units, and one may try {_MOST_UNITS}: plan a part of it"
        )


def _counts(kept: Sequence[Chosen]) -> Mapping[str, int]:
    selected = sum(len(one.rows) for one in kept if one.rows is not None)
    whole = [one.audited.line for one in kept if one.rows is None]
    return {
        "objects": len(kept),
        "batches": len({one.batch for one in kept}),
        "rows": selected + sum(line.rows for line in whole),
        "curated": sum(line.curated for line in whole),
        "quarantined": selected + sum(line.quarantined for line in whole),
    }


_MOST_PARTS = 300
_MOST_UNITS = 800
_MOST_TOLD = 50
"""A reply is part of an execution's state, which holds 256 KB."""
