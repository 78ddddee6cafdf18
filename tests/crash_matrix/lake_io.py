"""PyIceberg's files over boto3: moto answers in this process, where PyArrow's own S3 client cannot ask it.

It makes the requests that PyArrow makes (is there one, read it, put it whole) and raises what PyArrow
raises. The lake bucket is then one bucket for refine, PyIceberg and the checker, as it is on AWS.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.io import FileIO, InputFile, OutputFile
from pyiceberg.typedef import EMPTY_DICT, Properties

from tests.crash_matrix.account import lake_client

PROPERTIES = {"py-io-impl": f"{__name__}.LakeIO"}
"""What tells a PyIceberg catalog to use it."""


class _LakeFile(InputFile, OutputFile):
    def __init__(self, location: str) -> None:
        super().__init__(location)
        uri = urlsplit(location)
        self._object = {"Bucket": uri.netloc, "Key": uri.path[1:]}

    def __len__(self) -> int:
        with _as_pyarrow(self.location):
            return int(lake_client().head_object(**self._object)["ContentLength"])

    def exists(self) -> bool:
        try:
            return len(self) >= 0
        except FileNotFoundError:
            return False

    def open(self, seekable: bool = True) -> io.BytesIO:
        with _as_pyarrow(self.location):
            return io.BytesIO(lake_client().get_object(**self._object)["Body"].read())

    def create(self, overwrite: bool = False) -> "_Upload":
        if not overwrite and self.exists():
            raise FileExistsError(f"Cannot create file, already exists: {self.location}")
        return _Upload(self)

    def put(self, body: bytes) -> None:
        with _as_pyarrow(self.location):
            lake_client().put_object(**self._object, Body=body)

    def remove(self) -> None:
        with _as_pyarrow(self.location):
            lake_client().delete_object(**self._object)

    def to_input_file(self) -> "_LakeFile":
        return self


class _Upload(io.BytesIO):
    """Puts what was written when it is closed; nothing where writing failed."""

    def __init__(self, file: _LakeFile) -> None:
        super().__init__()
        self._file = file

    def __exit__(self, kind: Any, *details: Any) -> None:
        if kind is None:
            self.close()
        else:
            super().close()

    def close(self) -> None:
        if not self.closed:
            body = self.getvalue()
            super().close()
            self._file.put(body)


class LakeIO(FileIO):
    """FileIO over the buckets of the emulated account."""

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)

    def new_input(self, location: str) -> _LakeFile:
        return _LakeFile(location)

    def new_output(self, location: str) -> _LakeFile:
        return _LakeFile(location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        _LakeFile(location if isinstance(location, str) else location.location).remove()


@contextmanager
def _as_pyarrow(location: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            raise FileNotFoundError(f"{location} does not exist") from error
        raise OSError(f"{location}: {error}") from error
    except BotoCoreError as error:
        raise OSError(f"{location}: {error}") from error
