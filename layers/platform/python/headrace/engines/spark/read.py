"""Objects as a relation of texts, made where Spark runs its tasks: one object a task.

Records are split into fields by the readers that the DuckDB engine has, so both engines see the same texts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from sqlglot import exp

from headrace.domain.machine import Machine
from headrace.domain.plan import Plan
from headrace.engines.duckdb.load import Loader, Spoilt
from headrace.engines.duckdb.read.members import Part
from headrace.engines.duckdb.read.native import native_parts
from headrace.engines.duckdb.read.reading import Field, Reading, Refusal, Source
from headrace.engines.duckdb.rows.masks import Masks
from headrace.engines.duckdb.rows.render import WORK
from headrace.engines.duckdb.session import Session
from headrace.engines.sql import (
    E,
    case,
    column,
    create_table,
    first_of,
    is_not_null,
    named,
    no_text,
    number,
    struct,
    text,
)
from headrace.engines.texts import is_shaped, may_be_native, text_columns


def reader(
    plan: Plan, sources: Sequence[Source], masks: Masks, machine: Machine
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What takes batches of positions in `sources` and gives the relation's rows for those objects."""

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for position in batch.column(0).to_pylist():
                yield from _rows(plan, sources[position], masks, machine)

    return read


def _rows(plan: Plan, source: Source, masks: Masks, machine: Machine) -> Iterator[pa.RecordBatch]:
    with TemporaryDirectory() as directory:
        workdir = Path(directory)
        parts, refusal = _parts(plan, source, workdir, machine)
        with Session(workdir, [part.path for part in parts], machine.memory_mb) as session:
            refusal = refusal or _TextLoader(session, plan, masks, source).refusal(parts)
            if refusal is None:
                yield from session.stream(exp.select(exp.Star()).from_(WORK))
        if refusal is not None:
            with Session(workdir, [], machine.memory_mb) as session:
                yield from session.stream(_refused(plan, source, refusal))


def _parts(
    plan: Plan, source: Source, workdir: Path, machine: Machine
) -> tuple[Sequence[Part], Refusal | None]:
    """What there is to read of the source; or why it is refused."""
    if isinstance(source.content, Refusal):
        return (), source.content
    readable = {source.index: (source.landed.key, source.content)}
    parts, refusals = native_parts(plan, readable, workdir, machine.memory_mb)
    return parts, refusals.get(source.index)


class _TextLoader(Loader):
    """Keeps the texts of one source, in a table of `text_columns`."""

    def __init__(self, session: Session, plan: Plan, masks: Masks, source: Source) -> None:
        super().__init__(session, plan, masks, all_raw=False)
        self._source = source

    def refusal(self, parts: Sequence[Part]) -> Refusal | None:
        """Load the source's parts; why it is refused after all, if it is."""
        try:
            loaded = self.load(parts)
        except Spoilt as spoilt:
            return spoilt.refusals[self._source.index]
        return loaded.refusals.get(self._source.index)

    def _create(self) -> None:
        table = create_table(WORK, text_columns(self._plan).items())
        table.set("properties", None)  # `stream` does not see temporary tables
        self._session.execute(table)

    def _insert(self, reading: Reading) -> None:
        rows = self._texts(reading).subquery("rows", copy=False)
        values = _texts(self._plan, self._source, reading)
        select = exp.select(*(named(value, name) for name, value in values.items()), copy=False)
        self._session.execute(exp.insert(select.from_(rows, copy=False), WORK, copy=False))


def _texts(plan: Plan, source: Source, reading: Reading) -> dict[str, E]:
    values: dict[str, E] = {"identity": text(source.landed.identity), "refusal": no_text()}
    values |= {name: column(name) for name in ("entry", "place", "problem", "record")}
    values["extra"] = reading.extra if reading.extra is not None else no_text()
    for i, (one, field) in enumerate(zip(plan.columns, reading.fields, strict=True)):
        values |= {f"t{i}": column(f"t{i}"), f"j{i}": field.json if field else no_text()}
        if is_shaped(one.type):
            values[f"t{i}_shaped"] = _shaped(i, field)
        else:
            values[f"x{i}"] = first_of(field.unfit, exp.false()) if field and field.unfit else exp.false()
        if may_be_native(one.type):
            values[f"n{i}"] = field.native if field and field.native else exp.null()
    return values


def _shaped(i: int, field: Field | None) -> E:
    if field is None or field.shaped:
        return exp.null() if field is None else column(f"t{i}_shaped")
    written = column(f"t{i}")  # JSON of any shape, known to be valid
    no_faults = exp.Array(expressions=[])
    shape = [("value", written), ("faults", no_faults), ("unknown", no_text()), ("raw", no_text())]
    return case((is_not_null(written.copy()), struct(shape)))


def _refused(plan: Plan, source: Source, refusal: Refusal) -> exp.Select:
    """The one row of an object that is refused."""
    known: Mapping[str, E] = {
        "identity": text(source.landed.identity),
        "refusal": text(refusal.rule),
        "entry": number(source.index),
        "place": number(0),
        "problem": text(refusal.message),
        "record": text(""),
    }
    columns = text_columns(plan).items()
    values = (named(exp.cast(known.get(name, exp.null()), kind.copy()), name) for name, kind in columns)
    return exp.select(*values, copy=False)
