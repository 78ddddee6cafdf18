"""What format a sample file has, by what is in it: the name decides only between what both would fit."""

import codecs
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.parsers import expat

import msgspec
from sqlglot import exp

from headrace.domain.errors import EngineFault, UnreadableObject
from headrace.domain.formats import Avro, Csv, Excel, Format, JsonDocument, Ndjson, Orc, Parquet, Xml
from headrace.engines.duckdb.read.careful_csv import BOM, Grammar
from headrace.engines.duckdb.read.sniff import MAGIC_OF
from headrace.engines.duckdb.read.window import Window
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import call, number, option, text

_BINARY: tuple[Format, ...] = (Parquet(), Avro(), Orc(), Excel())
_HEAD = 4 << 20
_MOST_DOCUMENT = 256 << 20
_WIDE = 1024
_SNIFFED_ROWS = 2_000
_MOST_SKIPPED = 100
_SNIFF_MEMORY_MB = 512
_NO_HEADER = re.compile(r"\s*|[+-]?[0-9][0-9.,:/\- ]*")
_PATH_NAME = re.compile(r"[^\s.\[\]/@#]+")
_DEEPEST_PATH = 4
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


def detected_format(path: Path, name: str) -> Format:
    """The format of a plain (decompressed) file; `name` is what it is called.

    Raises UnreadableObject for what no reader takes.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for landed in _BINARY:
        if head.startswith(MAGIC_OF[type(landed)]):
            return landed
    encoding = _encoding(head)
    start = _decoded(head, encoding)
    suffixes = {suffix.lower() for suffix in Path(name).suffixes}
    first = start.lstrip()[:1]
    if not first:
        raise UnreadableObject("the file is empty; take a sample with rows")
    if first == "<":
        return _xml(head)
    if first in "{[" and not suffixes & {".csv", ".tsv"}:
        return _json(path, start, encoding, suffixes)
    return _csv(start, encoding)


def _encoding(head: bytes) -> str:
    """A Python codec that reads the text: UTF-8 if it can be, or else what Windows writes."""
    candidates: tuple[str, ...] = ("utf-8", "windows-1252", "iso-8859-1")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ("utf-16",)
    elif b"\0" in head[:_WIDE]:
        low, high = (head[start:_WIDE:2].count(0) for start in (0, 1))
        sure = max(low, high) > max(len(head[:_WIDE]) * 2 // 5, 10 * min(low, high))
        candidates = ("utf-16-be" if low > high else "utf-16-le",) if sure else ()
    for encoding in candidates:
        try:
            _decoded(head, encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableObject(
        "this is binary data of no format that is read; take a sample of text, Excel, Parquet, Avro or ORC"
    )


def _decoded(head: bytes, encoding: str) -> str:
    """The text at the beginning of a file, but for a character that is cut off at its end."""
    return codecs.getincrementaldecoder(encoding)("strict").decode(head).lstrip("\ufeff")


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


def _json(path: Path, start: str, encoding: str, suffixes: set[str]) -> Format:
    lines = [line for line in islice(start.splitlines(), 1_000) if line.strip()]
    alone = len(lines) == 1 and not suffixes & {".ndjson", ".jsonl"}
    if not alone and _is_object(lines[0]):
        return Ndjson(encoding)
    if path.stat().st_size > _MOST_DOCUMENT:
        raise UnreadableObject(
            f"the document is larger than {_MOST_DOCUMENT >> 20} MB; take a smaller one, or NDJSON"
        )
    document = path.read_bytes().decode(encoding).lstrip("\ufeff").encode()
    try:
        return JsonDocument(_record_path(document), encoding)
    except (msgspec.DecodeError, RecursionError):
        raise UnreadableObject("the document is not valid JSON; take one that is whole") from None


def _is_object(line: str) -> bool:
    try:
        _MEMBERS.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _record_path(document: bytes) -> str:
    """Where the rows are: the array of objects that makes up most of the document, else the document."""
    candidates = {path: size for path, size in _arrays(msgspec.Raw(document), ()) if 2 * size > len(document)}
    return max(candidates, key=lambda path: (candidates[path], -len(path)), default="")


def _arrays(value: msgspec.Raw, path: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """The arrays of objects below an object, each with its size in bytes."""
    written = memoryview(value)
    first = bytes(written[:64]).lstrip()[:1]
    if first == b"[" and path:
        items = _ITEMS.decode(written)
        if items and all(bytes(memoryview(item)[:1]) == b"{" for item in items):
            yield ".".join(path), len(written)
    elif first == b"{" and len(path) < _DEEPEST_PATH:
        for name, inner in _MEMBERS.decode(written).items():
            if _PATH_NAME.fullmatch(name):
                yield from _arrays(inner, (*path, name))


# ── XML ──────────────────────────────────────────────────────────────────────────────────────────


def _xml(head: bytes) -> Xml:
    """The records: the first level at which elements stand several times, and of those the most frequent."""
    paths: Counter[tuple[str, ...]] = Counter()
    open_: list[str] = []

    def start(name: str, _: object) -> None:
        open_.append(name.rpartition(" ")[2])
        if len(open_) <= _DEEPEST_PATH:
            paths[tuple(open_)] += 1

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_.pop()
    parser.StartDoctypeDeclHandler = _refuse_declarations
    try:
        parser.Parse(head, False)
    except expat.ExpatError as error:
        raise UnreadableObject(
            f"this is not well-formed XML: {expat.ErrorString(error.code)}; take a file that is whole"
        ) from None
    repeated = [path for path, count in paths.items() if count > 1]
    found = min(repeated, key=lambda path: (len(path), -paths[path]), default=next(iter(paths), ()))
    if not found or not all(map(_PATH_NAME.fullmatch, found)):
        raise UnreadableObject(
            "this XML has no elements that records could be; take a file with several records"
        )
    return Xml(".".join(found))


def _refuse_declarations(*_: object) -> None:
    raise UnreadableObject("the file declares a document type, which is not read; write it without")


# ── delimited text ───────────────────────────────────────────────────────────────────────────────


def _csv(start: str, encoding: str) -> Csv:
    """The dialect, by DuckDB's sniffer over the first rows."""
    complete = start[: start.rfind("\n") + 1] or start
    with TemporaryDirectory(prefix="headrace-") as directory:
        head = Path(directory) / "head.csv"
        head.write_text(complete, "utf-8", newline="")
        found = _sniffed(head)
        quote = _mark(found, "Quote") or '"'
        skip = found.get("SkipRows")
        dialect = Csv(
            delimiter=_mark(found, "Delimiter") or ",",
            quote=quote,
            escape=_mark(found, "Escape") or quote,
            encoding=encoding,
            skip=skip if isinstance(skip, int) and skip <= _MOST_SKIPPED else 0,
            comment=_mark(found, "Comment"),
        )
        return msgspec.structs.replace(dialect, header=_has_header(first_record(head, dialect)))


