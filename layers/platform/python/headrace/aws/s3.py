"""One S3 bucket as an object store."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from headrace.aws.backoff import backoff
from headrace.aws.errors import code_of, translated
from headrace.domain.landed import LandedObject
from headrace.ports import Version, VersionPage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        GetObjectOutputTypeDef,
        ListObjectVersionsRequestTypeDef,
        ObjectVersionTypeDef,
    )
    from typing_extensions import Buffer

_MEBIBYTE = 1024 * 1024
_UPLOAD = TransferConfig(
    multipart_threshold=16 * _MEBIBYTE, multipart_chunksize=16 * _MEBIBYTE, max_concurrency=4
)
_NO_VERSION = "null"


class S3ObjectStore:
    """ObjectStore over one bucket, with or without versions.

    A stream that breaks raises Unavailable from its `read`: only the caller can start it anew.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @property
    def bucket(self) -> str:
        return self._bucket

    def read(self, key: str, version_id: str = "") -> bytes:
        with translated(f"read {self._uri(key, version_id)}"):
            return self._get(key, version_id)["Body"].read()

    def open(self, key: str, version_id: str = "") -> BinaryIO:
        doing = f"read {self._uri(key, version_id)}"
        with translated(doing):
            body = self._get(key, version_id)["Body"]
        return io.BufferedReader(_Body(body, doing), _MEBIBYTE)

    def write(self, key: str, body: bytes | Path) -> None:
        with translated(f"write {self._uri(key)}"):
            if isinstance(body, bytes):
                self._client.put_object(Bucket=self._bucket, Key=key, Body=body)
                return
            # Not upload_file: it hides the service's error code in a text.
            with create_transfer_manager(self._client, _UPLOAD) as transfers:
                transfers.upload(str(body), self._bucket, key).result()

    def create(self, key: str, body: bytes) -> bool:
        doing = f"create {self._uri(key)}"
        waits = backoff(doing)
        while True:
            with translated(doing):
                try:
                    self._client.put_object(Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*")
                except ClientError as error:
                    if code_of(error) == "PreconditionFailed":
                        return self.read(key) == body
                    if code_of(error) != "ConditionalRequestConflict":
                        raise
                else:
                    return True
            next(waits)

    def list(self, prefix: str) -> Iterator[LandedObject]:
        after, more = "", True
        while more:
            page = self.versions(prefix, after)
            yield from (version.object for version in page.versions if version.newest)
            after, more = page.next, bool(page.next)

    def versions(self, prefix: str, after: str = "") -> VersionPage:
        found: list[ObjectVersionTypeDef] = []
        keys: set[str] = set()
        request: ListObjectVersionsRequestTypeDef = {"Bucket": self._bucket, "Prefix": prefix}
        if after:
            request["KeyMarker"] = after
        requests = 0
        while True:
            requests += 1
            with translated(f"list {self._uri(prefix)}"):
                reply = self._client.list_object_versions(**request)
            found += reply.get("Versions", ())
            keys |= {one["Key"] for one in (*reply.get("Versions", ()), *reply.get("DeleteMarkers", ()))}
            more = reply["IsTruncated"]
            *whole, last = sorted(keys - {after}, key=str.encode) or [""]
            if whole or not more:
                unfinished = {after, last} if more else {after}  # emulators begin at `after`, AWS behind it
                listed = [self._version(one) for one in found if one["Key"] not in unfinished]
                return VersionPage(tuple(listed), whole[-1] if more else "", requests)
            request["KeyMarker"] = reply["NextKeyMarker"]
            request["VersionIdMarker"] = reply["NextVersionIdMarker"]

    def _version(self, found: "ObjectVersionTypeDef") -> Version:
        version = found["VersionId"]
        landed = LandedObject(
            bucket=self._bucket,
            key=found["Key"],
            version_id="" if version == _NO_VERSION else version,
            etag=found["ETag"].strip('"'),
            size=found["Size"],
        )
        return Version(landed, found["LastModified"], found["IsLatest"])

    def _get(self, key: str, version_id: str) -> "GetObjectOutputTypeDef":
        if version_id:
            return self._client.get_object(Bucket=self._bucket, Key=key, VersionId=version_id)
        return self._client.get_object(Bucket=self._bucket, Key=key)

    def _uri(self, key: str, version_id: str = "") -> str:
        return f"s3://{self._bucket}/{key}" + (f"?versionId={version_id}" if version_id else "")


class _Body(io.RawIOBase):
    """An S3 body whose broken reads are Headrace's errors."""

    def __init__(self, body: StreamingBody, doing: str) -> None:
        self._body = body
        self._doing = doing

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer") -> int:
        with translated(self._doing):
            return self._body.readinto(buffer)  # type: ignore[arg-type]  # the stub asks for a file

    def close(self) -> None:
        self._body.close()
        super().close()
