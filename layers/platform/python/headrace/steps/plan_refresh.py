"""Plans the refresh of each mart that an update made stale.

A refresh computes the mart into a stage table, then `publish_mart` swaps its files in. What a mart
was computed from (the watermark of each dataset it reads) is kept on the mart itself, so a refresh
that brings nothing new is not run.
"""

import hashlib

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.freshness import Freshness
from headrace.domain.lineup import MartState
from headrace.domain.zones import TableRef, Zones
from headrace.engines.trino import create_stage, qualify
from headrace.ports import Ledger, ObjectStore, TableCatalog
from headrace.steps import records


class PlanRefresh(Struct, frozen=True):
    """`dataset` was updated, or is a mart that was registered. `execution` names this refresh.

    `after` is the last mart planned so far: those that follow it by name are planned.
    """

    dataset: str
    execution: str
    after: str = ""


class Refresh(Struct, frozen=True):
    """One mart to compute: `sql` fills the table `stage`, which will hold what `freshness` says at least.

    `token` is Athena's ClientRequestToken.
    """

    mart: str
    sql: str
    token: str
    stage: TableRef
    freshness: Freshness


class RefreshPlanned(Struct, frozen=True):
    """The marts that are stale; none where an earlier refresh holds as much.

    `after` is empty, or names the last mart of this reply where more are to be planned.
    """

    refreshes: tuple[Refresh, ...]
    after: str = ""


_MOST_SQL = 100_000
"""Bytes of SQL in one reply, which a state of the state machine holds in at most 256 KB."""


def plan_refresh(
    request: PlanRefresh,
    *,
    ledger: Ledger,
    artefacts: ObjectStore,
    lake: ObjectStore,
    catalog: TableCatalog,
    zones: Zones,
) -> RefreshPlanned:
    dataset = DatasetId.parse(request.dataset)
    itself = ledger.mart(dataset)
    marts = ([itself] if itself else []) + ledger.marts_reading(dataset)
    refreshes: list[Refresh] = []
    size = 0
    for state in sorted(marts, key=lambda one: str(one.mart)):
        if str(state.mart) <= request.after:
            continue
        homes = {read: zones.mart(read) if ledger.mart(read) else zones.curated(read) for read in state.reads}
        watermarks = {str(read): catalog.state(home).watermark for read, home in homes.items()}
        goal = Freshness(state.contract, watermarks)
        standing = Freshness.of(catalog.state(zones.mart(state.mart)).properties)
        if standing is not None and standing.covers(goal):
            continue
        refresh = _refresh(state, goal, homes, request.execution, artefacts, lake, zones)
        size += len(refresh.sql.encode())
        if refreshes and size > _MOST_SQL:
            return RefreshPlanned(tuple(refreshes), after=refreshes[-1].mart)
        refreshes.append(refresh)
    return RefreshPlanned(tuple(refreshes))


def _refresh(
    state: MartState,
    goal: Freshness,
    homes: dict[DatasetId, TableRef],
    execution: str,
    artefacts: ObjectStore,
    lake: ObjectStore,
    zones: Zones,
) -> Refresh:
    mart = records.read_mart(artefacts, state.contract)
    token = hashlib.sha256(f"{state.mart}:{execution}".encode()).hexdigest()
    home = zones.mart(state.mart)
    stage = TableRef(home.database, f"{home.name}__{token[:16]}")
    location = f"s3://{lake.bucket}/marts/{state.mart}/{token[:16]}"
    sql = create_stage(qualify(mart.sql, homes.__getitem__), mart.columns, stage, location)
    return Refresh(str(state.mart), sql, token, stage, goal)
