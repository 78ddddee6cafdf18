"""The same rows in several formats become the same table."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.formats import (
    Avro,
    Csv,
    Excel,
    FixedWidth,
    Format,
    JsonDocument,
    Ndjson,
    Orc,
    Parquet,
    Xml,
)
from headrace.domain.plan import Column, Date, Double, Integer, Text, Timestamp
from tests.engines.formats import avro, orc_file, parquet, record, workbook
from tests.engines.unit import Unit, plan, refine_files

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "kylo-userdata"
NAMES = ("first_name", "last_name", "email", "gender", "ip_address", "country", "title", "comments")
USERS = (
    Column("registered_at", "registration_dttm", Timestamp()),
    Column("id", "id", Integer()),
    *(Column(name, name, Text()) for name in NAMES[:5]),
    Column("cc", "cc", Text()),
    Column("country", "country", Text()),
    Column("birthdate", "birthdate", Date("%m/%d/%Y")),
    Column("salary", "salary", Double()),
    *(Column(name, name, Text()) for name in NAMES[6:]),
)
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"there is no {DATA}")


def business(unit: Unit) -> list[Mapping[str, Any]]:
    """The rows of a unit, without what tells where they came from; quarantined ones by their reasons."""
    kept = [
        {name: value for name, value in row.items() if name not in ("_object", "_batch")}
        for row in unit.curated
    ]
    return [*kept, *({"row": row, "reasons": reasons} for row, reasons in unit.broken)]


@needs_data
@pytest.mark.parametrize("number", range(1, 6))
def test_users_are_the_same_rows_in_parquet_and_in_orc(number: int) -> None:
    files: dict[Format, Path] = {
        Parquet(("",)): DATA / f"userdata{number}.parquet",
        Orc(("",)): DATA / f"userdata{number}_orc",
    }
    of_parquet, of_orc = (
        business(refine_files(plan(*USERS, formats=(format_,)), {path.name: path}))
        for format_, path in files.items()
    )
    assert of_parquet == of_orc
    assert len(of_parquet) == 1_000


@needs_data
@pytest.mark.parametrize("number", range(1, 6))
def test_users_in_csv_are_the_same_rows_when_written_in_the_other_formats(number: int) -> None:
    body = (DATA / f"userdata{number}.csv").read_bytes()
    options = pyarrow.csv.ConvertOptions(column_types={one.source: pa.string() for one in USERS})
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    table = pyarrow.csv.read_csv(io.BytesIO(body), convert_options=options, parse_options=parsing)
    schema = record(**{one.source: "string" for one in USERS})
    rows = table.to_pylist()
    bodies: dict[Format, bytes] = {
        Csv(): body,
        Parquet(("",)): parquet(table),
        Avro(("",)): avro(schema, rows, "deflate"),
        Orc(("",)): orc_file(table),
        JsonDocument(): json.dumps(
            [{name: value or None for name, value in row.items()} for row in rows]
        ).encode(),
    }
    tables = [
        business(refine_files(plan(*USERS, formats=(format_,)), {"users": body}))
        for format_, body in bodies.items()
    ]
    assert len(tables[0]) == len(rows)
    assert all(one == tables[0] for one in tables)


PLAIN = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"),
    max_size=8,
)
ROWS = st.lists(st.tuples(st.integers(-(2**31), 2**31 - 1), PLAIN.map(str.strip)), min_size=1, max_size=8)


def bodies(rows: list[tuple[int, str]]) -> dict[Format, bytes]:
    columns: dict[str, list[Any]] = {"n": [n for n, _ in rows], "t": [t for _, t in rows]}
    records: list[dict[str, Any]] = [{"n": n, "t": t} for n, t in rows]
    quoted = "".join(f'{n},"{t.replace(chr(34), chr(34) * 2)}"\n' for n, t in rows)
    lines = "".join(f"{n:<12}{t}\n" for n, t in rows)
    elements = "".join(f"<row><n>{n}</n><t><![CDATA[{t}]]></t></row>" for n, t in rows)
    return {
        Csv(): f"n,t\n{quoted}".encode(),
        Csv(encoding="utf-16"): f"n,t\n{quoted}".encode("utf-16"),
        FixedWidth((("n", 0, 12), ("t", 12, 20))): lines.encode(),
        Ndjson(): "\n".join(json.dumps({"n": n, "t": t or None}) for n, t in rows).encode(),
        JsonDocument("d"): json.dumps({"d": [{"n": n, "t": t or None} for n, t in rows]}).encode(),
        Xml("d.row"): f"<d>{elements}</d>".encode(),
        Excel(): workbook(s=[["n", "t"], *([n, t] for n, t in rows)]),
        Parquet(("",)): parquet(columns),
        Avro(("",)): avro(record(n="int", t="string"), records),
        Orc(("",)): orc_file(columns),
    }


@pytest.mark.slow
@settings(derandomize=True, max_examples=15, deadline=None)
@given(rows=ROWS)
def test_any_rows_are_the_same_in_every_format(rows: list[tuple[int, str]]) -> None:
    columns = Column("n", "n", Integer(32)), Column("t", "t", Text())
    expected = [{"n": n, "t": t or None, "_row": at} for at, (n, t) in enumerate(rows, 1)]
    for format_, body in bodies(rows).items():
        unit = refine_files(plan(*columns, formats=(format_,)), {"f": body})
        assert [{name: row[name] for name in ("n", "t", "_row")} for row in unit.curated] == expected, format_
        assert unit.quarantine == []
