"""A work unit as a whole: every row once, in order, in the same bytes each time."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as altered

from headrace.domain.batch import ReasonCount
from headrace.domain.errors import Unavailable
from headrace.domain.formats import Csv, JsonDocument, Ndjson, Parquet
from headrace.domain.plan import (
    Array,
    Column,
    Date,
    Decimal,
    Integer,
    Json,
    Key,
    Length,
    Object,
    Plan,
    Range,
    Text,
)
from headrace.engines.duckdb import EngineFault, Reason, Refusal
from headrace.engines.duckdb.load import Loaded, Loader
from tests.engines.unit import Unit, plan, refine_files

MILLS = plan(
    Column("name", "name", Text(), required=True, rules=(Length(1, 20),), mask="hash"),
    Column("wheels", "wheels", Integer(), rules=(Range("0", "99"),)),
    Column("built", "built", Date()),
    formats=(Csv(), Ndjson(), JsonDocument(), Parquet()),
)


def mill_csv(rows: int, bad_every: int = 7) -> bytes:
    lines = [f"mill {n},{n % 50 if n % bad_every else -1},18{n % 90 + 10}-01-01" for n in range(rows)]
    return "\n".join(["name,wheels,built", *lines]).encode()


def test_every_row_carries_where_it_came_from() -> None:
    unit = refine_files(MILLS, {"a.csv": mill_csv(3, 2), "b.ndjson": b'{"name":"x"}'}, batch=12)
    origin = ["_object", "_row", "_batch", "_contract"]
    a, b = ("s3://landing/a.csv?versionId=v1", "s3://landing/b.ndjson?versionId=v1")
    assert [[row[name] for name in origin] for row in unit.curated] == [
        [a, 2, 12, "1.0.0+test"],
        [b, 1, 12, "1.0.0+test"],
    ]
    assert [[row[name] for name in origin] for row in unit.quarantine] == [
        [a, 1, 12, "1.0.0+test"],
        [a, 3, 12, "1.0.0+test"],
    ]


def test_keys_are_only_text() -> None:
    key = "it's \"; DROP TABLE work; --\n$masking_key é.csv"
    assert refine_files(MILLS, {key: b"name\nx\n,\n"}).column("_object") == [
        f"s3://landing/{key}?versionId=v1"
    ]


def test_rows_stand_in_the_order_of_objects_and_rows_however_they_were_read() -> None:
    files = {
        "0.ndjson": b'{"name":"n","wheels":0}\n{"wheels":1}',
        "1.csv": b"name,wheels\nx,10\n,1\n",
        "2.csv": b"wheels,name\n20,y\n",
        "3.json": b'[{"name":"n","wheels":30}]',
        "4.csv": b'name,wheels\nx,40\n"y"z,1\n',
        "5.csv": b"name,wheels\nx,50\n",
        "6.ndjson": b'{"name":"n","wheels":60}',
    }
    unit = refine_files(MILLS, files)
    assert unit.column("wheels") == [0, 10, 20, 30, 40, 50, 60]
    assert [(row["_object"][len("s3://landing/")], row["_row"]) for row in unit.quarantine] == [
        ("0", 2), ("1", 2), ("4", 2),
    ]  # fmt: skip


@pytest.mark.parametrize("quoted", [False, True])
def test_rows_keep_their_order_beyond_one_buffer_and_one_row_group(quoted: bool) -> None:
    text = "Mühle, ".ljust(90) if quoted else "x" * 90
    field = f'"{text}"' if quoted else text
    lines = (f"{field},{n}" for n in range(400_000))
    body = "\n".join(["name,wheels", *lines]).encode()
    counted = plan(Column("name", "name", Text()), Column("wheels", "wheels", Integer()))
    unit = refine_files(counted, {"a.csv": body, "b.csv": b"name,wheels\nz,0\n"})
    numbers = unit.tables["curated"]
    assert numbers["wheels"].to_pylist() == [*range(400_000), 0]
    assert numbers["_row"].to_pylist() == [*range(1, 400_001), 1]


def test_rows_keep_their_order_where_many_repeat_a_value() -> None:
    once = plan(Column("a", "a", Integer()), Column("b", "b", Text()), keys=(Key(("a",)),))
    lines = (f"{n % 100_000 if n % 3 else n},{n}" for n in range(200_000))
    unit = refine_files(once, {"a.csv": "\n".join(["a,b", *lines]).encode(), "b.csv": b"a,b\n7,x\n-1,y\n"})
    for side in ("curated", "quarantine"):
        rows = unit.tables[side].select(["_object", "_row"]).to_pylist()
        assert rows == sorted(rows, key=lambda row: (row["_object"], row["_row"]))
    assert (
        unit.tables["quarantine"].num_rows
        == 200_002 - len({n % 100_000 if n % 3 else n for n in range(200_000)}) - 1
    )
    assert json.loads(unit.quarantine[-1]["_raw"]) == {"a": "7", "b": "x"}


def test_many_objects_and_few_rows_keep_their_order() -> None:
    files = {f"{n:04d}.csv": f"name,wheels\nm,{n % 100}\n".encode() for n in range(300)}
    assert refine_files(MILLS, files).column("wheels") == [n % 100 for n in range(300)]


def test_the_same_input_gives_the_same_bytes_with_any_memory() -> None:
    files = {"a.csv": mill_csv(150_000), "b.ndjson": b'{"name":"x","wheels":"y"}', "c.csv": b'name\n"'}
    first, second, small = (refine_files(MILLS, files, memory_mb=mb) for mb in (2048, 2048, 256))
    assert first.hashes == second.hashes == small.hashes
    assert first.tables["curated"].num_rows > 122_880


def test_the_files_carry_the_tables_field_ids() -> None:
    columns = (
        Column("id", "id", Integer(), mask="redact"),
        Column("tags", "tags", Array(Text())),
        Column("user", "user", Object((Column("name", "n", Text()), Column("m", "m", Array(Integer(32)))))),
    )
    ids = {
        "id": 1, "tags": 2, "tags.element": 9, "user": 3, "user.name": 10, "user.m": 11, "user.m.element": 12,
        "_object": 4, "_row": 5, "_batch": 6, "_contract": 7, "_rescued": 8,
    }  # fmt: skip
    quarantine = {
        "_object": 1, "_row": 2, "_batch": 3, "_contract": 4, "_raw": 5, "_reasons": 6, "_reasons.element": 7,
        "_reasons.element.column": 8, "_reasons.element.rule": 9, "_reasons.element.value_excerpt": 10,
    }  # fmt: skip
    with_ids = plan(*columns, formats=(Ndjson(),), field_ids=ids, quarantine_field_ids=quarantine)
    unit = refine_files(with_ids, {"a.ndjson": b'{"tags":["x"]}\n{"tags":1}'})
    assert dict(field_ids(unit.schema("curated"))) == ids
    assert dict(field_ids(unit.schema("quarantine"))) == quarantine
    del ids["user.m.element"]
    with pytest.raises(EngineFault, match=r"user\.m\.element"):
        refine_files(with_ids, {"a.ndjson": b"{}"})


def field_ids(fields: Any, prefix: str = "") -> Any:
    for field in fields:
        path = f"{prefix}{field.name}"
        yield path, int(field.metadata[b"PARQUET:field_id"])
        if pa.types.is_struct(field.type):
            yield from field_ids(field.type.fields, f"{path}.")
        elif pa.types.is_list(field.type):
            yield from field_ids([field.type.value_field], f"{path}.")


def test_refused_objects_are_one_row_each() -> None:
    files: dict[str, Any] = {
        "a.csv": Refusal("unreadable", "it ends early"),
        "b.csv": b"name\nx\n",
        "c.csv": Refusal("immutable", "loaded before"),
    }
    unit = refine_files(MILLS, files)
    assert unit.broken == [
        (0, [("", "unreadable", "it ends early")]),
        (0, [("", "immutable", "loaded before")]),
    ]
    assert [(one.index, one.rows, one.curated, one.quarantined) for one in unit.objects] == [
        (0, 1, 0, 1), (1, 1, 1, 0), (2, 1, 0, 1),
    ]  # fmt: skip
    assert unit.objects[2].refusal == files["c.csv"]
    assert unit.reasons == (ReasonCount("", "immutable", 1), ReasonCount("", "unreadable", 1))


def test_nothing_in_is_nothing_out() -> None:
    for files in ({}, {"a.csv": b"name,wheels\n", "b.ndjson": b"\n"}):
        unit = refine_files(MILLS, files)
        assert (unit.tables, [one.rows for one in unit.objects]) == ({}, [0] * len(files))


def test_a_rejected_batch_is_in_quarantine_with_its_own_reasons_first() -> None:
    rejection = (Reason("", "row_count", "measured 2, expected at least 5"), Reason("", "other", "…"))
    once = altered(MILLS, columns=(*MILLS.columns, Column("id", "id", Integer())), keys=(Key(("id",)),))
    files: dict[str, Any] = {
        "a.csv": b"name,wheels,id\nx,1,1\ny,-1,2\nz,3,1\nbroken\n",
        "b.csv": Refusal("unreadable", "it is empty"),
    }
    unit = refine_files(once, files, rejection=rejection)
    assert unit.curated == []
    own = [[], ["wheels range"], ["id unique"], ["structure"], ["unreadable"]]
    assert unit.rules == [[*reasons, "row_count", "other"] for reasons in own]
    assert json.loads(unit.quarantine[0]["_raw"])["wheels"] == "1"
    assert ReasonCount("", "row_count", 5) in unit.reasons
    assert [(one.rows, one.quarantined) for one in unit.objects] == [(4, 4), (1, 1)]


def test_too_little_memory_may_be_tried_again() -> None:
    wide = plan(*(Column(f"c{n}", f"c{n}", Text()) for n in range(20)), formats=(Ndjson(),))
    line = json.dumps({f"c{n}": "x" * 200_000 for n in range(20)}).encode()
    with pytest.raises(Unavailable, match="memory"):
        refine_files(wide, {"a.ndjson": (line + b"\n") * 10}, memory_mb=8)


def test_a_contract_may_be_wide() -> None:
    columns = (Column(f"c{n}", f"c{n}", Integer(), required=True, rules=(Range("0"),)) for n in range(400))
    unit = refine_files(plan(*columns, formats=(Ndjson(),)), {"a.ndjson": b'{"c7":-1}'})
    assert len(unit.rules[0]) == 400


# ── properties ───────────────────────────────────────────────────────────────────────────────────

hostile = st.text(max_size=12) | st.sampled_from(
    [
        "'; DROP TABLE work; --",
        '"',
        "''",
        "$masking_key",
        "{}",
        "\\",
        "NaN",
        "1e999",
        "-1",
        "7",
        "\0",
        "a\nb",
        "%s",
    ]
)
several = st.lists(hostile, max_size=3) | st.dictionaries(hostile, hostile, max_size=3)
cells = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), hostile, several)
anything = plan(
    Column("a", "a", Integer(), rules=(Range("0"),)),
    Column("b", "b", Text(), mask="partial"),
    Column("c", "c", Array(Object((Column("d", "d", Decimal(9, 3)),)))),
    Column("e", "e", Json()),
    formats=(Ndjson(), Csv(), Parquet(), JsonDocument()),
    keys=(Key(("b",)),),
)


def conserved(unit: Unit, files: dict[str, bytes]) -> bool:
    """Each object's rows are in one of the tables, once; an object refused is row 0 of quarantine."""
    for one, key in zip(unit.objects, files, strict=True):
        identity = f"s3://landing/{key}?versionId=v1"
        rows = sorted(row["_row"] for row in [*unit.curated, *unit.quarantine] if row["_object"] == identity)
        if rows != ([0] if one.refusal else list(range(1, one.rows + 1))):
            return False
    return sum(one.rows for one in unit.objects) == len(unit.curated) + len(unit.quarantine)


