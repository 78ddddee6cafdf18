"""What only the Glue catalog can show of rows that leave: files opened and written, races, older deletes."""

import json
from datetime import UTC, datetime
from decimal import Decimal as Number
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.io.pyarrow import pyarrow_to_schema
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import DataScan, FileScanTask

from headrace.domain.errors import CommitConflict, IncompatibleTable, OutcomeUnknown
from headrace.domain.plan import Array, Column, Date, Decimal, Integer, Object, Partition, Text
from headrace.domain.zones import WATERMARK, TableRef
from headrace.ports import TableSpec
from tests.ports.faults import lose_answer, meanwhile
from tests.ports.glue_tables import EMPTY_ROW, EVERY_TYPE, ROW, duckdb_field_ids
from tests.ports.worlds import EmulatedCatalog, EmulatedWorld, arrow_schema

COLUMNS = (
    Column("seat", "", Text()),
    Column("price", "", Decimal(9, 2)),
    Column("day", "", Date()),
    Column("guests", "", Array(Object((Column("name", "", Text()), Column("age", "", Integer(32)))))),
    Column("_object", "", Text()),
    Column("_row", "", Integer()),
    Column("_batch", "", Integer()),
)
MATINEE, GALA = (f"s3://landing/opera/tickets/{name}.csv?versionId=1" for name in ("matinee", "gala"))


def ticket(name: str, row: int, batch: int = 1) -> dict[str, Any]:
    day = datetime(2026, 3, row % 28 + 1, tzinfo=UTC).date()
    guests = [{"name": "Ada", "age": row}]
    rest = {"_object": name, "_row": row, "_batch": batch}
    return {"seat": f"A{row}", "price": Number("12.50"), "day": day, "guests": guests, **rest}


def made(world: EmulatedWorld, *partitions: Partition) -> tuple[EmulatedCatalog, TableRef]:
    catalog, ref = world.catalog(), TableRef(world.database, "opera_tickets")
    catalog.ensure(TableSpec(ref, COLUMNS, f"{world.location}/opera_tickets", {}, partitions))
    return catalog, ref


def grouped(catalog: EmulatedCatalog, ref: TableRef, rows: list[dict[str, Any]], group: int) -> str:
    """A file with a row group for each `group` rows."""
    table = catalog.iceberg.load_table((ref.database, ref.name))
    uri = f"{table.location()}/data/grouped.parquet"
    content = pa.Table.from_pylist(rows, schema=arrow_schema(table.schema()))
    with table.io.new_output(uri).create() as stream:
        pq.write_table(content, stream, row_group_size=group)
    return uri


def here(uri: str) -> Path:
    return Path(urlparse(uri).path)


def in_order(catalog: EmulatedCatalog, ref: TableRef) -> list[dict[str, Any]]:
    return sorted(catalog.rows(ref), key=lambda row: (row["_object"], row["_row"]))


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def test_files_of_other_objects_are_not_opened(moto: EmulatedWorld) -> None:
    catalog, ref = made(moto)
    names = [f"s3://landing/opera/tickets/{number:04d}.csv" for number in range(205)]
    stays = catalog.parquet(ref, [ticket(GALA, 1)])
    catalog.append(ref, [stays, *(catalog.parquet(ref, [ticket(name, 1)]) for name in names)], {}, {})
    here(stays).unlink()
    catalog.replace_rows(ref, dict.fromkeys(names), [], {}, {})
    assert catalog.files(ref) == {stays: 1}


def test_what_is_kept_has_the_form_of_what_it_was(moto: EmulatedWorld) -> None:
    catalog, ref = made(moto)
    old = catalog.parquet(ref, [ticket(MATINEE, row) for row in (1, 2)])
    catalog.append(ref, [old], {}, {})
    catalog.replace_rows(ref, {MATINEE: frozenset({2})}, [], {}, {})
    (kept,) = catalog.files(ref)
    before, after = (pyarrow_to_schema(pq.read_schema(here(uri))) for uri in (old, kept))
    assert after == before
    assert {pq.read_metadata(here(kept)).row_group(0).column(0).compression} == {"ZSTD"}
    assert catalog.rows(ref) == [ticket(MATINEE, 1)]
    scan = catalog.iceberg.load_table((ref.database, ref.name)).scan
    assert list(scan("_row = 2").plan_files()) == []


