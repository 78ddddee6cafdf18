"""The formats that a contract's objects land in, from its S3 servers."""

import codecs
import re
from collections.abc import Callable

from headrace.domain.contract.extensions import SERVER, Settings
from headrace.domain.contract.names import Named
from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt
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
from headrace.domain.plan import Array, Column, Object

Columns = tuple[tuple[Named, Column], ...]

ENCODINGS = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii",
    *(f"iso-8859-{part}" for part in (1, 2, 3, 4, 5, 7, 9, 13, 15)),
    *(f"windows-{page}" for page in range(1250, 1259)),
    "cp437", "cp850", "cp852", "cp866", "cp037", "cp500", "mac-roman", "koi8-r", "koi8-u",
    "shift_jis", "euc-jp", "iso-2022-jp", "gb18030", "gbk", "big5", "euc-kr",
)  # fmt: skip
"""The encodings of text that are read, by any name that Python knows them by."""

_OTHER_NAMES = {
    **dict.fromkeys(("jsonl", "jsonlines", "json lines"), "ndjson"),
    **dict.fromkeys(("xlsx", "xls"), "excel"),
    **dict.fromkeys(("delimited", "text", "txt"), "csv"),
    **dict.fromkeys(("fixed-width", "fixedwidth", "fwf"), "fixed"),
}
_ENDINGS = {"csv": "csv", "tsv": "tsv", "json": "json", "ndjson": "ndjson", "jsonl": "ndjson", "xml": "xml",
            "xlsx": "excel", "parquet": "parquet", "avro": "avro", "orc": "orc"}  # fmt: skip
_TABLE_FORMATS = ("delta", "iceberg", "hudi")
_MARK_NAMES = {"tab": "\t", r"\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_TEXT_SETTINGS = {"headrace.nulls", "headrace.skip", "headrace.comment"}
_TAKES: dict[str, set[str]] = {
    "csv": _TEXT_SETTINGS | {"headrace.quote", "headrace.escape", "headrace.header", "headrace.trim"},
    "fixed": _TEXT_SETTINGS,
    "json": {"headrace.recordPath"},
    "ndjson": set(),
    "xml": {"headrace.recordPath"},
    "excel": {"headrace.sheet", "headrace.skip", "headrace.nulls"},
    "parquet": {"headrace.nulls"},
    "avro": {"headrace.nulls"},
    "orc": {"headrace.nulls"},
}
FORMATS = ("csv", "tsv", *list(_TAKES)[1:])
"""What a server's `format` may be."""
_ENCODED = ("csv", "fixed", "json", "ndjson")
_STEP = r"[^\s.\[\]/@#]+"
_RECORD_PATH = re.compile(rf"{_STEP}(?:\.{_STEP})*")
_NOT_ONE_MARK = frozenset("\r\n\0") | frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)
_MOST_SKIPPED = 1_000
_MOST_WIDTH = 1 << 20


def lands(root: Place) -> bool:
    """Whether something lands, by the contract's servers."""
    return any(_is_read(server) for server in root.items_of("servers"))


def landed_formats(root: Place, columns: Columns, found: Findings) -> tuple[Format, ...]:
    """One format for each kind of file that lands, from the contract's servers of type s3."""
    formats: dict[str, Format] = {}
    for server in root.items_of("servers"):
        if not _is_read(server):
            named = excerpt(server.text_of("server"))
            found.note(server.at("type"), f"the server {named} is not read", "data lands on type: s3")
            continue
        kind, landed = _format(server, columns, found)
        if formats.setdefault(kind, landed) != landed:
            what = f"another server describes {kind} files differently"
            found.problem(server, what, "files of one kind must be read in one way: keep one server")
    if not formats:
        found.problem(root.at("servers"), "no server says what lands", "add one with type: s3 and a format")
    for name in ("headrace.start", "headrace.width"):
        placed = next((named.ours[name] for named, _ in columns if name in named.ours), None)
        if placed and "fixed" not in formats:
            found.problem(placed, f"{name} is for files of fixed width", "add a server with format: fixed")
    return tuple(formats.values())


