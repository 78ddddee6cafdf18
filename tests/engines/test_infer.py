"""Samples: what format a file has, and that every draft takes the rows it was drafted from."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.errors import UnreadableObject
from headrace.domain.formats import Avro, Csv, Format, JsonDocument, Ndjson, Orc, Parquet
from headrace.domain.infer.draft import Draft, written
from headrace.engines.duckdb.infer.infer_format import detected_format
from tests.cli.samples import MILLS, columns, drafted, tried

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


def detected(content: bytes, name: str = "sample") -> Format:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "sample"
        path.write_bytes(content)
        return detected_format(path, name)


@pytest.mark.parametrize(
    ("content", "landed"),
    [
        (b"a,b\n1,2\n", Csv()),
        (b"a;b\n1,5;2\n3,5;4\n", Csv(delimiter=";")),
        (b"a\tb\n1\t2\n", Csv(delimiter="\t")),
        (b"a|b\n1|2\n", Csv(delimiter="|")),
        (b"1,2\n3,4\n", Csv(header=False)),
        (b"name\nAnn\nBob\n", Csv()),
        (b'a,b\n"x, ""y""",2\n', Csv()),
        (b"a,b\n'x, y',2\n'z, w',3\n", Csv(quote="'", escape="'")),
        (b"\xef\xbb\xbfa,b\n1,2\n", Csv()),
        ("a,b\nü,2\n".encode("utf-16"), Csv(encoding="utf-16")),
        ("a,b\nü,2\n".encode("utf-16-le"), Csv(encoding="utf-16-le")),
        ("a,b\nü,2\n".encode("latin-1"), Csv(encoding="windows-1252")),
        (b'{"a": 1}\n{"a": 2}\n', Ndjson()),
        (b'{"a": 1}', JsonDocument()),
        (b'{\n "a": 1\n}', JsonDocument()),
        (b'[{"a": 1}]', JsonDocument()),
        (b'{"meta": {"n": 1}, "rows": [{"a": 1, "b": "long enough"}, {"a": 2}]}', JsonDocument("rows")),
        (b'{"id": 1, "name": "one row, with few items", "items": [{"a": 1}]}', JsonDocument()),
        (b"PAR1....", Parquet()),
        (b"Obj\x01....", Avro()),
        (b"ORC....", Orc()),
    ],
)
def test_a_files_format_is_told_by_what_is_in_it(content: bytes, landed: Format) -> None:
    assert detected(content) == landed


def test_the_name_decides_between_what_the_content_leaves_open() -> None:
    assert detected(b'{"a": 1}\n', "sample.ndjson") == Ndjson()
    assert detected(b"{x},{y}\n1,2\n", "sample.csv") == Csv()


@pytest.mark.parametrize(
    "content", [b"\x7fELF\x02\x01\x01" + bytes(64), b"\xff\xd8\xff\xe0\0\x10JFIF\0", b" \n\n"]
)
def test_what_no_reader_takes_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableObject):
        detected(content)


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"there is no {CORPUS}")
@pytest.mark.parametrize("path", sorted((CORPUS / "csv-spectrum").rglob("*.csv")), ids=lambda path: path.stem)
def test_csv_spectrum_is_drafted_and_taken(path: Path, tmp_path: Path) -> None:
    expected = json.loads((path.parents[1] / "json" / f"{path.stem}.json").read_text())
    text, plan = drafted(path)
    assert [one.source for one in plan.columns] == list(expected[0])
    found = tried(text, tmp_path, path)
    assert (found.curated, found.quarantined) == (len(expected), 0)


# ── whatever the sample, the draft takes it ──────────────────────────────────────────────────────

_days = st.dates(date(1, 1, 1), date(9999, 12, 31))
_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_cells = st.one_of(
    st.lists(st.integers(-(10**20), 10**20).map(str), min_size=1),
    st.lists(st.decimals(-1000, 1000, places=2).map(str), min_size=1),
    st.lists(st.floats().map(str), min_size=1),
    st.lists(_days.map(date.isoformat), min_size=1),
    st.lists(_days.map(lambda day: f"{day.day}/{day.month}/{day.year:04d}"), min_size=1),
    st.lists(st.datetimes().map(lambda at: at.isoformat(" ")), min_size=1),
    st.lists(st.sampled_from(["ja", "nein", "NULL", ""]), min_size=1),
    st.lists(st.sampled_from(["0", "1", "007", "N/A", "-", "1e5"]), min_size=1),
    st.lists(_texts, min_size=1),
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _texts
    | _days.map(date.isoformat),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(_texts, _cells), min_size=1, max_size=5, unique_by=lambda column: column[0].strip())
)
@pytest.mark.slow
def test_every_table_of_texts_is_taken_by_its_own_draft(table: list[tuple[str, list[str]]]) -> None:
    rows = max(len(cells) for _, cells in table)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([f"h{at} {name}" for at, (name, _) in enumerate(table)])
    for row in range(rows):
        writer.writerow([cells[row % len(cells)] for _, cells in table])
    _is_taken(file.getvalue().encode(), "mills.csv")


@settings(deadline=None, max_examples=25)
@given(st.lists(st.dictionaries(_texts, _json, max_size=4), min_size=1, max_size=6))
@pytest.mark.slow
def test_every_json_is_taken_by_its_own_draft(rows: list[dict[str, Any]]) -> None:
    _is_taken("".join(json.dumps(row) + "\n" for row in rows).encode(), "mills.ndjson")


def _is_taken(content: bytes, name: str) -> None:
    """Draft a contract over a file, which compiles without a note, and refine the file under it."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / name
        path.write_bytes(content)
        try:
            text, _ = drafted(path)
        except UnreadableObject as error:
            assert "no row" in str(error) or "no column" in str(error)  # noqa: PT017 - one of two ends
            return
        found = tried(text, Path(directory), path)
        assert [(one.column, one.rule, one.examples) for one in found.rules if one.column] == []


def test_a_day_that_no_calendar_has_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "mills.csv"
    path.write_text("day\n30.02.2024\n01.02.2024\n")
    _, plan = drafted(path)
    assert str(columns(plan)["day"].type.__struct_config__.tag) == "text"


def test_a_draft_of_nothing_but_names_still_compiles() -> None:
    assert written(Draft(MILLS, (Csv(),), (), ("a\nb",))).startswith("# a·b\nkind: DataContract\n")


def test_rows_later_than_the_draft_saw_may_differ(tmp_path: Path) -> None:
    start = date(2024, 1, 1)
    path = tmp_path / "mills.csv"
    path.write_text("day\n" + "".join(f"{start + timedelta(n)}\n" for n in range(30)))
    text, _ = drafted(path)
    path.write_text("day\n2030-01-01\nlater\n")
    found = tried(text, tmp_path, path)
    assert (found.curated, found.quarantined) == (1, 1)