def test_what_duckdb_wrote_is_kept_value_by_value(moto: EmulatedWorld, tmp_path: Path) -> None:
    catalog, ref = moto.catalog(), TableRef(moto.database, "every_type")
    place = (Column("_object", "", Text()), Column("_row", "", Integer()))
    catalog.ensure(TableSpec(ref, EVERY_TYPE + place, f"{moto.location}/every_type", {}))
    table = catalog.iceberg.load_table((ref.database, ref.name))
    rows = [{**ROW, "_object": GALA, "_row": 1}, {**EMPTY_ROW, "_object": GALA, "_row": 2}]
    rows.append({**ROW, "_object": MATINEE, "_row": 1})
    file = tmp_path / "duckdb.parquet"
    ids = json.dumps(duckdb_field_ids(catalog.state(ref).field_ids)).replace('"', "'")
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("refined", pa.Table.from_pylist(rows, schema=arrow_schema(table.schema())))
        database.execute(f"COPY refined TO '{file}' (FORMAT parquet, FIELD_IDS {ids})")
    catalog.append(ref, [file.as_uri()], {}, {})
    catalog.replace_rows(ref, {MATINEE: None}, [], {}, {})
    assert catalog.rows(ref) == rows[:2]
    (kept,) = catalog.files(ref)
    written = pyarrow_to_schema(pq.read_schema(here(kept)))
    assert written == pyarrow_to_schema(pq.read_schema(file))
    physical = {column.name: column.physical_type for column in pq.read_metadata(here(kept)).schema}
    assert (physical["price"], physical["fine"], physical["moment"]) == ("INT32", "INT64", "INT64")


def test_rows_leave_some_row_groups_of_a_file_and_come_back_in_order(moto: EmulatedWorld) -> None:
    catalog, ref = made(moto)
    rows = [ticket(name, row) for name in (GALA, MATINEE) for row in range(1, 501)]
    catalog.append(ref, [grouped(catalog, ref, rows, group=90)], {}, {})
    gone = {GALA: frozenset(range(1, 100)), MATINEE: frozenset({250})}
    catalog.replace_rows(ref, gone, [], {}, {})
    assert catalog.rows(ref) == [row for row in rows if row["_row"] not in gone[row["_object"]]]


def test_a_partitioned_table_keeps_its_partitions(moto: EmulatedWorld) -> None:
    catalog, ref = made(moto, Partition("day", "month"), Partition("seat"))
    shared = [catalog.parquet(ref, [ticket(name, row) for name in (GALA, MATINEE)]) for row in (1, 2)]
    catalog.append(ref, shared, {}, {})
    new = catalog.parquet(ref, [ticket(MATINEE, 5, batch=2)])
    catalog.replace_rows(ref, {MATINEE: None}, [new], {}, {})
    assert in_order(catalog, ref) == [ticket(GALA, 1), ticket(GALA, 2), ticket(MATINEE, 5, batch=2)]
    scan = catalog.iceberg.load_table((ref.database, ref.name)).scan
    assert [task.file.record_count for task in scan("seat = 'A1'").plan_files()] == [1]


def test_rows_leave_after_the_snapshots_that_brought_them_expired(moto: EmulatedWorld) -> None:
    catalog, ref = made(moto)
    for batch in (1, 2, 3):
        rows = [ticket(name, batch, batch) for name in (GALA, MATINEE)]
        catalog.append(ref, [catalog.parquet(ref, rows)], {WATERMARK: str(batch)}, {})
    table = catalog.iceberg.load_table((ref.database, ref.name))
    table.maintenance.expire_snapshots().older_than(datetime.now(UTC)).commit()
    catalog.replace_rows(
        ref, {GALA: frozenset({1, 2}), MATINEE: None}, [], {WATERMARK: "4"}, {WATERMARK: "3"}
    )
    assert catalog.rows(ref) == [ticket(GALA, 3, 3)]


# ── deletes of other engines ─────────────────────────────────────────────────────────────────────


def with_deletes(
    catalog: EmulatedCatalog, ref: TableRef, uri: str, positions: list[int], patch: pytest.MonkeyPatch
) -> DataFile:
    """Let the table have a delete file; PyIceberg cannot commit one."""
    table = catalog.iceberg.load_table((ref.database, ref.name))
    deletes = f"{table.location()}/data/deletes.parquet"
    with table.io.new_output(deletes).create() as stream:
        named = pa.table({"file_path": [uri, *[uri] * (len(positions) - 1), "other"], "pos": [*positions, 0]})
        pq.write_table(named, stream)
    file = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES, file_path=deletes, file_format=FileFormat.PARQUET
    )
    plan = DataScan.plan_files
    patch.setattr(DataScan, "plan_files", lambda scan: [FileScanTask(one.file, {file}) for one in plan(scan)])
    return file