def _is_read(server: Place) -> bool:
    return server.text_of("type").lower() == "s3" and server.text_of("format").lower() not in _TABLE_FORMATS


def _kind(server: Place, found: Findings) -> str:
    written = server.text_of("format").lower()
    kind = _OTHER_NAMES.get(written, written)
    if kind == "json" and server.text_of("delimiter") == "new_line":
        return "ndjson"
    if kind in FORMATS:
        return kind
    ending = server.text_of("location").rstrip("/").rpartition(".")[2].lower()
    if not kind and ending in _ENDINGS:
        found.note(server, "the server has no format", f"its location says {_ENDINGS[ending]}")
        return _ENDINGS[ending]
    advice = did_you_mean(kind, FORMATS, f"write one of {', '.join(FORMATS)}")
    what = f"{excerpt(kind)} is no format that is read here" if kind else "no format"
    found.problem(server.at("format"), what, advice)
    return ""


def _format(server: Place, columns: Columns, found: Findings) -> tuple[str, Format]:
    ours = Settings(server, SERVER, found)
    written = _kind(server, found)
    if not written:
        return "", Parquet()
    kind = "csv" if written == "tsv" else written
    for name in ours.keys() - _TAKES[kind]:
        found.problem(ours[name], f"{name} means nothing for {kind}", "remove it")
    encoding = _encoding(server, found)
    if encoding != "utf-8" and kind not in _ENCODED:
        found.problem(server.at("encoding"), f"encoding means nothing for {kind}", "remove it")
    nulls = ours.get("headrace.nulls")
    skip = ours.count("headrace.skip", 0, _MOST_SKIPPED, 0)
    readers: dict[str, Callable[[], Format]] = {
        "csv": lambda: _csv(server, ours, encoding, "\t" if written == "tsv" else ",", found),
        "fixed": lambda: FixedWidth(
            _fixed_fields(server, columns, found),
            _nulls(nulls, ("",), found),
            encoding,
            skip,
            _comment(ours, found),
        ),
        "json": lambda: JsonDocument(_record_path(ours.get("headrace.recordPath"), found), encoding),
        "ndjson": lambda: Ndjson(encoding),
        "xml": lambda: Xml(_xml_path(server, ours, found)),
        "excel": lambda: Excel(_text(ours.get("headrace.sheet"), found), skip, _nulls(nulls, ("",), found)),
        "parquet": lambda: Parquet(_nulls(nulls, (), found)),
        "avro": lambda: Avro(_nulls(nulls, (), found)),
        "orc": lambda: Orc(_nulls(nulls, (), found)),
    }
    return kind, readers[kind]()


def _csv(server: Place, ours: Settings, encoding: str, between: str, found: Findings) -> Csv:
    delimiter = _delimiter(server.get("delimiter"), between, found)
    quote = _mark(ours.get("headrace.quote"), '"', found)
    escape = _mark(ours.get("headrace.escape"), quote, found)
    if quote and quote in delimiter:
        found.problem(server.at("delimiter"), "delimiter and quote are the same", "change one")
    if escape and escape != quote and escape in delimiter:
        found.problem(server.at("delimiter"), "delimiter and escape are the same", "change one")
    return Csv(
        delimiter,
        quote,
        _nulls(ours.get("headrace.nulls"), ("",), found),
        escape,
        encoding,
        ours.flag("headrace.header", True),
        ours.count("headrace.skip", 0, _MOST_SKIPPED, 0),
        _comment(ours, found),
        ours.flag("headrace.trim", False),
    )


