"""What refine writes by partition, a partitioned table takes; readers open the files that they need."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal as Number
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from msgspec.structs import replace
from pyiceberg.expressions import BooleanExpression, EqualTo, IsNull
from pyiceberg.typedef import Record

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import IncompatibleTable
from headrace.domain.formats import Csv
from headrace.domain.landed import LandedObject
from headrace.domain.machine import Machine
from headrace.domain.plan import (
    Boolean,
    Column,
    Date,
    Decimal,
    Integer,
    Partition,
    Plan,
    Text,
    Timestamp,
    Type,
)
from headrace.domain.tables import CURATED_SYSTEM_COLUMNS
from headrace.domain.zones import TableRef
from headrace.engines.duckdb import Source, refine
from headrace.ports import TableSpec
from tests.ports.worlds import EmulatedCatalog, EmulatedWorld, arrow_schema

# PyIceberg's own signatures are Pydantic's to mypy.
IS_NULL: Callable[..., BooleanExpression] = IsNull
EQUALS: Callable[..., BooleanExpression] = EqualTo

MILLS = DatasetId("river", "mills")


def stood(moto: EmulatedWorld, kind: Type, *partitions: Partition) -> tuple[EmulatedCatalog, TableSpec]:
    catalog = moto.catalog()
    columns = (Column("a", "a", kind), *CURATED_SYSTEM_COLUMNS)
    spec = TableSpec(
        TableRef(moto.database, "river_mills"), columns, f"{moto.location}/mills", {}, tuple(partitions)
    )
    catalog.ensure(spec)
    return catalog, spec


def refined(catalog: EmulatedCatalog, spec: TableSpec, values: Sequence[str], workdir: Path) -> list[str]:
    ids = dict(catalog.state(spec.ref).field_ids)
    plan = Plan(
        MILLS, "1.0.0+test", (Csv(),), spec.columns[:1], partitions=spec.partitions or (), field_ids=ids
    )
    source = workdir / "00000"
    source.write_text("a\n" + "".join(f'"{value}"\n' for value in values))
    landed = LandedObject("landing", "mills.csv", "v1", "etag", 1)
    unit = refine(
        plan,
        batch=1,
        sources=[Source(0, landed, source)],
        workdir=workdir,
        masking_key=b"",
        machine=Machine(1024),
    )
    assert not unit.quarantine
    return [file.path.as_uri() for file in unit.curated]


def values_of(partition: Record) -> list[Any]:
    return [partition[at] for at in range(len(partition))]


DAYS = ["1969-12-31", "1970-01-01", "0001-01-31", "9999-12-30", "1969-12-31", ""]
MOMENTS = [
    "1969-12-31T23:59:59.999999Z",
    "1970-01-01T00:00:00Z",
    "2026-03-01T00:30:00+01:00",
    "2026-03-01T00:00:00Z",
    "1901-01-01T00:00:00Z",
    "",
]
LONG = "x" * 5_000


@pytest.mark.parametrize(
    ("kind", "transform", "width", "values", "files"),
    [
        (Text(), "identity", 0, ["elbe", "rhine", "elbe", LONG, ""], 4),
        (Text(), "truncate", 3, ["río a", "río b", "rí", LONG, ""], 4),
        (Boolean(), "identity", 0, ["true", "false", "true", ""], 3),
        (Integer(32), "identity", 0, ["-7", "7", "7", ""], 3),
        (Integer(), "truncate", 10, ["-1", "-10", "0", "9", "-11", str(2**63 - 1), ""], 5),
        (Decimal(9, 2), "identity", 0, ["1.50", "-1.50", "1.5", ""], 3),
        (Decimal(38, 2), "truncate", 50, ["10.65", "10.50", "-0.01", "-0.50", ""], 3),
        (Date(), "identity", 0, DAYS, 5),
        (Date(), "year", 0, DAYS, 5),
        (Date(), "month", 0, DAYS, 5),
        (Date(), "day", 0, DAYS, 5),
        (Timestamp(), "year", 0, MOMENTS, 5),
        (Timestamp(), "month", 0, MOMENTS, 6),
        (Timestamp(), "day", 0, MOMENTS, 6),
        (Timestamp(), "hour", 0, MOMENTS, 6),
        (Timestamp(), "identity", 0, MOMENTS, 6),
    ],
)
def test_every_row_is_found_in_its_partition_alone(
    moto: EmulatedWorld, tmp_path: Path, kind: Type, transform: Any, width: int, values: list[str], files: int
) -> None:
    catalog, spec = stood(moto, kind, Partition("a", transform, width))
    written = refined(catalog, spec, values, tmp_path)
    assert len(written) == files
    catalog.append(spec.ref, written, {}, {})
    rows = catalog.rows(spec.ref)
    assert sorted(row["_row"] for row in rows) == list(range(1, len(values) + 1))
    table = catalog.iceberg.load_table((spec.ref.database, spec.ref.name))
    for value in {row["a"] for row in rows}:
        found = table.scan(IS_NULL("a") if value is None else EQUALS("a", value))
        assert len(list(found.plan_files())) == 1
        assert sorted(found.to_arrow()["_row"].to_pylist()) == [
            row["_row"] for row in sorted(rows, key=lambda row: row["_row"]) if row["a"] == value
        ]


def test_the_partitions_are_those_that_iceberg_defines(moto: EmulatedWorld, tmp_path: Path) -> None:
    catalog, spec = stood(moto, Date(), Partition("a", "year"), Partition("a", "month"))
    catalog.append(spec.ref, refined(catalog, spec, ["1969-12-31", "2026-03-02", ""], tmp_path), {}, {})
    table = catalog.iceberg.load_table((spec.ref.database, spec.ref.name))
    found = [values_of(task.file.partition) for task in table.scan().plan_files()]
    assert sorted(found, key=str) == [[-1, -1], [56, 674], [None, None]]
    assert [field.name for field in table.spec().fields] == ["a_year", "a_month"]


@pytest.mark.parametrize(
    ("kind", "transform", "values"),
    [
        (Date(), "year", [date(1969, 12, 31), date(1970, 1, 1)]),
        (Timestamp(), "day", [datetime(1969, 12, 31, 23, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)]),
        (Text(), "identity", [LONG, LONG + "y"]),
        (Text(), "identity", ["elbe", None]),
        (Text(), "identity", [LONG, None]),
        (Decimal(9, 2), "identity", [Number("1.00"), Number("1.01")]),
    ],
)
def test_a_file_that_spans_two_partitions_is_refused(
    moto: EmulatedWorld, kind: Type, transform: Any, values: list[Any]
) -> None:
    catalog, spec = stood(moto, kind, Partition("a", transform))
    file = catalog.parquet(spec.ref, [{"a": value} for value in values])
    with pytest.raises(IncompatibleTable, match=r"parquet spans more than one partition by a"):
        catalog.append(spec.ref, [file], {}, {})
    assert catalog.files(spec.ref).keys() == set()


def test_a_file_older_than_its_partition_column_has_no_value_in_it(moto: EmulatedWorld) -> None:
    catalog, spec = stood(moto, Text(), Partition("a"))
    table = catalog.iceberg.load_table((spec.ref.database, spec.ref.name))
    older = arrow_schema(table.schema().select("_row", "_batch"))
    file = catalog.write(spec.ref, pa.Table.from_pylist([{"_row": 1, "_batch": 1}], schema=older))
    catalog.append(spec.ref, [file], {}, {})
    (task,) = catalog.iceberg.load_table((spec.ref.database, spec.ref.name)).scan().plan_files()
    assert values_of(task.file.partition) == [None]


def test_a_column_called_like_a_partition_is_refused(moto: EmulatedWorld) -> None:
    catalog, spec = stood(moto, Date(), Partition("a", "month"))
    wider = replace(spec, columns=(*spec.columns, Column("a_month", "", Integer())))
    with pytest.raises(IncompatibleTable, match="a_month"):
        catalog.ensure(wider)
    with pytest.raises(IncompatibleTable, match="a_month"):
        catalog.ensure(replace(wider, ref=TableRef(moto.database, "other")))
