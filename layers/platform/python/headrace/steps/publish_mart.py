"""Publishes a computed mart: its stage table's files become the mart's, in one commit.

Readers see the mart before or after, never between. A refresh that was overtaken by a newer one
publishes nothing.
"""

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import CommitConflict, OutcomeUnknown
from headrace.domain.freshness import Freshness
from headrace.domain.zones import CONTRACT, SOURCES, WATERMARK, TableRef, Zones
from headrace.ports import EventBus, Ledger, TableCatalog


class PublishMart(Struct, frozen=True):
    """What `plan_refresh` planned, once `stage` is filled."""

    mart: str
    stage: TableRef
    freshness: Freshness


class MartPublished(Struct, frozen=True):
    """`published` is False where a newer refresh came first."""

    published: bool


def publish_mart(
    request: PublishMart, *, ledger: Ledger, catalog: TableCatalog, events: EventBus, zones: Zones
) -> MartPublished:
    mart = DatasetId.parse(request.mart)
    registered = ledger.mart(mart)
    current = registered is not None and registered.contract == request.freshness.contract
    published = current and _swap(zones.mart(mart), request, catalog)
    if published:
        watermark = int(catalog.state(zones.mart(mart)).properties[WATERMARK])
        events.publish(
            "Dataset Updated", {"id": f"{mart}:{watermark}", "dataset": str(mart), "batch": watermark}
        )
    catalog.drop(request.stage)
    return MartPublished(published)


_ATTEMPTS = 5


def _swap(table: TableRef, request: PublishMart, catalog: TableCatalog) -> bool:
    """True when the mart holds exactly this refresh, by this call or by an earlier try of it."""
    for _ in range(_ATTEMPTS):
        before = catalog.state(table).properties
        standing = Freshness.of(before)
        if standing is not None and standing.covers(request.freshness):
            return standing == request.freshness
        watermark = int(before.get(WATERMARK, "0"))
        after = request.freshness.as_properties() | {WATERMARK: str(watermark + 1)}
        expected = {name: before.get(name) for name in (WATERMARK, SOURCES, CONTRACT)}
        try:
            catalog.replace(table, request.stage, after, expected)
        except (CommitConflict, OutcomeUnknown):
            continue  # only the table knows what came of it: read it again
        return True
    raise CommitConflict(f"{table} changed under {_ATTEMPTS} attempts to publish it")
