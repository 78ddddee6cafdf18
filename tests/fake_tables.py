"""Iceberg tables in memory, as their catalog shows them, proved by tests/ports."""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct
from msgspec.structs import replace

from headrace.domain import plan
from headrace.domain.errors import CommitConflict, IncompatibleTable
from headrace.domain.tables import published
from headrace.domain.zones import WATERMARK, TableRef
from headrace.ports import TableSpec, TableState
from tests.fakes import FakeObjectStore, OneAtATime


class FakeTable(Struct, frozen=True):
    """A table: types and field ids by column path, the URIs of its files, its newest snapshot (0: none)."""

    columns: Mapping[str, str]
    field_ids: Mapping[str, int]
    location: str
    properties: Mapping[str, str]
    files: tuple[str, ...] = ()
    snapshot_id: int = 0
    partitions: tuple[tuple[str, str, int], ...] = ()


class FakeTableCatalog(OneAtATime):
    """A catalog; `tables` is what stands in it. Its data files are read from the bucket `lake`."""

    def __init__(self, lake: FakeObjectStore) -> None:
        self.tables: dict[TableRef, FakeTable] = {}
        self._lake = lake
        self._snapshots = count(1)

    def ensure(self, spec: TableSpec) -> TableState:
        columns = published(spec.columns)
        partitions = tuple((one.column, one.transform, one.width) for one in spec.partitions or ())
        if spec.ref not in self.tables:
            kinds = dict(_columns(columns))
            ids = {path: number for number, path in enumerate(kinds, 1)}
            properties = dict(spec.properties)
            self.tables[spec.ref] = FakeTable(kinds, ids, spec.location, properties, partitions=partitions)
            return self.state(spec.ref)
        table = _evolved(self.tables[spec.ref], columns, str(spec.ref))
        if spec.partitions is not None and partitions != table.partitions:
            raise IncompatibleTable(f"{spec.ref} is partitioned by {table.partitions}, not {partitions}")
        self.tables[spec.ref] = table
        return self.state(spec.ref)

    def state(self, ref: TableRef) -> TableState:
        table = self._table(ref)
        return TableState(dict(table.properties), dict(table.field_ids), table.snapshot_id)

    def read(
        self,
        ref: TableRef,
        columns: Sequence[str],
        *,
        below_batch: int | None = None,
        between: Mapping[str, tuple[object, object]] = {},
    ) -> Iterator[pa.RecordBatch]:
        table = self._table(ref)
        needed = {*columns, *between, *(("_batch",) if below_batch is not None else ())}
        if missing := needed - table.columns.keys():
            raise IncompatibleTable(f"{ref} has no column {sorted(missing)}")
        wanted = pc.scalar(True)
        if below_batch is not None:
            wanted &= pc.field("_batch") < below_batch
        for name, (least, most) in between.items():
            wanted &= (pc.field(name) >= least) & (pc.field(name) <= most)
        rows = [self._content(table, uri, needed).filter(wanted).select(list(columns)) for uri in table.files]
        return (batch for one in rows for batch in one.to_batches() if batch.num_rows)

    def _content(self, table: FakeTable, uri: str, columns: Iterable[str]) -> pa.Table:
        """These columns of a file, found by their field ids; NULL where the file is older than they are."""
        held = self._held(uri)
        by_id = {int(one.metadata[b"PARQUET:field_id"]): held.column(one.name) for one in held.schema}
        content = {}
        for name in columns:
            kind = _ARROW.get(table.columns[name])
            values = by_id.get(table.field_ids[name], pa.nulls(held.num_rows, kind))
            content[name] = values.cast(kind) if kind else values
        return pa.table(content)

    def append(
        self,
        ref: TableRef,
        files: Sequence[str],
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
    ) -> int:
        table = self._fenced(ref, expect)
        snapshot = next(self._snapshots) if files else 0
        self.tables[ref] = replace(
            table,
            files=(*table.files, *files),
            properties={**table.properties, **properties},
            snapshot_id=snapshot or table.snapshot_id,
        )
        return snapshot

    def replace(
        self,
        ref: TableRef,
        source: TableRef,
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
        *,
        keep_columns: bool = False,
    ) -> int:
        table, origin = self._fenced(ref, expect), self._table(source)
        if keep_columns and not origin.field_ids.items() <= table.field_ids.items():
            raise IncompatibleTable(f"{source} has other columns than {ref}")
        if origin.partitions != table.partitions:
            raise IncompatibleTable(f"{source} is partitioned by {origin.partitions}, not as {ref}")
        changed = set(origin.files) != set(table.files)
        self.tables[ref] = replace(
            table,
            columns=table.columns if keep_columns else origin.columns,
            field_ids=table.field_ids if keep_columns else origin.field_ids,
            files=origin.files,
            properties={**table.properties, **properties},
            snapshot_id=next(self._snapshots) if changed else table.snapshot_id,
        )
        return self.tables[ref].snapshot_id if origin.files or table.files else 0

    def replace_rows(
        self,
        ref: TableRef,
        gone: Mapping[str, frozenset[int] | None],
        files: Sequence[str],
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
    ) -> int:
        table = self._fenced(ref, expect)
        if gone and not {"_object", "_row"} <= table.columns.keys():
            raise IncompatibleTable(f"{ref} has no column _object or _row")
        kept = [left for uri in table.files if (left := self._without(table, uri, gone))]
        after = (*kept, *files)
        changed = after != table.files
        self.tables[ref] = replace(
            table,
            files=after,
            properties={**table.properties, **properties},
            snapshot_id=next(self._snapshots) if changed else table.snapshot_id,
        )
        return self.tables[ref].snapshot_id if changed else 0

    def _without(self, table: FakeTable, uri: str, gone: Mapping[str, frozenset[int] | None]) -> str:
        """The file that holds the rows of this one that stay; empty where none does."""
        if not gone:
            return uri
        held = self._held(uri)
        places = zip(held["_object"].to_pylist(), held["_row"].to_pylist(), strict=True)
        stay = [not _leaves(gone, name, row) for name, row in places]
        if all(stay):
            return uri
        if not any(stay):
            return ""
        body = io.BytesIO()
        pq.write_table(held.filter(pa.array(stay)), body)
        stem = uri.rsplit("/", 1)[1].removesuffix(".parquet").split("-kept-")[0]
        digest = hashlib.sha256(repr((uri, stay)).encode()).hexdigest()[:16]
        kept = f"{table.location}/data/{stem}-kept-{digest}.parquet"
        self._lake.write(kept.removeprefix(f"s3://{self._lake.bucket}/"), body.getvalue())
        return kept

    def clone(self, ref: TableRef, of: TableRef, location: str) -> TableState:
        origin = self._table(of)
        properties = {name: value for name, value in origin.properties.items() if name != WATERMARK}
        new = replace(origin, location=location, properties=properties, files=(), snapshot_id=0)
        self.tables.setdefault(ref, new)
        return self.state(ref)

    def files(self, ref: TableRef) -> Mapping[str, int]:
        return {uri: self._held(uri).num_rows for uri in self._table(ref).files}

    def _held(self, uri: str) -> pa.Table:
        return pq.read_table(io.BytesIO(self._lake.read(uri.removeprefix(f"s3://{self._lake.bucket}/"))))

    def drop(self, ref: TableRef) -> None:
        self.tables.pop(ref, None)

    def _table(self, ref: TableRef) -> FakeTable:
        if ref not in self.tables:
            raise IncompatibleTable(f"there is no table {ref}; registering its contract creates it")
        return self.tables[ref]

    def _fenced(self, ref: TableRef, expect: Mapping[str, str | None]) -> FakeTable:
        table = self._table(ref)
        for name, value in expect.items():
            if table.properties.get(name) != value:
                raise CommitConflict(f"{name} of {ref} is {table.properties.get(name)!r}, expected {value!r}")
        return table


