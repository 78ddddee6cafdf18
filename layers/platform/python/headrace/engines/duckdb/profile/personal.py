"""Looks for personal data in the published rows of a work unit where the contract says nothing of it."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace
from sqlglot import exp

from headrace.domain.pii import suspect, suspect_inside
from headrace.domain.plan import (
    SENSITIVE,
    Array,
    Column,
    Date,
    Decimal,
    Integer,
    Json,
    Object,
    Text,
    Timestamp,
    Type,
)
from headrace.domain.profile import ColumnSketch, Value, withheld
from headrace.engines.duckdb.profile.sampling import picked, published
from headrace.engines.duckdb.rows.render import WORK
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import E, call, column, number

RESCUED = "_rescued"

_DOCUMENTS = 256
_LONGEST_DOCUMENT = 10_000


def judged(
    session: Session, one: Column, value: E, sketch: ColumnSketch, values: Sequence[Value]
) -> ColumnSketch:
    """The sketch with what a column is suspected of; without any value where there is a suspicion, or
    where none may be kept. `values` are a sample of the column's."""
    if one.mask or one.classification in SENSITIVE:
        return withheld(sketch)
    if one.classification:
        return sketch
    match one.type:
        case Text() | Integer() | Decimal() | Date() | Timestamp():
            texts = [value.text for value in values if value.text is not None]
            looked_at = bool(texts) or sketch.nulls == sketch.rows
            found = suspect(one.name, texts) if looked_at else None
            suspicions = {one.name: found} if found else {}
        case Json() | Array() | Object():
            json = value if isinstance(one.type, Json) else exp.cast(call("TO_JSON", value), exp.DType.TEXT)
            documents = _documents(session, json, sketch.rows - sketch.nulls)
            inside = suspect_inside(documents, set(_told(one.type)))
            suspicions = {f"{one.name}.{path}".rstrip("."): found for path, found in inside.items()}
        case _:
            return sketch
    return replace(withheld(sketch), suspicions=suspicions) if suspicions else sketch


def judged_rescued(session: Session, rows: int, count: int) -> ColumnSketch:
    """The sketch of the fields that no column takes: `count` of `rows` rows have some."""
    found = suspect_inside(_documents(session, column("rescued"), count)) if count else {}
    suspicions = {f"{RESCUED}.{path}": one for path, one in found.items()}
    return ColumnSketch(RESCUED, rows, rows - count, withheld=True, suspicions=suspicions)


def _documents(session: Session, document: E, count: int) -> list[str]:
    """A sample of JSON texts, of which there are `count`; long ones are left out."""
    short = exp.LT(this=exp.Length(this=document), expression=number(_LONGEST_DOCUMENT))
    rows = exp.select(document).from_(WORK).where(published(short, *picked(_DOCUMENTS, count)))
    return [text for (text,) in session.execute(rows.limit(_DOCUMENTS))]


def _told(type_: Type, path: str = "") -> Iterator[str]:
    """The paths inside a type of which the contract says something."""
    match type_:
        case Array(items=items):
            yield from _told(items, path)
        case Object(columns=columns):
            for one in columns:
                here = f"{path}.{one.name}" if path else one.name
                if one.mask or one.classification:
                    yield here
                yield from _told(one.type, here)
