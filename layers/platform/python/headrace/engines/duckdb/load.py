"""Loads the sources of a work unit into the table `work`, each by the reader that gets it right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlglot import exp

from headrace.domain.errors import EngineFault, UnreadableObject
from headrace.domain.formats import Csv, FixedWidth, JsonDocument, Ndjson, Parquet
from headrace.domain.plan import Plan
from headrace.engines.duckdb.read.members import Members, Native, Part, told
from headrace.engines.duckdb.read.open_parquet import ParquetOpener
from headrace.engines.duckdb.read.read_csv import (
    TextFile,
    careful_reading,
    fast_reading,
    open_csv,
    open_fixed_width,
)
from headrace.engines.duckdb.read.read_json import JsonFile, json_reading
from headrace.engines.duckdb.read.read_parquet import ParquetFile, parquet_reading
from headrace.engines.duckdb.read.reading import INCOMING, Reading, Refusal, unreadable
from headrace.engines.duckdb.rows import nested
from headrace.engines.duckdb.rows.masks import Masks
from headrace.engines.duckdb.rows.render import WORK, refined, texts, to_shape, work_columns
from headrace.engines.duckdb.rows.veil import Veil
from headrace.engines.duckdb.session import DataFault, Session
from headrace.engines.sql import all_of, column, create_table, is_not_null, is_null, number, update

_SHAPED = "shaped"

_Opened = TextFile | JsonFile | ParquetFile


class Spoilt(Exception):
    """Sources turned out to be unreadable after some of their rows were loaded; internal to a refine call."""

    def __init__(self, refusals: Mapping[int, Refusal]) -> None:
        super().__init__()
        self.refusals = refusals


@dataclass
class Loaded:
    """How many rows each source gave by its reader's own count, and which were refused. `in_order`:
    the table holds the rows in the order of their sources."""

    rows: dict[int, int] = field(default_factory=dict)
    refusals: dict[int, Refusal] = field(default_factory=dict)
    in_order: bool = True


class Loader:
    """Fills `work`; rows have their raw text where they have reasons, or all of them with `all_raw`."""

    def __init__(self, session: Session, plan: Plan, masks: Masks, *, all_raw: bool) -> None:
        self._session, self._plan, self._all_raw = session, plan, all_raw
        self._veil = Veil.of(plan, masks)
        self._loaded = Loaded()
        self._readings: list[Callable[[], Reading]] = []
        self._members = Members(())
        self._rows: dict[int, int] = {}
        self._entries: list[int] = []

    def recall_raw(self) -> None:
        """Give their raw text to rows that got reasons only after they were loaded, by reading again.

        Keeping it for all rows from the start would take twice the time of the whole load.
        """
        late = all_of(is_not_null(column("reasons")), is_null(column("raw")))
        places = exp.select("entry", "place").from_(WORK).where(late)
        place = exp.Tuple(expressions=[column("entry"), column("place")])
        entries = exp.select("entry").distinct().from_(WORK).where(late)
        missing = {entry for (entry,) in self._session.execute(entries)}
        for read in self._readings if missing else ():
            reading = read()
            if missing.isdisjoint(map(self._members.source, reading.entries)):
                continue
            rows = self._texts(reading)
            if self._members.among_several(reading.entries):
                rows = self._members.united(rows)
            rows = exp.select("*").from_(rows.subquery("rows"))
            rows = rows.where(exp.In(this=place, query=places.subquery()))
            again = refined(self._plan, reading, rows, all_raw=True).subquery("again")
            self._session.execute(update(WORK, {"raw": column("raw", "again")}, again, on=("entry", "place")))

    def load(self, parts: Sequence[Part]) -> Loaded:
        """Load the parts of all sources. Raises Spoilt."""
        self._create()
        self._members = Members(parts)
        for (format_, _), files in self._opened().items():
            self._load_alike(format_, [one for one in files if not self._is_refused(one.entry)])
        several = self._members.among_several(self._entries)
        if several:
            self._unite()
        self._loaded.in_order = not several and self._entries == sorted(self._entries)
        for entry, rows in self._rows.items():
            source = self._members.source(entry)
            self._loaded.rows[source] = self._loaded.rows.get(source, 0) + rows
        return self._loaded

    def _create(self) -> None:
        self._session.execute(create_table(WORK, work_columns(self._plan)))

    def _opened(self) -> dict[tuple[Native, tuple[object, ...]], list[_Opened]]:
        """The files that can be read, those together that one statement can read."""
        alike: dict[tuple[Native, tuple[object, ...]], list[_Opened]] = {}
        with ParquetOpener(self._session, self._plan) as parquet:
            for entry, part in self._members.parts.items():
                if self._is_refused(entry):
                    continue
                try:
                    file = self._open(entry, part, parquet)
                except UnreadableObject as error:
                    self._loaded.refusals[part.source] = unreadable(told(part.name, str(error)))
                    continue
                alike.setdefault((part.format, file.columns), []).append(file)
        return alike

    def _open(self, entry: int, part: Part, parquet: ParquetOpener) -> _Opened:
        match part.format:
            case Csv() as csv:
                return open_csv(self._plan, csv, entry, part.path)
            case FixedWidth() as fixed:
                return open_fixed_width(self._plan, fixed, entry, part.path)
            case Parquet():
                return parquet.open(entry, part.path, part.size)
            case _:
                return JsonFile(entry, part.path)

    def _is_refused(self, entry: int) -> bool:
        return self._members.source(entry) in self._loaded.refusals

    def _load_alike(self, format_: Native, files: Sequence[_Opened]) -> None:
        text = [one for one in files if isinstance(one, TextFile)]
        json = [one for one in files if isinstance(one, JsonFile)]
        parquet = [one for one in files if isinstance(one, ParquetFile)]
        match format_:
            case Csv() if text:
                self._load_csv(format_, text)
            case FixedWidth() if text:
                self._load(partial(careful_reading, self._plan, format_, text))
            case Ndjson() | JsonDocument() if json:
                self._load(partial(json_reading, self._plan, format_, json))
            case Parquet() if parquet:
                self._load(partial(parquet_reading, self._plan, format_, parquet))

    def _unite(self) -> None:
        """Make the parts of each source one."""
        lowest = exp.select("entry", exp.Min(this=column("place"))).from_(WORK).group_by("entry")
        self._members.line_up(dict(self._session.execute(lowest)), self._rows)
        renumbered = [
            exp.EQ(this=column(name), expression=value) for name, value in self._members.in_source().items()
        ]
        self._session.execute(exp.Update(this=exp.to_table(WORK), expressions=renumbered))

    def _load_csv(self, csv: Csv, files: list[TextFile]) -> None:
        """Files of one header: DuckDB takes those that it gets right, the rest are read carefully."""
        fast = [file for file in files if file.records is not None]
        while fast and (doubtful := self._load_fast(partial(fast_reading, self._plan, csv, fast))):
            fast = [file for file in fast if file.entry not in doubtful]
        taken = {file.entry for file in fast}
        careful = [file for file in files if file.entry not in taken]
        if careful:
            self._load(partial(careful_reading, self._plan, csv, careful))

    def _load_fast(self, read: Callable[[], Reading]) -> set[int]:
        """Load a reading; or nothing of it, and return the sources from which DuckDB took a wrong number."""
        reading = read()
        self._session.execute(exp.Transaction())
        try:
            self._insert(reading)
        except DataFault:
            self._session.execute(exp.Rollback())
            return set(reading.entries)
        doubtful = self._miscounted(reading)
        self._session.execute(exp.Rollback() if doubtful else exp.Commit())
        if not doubtful:
            self._note(reading, read)
        return doubtful

    def _load(self, read: Callable[[], Reading]) -> None:
        reading = read()
        self._insert(reading)
        if wrong := self._miscounted(reading):
            raise EngineFault(f"{len(wrong)} objects gave another number of rows than they have records")
        self._note(reading, read)

    def _note(self, reading: Reading, read: Callable[[], Reading]) -> None:
        refused = {
            self._members.source(entry): unreadable(told(self._members.parts[entry].name, message))
            for entry, message in reading.refused.items()
        }
        begun = [entry for entry in reading.refused if reading.expected[entry]]
        if begun or self._members.among_several(reading.refused):
            raise Spoilt(refused)
        self._readings.append(read)
        self._loaded.refusals |= refused
        self._entries += reading.entries
        self._rows |= {
            entry: rows for entry, rows in reading.expected.items() if entry not in reading.refused
        }

    def _miscounted(self, reading: Reading) -> set[int]:
        low, high = number(min(reading.entries)), number(max(reading.entries))
        counted = exp.select("entry", exp.Count(this=exp.Star())).from_(WORK).group_by("entry")
        counted = counted.where(exp.Between(this=column("entry"), low=low, high=high))
        rows: dict[int, int] = dict(self._session.execute(counted))
        return {entry for entry in reading.entries if rows.get(entry, 0) != reading.expected[entry]}

    def _insert(self, reading: Reading) -> None:
        rows = refined(self._plan, reading, self._texts(reading), all_raw=self._all_raw)
        self._session.execute(exp.insert(rows, WORK, copy=False))

    def _texts(self, reading: Reading) -> exp.Select:
        """The reading's rows as text, those of nested columns shaped on their way through Python."""
        rows = texts(reading)
        shapes = to_shape(self._plan, reading)
        incoming = reading.incoming
        if not shapes:
            if incoming:
                self._session.feed(INCOMING, incoming.schema, incoming.batches())
            return rows
        if incoming:
            self._session.feed_stream(INCOMING, incoming.schema, incoming.batches())
        stream = self._session.stream(rows)
        schema = nested.shaped_schema(stream.schema, shapes)
        self._session.feed(_SHAPED, schema, nested.shaped(iter(stream), shapes, schema, self._veil))
        return exp.select("*").from_(_SHAPED)
