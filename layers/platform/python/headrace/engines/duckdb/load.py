"""Loads the sources of a work unit into the table `work`, each by the reader that gets it right."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlglot import exp

from headrace.domain.errors import EngineFault, UnreadableObject
from headrace.domain.plan import Csv, JsonDocument, Ndjson, Parquet, Plan
from headrace.engines.duckdb import nested
from headrace.engines.duckdb.read_csv import CsvFile, careful_reading, fast_reading, open_csv
from headrace.engines.duckdb.read_json import json_reading
from headrace.engines.duckdb.read_parquet import ParquetFile, is_readable, open_parquet, parquet_reading
from headrace.engines.duckdb.reading import INCOMING, Reading, Refusal, unreadable
from headrace.engines.duckdb.render import refined, texts, to_shape, work_columns
from headrace.engines.duckdb.session import DataFault, Session
from headrace.engines.duckdb.sniff import check_kind, format_of
from headrace.engines.sql import all_of, column, create_table, is_not_null, is_null, number, update

WORK = "work"
_SHAPED = "shaped"


class Spoilt(Exception):
    """Files turned out to be unreadable in the middle of a statement; internal to a refine call."""

    def __init__(self, refusals: Mapping[int, Refusal]) -> None:
        super().__init__()
        self.refusals = refusals


@dataclass
class Loaded:
    """How many rows each source gave by its reader's own count, and which were refused. `in_order`:
    the table holds the rows in the order of their sources."""

    rows: dict[int, int] = field(default_factory=dict)
    refusals: dict[int, Refusal] = field(default_factory=dict)
    entries: list[int] = field(default_factory=list)

    @property
    def in_order(self) -> bool:
        return self.entries == sorted(self.entries)


class Loader:
    """Fills `work`; rows have their raw text where they have reasons, or all of them with `all_raw`."""

    def __init__(self, session: Session, plan: Plan, *, all_raw: bool) -> None:
        self._session, self._plan, self._all_raw = session, plan, all_raw
        self._loaded = Loaded()
        self._readings: list[Callable[[], Reading]] = []

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
            if missing.isdisjoint(reading.entries):
                continue
            rows = exp.select("*").from_(self._texts(reading).subquery("rows"))
            rows = rows.where(exp.In(this=place, query=places.subquery()))
            again = refined(self._plan, reading, rows, all_raw=True).subquery("again")
            self._session.execute(update(WORK, {"raw": column("raw", "again")}, again, on=("entry", "place")))

    def load(self, sources: Mapping[int, tuple[str, Path]]) -> Loaded:
        """`sources` are (key, file) by entry. Raises Spoilt."""
        self._session.execute(create_table(WORK, work_columns(self._plan)))
        csv: dict[tuple[Csv, tuple[str, ...]], list[CsvFile]] = {}
        json: dict[Ndjson | JsonDocument, list[tuple[int, Path]]] = {}
        parquet: dict[tuple[tuple[str, str], ...], list[ParquetFile]] = {}
        for entry, (key, path) in sources.items():
            format_ = format_of(self._plan.formats, key)
            try:
                check_kind(format_, path)
                match format_:
                    case Csv():
                        opened = open_csv(self._plan, format_, entry, path)
                        csv.setdefault((format_, opened.header), []).append(opened)
                    case Parquet():
                        footer = open_parquet(self._session, self._plan, entry, path)
                        parquet.setdefault(footer.columns, []).append(footer)
                    case _:
                        json.setdefault(format_, []).append((entry, path))
            except UnreadableObject as error:
                self._loaded.refusals[entry] = unreadable(str(error))
        for (format_, _), files in csv.items():
            self._load_csv(format_, files)
        for format_, paths in json.items():
            self._load(partial(json_reading, self._plan, format_, paths))
        for footers in parquet.values():
            self._load_parquet(footers)
        return self._loaded

    def _load_csv(self, csv: Csv, files: list[CsvFile]) -> None:
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

    def _load_parquet(self, files: list[ParquetFile]) -> None:
        read = partial(parquet_reading, self._plan, files)
        reading = read()
        try:
            self._insert(reading)
        except DataFault:
            guilty = {file.entry for file in files if not is_readable(self._session, file)}
            if not guilty:
                raise
        else:
            guilty = self._miscounted(reading)
        if guilty:
            message = "the file cannot be read to its end; write it again"
            raise Spoilt(dict.fromkeys(guilty, unreadable(message)))
        self._note(reading, read)

    def _load(self, read: Callable[[], Reading]) -> None:
        reading = read()
        self._insert(reading)
        if wrong := self._miscounted(reading):
            raise EngineFault(f"{len(wrong)} objects gave another number of rows than they have records")
        self._note(reading, read)

    def _note(self, reading: Reading, read: Callable[[], Reading]) -> None:
        self._readings.append(read)
        self._loaded.refusals |= reading.refused
        self._loaded.entries += reading.entries
        self._loaded.rows |= {
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
        self._session.feed(_SHAPED, schema, nested.shaped(iter(stream), shapes, schema))
        return exp.select("*").from_(_SHAPED)