def _fixed_fields(server: Place, columns: Columns, found: Findings) -> tuple[tuple[str, int, int], ...]:
    """Where each column stands in a line: after the one before it, unless it says where it starts."""
    fields: list[tuple[str, int, int]] = []
    end = 0
    for named, column in columns:
        if isinstance(column.type, Array | Object):
            found.problem(server, f"{column.name} does not stand in files of fixed width", "make it text")
        if "headrace.width" not in named.ours:
            advice = "add headrace.width, in characters, to its customProperties"
            found.problem(named.field, f"the column {column.name} has no width", advice)
        start = named.ours.count("headrace.start", 1, _MOST_WIDTH, end + 1) - 1
        width = named.ours.count("headrace.width", 1, _MOST_WIDTH, 1)
        fields.append((named.source, start, width))
        end = start + width
    return tuple(fields)


def _encoding(server: Place, found: Findings) -> str:
    """The encoding by the name that `ENCODINGS` has for it."""
    written = server.text_of("encoding")
    if not written:
        return "utf-8"
    known = {_codec(name): name for name in ENCODINGS}
    codec = _codec(written)
    if codec not in known:
        advice = did_you_mean(written.lower(), ENCODINGS, f"read are {', '.join(ENCODINGS)}")
        found.problem(server.at("encoding"), f"{excerpt(written)} is not read", advice)
    return known.get(codec, "utf-8").replace("ascii", "utf-8")


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name.removesuffix("-sig")
    except (LookupError, ValueError, UnicodeError):
        return ""


def _nulls(nulls: Place | None, default: tuple[str, ...], found: Findings) -> tuple[str, ...]:
    if nulls is None:
        return default
    if not nulls.items or not all(isinstance(item.value, str) for item in nulls.items):
        advice = "write a list of texts in quotes, as in ['', 'NULL']"
        found.problem(nulls, f"{excerpt(nulls.value)} does not say what means no value", advice)
    return tuple(dict.fromkeys(item.text for item in nulls.items))


def _delimiter(place: Place | None, default: str, found: Findings) -> str:
    if place is None:
        return default
    mark = _MARK_NAMES.get(place.text.lower(), str(place.value))
    if not 1 <= len(mark) <= 4 or not mark.isascii() or set(mark) & _NOT_ONE_MARK or mark == "\\":
        found.problem(place, f"{excerpt(place.value)} cannot part fields", "write one character, such as ';'")
        return default
    return mark


def _mark(place: Place | None, default: str, found: Findings) -> str:
    """A quote or an escape: one character, or none."""
    if place is None:
        return default
    mark = str(place.value)
    if len(mark) > 1 or not mark.isascii() or set(mark) & _NOT_ONE_MARK:
        advice = "write one character that is no letter or digit, or '' for none"
        found.problem(place, f"{excerpt(place.value)} is no such mark", advice)
        return default
    return mark


def _comment(ours: Settings, found: Findings) -> str:
    place = ours.get("headrace.comment")
    comment = _text(place, found)
    if place and (not 1 <= len(comment) <= 8 or not comment.isprintable()):
        found.problem(place, f"{excerpt(place.value)} begins no line", "write a few characters, such as '#'")
    return comment


def _text(place: Place | None, found: Findings) -> str:
    if place is None:
        return ""
    if not isinstance(place.value, str):
        found.problem(place, f"{excerpt(place.value)} is not text", "put it in quotes")
        return ""
    return place.value


def _xml_path(server: Place, ours: Settings, found: Findings) -> str:
    if "headrace.recordPath" not in ours:
        advice = "add headrace.recordPath, the names from the root to the rows, as in orders.order"
        found.problem(server.at("format"), "xml needs to know which elements are rows", advice)
    return _record_path(ours.get("headrace.recordPath"), found)


def _record_path(place: Place | None, found: Findings) -> str:
    if place is None:
        return ""
    if not isinstance(place.value, str) or not _RECORD_PATH.fullmatch(place.value):
        found.problem(
            place, f"{excerpt(place.value)} is no path", "write names with dots between, as in data.rows"
        )
        return ""
    return place.value
