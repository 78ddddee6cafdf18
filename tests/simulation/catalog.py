"""Tables in memory whose maintenance can be simulated, and whose files the small engine wrote."""

import io
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import replace

from headrace.domain.zones import TableRef
from tests.fake_tables import FakeTable, FakeTableCatalog
from tests.fakes import FakeObjectStore
from tests.simulation.engine import read_table


class SimulatedCatalog(FakeTableCatalog):
    """A catalog that remembers which files its tables ever named."""

    def __init__(self, lake: FakeObjectStore) -> None:
        super().__init__(lake)
        self._named: set[str] = set()

    def read(
        self,
        ref: TableRef,
        columns: Sequence[str],
        *,
        below_batch: int | None = None,
        between: Mapping[str, tuple[object, object]] = {},
    ) -> Iterator[pa.RecordBatch]:
        if below_batch is not None or between:
            return super().read(ref, columns, below_batch=below_batch, between=between)
        table = self.tables[ref]
        held = (self._content(table, uri, columns) for uri in table.files)
        return (batch for one in held for batch in one.to_batches())

    def append(
        self,
        ref: TableRef,
        files: Sequence[str],
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
    ) -> int:
        snapshot = super().append(ref, files, properties, expect)
        self._named.update(files)
        return snapshot

    def compact(self, ref: TableRef) -> bool:
        """Write a table's files into one, as maintenance does; whether there was anything to do."""
        table = self.tables[ref]
        if len(table.files) < 2:
            return False
        held = [self._held(uri) for uri in table.files]
        body = io.BytesIO()
        pq.write_table(pa.concat_tables(held, promote_options="permissive"), body)
        snapshot = next(self._snapshots)
        uri = f"{table.location}/data/compacted-{snapshot:05d}.parquet"
        self._lake.write(self._key(uri), body.getvalue())
        self._name(ref, replace(table, files=(uri,), snapshot_id=snapshot))
        return True

    def expire(self) -> int:
        """Forget all snapshots but the newest, and delete the files that only they named; how many."""
        for table in self.tables.values():
            self._named.update(table.files)
        standing = {uri for table in self.tables.values() for uri in table.files}
        gone = sorted(self._named - standing)
        for uri in gone:
            self._lake.delete(self._key(uri))
        self._named = standing
        return len(gone)

    def _name(self, ref: TableRef, table: FakeTable) -> None:
        self._named.update((*self.tables[ref].files, *table.files))
        self.tables[ref] = table

    def _held(self, uri: str) -> pa.Table:
        return read_table(self._lake.read(self._key(uri)))

    def _key(self, uri: str) -> str:
        return uri.removeprefix(f"s3://{self._lake.bucket}/")
