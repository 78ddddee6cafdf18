"""One behaviour of every object store."""

from pathlib import Path

import pytest

from headrace.domain.errors import MissingArtefact
from headrace.domain.landed import LandedObject
from tests.ports.worlds import Bucket, World

HOSTILE_KEYS = [
    "music/albums/a+b.csv",
    "music/albums/100%.csv",
    "music/albums/%2B.csv",
    "music/albums/new\nline.csv",
    "music/albums/tab\tand\rreturn.csv",
    "music/albums/quote\"and'and<&>.csv",
    "music/albums/with space.csv",
    "music/albums/smörgåsbord-日本語-🎺.csv",
    "music/albums/?versionId=1#fragment.csv",
    "music/albums//double.csv",
    "music/albums/" + "k" * 1000,
]


@pytest.fixture
def bucket(world: World) -> Bucket:
    return world.bucket()


def test_what_was_written_is_read(bucket: Bucket) -> None:
    bucket.write("manifest.json", b"[1]")
    assert bucket.read("manifest.json") == b"[1]"


def test_a_write_replaces(bucket: Bucket) -> None:
    bucket.write("report.json", b"old")
    bucket.write("report.json", b"new")
    assert bucket.read("report.json") == b"new"


def test_an_empty_body_is_a_body(bucket: Bucket) -> None:
    bucket.write("empty", b"")
    assert bucket.read("empty") == b""
    assert bucket.open("empty").read() == b""


def test_a_file_is_uploaded_whole_in_parts_where_it_is_large(bucket: Bucket, tmp_path: Path) -> None:
    body = bytes(range(256)) * 4096 * 17  # 17 MiB: two parts
    (tmp_path / "large.parquet").write_bytes(body)
    bucket.write("large.parquet", tmp_path / "large.parquet")
    assert bucket.read("large.parquet") == body


def test_what_is_not_there_is_missing(bucket: Bucket) -> None:
    with pytest.raises(MissingArtefact, match=r"nothing\.json"):
        bucket.read("nothing.json")
    with pytest.raises(MissingArtefact, match=r"nothing\.json"):
        bucket.open("nothing.json")


def test_creating_keeps_what_stands(bucket: Bucket) -> None:
    assert bucket.create("audit.json", b"first")
    assert not bucket.create("audit.json", b"second")
    assert bucket.read("audit.json") == b"first"


def test_creating_the_same_again_is_our_own_retried_success(bucket: Bucket) -> None:
    assert bucket.create("audit.json", b"first")
    assert bucket.create("audit.json", b"first")


def test_exactly_the_version_asked_for_is_read(bucket: Bucket) -> None:
    old = bucket.land("music/albums/a.csv", b"old")
    new = bucket.land("music/albums/a.csv", b"newer")
    assert old.version_id != new.version_id
    assert bucket.read("music/albums/a.csv", old.version_id) == b"old"
    assert bucket.open("music/albums/a.csv", old.version_id).read() == b"old"
    assert bucket.read("music/albums/a.csv", new.version_id) == b"newer"
    assert bucket.read("music/albums/a.csv") == b"newer"


def test_a_version_outlives_its_deletion(bucket: Bucket) -> None:
    landed = bucket.land("music/albums/a.csv", b"body")
    bucket.delete("music/albums/a.csv")
    assert bucket.read("music/albums/a.csv", landed.version_id) == b"body"
    with pytest.raises(MissingArtefact):
        bucket.read("music/albums/a.csv")


def test_a_stream_is_read_piece_by_piece(bucket: Bucket) -> None:
    body = bytes(range(256)) * 10_000
    bucket.write("stream", body)
    pieces = []
    with bucket.open("stream") as stream:
        while piece := stream.read(100_001):
            pieces.append(piece)
    assert len(pieces) > 1
    assert b"".join(pieces) == body


