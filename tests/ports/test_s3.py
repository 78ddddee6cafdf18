"""What only the S3 adapter can show: AWS's own encoding of keys, conflicts and lost answers."""

import io
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from headrace.aws.clients import Clients
from headrace.aws.s3 import S3ObjectStore
from headrace.domain.errors import Throttled
from headrace.domain.landed import LandedObject
from tests.ports.faults import lose_answer, refuse
from tests.ports.worlds import EmulatedWorld

# As S3 answers ListObjectVersions with encoding-type=url (API reference, "ListObjectVersions").
LISTING = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>landing</Name><Prefix>music%2F</Prefix><KeyMarker/><VersionIdMarker/>
  <MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>
  <Version>
    <Key>music/a%0D%0A%09+%2B%25%3C%E6%97%A5.csv</Key><VersionId>3/L4kqtJl</VersionId><IsLatest>true</IsLatest>
    <LastModified>2026-03-01T12:00:00.000Z</LastModified><ETag>&quot;c0ffee&quot;</ETag><Size>42</Size>
    <StorageClass>STANDARD</StorageClass>
  </Version>
</ListVersionsResult>"""


class Raw(io.BytesIO):
    """A body as urllib3 hands it to botocore."""

    def stream(self) -> "Raw":
        return self


def test_keys_are_decoded_as_s3_encodes_them() -> None:
    client: Any = Clients(endpoint="http://127.0.0.1:9").s3
    asked: list[str] = []

    def listing(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        asked.append(request.url)
        return AWSResponse(request.url, 200, HTTPHeaders(), Raw(LISTING))

    client.meta.events.register("before-send.s3.ListObjectVersions", listing)
    listed = list(S3ObjectStore(client, "landing").list("music/"))
    assert listed == [LandedObject("landing", "music/a\r\n\t +%<日.csv", "3/L4kqtJl", "c0ffee", 42)]
    assert "encoding-type=url" in asked[0]


def test_a_conflict_between_two_creators_is_tried_again(moto: EmulatedWorld) -> None:
    bucket = moto.bucket()
    refuse(moto.clients.s3, "PutObject", "ConditionalRequestConflict", times=2, status=409)
    assert bucket.create("manifest.json", b"[1]")
    assert bucket.read("manifest.json") == b"[1]"


@pytest.mark.usefixtures("impatient")
def test_a_conflict_without_end_is_given_up(moto: EmulatedWorld) -> None:
    bucket = moto.bucket()
    refuse(moto.clients.s3, "PutObject", "ConditionalRequestConflict", times=100, status=409)
    with pytest.raises(Throttled, match=r"manifest\.json"):
        bucket.create("manifest.json", b"[1]")


@pytest.mark.laptop
def test_a_creation_whose_answer_was_lost_is_ours(laptop: EmulatedWorld) -> None:
    bucket = laptop.bucket()
    lose_answer(laptop.clients.s3, "PutObject")
    assert bucket.create("manifest.json", b"[1]")
    assert bucket.read("manifest.json") == b"[1]"
    lose_answer(laptop.clients.s3, "PutObject")
    assert not bucket.create("manifest.json", b"[2]")
