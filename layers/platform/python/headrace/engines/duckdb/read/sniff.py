"""Which of a contract's formats an object has by its key, and whether its first bytes agree."""

import codecs
from pathlib import Path

from headrace.domain.errors import UnreadableObject
from headrace.domain.formats import (
    Avro,
    Csv,
    Excel,
    FixedWidth,
    Format,
    JsonDocument,
    Ndjson,
    Orc,
    Parquet,
    Xml,
)
from headrace.engines.duckdb.read import archive

_HEAD = 4096
_EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_BY_SUFFIX: dict[str, tuple[type[Format], ...]] = {
    ".csv": (Csv,),
    ".tsv": (Csv,),
    ".psv": (Csv,),
    ".tab": (Csv,),
    ".txt": (FixedWidth, Csv),
    ".dat": (FixedWidth, Csv),
    ".fwf": (FixedWidth,),
    ".ndjson": (Ndjson,),
    ".jsonl": (Ndjson,),
    ".json": (JsonDocument, Ndjson),
    ".xml": (Xml,),
    **dict.fromkeys(_EXCEL, (Excel,)),
    ".parquet": (Parquet,),
    ".avro": (Avro,),
    ".orc": (Orc,),
}
_COMPRESSION = (".gz", ".gzip", ".zst", ".zstd", ".bz2", ".xz", ".zip")
_NAMES: dict[type[Format], str] = {
    Csv: "CSV",
    FixedWidth: "fixed width",
    Ndjson: "NDJSON",
    JsonDocument: "JSON",
    Xml: "XML",
    Excel: "Excel",
    Parquet: "Parquet",
    Avro: "Avro",
    Orc: "ORC",
}
_UTF_16 = "UTF-16 text"
_TWICE = tuple(f"compressed twice with {codec}" for codec in ("gzip", "zstd", "bzip2", "xz"))
_ADVICE = {_UTF_16: "set the server's encoding to utf-16", **dict.fromkeys(_TWICE, "compress it once")}
_ELSEWHERE = "correct the server's format, or land it where it belongs"
_OLE = b"\xd0\xcf\x11\xe0"
MAGIC_OF: dict[type[Format], tuple[bytes, ...]] = {
    Parquet: (b"PAR1",),
    Avro: (b"Obj\x01",),
    Orc: (b"ORC",),
    Excel: (archive.MAGIC, _OLE),
}
"""Binary formats: a file of one of them begins so."""

_MAGIC = (
    (b"PAR1", "a Parquet file"),
    (archive.MAGIC, "an Excel workbook or a ZIP archive within another"),
    (_OLE, "an Excel workbook"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document"),
    *zip((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ"), _TWICE, strict=True),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"ARROW1", "an Arrow file"),
    (codecs.BOM_UTF16_LE, _UTF_16),
    (codecs.BOM_UTF16_BE, _UTF_16),
)


def format_of(formats: tuple[Format, ...], key: str) -> Format:
    """The format that goes with the key's ending, or else the first."""
    suffixes = [suffix.lower() for suffix in Path(key).suffixes]
    while suffixes and suffixes[-1] in _COMPRESSION:
        suffixes.pop()
    wanted = _BY_SUFFIX.get(suffixes[-1], ()) if suffixes else ()
    named = (format_ for kind in wanted for format_ in formats if isinstance(format_, kind))
    return next(named, formats[0])


def check_kind(format_: Format, path: Path) -> None:
    """Raises UnreadableObject where a file is empty or its first bytes are another format's."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise UnreadableObject("the file is empty; upload it again, with its rows")
    if kind := _other_kind(format_, head):
        binary = kind == _UTF_16 and type(format_) in MAGIC_OF
        advice = _ELSEWHERE if binary else _ADVICE.get(kind, _ELSEWHERE)
        raise UnreadableObject(f"the contract says {_NAMES[type(format_)]}, this is {kind}; {advice}")


def _other_kind(format_: Format, head: bytes) -> str:
    """What a file that begins with `head` is, if it cannot be of the format; else nothing."""
    magic, kind = next((known for known in _MAGIC if head.startswith(known[0])), (b"", ""))
    if own := MAGIC_OF.get(type(format_)):
        return "" if head.startswith(own) else kind or "something else"
    if _is_wide(format_):
        return "" if kind == _UTF_16 else kind
    if b"\0" in head:
        return kind or "binary data"
    if magic.isascii() and magic.decode().isprintable():
        return ""  # a header may begin with these letters
    return kind


def _is_wide(format_: Format) -> bool:
    """Whether text of this format has more than a byte a character, or says itself whether it has."""
    encoding = getattr(format_, "encoding", "utf-8").lower()
    return isinstance(format_, Xml) or "16" in encoding or "32" in encoding