def test_rows_that_another_engine_deleted_do_not_come_back(
    moto: EmulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog, ref = made(moto)
    uri = grouped(catalog, ref, [ticket(MATINEE, row) for row in range(1, 8)], group=3)
    catalog.append(ref, [uri], {}, {})
    with monkeypatch.context() as patch:
        with_deletes(catalog, ref, uri, [0, 5], patch)
        catalog.replace_rows(ref, {MATINEE: frozenset({2, 6})}, [], {}, {})
    assert [row["_row"] for row in catalog.rows(ref)] == [3, 4, 5, 7]


def test_deletes_that_are_not_by_position_are_refused(
    moto: EmulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog, ref = made(moto)
    uri = catalog.parquet(ref, [ticket(MATINEE, 1), ticket(GALA, 1)])
    catalog.append(ref, [uri], {}, {})
    file = with_deletes(catalog, ref, uri, [0], monkeypatch)
    file[0] = DataFileContent.EQUALITY_DELETES
    with pytest.raises(IncompatibleTable, match="OPTIMIZE"):
        catalog.replace_rows(ref, {MATINEE: None}, [], {}, {})


# ── races and lost answers ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("operation", ["GetTable", pytest.param("UpdateTable", marks=pytest.mark.laptop)])
def test_who_compacts_meanwhile_wins_and_trying_again_leaves_nothing_behind(
    request: pytest.FixtureRequest, operation: str
) -> None:
    world = request.getfixturevalue("moto" if operation == "GetTable" else "laptop")
    catalog, ref = made(world)
    rows = [ticket(name, row) for name in (GALA, MATINEE) for row in (1, 2)]
    catalog.append(ref, [catalog.parquet(ref, rows)], {}, {})
    rival, stage = world.catalog(), TableRef(world.database, "stage")
    rival.clone(stage, ref, f"{world.location}/stage")
    rival.append(stage, [rival.parquet(stage, rows)], {}, {})
    call = 2 if operation == "GetTable" else 1
    meanwhile(catalog.iceberg.glue, operation, lambda: rival.replace(ref, stage, {}, {}), call=call)
    with pytest.raises(CommitConflict):
        catalog.replace_rows(ref, {GALA: None}, [], {WATERMARK: "2"}, {WATERMARK: None})
    assert in_order(catalog, ref) == rows
    catalog.replace_rows(ref, {GALA: None}, [], {WATERMARK: "2"}, {WATERMARK: None})
    assert in_order(catalog, ref) == rows[2:]


def test_an_attempt_that_is_repeated_writes_where_the_first_one_wrote(moto: EmulatedWorld) -> None:
    catalog, ref = made(moto)
    catalog.append(ref, [catalog.parquet(ref, [ticket(GALA, 1), ticket(GALA, 2)])], {}, {})
    data, rival = here(moto.location) / "opera_tickets" / "data", moto.catalog()

    def interfere() -> None:
        rival.append(ref, [], {WATERMARK: "1"}, {})

    for _ in range(2):
        catalog.append(ref, [], {WATERMARK: "0"}, {})
        meanwhile(catalog.iceberg.glue, "GetTable", interfere, call=2)
        with pytest.raises(CommitConflict):
            catalog.replace_rows(ref, {GALA: frozenset({1})}, [], {}, {WATERMARK: "0"})
    assert len(list(data.glob("*-kept-*.parquet"))) == 1


@pytest.mark.laptop
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("lost", "expected"), [(1, CommitConflict), (99, OutcomeUnknown)])
def test_rows_that_left_unheard_are_gone(laptop: EmulatedWorld, lost: int, expected: type[Exception]) -> None:
    catalog, ref = made(laptop)
    catalog.append(ref, [catalog.parquet(ref, [ticket(GALA, 1), ticket(GALA, 2)])], {}, {})
    lose_answer(catalog.iceberg.glue, "UpdateTable", times=lost)
    with pytest.raises(expected, match="opera_tickets"):
        catalog.replace_rows(ref, {GALA: frozenset({1})}, [], {WATERMARK: "1"}, {WATERMARK: None})
    assert catalog.state(ref).properties[WATERMARK] == "1"
    assert catalog.rows(ref) == [ticket(GALA, 2)]
