"""Keeps the profile of a batch beside its audit record, and tells once of columns that look personal."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.batch import UnitReport
from headrace.domain.batch_profile import BatchProfile, profile_of, warning
from headrace.domain.dataset import DatasetId
from headrace.domain.drift import COMPARED
from headrace.ports import Alerts, ObjectStore
from headrace.steps import records

_SEARCHED = 2 * COMPARED
"""Batches looked at for earlier profiles: those that published nothing have none."""


def keep_profile(
    dataset: DatasetId, batch: int, contract: str, reports: Sequence[UnitReport], *, artefacts: ObjectStore
) -> BatchProfile | None:
    """The profile of a batch that was published: the one that stands, where an earlier attempt wrote it.

    None where no row was published.
    """
    if not any(report.profile for report in reports):
        return None
    key = keys.profile_key(dataset, batch)
    if standing := records.find(artefacts, key, BatchProfile):
        return standing
    before = [*islice(_earlier(dataset, batch, artefacts), COMPARED)]
    profile = profile_of(dataset, batch, contract, [report.profile for report in reports], before[::-1])
    return records.create(artefacts, key, profile)


def _earlier(dataset: DatasetId, batch: int, artefacts: ObjectStore) -> Iterator[BatchProfile]:
    """Profiles of earlier batches, newest first."""
    for earlier in range(batch - 1, max(0, batch - 1 - _SEARCHED), -1):
        if found := records.find(artefacts, keys.profile_key(dataset, earlier), BatchProfile):
            yield found


class _Told(Struct, frozen=True):
    """That people were told of a column, and by which batch: its own retries tell again."""

    column: str
    batch: int


def warn_of_personal_data(profile: BatchProfile, *, artefacts: ObjectStore, alerts: Alerts) -> None:
    """Tell people of the columns that look personal: once for each column and version of the contract."""
    new = [path for path in profile.suspicions if _is_news(profile, path, artefacts)]
    if new:
        alerts.alert(*warning(profile, new))


def _is_news(profile: BatchProfile, path: str, artefacts: ObjectStore) -> bool:
    digest = hashlib.sha256(path.encode()).hexdigest()
    version = profile.contract.partition("+")[0]  # what follows changes whenever the table is widened
    key = keys.suspicion_key(profile.dataset, version, digest)
    return artefacts.create(key, records.encode(_Told(path, profile.batch)))
