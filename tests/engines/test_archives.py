"""Zip archives: their members are read one after the other, or the whole is refused."""

import hashlib
import io
import struct
import zipfile
from pathlib import Path

import pytest

from headrace.domain.errors import UnreadableObject
from headrace.domain.formats import Csv, Excel, Format, JsonDocument, Ndjson, Parquet
from headrace.domain.plan import Column, Integer, Text
from headrace.engines.duckdb import Limits, Refusal, stage
from headrace.engines.duckdb.read import archive
from tests.engines.formats import parquet, workbook, zipped
from tests.engines.unit import MISFIT, NO_COLUMN, Unit, plan, refine_files

A, B = Column("a", "a", Integer()), Column("b", "b", Text())


def read(tmp_path: Path, *bodies: bytes, formats: tuple[Format, ...] = (Csv(),)) -> Unit:
    files: dict[str, Path | Refusal] = {}
    for at, body in enumerate(bodies):
        try:
            files[f"{at}.zip"] = stage(io.BytesIO(body), tmp_path / str(at), f"{at}.zip").path
        except UnreadableObject as error:
            files[f"{at}.zip"] = Refusal("unreadable", str(error))
    return refine_files(plan(A, B, formats=formats), files)


def test_rows_run_on_through_the_members_in_the_order_of_their_names(tmp_path: Path) -> None:
    members = {"b.csv": b"b,a\ny,3\n", "a/z.csv": b"a,b\n1,x\nno,w\n2,\n", "c.csv": b"a\n4\n", "d/": b""}
    unit = read(tmp_path, zipped(members), b"a,b\n9,p\n", zipped({"a.csv": b"a,b\n7,q\n"}))
    assert [(row["_row"], row["a"], row["b"]) for row in unit.curated] == [
        (1, 1, "x"), (3, 2, None), (4, 3, "y"), (5, 4, None), (1, 9, "p"), (1, 7, "q")
    ]  # fmt: skip
    assert unit.broken == [(2, [("a", "type", "no")])]
    assert unit.quarantine[0]["_raw"] == '{"a":"no","b":"w"}'
    assert [(one.rows, one.quarantined) for one in unit.objects] == [(5, 1), (1, 0), (1, 0)]


def test_rows_run_on_where_members_are_read_in_different_ways(tmp_path: Path) -> None:
    many = "".join(f"{at},x\n" for at in range(3_000))
    members = {
        "1.csv": f"a,b\n{many}".encode(),
        "2.csv": b'a,b\n1,"open\n5,y\n',
        "3.csv": b"a,b\n",
        "4.csv": f"a,b\n{many}".encode(),
    }
    unit = read(tmp_path, zipped(members))
    numbers = sorted(row["_row"] for row in [*unit.curated, *unit.quarantine])
    assert numbers == list(range(1, 6_003))
    assert [row["_row"] for row in unit.quarantine] == [3_001]
    assert unit.column("_row") == sorted(unit.column("_row"))


def test_members_may_be_of_any_format(tmp_path: Path) -> None:
    tables = {"1.parquet": parquet({"a": [1], "b": ["x"]}), "2.parquet": parquet({"b": ["y"], "a": ["2"]})}
    books = {"1.xlsx": workbook(s=[["a"], [3]]), "2.xlsx": workbook(s=[["a"], [4]])}
    both = Parquet(), Excel()
    assert read(tmp_path, zipped(tables), zipped(books), formats=both).column("a") == [1, 2, 3, 4]


def test_the_members_names_choose_among_the_contracts_formats(tmp_path: Path) -> None:
    unit = read(
        tmp_path, zipped({"x.ndjson": b'{"a":1}'}), zipped({"x.csv": b"a\n2\n"}), formats=(Csv(), Ndjson())
    )
    assert unit.column("a") == [1, 2]


def test_what_finder_adds_is_left_out(tmp_path: Path) -> None:
    members = {"a.csv": b"a\n1\n", "__MACOSX/._a.csv": b"\0\0", "x/.DS_Store": b"\0"}
    assert read(tmp_path, zipped(members)).column("a") == [1]


def test_one_member_that_cannot_be_read_refuses_the_archive(tmp_path: Path) -> None:
    unit = read(tmp_path, zipped({"1.csv": b"a\n1\n", "2.csv": b"x\n2\n"}), b"a\n3\n")
    message = f"2.csv: the header has no column of the contract; it has x; {NO_COLUMN}"
    assert unit.broken == [(0, [("", "unreadable", message)])]
    assert unit.column("a") == [3]


def test_a_document_that_breaks_off_late_takes_its_archive_with_it(tmp_path: Path) -> None:
    documents = zipped({"1.json": b'[{"a":1},{"a":2}]', "2.json": b'[{"a":3},{"a":4},]'})
    unit = read(tmp_path, documents, b'[{"a":5}]', formats=(JsonDocument(),))
    message = "2.json: the document is not valid JSON at byte 17; write it again"
    assert unit.broken == [(0, [("", "unreadable", message)])]
    assert unit.column("a") == [5]


