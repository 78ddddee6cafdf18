"""Loads the sources of a work unit into the table `work`, each by the reader that gets it right."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlglot import exp

from headrace.domain.errors import UnreadableObject
from headrace.domain.plan import Csv, JsonDocument, Ndjson, Parquet, Plan
from headrace.engines.duckdb import nested
from headrace.engines.duckdb.read_csv import CsvFile, careful_reading, fast_reading, open_csv
from headrace.engines.duckdb.read_json import json_reading
from headrace.engines.duckdb.read_parquet import ParquetFile, is_readable, open_parquet, parquet_reading
from headrace.engines.duckdb.reading import INCOMING, Reading, Refusal, unreadable
from headrace.engines.duckdb.render import refined, texts, to_shape, work_columns
from headrace.engines.duckdb.casts import column_definition
from headrace.engines.duckdb.rules import MASKING_KEY
from headrace.engines.duckdb.session import DataFault, EngineFault, Session
from headrace.engines.duckdb.sniff import format_of, mismatch
from headrace.engines.duckdb.sql import column, number

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


def load(
    session: Session,
    plan: Plan,
    sources: Mapping[int, tuple[str, Path]],
    masking_key: bytes,
    *,
    all_raw: bool,
) -> Loaded:
    """Create and fill `work`; `sources` are (key, file) by entry. Raises Spoilt."""
    session.execute(_create(WORK, work_columns(plan)))
    return _Loader(session, plan, masking_key, all_raw).load(sources)


class _Loader:
    def __init__(self, session: Session, plan: Plan, masking_key: bytes, all_raw: bool) -> None:
        self._session, self._plan = session, plan
        self._masking_key, self._all_raw = masking_key, all_raw
        self._loaded = Loaded()

    def load(self, sources: Mapping[int, tuple[str, Path]]) -> Loaded:
        csv: dict[tuple[Csv, tuple[str, ...]], list[CsvFile]] = {}
        json: dict[Ndjson | JsonDocument, list[tuple[int, Path]]] = {}
        parquet: dict[tuple[tuple[str, str], ...], list[ParquetFile]] = {}
        for entry, (key, path) in sources.items():
            format_ = format_of(self._plan.formats, key)
            try:
                if problem := mismatch(format_, path):
                    raise UnreadableObject(problem)
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
            self._load(json_reading(self._plan, format_, paths))
        for footers in parquet.values():
            self._load_parquet(footers)
        return self._loaded
