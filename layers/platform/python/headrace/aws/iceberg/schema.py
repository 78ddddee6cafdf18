"""A contract's columns as an Iceberg schema: made, compared, and evolved where they stand already."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.update.schema import UpdateSchema
from pyiceberg.transforms import (
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
    TruncateTransform,
    YearTransform,
)
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

from headrace.domain import plan
from headrace.domain.errors import IncompatibleTable
from headrace.domain.plan import Column, Partition
from headrace.domain.tables import partition_name

Path = tuple[str, ...]

_PRIMITIVES: dict[type[Any], IcebergType] = {
    plan.Text: StringType(),
    plan.Json: StringType(),
    plan.Double: DoubleType(),
    plan.Boolean: BooleanType(),
    plan.Date: DateType(),
    plan.Time: StringType(),
    plan.Timestamp: TimestamptzType(),
}

# ── making ───────────────────────────────────────────────────────────────────────────────────────


def schema_of(columns: Sequence[Column]) -> Schema:
    """The schema of a new table with these columns, as they are published; all optional."""
    ids = count(1)
    return Schema(*(_field(column, ids.__next__) for column in columns))


def _field(column: Column, new_id: Callable[[], int]) -> NestedField:
    kind = _type(column.type, new_id)
    return NestedField(new_id(), column.name, kind, required=False, doc=column.description or None)


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


_TRANSFORMS: dict[str, Callable[[int], Transform[Any, Any]]] = {
    "identity": lambda _: IdentityTransform(),
    "year": lambda _: YearTransform(),
    "month": lambda _: MonthTransform(),
    "day": lambda _: DayTransform(),
    "hour": lambda _: HourTransform(),
    "truncate": TruncateTransform,
}


def partition_spec(partitions: Sequence[Partition], schema: Schema) -> PartitionSpec:
    """How a table of this schema is partitioned. Raises IncompatibleTable where a column has the name of a
    partition."""
    for one in partitions:
        if one.transform != "identity" and partition_name(one) in schema.column_names:
            raise IncompatibleTable(
                f"{partition_name(one)} is what Iceberg calls the {one.transform} of {one.column}, by which "
                "the table is partitioned: give the column of this name another one"
            )
    return PartitionSpec(
        *(
            PartitionField(
                source_id=schema.find_field(one.column).field_id,
                field_id=field_id,
                transform=_TRANSFORMS[one.transform](one.width),
                name=partition_name(one),
            )
            for field_id, one in enumerate(partitions, PARTITION_FIELD_ID_START)
        )
    )


# ── evolving ─────────────────────────────────────────────────────────────────────────────────────


class Evolution:
    """Stages what a table needs in order to take `columns`: what it lacks is added, types are promoted,
    a column that stands under one of its aliases is renamed, descriptions are written.

    Nothing is dropped or moved: a column that is not among `columns` stays, for the rows that have it.
    """

    def __init__(self, update: UpdateSchema, standing: Schema) -> None:
        self._update, self._standing = update, standing
        self._misfits: list[str] = []

    def to(self, columns: Sequence[Column]) -> list[str]:
        """Stage it all. Returns what Iceberg cannot do, one line each: then nothing may be committed."""
        self._columns(self._standing.fields, columns, ())
        return self._misfits

    def _columns(self, fields: Sequence[NestedField], columns: Sequence[Column], parent: Path) -> None:
        standing = {field.name: field for field in fields}
        named = {column.name for column in columns}
        for column in columns:
            field = standing.pop(column.name, None)
            former = next((name for name in column.aliases if name in standing and name not in named), None)
            if field is None and former is not None:
                field = standing.pop(former)
                self._update.rename_column((*parent, former), column.name)
            if field is None:
                self._update.add_column(
                    (*parent, column.name), _type(column.type, count(1).__next__), column.description or None
                )
                continue
            path = (*parent, field.name)
            if column.description and column.description != field.doc:
                self._update.update_column(path, doc=column.description)
            self._type(field.field_type, column.type, path)

    def _type(self, standing: IcebergType, kind: plan.Type, path: Path) -> None:
        match standing, kind:
            case StructType(), plan.Object(columns=columns):
                self._columns(standing.fields, columns, path)
            case ListType(), plan.Array(items=items):
                self._type(standing.element_type, items, (*path, "element"))
            case _:
                wanted = _type(kind, count(1).__next__)
                if _promotes(standing, wanted):
                    self._update.update_column(path, field_type=wanted)
                elif not (standing == wanted or _promotes(wanted, standing)):
                    self._misfits.append(
                        f"{'.'.join(path)} is {_named(standing)} and cannot become {_named(wanted)}"
                    )


def _promotes(narrow: IcebergType, wide: IcebergType) -> bool:
    """Whether Iceberg reads values of the one type as the other: of its promotions, those that a contract's
    types have. PyIceberg's own `promote` takes a decimal of any scale."""
    match narrow, wide:
        case IntegerType(), LongType():
            return True
        case DecimalType(), DecimalType():
            return narrow.scale == wide.scale and narrow.precision < wide.precision
        case _:
            return False


# ── comparing ────────────────────────────────────────────────────────────────────────────────────


def field_ids(schema: Schema) -> dict[str, int]:
    """Field ids by dotted path: `user.name`, `tags.element`."""
    return {str(schema.find_column_name(field_id)): field_id for field_id in schema.field_ids}


def numbered(schema: Schema) -> dict[str, str]:
    """Types and field ids by dotted path: what two tables must share to share files."""
    ids = field_ids(schema)
    return {path: f"{_named(schema.find_type(ids[path]))} with field id {ids[path]}" for path in ids}


def require_readable(file: str, written: Schema, table: Schema) -> None:
    """Raises IncompatibleTable unless a file of the one schema is read as the other, by its field ids:
    it may lack columns, have their former names, and types that have been promoted since."""
    misfits = list(_unreadable(written, table))
    if misfits:
        raise IncompatibleTable(f"{file} does not fit its table: " + "; ".join(misfits))


def _unreadable(written: Schema, table: Schema) -> Iterator[str]:
    known = table.field_ids
    for path, field_id in field_ids(written).items():
        kind = written.find_type(field_id)
        if field_id not in known:
            yield f"{path}: {_named(kind)} with field id {field_id}, which the table has not"
        elif not _reads(kind, wanted := table.find_type(field_id)):
            yield f"{path}: {_named(kind)} with field id {field_id}, which is {_named(wanted)} in the table"


def _reads(kind: IcebergType, wanted: IcebergType) -> bool:
    if isinstance(kind, PrimitiveType):
        return kind == wanted or _promotes(kind, wanted)
    return type(kind) is type(wanted)


def partitioning(spec: PartitionSpec, schema: Schema) -> list[str]:
    """What a table of this schema is partitioned by, for people: `month of began`."""
    return [f"{one.transform} of {schema.find_column_name(one.source_id)}" for one in spec.fields]


def described_as(standing: Schema, new: Schema) -> Schema:
    """The new schema, with the descriptions that columns of the same names have in the standing one."""
    docs = {field.name: field.doc for field in standing.fields}
    return Schema(
        *(field.model_copy(update={"doc": field.doc or docs.get(field.name)}) for field in new.fields)
    )


def _named(kind: IcebergType) -> str:
    """A type for people; what nests is named by its kind, since its parts have paths of their own."""
    return str(kind) if isinstance(kind, PrimitiveType) else type(kind).__name__