def _leaves(gone: Mapping[str, frozenset[int] | None], name: str, row: int) -> bool:
    rows = gone.get(name, frozenset())
    return rows is None or row in rows


_ARROW = {
    "string": pa.large_string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", "UTC"),
}

_WIDER = {("int32", "int64")}

_TYPES = {
    plan.Text: "string",
    plan.Json: "string",
    plan.Double: "double",
    plan.Boolean: "boolean",
    plan.Date: "date",
    plan.Time: "string",
    plan.Timestamp: "timestamptz",
    plan.Array: "list",
    plan.Object: "struct",
}


def _columns(columns: Sequence[plan.Column], prefix: str = "") -> Iterator[tuple[str, str]]:
    for column in columns:
        yield from _paths(prefix + column.name, column.type)


def _paths(path: str, kind: plan.Type) -> Iterator[tuple[str, str]]:
    match kind:
        case plan.Integer(bits=bits):
            yield path, f"int{bits}"
        case plan.Decimal(precision=precision, scale=scale):
            yield path, f"decimal({precision}, {scale})"
        case _:
            yield path, _TYPES[type(kind)]
    match kind:
        case plan.Array(items=items):
            yield from _paths(f"{path}.element", items)
        case plan.Object(columns=columns):
            yield from _columns(columns, f"{path}.")


def _evolved(table: FakeTable, columns: Sequence[plan.Column], name: str) -> FakeTable:
    """The table with these columns: renamed, then promoted, then added to."""
    moves = dict(_moves(table.columns, columns))

    def moved(path: str) -> str:
        for old, new in moves.items():
            if path == old or path.startswith(f"{old}."):
                return new + path.removeprefix(old)
        return path

    kinds = {moved(path): kind for path, kind in table.columns.items()}
    ids = {moved(path): number for path, number in table.field_ids.items()}
    partitions = tuple((moved(column), transform, width) for column, transform, width in table.partitions)
    for path, kind in _columns(columns):
        standing = kinds.setdefault(path, kind)
        ids.setdefault(path, max(ids.values()) + 1)
        if _widens(standing, kind):
            kinds[path] = kind
        elif standing != kind and not _widens(kind, standing):
            raise IncompatibleTable(f"{name} cannot take the contract's columns: {path} is {standing}")
    return replace(table, columns=kinds, field_ids=ids, partitions=partitions)


def _moves(
    standing: Mapping[str, str], columns: Sequence[plan.Column], old: str = "", new: str = ""
) -> Iterator[tuple[str, str]]:
    """Old and new paths of what is renamed, the innermost first."""
    taken = {column.name for column in columns}
    for column in columns:
        former = next((one for one in column.aliases if old + one in standing and one not in taken), None)
        path = old + (former if former and old + column.name not in standing else column.name)
        taken.add(path.removeprefix(old))
        kind, here, there = column.type, path, new + column.name
        while isinstance(kind, plan.Array):
            kind, here, there = kind.items, f"{here}.element", f"{there}.element"
        if isinstance(kind, plan.Object):
            yield from _moves(standing, kind.columns, f"{here}.", f"{there}.")
        if path != new + column.name:
            yield path, new + column.name


def _widens(narrow: str, wide: str) -> bool:
    """Whether Iceberg promotes the one type to the other."""
    if narrow.startswith("decimal") and wide.startswith("decimal"):
        (least, scale), (most, same) = (one.strip("decimal()").split(", ") for one in (narrow, wide))
        return scale == same and int(least) < int(most)
    return (narrow, wide) in _WIDER