def test_a_listing_is_what_landed(bucket: Bucket) -> None:
    landed = [bucket.land(f"music/albums/{name}.csv", name.encode()) for name in ("b", "a", "c")]
    bucket.land("music/tracks/z.csv", b"elsewhere")
    assert list(bucket.list("music/albums/")) == sorted(landed, key=lambda one: one.key)


def test_a_listing_has_the_newest_version_of_what_is_not_deleted(bucket: Bucket) -> None:
    bucket.land("music/albums/a.csv", b"old")
    newest = bucket.land("music/albums/a.csv", b"new")
    bucket.land("music/albums/b.csv", b"gone")
    bucket.delete("music/albums/b.csv")
    bucket.land("music/albums/c.csv", b"gone")
    bucket.delete("music/albums/c.csv")
    returned = bucket.land("music/albums/c.csv", b"back")
    assert list(bucket.list("")) == [newest, returned]


def test_a_bucket_without_versions_lists_objects_without_them(world: World) -> None:
    bucket = world.bucket(versioned=False)
    bucket.land("music/albums/a.csv", b"old")
    newest = bucket.land("music/albums/a.csv", b"new")
    assert newest.version_id == ""
    assert list(bucket.list("music/")) == [newest]


def every_version(bucket: Bucket, prefix: str = "") -> list[LandedObject]:
    found, after = [], ""
    while True:
        page = bucket.versions(prefix, after)
        found += [version.object for version in page.versions]
        if not page.next:
            return found
        after = page.next


def test_every_version_is_listed_the_newest_of_a_key_first(bucket: Bucket) -> None:
    first = bucket.land("music/albums/b.csv", b"first")
    second = bucket.land("music/albums/b.csv", b"second")
    deleted = bucket.land("music/albums/a.csv", b"deleted")
    bucket.delete("music/albums/a.csv")
    bucket.land("music/tracks/z.csv", b"elsewhere")
    page = bucket.versions("music/albums/")
    assert [(version.object, version.newest) for version in page.versions] == [
        (deleted, False),
        (second, True),
        (first, False),
    ]
    assert all(version.written.tzinfo for version in page.versions)
    assert page.next == ""


def test_versions_are_listed_from_after_a_key(bucket: Bucket) -> None:
    landed = [bucket.land(f"music/albums/{name}.csv", name.encode()) for name in ("a", "b", "c")]
    bucket.land("music/albums/a.csv", b"again")
    assert [version.object for version in bucket.versions("music/", landed[0].key).versions] == landed[1:]
    assert bucket.versions("music/", landed[2].key).versions == ()


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_a_hostile_key_survives(world: World, key: str) -> None:
    if "\r" in key and world.name != "fake":
        pytest.skip(
            "moto and MiniStack list versions without EncodingType=url: test_s3.py answers as AWS does"
        )
    bucket = world.bucket()
    landed = bucket.land(key, b"body")
    assert list(bucket.list("music/albums/")) == [landed]
    assert bucket.read(key, landed.version_id) == b"body"
    assert not bucket.create(key, b"other")


@pytest.mark.slow
def test_a_listing_goes_on_after_its_first_page(bucket: Bucket) -> None:
    landed = [bucket.land(f"music/albums/{number:04d} +%\n.csv", b"") for number in range(1_005)]
    assert list(bucket.list("music/")) == landed


@pytest.mark.slow
def test_all_versions_of_a_key_are_on_one_page(bucket: Bucket) -> None:
    before = bucket.land("music/albums/a.csv", b"")
    many = [bucket.land("music/albums/b.csv", b"") for _ in range(1_003)]
    after = [bucket.land(f"music/albums/c{number}.csv", b"") for number in range(3)]
    pages: list[list[LandedObject]] = []
    last = ""
    while not pages or last:
        page = bucket.versions("music/", last)
        pages.append([version.object for version in page.versions])
        last = page.next
    assert [one for page in pages for one in page] == [before, *reversed(many), *after]
    assert len({index for index, page in enumerate(pages) for one in page if one.key == many[0].key}) == 1
