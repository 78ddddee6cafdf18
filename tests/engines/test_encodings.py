"""Text in other encodings than UTF-8, and the byte that is none in them."""

import codecs
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.formats import Csv, FixedWidth, Format, JsonDocument, Ndjson
from headrace.domain.plan import Column, Text
from headrace.engines.duckdb.read import transcode
from tests.engines.unit import Unit, plan, refine_files

V = Column("v", "v", Text())


def read(format_: Format, body: bytes) -> Unit:
    return refine_files(plan(V, formats=(format_,)), {"f": body})


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("utf-16", "v,w\né€,1\n".encode("utf-16")),
        ("utf-16", "v,w\né€,1\n".encode("utf-16-le")),
        ("utf-16", "v,w\né€,1\n".encode("utf-16-be")),
        ("utf-16", codecs.BOM_UTF16_BE + "v,w\né€,1\n".encode("utf-16-be")),
        ("utf-16-le", "v,w\né€,1\n".encode("utf-16-le")),
        ("UTF-16LE", codecs.BOM_UTF16_LE + "v,w\né€,1\n".encode("utf-16-le")),
        ("utf-16-le", codecs.BOM_UTF16_BE + "v,w\né€,1\n".encode("utf-16-be")),
        ("utf_16_be", "v,w\né€,1\n".encode("utf-16-be")),
        ("utf-8", "\ufeffv,w\né€,1\n".encode()),
        ("utf-8-sig", "\ufeffv,w\né€,1\n".encode()),
        ("cp1252", "v,w\né€,1\n".encode("cp1252")),
        ("iso8859-15", "v,w\né€,1\n".encode("iso8859-15")),
    ],
)
def test_text_is_read_in_the_contracts_encoding(encoding: str, body: bytes) -> None:
    assert read(Csv(encoding=encoding), body).column("v") == ["é€"]


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        (FixedWidth((("v", 0, 2),), encoding="latin-1"), "éü\n"),
        (Ndjson(encoding="latin-1"), '{"v":"éü"}'),
        (JsonDocument(encoding="latin-1"), '[{"v":"éü"}]'),
        (Csv(encoding="latin-1"), "v\néü"),
    ],
)
def test_every_text_format_has_encodings(format_: Format, text: str) -> None:
    assert read(format_, text.encode("latin-1")).column("v") == ["éü"]


ADVICE = "correct the server's encoding, or write the file in it"


@pytest.mark.parametrize(
    ("encoding", "body", "message"),
    [
        ("cp1252", b"v\nab\x81\n", f"the byte at position 4 is no text in cp1252; {ADVICE}"),
        (
            "utf-16-le",
            "v\nab".encode("utf-16-le") + b"\x00",
            f"the byte at position 8 is no text in utf-16-le; {ADVICE}",
        ),
        (
            "utf-16",
            "v\n".encode("utf-16") + b"\x00\xdcx\x00",
            f"the byte at position 6 is no text in utf-16-le; {ADVICE}",
        ),
        ("utf-16-be", b"\x00v\x00\n\xd8\x00", f"the byte at position 4 is no text in utf-16-be; {ADVICE}"),
    ],
)
@pytest.mark.parametrize("piece", [1, 3, 1 << 20])
def test_a_byte_that_is_no_text_refuses_the_file_and_is_named(
    encoding: str, body: bytes, message: str, piece: int
) -> None:
    with mock.patch.object(transcode, "_PIECE", piece):
        unit = read(Csv(encoding=encoding), body)
    assert unit.broken == [(0, [("", "unreadable", message)])]


@given(
    text=st.text(st.characters(exclude_characters='\0\r\n",', exclude_categories=["Cs"]), min_size=1),
    encoding=st.sampled_from(["utf-16", "utf-16-le", "utf-16-be"]),
    piece=st.integers(1, 5),
)
def test_any_text_comes_through_in_pieces_of_any_size(
    text: str, encoding: str, piece: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("text")
    (folder / "a").write_bytes(f"v\n{text}".encode(encoding))
    with mock.patch.object(transcode, "_PIECE", piece):
        transcode.transcode(folder / "a", encoding, folder / "b")
    assert (folder / "b").read_bytes() == f"v\n{text}".encode()
