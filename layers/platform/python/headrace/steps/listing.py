"""Goes through a bucket, or through S3's own inventory of it, part by part."""

from collections.abc import Iterator

from msgspec import Struct

from headrace.ports import ObjectStore, Version


class Position(Struct, frozen=True):
    """Where to go on: after a key of the bucket, or at a row of a file of the inventory whose manifest is
    `inventory`."""

    after: str = ""
    inventory: str = ""
    file: int = 0
    row: int = 0


class Part(Struct, frozen=True):
    """Versions, what it took to get them, and where to go on (None: that was all)."""

    versions: tuple[Version, ...]
    next: Position | None
    requests: int = 1


def listed(store: ObjectStore, prefix: str, position: Position = Position()) -> Iterator[Part]:  # noqa: B008 - frozen
    """All versions of all objects under a prefix, in key order, the newest of a key first."""
    after: str | None = position.after
    while after is not None:
        page = store.versions(prefix, after)
        after = page.next or None
        yield Part(page.versions, Position(after) if after else None, page.requests)


def every_version(store: ObjectStore, prefix: str) -> Iterator[Version]:
    """The same, one by one."""
    return (version for part in listed(store, prefix) for version in part.versions)
