"""A rebuild: a dataset's tables made anew from landing, as those of a shadow dataset, then swapped in."""

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidRequest


class Rebuild(Struct, frozen=True):
    """The `number`-th rebuild of a dataset, which fills the tables of `shadow`."""

    dataset: DatasetId
    number: int
    shadow: DatasetId
    begun_at: str


class RebuildEnd(Struct, frozen=True):
    """How a rebuild ended: its rows became the dataset's up to batch `watermark`, or it was given up (0)."""

    watermark: int
    ended_at: str


def shadow_of(dataset: DatasetId, number: int) -> DatasetId:
    """Each rebuild has a shadow of its own: files that it wrote are the dataset's, once it is published.

    Raises InvalidRequest where the dataset's name leaves no room for it.
    """
    try:
        return DatasetId.parse(f"{dataset}_rebuild{number}")
    except InvalidRequest as error:
        raise InvalidRequest(
            f"{dataset} has too long a name for a rebuild, which adds `_rebuild{number}` to it: names have "
            "at most 40 characters"
        ) from error
