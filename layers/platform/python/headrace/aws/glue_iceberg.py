"""Iceberg tables in the Glue catalog, committed by compare-and-swap.

A commit is one Glue UpdateTable that swaps the pointer to the table's metadata. PyIceberg sends it with
the VersionId of the metadata it read last, so Glue refuses it where another writer came first; the fence
is a requirement that PyIceberg checks on that same metadata. Nobody can come in between.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import boto3
import pyarrow.parquet as pq
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchNamespaceError,
    NoSuchPropertyException,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.io.pyarrow import (
    UnsupportedPyArrowTypeException,
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    pyarrow_to_schema,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import AssertTableUUID
from pyiceberg.typedef import Record
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    StructType,
    TimestamptzType,
)

from headrace.aws.clients import Clients
from headrace.aws.errors import translated
from headrace.domain import plan
from headrace.domain.errors import (
    CommitConflict,
    IncompatibleTable,
    MissingArtefact,
    OutcomeUnknown,
    Refused,
    Unavailable,
)
from headrace.domain.plan import Column
from headrace.domain.zones import TableRef
from headrace.ports import TableSpec, TableState

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

_PROPERTIES = {
    "format-version": "2",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "100",
    "write.parquet.compression-codec": "zstd",
}
_FOOTERS_AT_ONCE = 8


class GlueTableCatalog:
    """TableCatalog over Glue. Tables are unpartitioned, of format version 2, all columns optional."""

    def __init__(self, catalog: GlueCatalog) -> None:
        self._catalog = catalog

    @classmethod
    def connect(cls, region: str, endpoint: str | None = None, client: "GlueClient | None" = None) -> Self:
        """`endpoint` (None: AWS) is told to PyArrow's own S3 client too, which reads no AWS_ENDPOINT_URL.

        A `client` that shares its session with other clients saves a cold start about 80 ms.
        """
        files = {"s3.region": region, "s3.connect-timeout": "3", "s3.request-timeout": "30"}
        if endpoint:
            files["s3.endpoint"] = endpoint
        client = client or Clients(boto3.Session(region_name=region), endpoint).glue
        return cls(GlueCatalog("glue", client=client, **files))

    def ensure(self, spec: TableSpec) -> TableState:
        wanted = _schema(spec.columns)
        with _translated(f"create {spec.ref}"):
            try:
                table = self._load(spec.ref)
            except NoSuchTableError:
                table = self._create(spec, wanted)
        _require_same(str(spec.ref), _columns(table.schema()), "the contract", _columns(wanted))
        return _state(table)

    def state(self, ref: TableRef) -> TableState:
        with _translated(f"load {ref}"):
            return _state(self._load(ref))

    def append(
        self,
        ref: TableRef,
        files: Sequence[str],
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
    ) -> int:
        with _translated(f"append to {ref}"):
            table = self._load(ref)
            commit = _FencedTransaction(table, expect)
            with ThreadPoolExecutor(_FOOTERS_AT_ONCE) as pool:
                added = list(pool.map(lambda uri: _data_file(table, uri), files))
            commit.set_properties(dict(properties))
            if added:
                with commit.update_snapshot().fast_append() as snapshot:
                    for file in added:
                        snapshot.append_data_file(file)
            committed = commit.commit_transaction()
            return _snapshot_id(committed) if added else 0

    def replace(
        self,
        ref: TableRef,
        source: TableRef,
        properties: Mapping[str, str],
        expect: Mapping[str, str | None],
    ) -> int:
        with _translated(f"replace the content of {ref} by that of {source}"):
            origin, table = self._load(source), self._load(ref)
            _require_same(str(source), _numbered(origin.schema()), str(ref), _numbered(table.schema()))
            new, old = _whole_files(origin), _files(table)
            commit = _FencedTransaction(table, expect)
            commit.set_properties(dict(properties))
            if new != old:
                with commit.update_snapshot().overwrite() as snapshot:
                    for file in old - new:
                        snapshot.delete_data_file(file)
                    for file in new - old:
                        snapshot.append_data_file(file)
            committed = commit.commit_transaction()
            return _snapshot_id(committed) if new or old else 0

    def drop(self, ref: TableRef) -> None:
        with _translated(f"drop {ref}"):
            try:
                self._catalog.drop_table(_identifier(ref))
            except NoSuchTableError:
                return

    def _create(self, spec: TableSpec, schema: Schema) -> Table:
        properties = {**_PROPERTIES, **spec.properties}
        try:
            return self._catalog.create_table(
                _identifier(spec.ref), schema, location=spec.location, properties=properties
            )
        except TableAlreadyExistsError:  # somebody else was quicker
            return self._load(spec.ref)

    def _load(self, ref: TableRef) -> Table:
        return self._catalog.load_table(_identifier(ref))


# ── commits ──────────────────────────────────────────────────────────────────────────────────────


class _Fence(AssertTableUUID):
    """The metadata that a commit replaces is of this table and holds these properties (None: not set)."""

    expect: dict[str, str | None]

    def validate(self, base_metadata: TableMetadata | None) -> None:  # type: ignore[override]  # as PyIceberg
        super().validate(base_metadata)
        found = base_metadata.properties if base_metadata else {}
        for name, value in self.expect.items():
            if found.get(name) != value:
                raise CommitFailedException(f"{name} is {found.get(name)!r}, expected {value!r}")


class _FencedTransaction(Transaction):
    """A transaction that is tried once.

    PyIceberg's own would try again on the newer table, and where it gives up it deletes the manifests it
    wrote. When Glue applied the commit but its answer was lost and botocore asked again, the refusal of
    the second request looks like a conflict: those manifests are then the table's. Here they stay, and
    the caller reads the table to see what came of its commit.
    """

    def __init__(self, table: Table, expect: Mapping[str, str | None]) -> None:
        super().__init__(table)
        self._fence = _Fence(uuid=table.metadata.table_uuid, expect=dict(expect))
        self._fence.validate(table.metadata)

    def commit_transaction(self) -> Table:
        try:
            with translated(f"commit to {'.'.join(self._table.name())}"):
                self._table._do_commit(self._updates, (*self._requirements, self._fence))
        except Unavailable as lost:
            raise OutcomeUnknown(f"the answer was lost: {lost}") from lost
        return self._table


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        with translated(doing):
            yield
    except CommitFailedException as error:
        raise CommitConflict(f"{doing}: {error}") from error
    except (NoSuchTableError, NoSuchPropertyException) as error:
        raise IncompatibleTable(f"{doing}: {error}; registering its contract creates it") from error
    except NoSuchNamespaceError as error:
        raise Refused(f"{doing}: {error}; deploying the stack creates it") from error
    except FileNotFoundError as error:
        raise MissingArtefact(f"{doing}: {error}") from error
    except PermissionError as error:
        raise Refused(f"{doing}: {error}") from error
    except OSError as error:
        raise Unavailable(f"{doing}: {error}") from error


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def _data_file(table: Table, uri: str) -> DataFile:
    """The file as a manifest lists it, from its footer alone: its rows are not read."""
    file = table.io.new_input(uri)
    with file.open() as stream:
        footer = pq.read_metadata(stream)
    schema = table.schema()
    try:
        written = pyarrow_to_schema(footer.schema.to_arrow_schema())
    except (ValueError, UnsupportedPyArrowTypeException) as error:
        raise IncompatibleTable(f"{uri} is not written as an Iceberg data file: {error}") from error
    _require_same(uri, _numbered(written), "the table", _numbered(schema))
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=footer,
        stats_columns=compute_statistics_plan(schema, table.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=uri,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        file_size_in_bytes=len(file),
        spec_id=table.spec().spec_id,
        **statistics.to_serialized_dict(),
    )


def _files(table: Table) -> set[DataFile]:
    return {task.file for task in table.scan().plan_files()}


def _whole_files(table: Table) -> set[DataFile]:
    """The table's files, if they are all of it: another table cannot share its deletes or partitions."""
    tasks = list(table.scan().plan_files())
    if not table.spec().is_unpartitioned() or any(task.delete_files for task in tasks):
        raise IncompatibleTable(
            f"{'.'.join(table.name())} has partitions or row-level deletes: write it anew"
        )
    return {task.file for task in tasks}


