"""Refines one work unit: reads its sources once, splits every row into curated or quarantine, and counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from headrace.domain.batch import Measured, ReasonCount, UnknownField
from headrace.domain.errors import EngineFault
from headrace.domain.formats import Csv, Excel, FixedWidth, Xml
from headrace.domain.machine import Machine
from headrace.domain.plan import Column, Plan
from headrace.domain.profile import ColumnSketch
from headrace.domain.tables import CURATED_SYSTEM_COLUMNS, QUARANTINE_COLUMNS, published, published_type
from headrace.engines.duckdb.load import Loader, Spoilt
from headrace.engines.duckdb.partitions import Partitions
from headrace.engines.duckdb.profile.sketches import sketches
from headrace.engines.duckdb.read.native import native_parts
from headrace.engines.duckdb.read.read_parquet import parquet_rows
from headrace.engines.duckdb.read.reading import Reason, Refusal, Source
from headrace.engines.duckdb.read.sniff import format_of
from headrace.engines.duckdb.rows.kept import keep_rows
from headrace.engines.duckdb.rows.late import LateReason, append_late
from headrace.engines.duckdb.rows.masks import Masks, check_masks
from headrace.engines.duckdb.rows.measures import measured
from headrace.engines.duckdb.rows.render import WORK, reason
from headrace.engines.duckdb.rows.repeats import quarantine_repeats
from headrace.engines.duckdb.rows.unknown import unknown_fields
from headrace.engines.duckdb.session import Session
from headrace.engines.duckdb.write import Written, write_parquet
from headrace.engines.sql import (
    E,
    array,
    call,
    column,
    create_table,
    data_type,
    insert_values,
    is_not_null,
    is_null,
    named,
    number,
    struct,
    text,
)

_OBJECTS = "objects"


@dataclass(frozen=True)
class ObjectOutcome:
    """What became of the source `index`: rows = curated + quarantined; a refused object is one row, and none
    where only some of its rows were asked for."""

    index: int
    rows: int
    curated: int
    quarantined: int
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Refined:
    """The files written, none for a side without rows; the outcome of each source; why rows failed; what
    the rows read add to the measures that are counted row by row; where the contract evolves, the fields
    that it does not know; and what the columns of the curated rows hold."""

    curated: tuple[Written, ...]
    quarantine: tuple[Written, ...]
    objects: tuple[ObjectOutcome, ...]
    reasons: tuple[ReasonCount, ...]
    measured: tuple[Measured, ...] = ()
    unknown: tuple[UnknownField, ...] = ()
    profile: tuple[ColumnSketch, ...] = ()


def refine(
    plan: Plan,
    *,
    batch: int,
    sources: Sequence[Source],
    workdir: Path,
    masking_key: bytes,
    token_key: bytes = b"",
    late: Sequence[LateReason] = (),
    rejection: tuple[Reason, ...] = (),
    machine: Machine,
) -> Refined:
    """Refine the sources under the plan into Parquet files in `workdir`, sorted by source and row.

    Bad data never raises: a row that breaks a rule goes to quarantine with all its reasons, a source
    that cannot be read becomes one row there. `late` are reasons that only the batch as a whole shows,
    after a row's own. Of a source that asks for some of its rows, the others are as if they were not there,
    and it becomes no row where it cannot be read. With a `rejection`, every row goes to quarantine, with
    these reasons last. The same input gives the same bytes. Raises Unavailable where memory or disk ran
    out, and EngineFault where rows would be lost or a mask has no key.
    """
    masks = Masks(masking_key, token_key)
    check_masks(plan, masks)
    ordered = sorted(sources, key=lambda source: source.index)
    refusals = {one.index: one.content for one in ordered if isinstance(one.content, Refusal)}
    readable = {one.index: (one.landed.key, one.content) for one in ordered if isinstance(one.content, Path)}
    parts, unfit = native_parts(plan, readable, workdir, machine.memory_mb)
    refusals |= unfit
    while True:
        parts = [part for part in parts if part.source not in refusals]
        paths = [part.path for part in parts]
        with Session(workdir, paths, machine.memory_mb, masks.secrets) as session:
            loader = Loader(session, plan, masks, all_raw=bool(rejection))
            try:
                loaded = loader.load(parts)
            except Spoilt as spoilt:  # DuckDB may not survive such a file: begin anew without it
                refusals |= spoilt.refusals
                continue
            unit = _Unit(session, plan, batch, ordered, workdir, rejection)
            unit.judge(refusals | loaded.refusals, late)
            loader.recall_raw()
            return unit.written(loaded.rows, refusals | loaded.refusals, in_order=loaded.in_order)


class _Unit:
    """A loaded and judged work unit, to be written and counted."""

    def __init__(
        self,
        session: Session,
        plan: Plan,
        batch: int,
        sources: Sequence[Source],
        workdir: Path,
        rejection: tuple[Reason, ...],
    ) -> None:
        self._session, self._plan, self._batch = session, plan, batch
        self._sources, self._workdir, self._rejection = sources, workdir, rejection
        self._partitions = Partitions(session, plan)
        self._kept = {one.index: one.rows for one in sources if one.rows is not None}

    def judge(self, refusals: Mapping[int, Refusal], late: Sequence[LateReason]) -> None:
        """Give rows the reasons that they do not have of their own."""
        bases = self._bases()
        if self._kept:
            keep_rows(self._session, self._kept, bases)
        for key in self._plan.keys:
            self._session.execute(quarantine_repeats(self._plan, key))
        self._quarantine_whole(refusals)
        self._number_sources({**bases, **dict.fromkeys(refusals, 0)})
        if late:
            append_late(self._session, late, _OBJECTS)
        if self._plan.partitions:
            self._partitions.find()

    def written(self, rows: Mapping[int, int], refusals: Mapping[int, Refusal], *, in_order: bool) -> Refined:
        """Write both sides of what is judged; `rows` counts each readable source's records."""
        curated = self._write_curated(in_order=in_order)
        quarantine = self._write_quarantine()
        return Refined(
            curated,
            quarantine,
            self._outcomes(rows, refusals, curated, quarantine),
            self._reason_counts(),
            measured(self._session, self._plan, WORK),
            self._unknown_fields(),
            self._sketches(),
        )

    def _sketches(self) -> tuple[ColumnSketch, ...]:
        if self._rejection or not self._plan.profiled:
            return ()
        return sketches(self._session, self._plan)

    def _unknown_fields(self) -> tuple[UnknownField, ...]:
        if self._plan.evolution != "evolve":
            return ()
        formats = {one.index: format_of(self._plan.formats, one.landed.key) for one in self._sources}
        textual = {index for index, one in formats.items() if isinstance(one, Csv | FixedWidth | Xml | Excel)}
        return unknown_fields(self._session, self._plan, WORK, textual)

    def _quarantine_whole(self, refusals: Mapping[int, Refusal]) -> None:
        """One row at position 0 for each refused object, unless only some of its rows are asked for."""
        rows = [
            (number(entry), number(0), array([_reason(Reason("", one.rule, one.message))]), text(""))
            for entry, one in sorted(refusals.items())
            if entry not in self._kept
        ]
        if rows:
            self._session.execute(insert_values(WORK, rows, ("entry", "place", "reasons", "raw")))

    def _bases(self) -> dict[int, int]:
        """What to take from a place to have the row's number, by entry."""
        lowest = exp.select("entry", exp.Min(this=column("place"))).from_(WORK).group_by("entry")
        return {entry: place - 1 for entry, place in self._session.execute(lowest)}

    def _number_sources(self, bases: Mapping[int, int]) -> None:
        """Note each source's identity, its batch, and what to take from a place to have the row's number."""
        columns = {"entry": "INT", "identity": "TEXT", "base": "BIGINT", "batch": "BIGINT"}
        self._session.execute(
            create_table(_OBJECTS, ((name, data_type(kind)) for name, kind in columns.items()))
        )
        rows = [
            (
                number(one.index),
                text(one.landed.identity),
                number(bases[one.index]),
                number(one.batch or self._batch),
            )
            for one in self._sources
            if one.index in bases
        ]
        if rows:
            self._session.execute(insert_values(_OBJECTS, rows))

    def _write_curated(self, *, in_order: bool) -> tuple[Written, ...]:
        if self._rejection:
            return ()
        outputs = [
            (one.name, column(f"o{index}"))
            for index, one in enumerate(self._plan.columns)
            if published_type(one) is not None
        ]
        rows = self._rows([*outputs, *self._provenance(), ("_rescued", column("rescued"))])
        rows = rows.where(is_null(column("reasons")), copy=False)
        columns = [*published(self._plan.columns), *CURATED_SYSTEM_COLUMNS]
        rows = rows if in_order else _sorted(rows)
        parts = self._partitions.split(rows) if self._plan.partitions else iter((rows,))
        return tuple(
            file
            for index, part in enumerate(parts)
            for file in self._write(part, f"curated-{index:05d}.parquet", columns, self._plan.field_ids)
        )

    def _write_quarantine(self) -> tuple[Written, ...]:
        rows = self._rows([*self._provenance(), ("_raw", column("raw")), ("_reasons", self._all_reasons())])
        if not self._rejection:
            rows = rows.where(is_not_null(column("reasons")), copy=False)
        ids = self._plan.quarantine_field_ids
        return self._write(_sorted(rows), "quarantine.parquet", QUARANTINE_COLUMNS, ids)

    def _write(
        self, rows: exp.Select, name: str, columns: Sequence[Column], ids: Mapping[str, int]
    ) -> tuple[Written, ...]:
        file = write_parquet(self._session, rows, self._workdir / name, columns, ids)
        if file.rows:
            return (file,)
        file.path.unlink()
        return ()

    def _rows(self, outputs: Iterable[tuple[str, E]]) -> exp.Select:
        same = exp.EQ(this=column("entry", WORK), expression=column("entry", _OBJECTS))
        return (
            exp.select(*(named(value, name) for name, value in outputs))
            .from_(WORK)
            .join(_OBJECTS, on=same, join_type="left")
        )

    def _provenance(self) -> list[tuple[str, E]]:
        return [
            ("_object", column("identity")),
            ("_row", exp.Sub(this=column("place"), expression=column("base"))),
            ("_batch", column("batch", _OBJECTS)),
            ("_contract", text(self._plan.contract)),
        ]

    def _all_reasons(self) -> E:
        if not self._rejection:
            return column("reasons")
        return call("LIST_CONCAT", column("reasons"), array(map(_reason, self._rejection)))

    def _reason_counts(self) -> tuple[ReasonCount, ...]:
        """How many rows broke each rule: a row that breaks one twice counts once."""
        item = exp.column("x")
        rule = struct(
            (name, exp.StructExtract(this=item, expression=text(name))) for name in ("column", "rule")
        )
        rules = exp.Transform(
            this=self._all_reasons(), expression=exp.Lambda(this=rule, expressions=[exp.to_identifier("x")])
        )
        broken = exp.select(named(call("UNNEST", call("LIST_DISTINCT", rules)), "broken")).from_(WORK)
        parts = [
            exp.StructExtract(this=column("broken"), expression=text(name)) for name in ("column", "rule")
        ]
        counted = exp.select(*parts, exp.Count(this=exp.Star())).from_(broken.subquery("rules"))
        counted = counted.group_by(*(number(at) for at in (1, 2))).order_by(*(number(at) for at in (1, 2)))
        return tuple(ReasonCount(*row) for row in self._session.execute(counted))

    def _outcomes(
        self,
        rows: Mapping[int, int],
        refusals: Mapping[int, Refusal],
        curated: tuple[Written, ...],
        quarantine: tuple[Written, ...],
    ) -> tuple[ObjectOutcome, ...]:
        """Each source's rows as the files hold them, held against what its reader counted."""
        kept, failed = self._per_object(curated), self._per_object(quarantine)
        outcomes = []
        for one in self._sources:
            identity, refusal = one.landed.identity, refusals.get(one.index)
            expected = self._expected(one, rows, refusal)
            outcome = ObjectOutcome(
                one.index, expected, kept.pop(identity, 0), failed.pop(identity, 0), refusal
            )
            if outcome.curated + outcome.quarantined != expected:
                written = f"{outcome.curated} curated and {outcome.quarantined} quarantined"
                raise EngineFault(f"{identity} has {expected} rows, but {written} were written")
            outcomes.append(outcome)
        if kept or failed:
            raise EngineFault("the files hold rows of no source")
        return tuple(outcomes)

    def _expected(self, source: Source, rows: Mapping[int, int], refusal: Refusal | None) -> int:
        if source.index in self._kept:
            return 0 if refusal else len(self._kept[source.index])
        return 1 if refusal else rows[source.index]

    def _per_object(self, files: tuple[Written, ...]) -> dict[str, int]:
        if not files:
            return {}
        rows = parquet_rows([file.path for file in files], [])
        counted = exp.select("_object", exp.Count(this=exp.Star())).from_(rows)
        return dict(self._session.execute(counted.group_by("_object")))


def _reason(one: Reason) -> E:
    return reason(text(one.column), text(one.rule), text(one.value_excerpt))


def _sorted(rows: exp.Select) -> exp.Select:
    return rows.order_by(column("entry", WORK), column("place", WORK), copy=False)
