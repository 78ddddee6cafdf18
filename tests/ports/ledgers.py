"""What the suites of the ledger speak of."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import DatasetState
from headrace.ports import Ledger

ALBUMS = DatasetId("music", "albums")
TRACKS = DatasetId("music", "tracks")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def album(name: str, version: str = "1") -> LandedObject:
    return LandedObject("landing", f"music/albums/{name}.csv", version, "c0ffee", 42)


def second(number: int) -> datetime:
    return NOON + timedelta(seconds=number)


def admitted(ledger: Ledger, *objects: LandedObject) -> None:
    for number, landed in enumerate(objects):
        assert ledger.admit(ALBUMS, landed, second(number))


def advance(ledger: Ledger, batch: int, dataset: DatasetId = ALBUMS) -> None:
    """Take a dataset beyond a batch, as it is registered now."""
    state = ledger.dataset(dataset)
    ledger.advance(dataset, batch, state.registration if state else "")


def standing(ledger: Ledger, dataset: DatasetId = ALBUMS) -> DatasetState | None:
    """Where a dataset stands, whatever its registration is called."""
    state = ledger.dataset(dataset)
    return state and replace(state, registration="")


def states(ledger: Ledger) -> dict[str, tuple[ObjectState, int]]:
    return {one.object.identity: (one.state, one.batch) for one in ledger.objects("music/albums")}