def _state(table: Table) -> TableState:
    return TableState(
        properties=dict(table.properties),
        field_ids=_field_ids(table.schema()),
        snapshot_id=_snapshot_id(table),
    )


def _snapshot_id(table: Table) -> int:
    return table.metadata.current_snapshot_id or 0


# ── schemas ──────────────────────────────────────────────────────────────────────────────────────


def _identifier(ref: TableRef) -> tuple[str, str]:
    return ref.database, ref.name


def _schema(columns: Sequence[Column]) -> Schema:
    ids = count(1)
    return Schema(*(_field(column, ids.__next__) for column in columns))


def _field(column: Column, new_id: Callable[[], int]) -> NestedField:
    column_type = StringType() if column.mask else _type(column.type, new_id)
    return NestedField(new_id(), column.name, column_type, required=False, doc=column.description or None)


_PRIMITIVES: dict[type[Any], IcebergType] = {
    plan.Text: StringType(),
    plan.Json: StringType(),
    plan.Double: DoubleType(),
    plan.Boolean: BooleanType(),
    plan.Date: DateType(),
    plan.Timestamp: TimestamptzType(),
}


def _type(kind: plan.Type, new_id: Callable[[], int]) -> IcebergType:
    match kind:
        case plan.Integer(bits=bits):
            return IntegerType() if bits == 32 else LongType()
        case plan.Decimal(precision=precision, scale=scale):
            return DecimalType(precision, scale)
        case plan.Array(items=items):
            return ListType(new_id(), _type(items, new_id), element_required=False)
        case plan.Object(columns=columns):
            return StructType(*(_field(column, new_id) for column in columns))
        case _:
            return _PRIMITIVES[type(kind)]


def _field_ids(schema: Schema) -> dict[str, int]:
    """Field ids by dotted path: `user.name`, `tags.element`."""
    return {str(schema.find_column_name(field_id)): field_id for field_id in schema.field_ids}


def _columns(schema: Schema) -> dict[str, str]:
    """Types by dotted path; what nests is named by its kind, since its parts have paths of their own."""
    types = {path: schema.find_type(field_id) for path, field_id in _field_ids(schema).items()}
    return {
        path: str(kind) if isinstance(kind, PrimitiveType) else type(kind).__name__
        for path, kind in types.items()
    }


def _numbered(schema: Schema) -> dict[str, str]:
    """Types and field ids by dotted path: what two tables must share to share files."""
    ids = _field_ids(schema)
    return {path: f"{kind} with field id {ids[path]}" for path, kind in _columns(schema).items()}


def _require_same(name: str, columns: Mapping[str, str], other: str, others: Mapping[str, str]) -> None:
    differences = [
        f"{path}: {columns.get(path, 'missing')} in {name}, {others.get(path, 'missing')} in {other}"
        for path in sorted(columns.keys() | others.keys())
        if columns.get(path) != others.get(path)
    ]
    if differences:
        raise IncompatibleTable(f"{name} and {other} differ in these columns: " + "; ".join(differences))
