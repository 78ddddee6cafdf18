"""Which of a contract's formats an object has by its key, and whether its first bytes agree."""

from pathlib import Path

from headrace.domain.errors import UnreadableObject
from headrace.domain.plan import Csv, Format, JsonDocument, Ndjson, Parquet

_HEAD = 4096
_BY_SUFFIX: dict[str, tuple[type[Format], ...]] = {
    ".csv": (Csv,),
    ".tsv": (Csv,),
    ".txt": (Csv,),
    ".ndjson": (Ndjson,),
    ".jsonl": (Ndjson,),
    ".json": (JsonDocument, Ndjson),
    ".parquet": (Parquet,),
}
_COMPRESSION = (".gz", ".gzip", ".zst", ".zstd")
_NAMES = {Csv: "CSV", Ndjson: "NDJSON", JsonDocument: "JSON", Parquet: "Parquet"}
_PARQUET = b"PAR1"
_MAGIC = (
    (_PARQUET, "a Parquet file"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "compressed twice with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed twice with zstd"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"ARROW1", "an Arrow file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
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
        raise UnreadableObject("the file is empty")
    magic, kind = next((known for known in _MAGIC if head.startswith(known[0])), (b"", ""))
    binary = b"\0" in head
    if isinstance(format_, Parquet):
        kind = "" if magic == _PARQUET else kind or "something else"
    elif binary:
        kind = kind or "binary data"
    elif magic.isascii() and magic.decode().isprintable():
        kind = ""  # a header may begin with these letters
    if kind:
        raise UnreadableObject(f"the contract says {_NAMES[type(format_)]}, this is {kind}")
