"""The formats that a contract's objects land in, from its S3 servers."""

import re

from headrace.domain.contract.extensions import SERVER, extensions
from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt
from headrace.domain.plan import Csv, Format, JsonDocument, Ndjson, Parquet

FORMATS = ("csv", "json", "ndjson", "parquet")
_TAKES = {
    "csv": {"headrace.nulls", "headrace.quote"},
    "json": {"headrace.recordPath"},
    "ndjson": set(),
    "parquet": {"headrace.nulls"},
}
_RECORD_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*")
_NO_MARKS = frozenset("\r\n\0\\") | frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)


def landed_formats(root: Place, found: Findings) -> tuple[Format, ...]:
    """One format for each kind of file that lands, from the contract's servers of type s3."""
    formats: dict[str, Format] = {}
    for server in root.items_of("servers"):
        if server.text_of("type") != "s3":
            here = server.at("type")
            found.note(
                here, f"the server {excerpt(server.text_of('server'))} is not read", "data lands on type: s3"
            )
            continue
        kind, landed = _format(server, found)
        if formats.setdefault(kind, landed) != landed:
            what = f"another server describes {kind} files differently"
            found.problem(server, what, "files of one kind must be read in one way: keep one server")
    if not formats:
        found.problem(root.at("servers"), "no server says what lands", "add one with type: s3 and a format")
    return tuple(formats.values())


def _format(server: Place, found: Findings) -> tuple[str, Format]:
    kind = server.text_of("format").lower()
    here = server.at("format")
    ours = extensions(server, SERVER, found)
    if kind == "jsonl" or (kind == "json" and server.text_of("delimiter") == "new_line"):
        kind = "ndjson"
    if kind not in FORMATS:
        advice = did_you_mean(kind, FORMATS, f"write one of {', '.join(FORMATS)}")
        found.problem(
            here, f"{excerpt(kind)} is no format that is read here" if kind else "no format", advice
        )
        return "", Parquet()
    encoding = server.text_of("encoding")
    if encoding and encoding.lower().replace("-", "") not in ("utf8", "ascii", "usascii"):
        found.problem(server.at("encoding"), f"{excerpt(encoding)} is not read", "land the files in UTF-8")
    for name in ours.keys() - _TAKES[kind]:
        found.problem(ours[name], f"{name} means nothing for {kind}", "remove it")
    match kind:
        case "csv":
            return kind, _csv(server, ours, found)
        case "json":
            return kind, JsonDocument(_record_path(ours.get("headrace.recordPath"), found))
        case "ndjson":
            return kind, Ndjson()
        case _:
            return kind, Parquet(_nulls(ours.get("headrace.nulls"), (), found))


def _csv(server: Place, ours: dict[str, Place], found: Findings) -> Csv:
    delimiter = _mark(server.get("delimiter"), ",", found)
    quote = _mark(ours.get("headrace.quote"), '"', found)
    if delimiter == quote:
        found.problem(server.at("delimiter"), "delimiter and quote are the same", "change one")
    return Csv(delimiter, quote, _nulls(ours.get("headrace.nulls"), ("",), found))


def _nulls(nulls: Place | None, default: tuple[str, ...], found: Findings) -> tuple[str, ...]:
    if nulls is None:
        return default
    if not nulls.items or not all(isinstance(item.value, str) for item in nulls.items):
        advice = "write a list of texts in quotes, as in ['', 'NULL']"
        found.problem(nulls, f"{excerpt(nulls.value)} does not say what means no value", advice)
    return tuple(dict.fromkeys(item.text for item in nulls.items))


def _mark(place: Place | None, default: str, found: Findings) -> str:
    if place is None:
        return default
    mark = str(place.value)
    if len(mark) != 1 or mark in _NO_MARKS or not mark.isascii():
        found.problem(place, f"{excerpt(place.value)} cannot part fields", "write one character, such as ';'")
        return default
    return mark


def _record_path(place: Place | None, found: Findings) -> str:
    if place is None:
        return ""
    if not isinstance(place.value, str) or not _RECORD_PATH.fullmatch(place.value):
        found.problem(
            place, f"{excerpt(place.value)} is no path", "write names with dots between, as in data.rows"
        )
        return ""
    return place.value