@settings(derandomize=True, max_examples=30, deadline=None)
@given(
    bodies=st.lists(
        st.tuples(st.sampled_from(["csv", "ndjson", "json", "parquet"]), st.binary(max_size=60)), max_size=6
    )
)
def test_any_bytes_are_conserved(bodies: list[tuple[str, bytes]]) -> None:
    files = {f"{at}.{ending}": body or b"\n" for at, (ending, body) in enumerate(bodies)}
    unit = refine_files(anything, files)
    assert conserved(unit, files)
    assert refine_files(anything, files).hashes == unit.hashes


@settings(derandomize=True, max_examples=30, deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from("abce") | hostile, cells, max_size=5), max_size=8))
def test_any_records_are_conserved(rows: list[dict[str, Any]]) -> None:
    lines = "\n".join(json.dumps(row) for row in rows)
    files = {"a.ndjson": lines.encode("utf-8", "replace") or b"\n", "b.json": json.dumps(rows).encode()}
    unit = refine_files(anything, files)
    assert conserved(unit, files)
    assert unit.objects[0].rows == len(rows)


@settings(derandomize=True, max_examples=25, deadline=None)
@given(
    names=st.lists(hostile.filter(lambda name: "\0" not in name), min_size=2, max_size=4, unique=True),
    value=hostile,
)
def test_nothing_is_executed_from_names_or_values(names: list[str], value: str) -> None:
    columns = tuple(
        Column(f"c{at}", name, Text(), rules=(Length(0, 5),), mask="hash" if at == 1 else None)
        for at, name in enumerate(names)
    )
    the_plan: Plan = plan(*columns, formats=(Ndjson(),), evolution="rescue")
    row = dict.fromkeys(names, value) | {"extra " + value: value}
    unit = refine_files(the_plan, {"a.ndjson": json.dumps(row).encode("utf-8", "replace")})
    assert unit.objects[0].rows == 1
    if unit.curated and value.isprintable():
        assert unit.column("c0") == [value]


def test_the_outcome_holds_the_files_against_the_readers_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def miscounted(*arguments: Any) -> Loaded:
        loaded = load(*arguments)
        return replace(loaded, rows={entry: rows + 1 for entry, rows in loaded.rows.items()})

    load = Loader.load
    monkeypatch.setattr(Loader, "load", miscounted)
    with pytest.raises(EngineFault, match="has 4 rows, but 2 curated and 1 quarantined"):
        refine_files(MILLS, {"a.csv": mill_csv(3, 3)})


def test_the_raw_text_calls_fields_as_their_file_does(tmp_path: Path) -> None:
    renamed = plan(
        Column("size", "size", Integer(), aliases=("wheels",)),
        Column("n", "n", Integer()),
        formats=(Csv(), Parquet()),
    )
    pq.write_table(pa.table({"wheels": [7], "n": ["x"]}), tmp_path / "b.parquet")
    files: dict[str, Any] = {"a.csv": b"wheels,n\n7,x\n", "b.parquet": tmp_path / "b.parquet"}
    unit = refine_files(renamed, files)
    assert [json.loads(row["_raw"]) for row in unit.quarantine] == [
        {"wheels": "7", "n": "x"},
        {"wheels": 7, "n": "x"},
    ]
