"""The profile of a batch: its columns, what changed in them, and which seem to hold personal data."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.drift import Drift, drifts
from headrace.domain.pii import Suspicion
from headrace.domain.profile import ColumnProfile, ColumnSketch, merged


class BatchProfile(Struct, frozen=True):
    """What batch `batch` published. `drift` is against the batches `compared`, oldest first.

    `suspicions` are by column, or by the path of a field inside one (`_rescued.email`).
    """

    dataset: DatasetId
    batch: int
    contract: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    suspicions: dict[str, Suspicion]
    compared: tuple[int, ...] = ()
    drift: tuple[Drift, ...] = ()

    @property
    def drifted(self) -> tuple[str, ...]:
        """The columns that drifted."""
        return tuple(dict.fromkeys(one.column for one in self.drift if one.column))


def profile_of(
    dataset: DatasetId,
    batch: int,
    contract: str,
    units: Sequence[Sequence[ColumnSketch]],
    before: Sequence[BatchProfile],
) -> BatchProfile:
    """From the sketches of each work unit and the profiles of earlier batches, oldest first.

    Work units that published nothing have no sketches.
    """
    sketches: dict[str, list[ColumnSketch]] = {}
    for one in (one for unit in units for one in unit):
        sketches.setdefault(one.column, []).append(one)
    columns = tuple(merged(parts) for parts in sketches.values())
    return BatchProfile(
        dataset,
        batch,
        contract,
        max((one.rows for one in columns), default=0),
        columns,
        _strongest(one.suspicions for parts in sketches.values() for one in parts),
        tuple(one.batch for one in before),
        drifts(columns, [one.columns for one in before]),
    )


def _strongest(units: Iterable[Mapping[str, Suspicion]]) -> dict[str, Suspicion]:
    found: dict[str, Suspicion] = {}
    for path, one in (pair for unit in units for pair in unit.items()):
        if path not in found or one.share > found[path].share:
            found[path] = one
    return found


def warning(profile: BatchProfile, paths: Sequence[str]) -> tuple[str, str]:
    """Subject and message for people: these columns look personal and are not masked; no value in either."""
    listed = "\n".join(f"- {path}: {profile.suspicions[path].why}" for path in paths[:20])
    more = f"\n… and {len(paths) - 20} more" if len(paths) > 20 else ""
    subject = f"{profile.dataset}: {len(paths)} column{'s look' if len(paths) > 1 else ' looks'} personal"
    return subject, (
        f"Batch {profile.batch} published what looks personal, and the contract says nothing of it:\n"
        f"{listed}{more}\nGive the columns a classification, `pii` to mask them or `public` to leave them."
    )
