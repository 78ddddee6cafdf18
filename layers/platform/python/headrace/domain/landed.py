"""One landed object: a version of an S3 object, and what it can become."""

import hashlib
from enum import StrEnum

from msgspec import Struct


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
    def fingerprint(self) -> str:
        """SHA-256 of the identity in hex: a key of fixed length however long the S3 key is."""
        return hashlib.sha256(self.identity.encode()).hexdigest()
