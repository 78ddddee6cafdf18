"""Iceberg tables in the Glue catalog, committed by compare-and-swap.

A commit is one Glue UpdateTable that swaps the pointer to the table's metadata. PyIceberg sends it with
the VersionId of the metadata it read last, so Glue refuses it where another writer came first; the fence
is a requirement that PyIceberg checks on that same metadata. Nobody can come in between.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Self

import boto3
import pyarrow as pa
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.table import Table

from headrace.aws.clients import Clients
from headrace.aws.iceberg.clone import written_empty
from headrace.aws.iceberg.commit import FencedTransaction, translated
from headrace.aws.iceberg.files import data_files, files_of, read_rows, whole_files_of
from headrace.aws.iceberg.leaving import without
from headrace.aws.iceberg.schema import (
    Evolution,
    described_as,
    field_ids,
    numbered,
    partition_spec,
    partitioning,
    require_readable,
    schema_of,
)
from headrace.domain.errors import CommitConflict, IncompatibleTable, OutcomeUnknown
from headrace.domain.landed import Rows
from headrace.domain.tables import published
from headrace.domain.zones import WATERMARK, TableRef
from headrace.ports import TableSpec, TableState

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_glue import GlueClient

_PROPERTIES = {
    "format-version": "2",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "100",
    "write.parquet.compression-codec": "zstd",
    "write.metadata.metrics.column._object": "full",
}
_ATTEMPTS = 5


class GlueTableCatalog:
    """TableCatalog over Glue. Tables are of format version 2, all columns optional."""

    def __init__(self, catalog: GlueCatalog) -> None:
        self._catalog = catalog

    @classmethod
    def connect(
        cls,
        region: str,
        endpoint: str | None = None,
        client: "GlueClient | None" = None,
        credentials: "ReadOnlyCredentials | None" = None,
    ) -> Self:
        """`endpoint` (None: AWS) is told to PyArrow's own S3 client too, which reads no AWS_ENDPOINT_URL;
        so are `credentials`, where they are not those of the environment.

        A `client` that shares its session with other clients saves a cold start about 80 ms.
        """
        files = {"s3.region": region, "s3.connect-timeout": "3", "s3.request-timeout": "30"}
        if endpoint:
            files["s3.endpoint"] = endpoint
        if credentials:
            theirs = {
                "s3.access-key-id": credentials.access_key,
                "s3.secret-access-key": credentials.secret_key,
                "s3.session-token": credentials.token,
            }
            files |= {name: value for name, value in theirs.items() if value}
        client = client or Clients(boto3.Session(region_name=region), endpoint).glue
        return cls(GlueCatalog("glue", client=client, **files))

    def ensure(self, spec: TableSpec) -> TableState:
        for _ in range(_ATTEMPTS):
            try:
                with translated(f"make {spec.ref}"):
                    return self._ensured(spec)
            except (CommitConflict, OutcomeUnknown):
                continue  # only the table knows what came of it: read it again
        raise CommitConflict(f"{spec.ref} changed under {_ATTEMPTS} attempts to evolve it")

    def state(self, ref: TableRef) -> TableState:
        with translated(f"load {ref}"):
            return _state(self._load(ref))

    def read(
        self,
        ref: TableRef,
        columns: Sequence[str],
        *,
        below_batch: int | None = None,
        between: Mapping[str, tuple[object, object]] = {},
    ) -> Iterator[pa.RecordBatch]:
        doing = f"read {ref}"
        with translated(doing):
            return read_rows(self._load(ref), columns, below_batch, between, doing)

    def append(
        self,
        ref: TableRef,
        files: Sequence[str],
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
    ) -> int:
        return self._changed(f"append to {ref}", ref, {}, files, properties, expect)

    def replace(
        self,
        ref: TableRef,
        source: TableRef,
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
        *,
        keep_columns: bool = False,
    ) -> int:
        with translated(f"replace the content of {ref} by that of {source}"):
            origin, table = self._load(source), self._load(ref)
            new, old = whole_files_of(origin, table), files_of(table)
            commit = FencedTransaction(table, expect)
            commit.set_properties(dict(properties))
            if keep_columns:
                require_readable(str(source), origin.schema(), table.schema())
            elif numbered(origin.schema()) != numbered(table.schema()):
                commit.set_schema(described_as(table.schema(), origin.schema()))
            if new != old:
                with commit.update_snapshot().overwrite() as snapshot:
                    for file in old - new:
                        snapshot.delete_data_file(file)
                    for file in new - old:
                        snapshot.append_data_file(file)
            committed = commit.commit_transaction()
            return _snapshot_id(committed) if new or old else 0

    def replace_rows(
        self,
        ref: TableRef,
        gone: Rows,
        files: Sequence[str],
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
    ) -> int:
        return self._changed(f"replace rows of {ref}", ref, gone, files, properties, expect)

    def _changed(
        self,
        doing: str,
        ref: TableRef,
        gone: Rows,
        files: Sequence[str],
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
    ) -> int:
        with translated(doing):
            table = self._load(ref)
            commit = FencedTransaction(table, expect)
            left = without(table, gone)
            added = data_files(table, [*left.kept, *files])
            commit.set_properties(dict(properties))
            if left.let_go or added:
                update = commit.update_snapshot()
                with update.overwrite() if left.let_go else update.fast_append() as snapshot:
                    for file in left.let_go:
                        snapshot.delete_data_file(file)
                    for file in added:
                        snapshot.append_data_file(file)
            committed = commit.commit_transaction()
            return _snapshot_id(committed) if left.let_go or added else 0

    def clone(self, ref: TableRef, of: TableRef, location: str) -> TableState:
        with translated(f"make {ref}, as {of} is"):
            try:
                return _state(self._load(ref))
            except NoSuchTableError:
                origin = self._load(of)
            where = written_empty(origin, location, without=[WATERMARK])
            try:
                return _state(self._catalog.register_table(_identifier(ref), where))
            except TableAlreadyExistsError:  # somebody else was quicker
                return _state(self._load(ref))

    def files(self, ref: TableRef) -> Mapping[str, int]:
        with translated(f"list the files of {ref}"):
            return {file.file_path: file.record_count for file in files_of(self._load(ref))}

    def drop(self, ref: TableRef) -> None:
        with translated(f"drop {ref}"):
            try:
                self._catalog.drop_table(_identifier(ref))
            except NoSuchTableError:
                return

    def _ensured(self, spec: TableSpec) -> TableState:
        try:
            table = self._load(spec.ref)
        except NoSuchTableError:
            table = self._create(spec)
        change = _evolution(table, spec)
        return _state(table if change.is_empty else change.commit_transaction())

    def _create(self, spec: TableSpec) -> Table:
        properties = {**_PROPERTIES, **spec.properties}
        schema = schema_of(published(spec.columns))
        partitions = partition_spec(spec.partitions or (), schema)
        try:
            return self._catalog.create_table(
                _identifier(spec.ref), schema, spec.location, partitions, properties=properties
            )
        except TableAlreadyExistsError:  # somebody else was quicker
            return self._load(spec.ref)

    def _load(self, ref: TableRef) -> Table:
        return self._catalog.load_table(_identifier(ref))


def _evolution(table: Table, spec: TableSpec) -> FencedTransaction:
    """What the table that stands needs in order to be what `spec` says, to be committed."""
    change = FencedTransaction(table, {})
    update = change.update_schema()
    misfits = Evolution(update, table.schema()).to(published(spec.columns))
    if misfits:
        raise IncompatibleTable(f"{spec.ref} cannot take the contract's columns: {'; '.join(misfits)}")
    try:
        update.commit()
    except ValueError as error:  # a new column has the name of a partition
        raise IncompatibleTable(f"{spec.ref} cannot take the contract's columns: {error}") from error
    if spec.partitions is not None:
        evolved = change.table_metadata.schema()
        standing = partitioning(table.spec(), evolved)
        wanted = partitioning(partition_spec(spec.partitions, evolved), evolved)
        if standing != wanted:
            raise IncompatibleTable(
                f"{spec.ref} is partitioned by {', '.join(standing) or 'nothing'}, the contract by "
                f"{', '.join(wanted) or 'nothing'}: keep the partitions, or give the dataset a new name"
            )
    return change


def _identifier(ref: TableRef) -> tuple[str, str]:
    return ref.database, ref.name


def _state(table: Table) -> TableState:
    return TableState(
        properties=dict(table.properties),
        field_ids=field_ids(table.schema()),
        snapshot_id=_snapshot_id(table),
    )


def _snapshot_id(table: Table) -> int:
    return table.metadata.current_snapshot_id or 0
