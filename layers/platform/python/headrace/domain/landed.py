"""One landed object: a version of an S3 object, and what it can become."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

Rows = Mapping[str, frozenset[int] | None]
"""Places (`_row`) by the identity of their object; None is all of the object."""


class ObjectState(StrEnum):
    """Where an object stands; all but PENDING and BATCHED are terminal."""

    PENDING = "PENDING"
    BATCHED = "BATCHED"
    LOADED = "LOADED"
    LOADED_WITH_REJECTS = "LOADED_WITH_REJECTS"
    QUARANTINED = "QUARANTINED"
    DUPLICATE = "DUPLICATE"
    SUPERSEDED = "SUPERSEDED"
    REJECTED = "REJECTED"

    @property
    def terminal(self) -> bool:
        return self not in (ObjectState.PENDING, ObjectState.BATCHED)


class LandedObject(Struct, frozen=True):
    """One version of one S3 object.

    `version_id` is empty for a bucket without versions; then ETag and size stand in for it.
    `size` is in bytes.
    """

    bucket: str
    key: str
    version_id: str
    etag: str
    size: int

    @property
    def identity(self) -> str:
        """What makes this object itself, as the `_object` column shows it."""
        if self.version_id:
            return f"s3://{self.bucket}/{self.key}?versionId={self.version_id}"
        return f"s3://{self.bucket}/{self.key}?etag={self.etag}&size={self.size}"

    @property
    def is_folder(self) -> bool:
        """Whether it is the empty object by which consoles show a folder, and no data."""
        return self.key.endswith("/") and self.size == 0

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the identity in hex: a key of fixed length however long the S3 key is."""
        return hashlib.sha256(self.identity.encode()).hexdigest()


def key_of(identity: str) -> str:
    """The landing key of an object that is known by its identity."""
    return identity.partition("://")[2].partition("/")[2].rpartition("?")[0]