def _sniffed(path: Path) -> Mapping[str, object]:
    function = call("SNIFF_CSV", text(str(path)), option("sample_size", number(_SNIFFED_ROWS)))
    names = ("Delimiter", "Quote", "Escape", "Comment", "SkipRows")
    query = exp.select(*(exp.column(name, quoted=True) for name in names)).from_(function)
    with Session(path.parent, [path], _SNIFF_MEMORY_MB) as session:
        try:
            ((*values,),) = session.execute(query)
        except EngineFault:  # text of no evident shape
            return {}
    return dict(zip(names, values, strict=True))


def _mark(found: Mapping[str, object], name: str) -> str:
    mark = found.get(name)
    return mark if isinstance(mark, str) and len(mark) == 1 and mark != "\0" else ""


def first_record(path: Path, dialect: Csv) -> list[str]:
    """The fields of the first record of a file in UTF-8, as they are read in this dialect."""
    with path.open("rb") as file:
        file.seek(len(BOM) if file.read(len(BOM)) == BOM else 0)
        for _ in range(dialect.skip):
            file.readline()
        found = next(Grammar(dialect).records(Window(file)), None)
    return found.fields if found else []


def _has_header(first: list[str]) -> bool:
    """Whether a first record names columns: all different, none a number, a day or (but one) empty."""
    names = Counter(name.strip() for name in first)
    data = [name for name in names if name and _NO_HEADER.fullmatch(name)]
    return not data and names[""] <= 1 and max(names.values(), default=1) == 1