def encrypted() -> bytes:
    body = bytearray(zipped({"a.csv": b"a\n1\n"}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(signature) + at] |= 1
    return bytes(body)


def doubled() -> bytes:
    return zipped({"a.csv": b"a\n1\n", "b.csv": b"a\n2\n"}).replace(b"b.csv", b"a.csv")


def overlapping() -> bytes:
    """Two members that are the same bytes of the archive."""
    body = bytearray(zipped({"a.csv": b"a\n1\n" * 1000, "b.csv": b"a\n1\n" * 1000}))
    second = body.index(b"PK\x01\x02", body.index(b"PK\x01\x02") + 4)
    body[second + 42 : second + 46] = struct.pack("<I", 0)
    return bytes(body)


def long_directory() -> bytes:
    body = bytearray(zipped({"a.csv": b"a\n1\n"}) + b"\0" * 100)
    end = body.index(b"PK\x05\x06")
    body = bytearray(body[:end] + b"\0" * (20 << 20) + body[end : end + 22])
    end = body.index(b"PK\x05\x06")
    body[end + 12 : end + 16] = struct.pack("<I", 20 << 20)
    return bytes(body)


OUT_OF_IT = "the archive's member 'C:\\\\a.csv' has a name that leads out of it"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (zipped({"../a.csv": b"a\n1\n"}), "the archive's member '../a.csv' has a name that leads out of it"),
        (zipped({"/a.csv": b"a\n1\n"}), "the archive's member '/a.csv' has a name that leads out of it"),
        (zipped({"C:\\a.csv": b"a\n1\n"}), OUT_OF_IT),
        (encrypted(), "the archive's member a.csv is encrypted"),
        (doubled(), "the archive has two members a.csv"),
        (overlapping(), "the archive's member b.csv is damaged"),
        (long_directory(), "the archive's directory is longer than 4194304 bytes"),
        (zipped({}), "the archive has no files"),
        (zipped({f"{at}": b"a\n1\n" for at in range(1_001)}), "the archive has 1001 files, more than 1000"),
        (zipped({"a.csv": b"a\n1\n"})[:-30], "the zip archive is damaged or cut short"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_archive_that_is_not_to_be_trusted_is_refused(body: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableObject) as refused:
        stage(io.BytesIO(body), tmp_path / "f", "a.zip")
    assert str(refused.value).startswith(message)
    assert list(tmp_path.iterdir()) == []


A_ZIP = "an Excel workbook or a ZIP archive within another"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"a.csv": b"a\n1\n", "b.zip": zipped({"c.csv": b"a\n2\n"})},
            f"b.zip: the contract says CSV, this is {A_ZIP}; {MISFIT}",
        ),
        (
            {"a.csv.gz": b"\x1f\x8b\x08\x00"},
            "a.csv.gz: the contract says CSV, this is compressed twice with gzip; compress it once",
        ),
        ({"a.csv": b""}, "a.csv: the file is empty; upload it again, with its rows"),
        (
            {"a.csv": b"a\n1\n", "b.ndjson": b"{}"},
            "the archive has files of several formats, as a.csv and b.ndjson; land them apart",
        ),
    ],
)
def test_members_of_another_kind_refuse_the_archive(
    members: dict[str, bytes], message: str, tmp_path: Path
) -> None:
    unit = read(tmp_path, zipped(members), formats=(Csv(), Ndjson()))
    assert unit.broken == [(0, [("", "unreadable", message)])]


def test_an_archive_is_hashed_as_it_landed_and_sized_as_it_is_unpacked(tmp_path: Path) -> None:
    body = zipped({"a.csv": b"a\n1\n" * 100, "b.csv": b"a\n2\n"})
    staged = stage(io.BytesIO(body), tmp_path / "f", "a.zip")
    assert (staged.sha256, staged.size) == (hashlib.sha256(body).hexdigest(), 404)
    assert [name for name, _ in archive.members(staged.path)] == ["a.csv", "b.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_workbook_and_a_broken_zip_within_limits_are_left_whole(tmp_path: Path) -> None:
    body = workbook(s=[["a"], [1]])
    assert stage(io.BytesIO(body), tmp_path / "f", "a.xlsx").path.read_bytes() == body


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_unfold_within_limits(method: int, tmp_path: Path) -> None:
    bomb = zipped({"a.csv": bytes(20 << 20), "b.csv": bytes(20 << 20)}, method)
    with pytest.raises(UnreadableObject, match=r"a\.zip grows more than 100 times in decompression"):
        stage(io.BytesIO(bomb), tmp_path / "f", "a.zip", Limits(ratio=100, free=30 << 20))
    with pytest.raises(UnreadableObject, match=r"a\.zip is larger than 1048576 bytes when decompressed"):
        stage(io.BytesIO(bomb), tmp_path / "g", "a.zip", Limits(size=1 << 20))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a [x]*?.csv", "é%20.csv", "n" * 300 + ".csv", "a'b\".csv", "a,b;c.csv"])
def test_members_may_have_any_names(name: str, tmp_path: Path) -> None:
    assert read(tmp_path, zipped({name: b"a,b\n1,x\n", "z.csv": b"a,b\n2,y\n"})).column("a") in (
        [1, 2],
        [2, 1],
    )
