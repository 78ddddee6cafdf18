"""Files that broke other readers: none raises here, and every row is somewhere, once.

The corpora lie beside the project (../shared/corpus); these tests are skipped where they do not.
"""

import io
import json
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.domain.errors import UnreadableObject
from headrace.domain.plan import Column, Csv, Json, JsonDocument, Ndjson, Parquet, Text
from headrace.engines.duckdb import read_csv, stage
from headrace.engines.duckdb.careful_csv import Grammar
from tests.engines.unit import Unit, plan, refine_files

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
ANY = Column("v", "v", Json())

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"there is no {CORPUS}")


def files(folder: str, pattern: str = "*") -> list[Path]:
    return sorted(path for path in (CORPUS / folder).rglob(pattern) if path.is_file())


def name_of(path: Path) -> str:
    return str(path.relative_to(CORPUS))


def conserved(unit: Unit) -> bool:
    """Each object's rows are numbered without a gap, over both tables."""
    numbers: dict[str, list[int]] = {}
    for row in [*unit.curated, *unit.quarantine]:
        numbers.setdefault(row["_object"], []).append(row["_row"])
    whole = [
        sorted(rows) == ([0] if rows == [0] else list(range(1, len(rows) + 1))) for rows in numbers.values()
    ]
    return all(whole) and sum(one.rows for one in unit.objects) == sum(map(len, numbers.values()))


@pytest.mark.parametrize("path", files("csv-spectrum/csvs"), ids=name_of)
def test_csv_spectrum_reads_as_its_authors_say(path: Path) -> None:
    expected = json.loads((path.parents[1] / "json" / f"{path.stem}.json").read_text())
    columns = [Column(f"c{at}", name, Text()) for at, name in enumerate(expected[0])]
    unit = refine_files(plan(*columns, formats=(Csv(nulls=()),)), {"f.csv": path})
    assert unit.quarantine == []
    assert [{one.source: row[one.name] for one in columns} for row in unit.curated] == expected


@pytest.mark.parametrize("path", files("duckdb-csv")[::8], ids=name_of)
def test_duckdbs_csv_files_are_conserved_and_read_alike_carefully(path: Path, tmp_path: Path) -> None:
    try:
        with path.open("rb") as landed:
            body = stage(landed, tmp_path / "f.csv", path.name).path.read_bytes()
    except UnreadableObject:
        return
    csv = Csv(max(",;|\t", key=body.partition(b"\n")[0].decode("latin-1").count))
    first = next(Grammar(csv).records(body, 0), None)
    names = dict.fromkeys(name.strip() for name in (first.fields if first else [])) or {"x": None}
    columns = [Column(f"c{at}", name, Text()) for at, name in enumerate(names)]
    the_plan = plan(*columns, formats=(csv,))
    unit = refine_files(the_plan, {"f.csv": body})
    with mock.patch.object(read_csv, "_records", return_value=None):
        assert refine_files(the_plan, {"f.csv": body}).tables == unit.tables
    assert conserved(unit)


def test_json_test_suite_is_accepted_and_refused_as_it_says() -> None:
    bodies = {path.name: path for path in files("json-test-suite/test_parsing", "[yn]_*.json")}
    unit = refine_files(plan(ANY, formats=(JsonDocument(),)), bodies)
    refusals = {
        name: one.refusal.message if one.refusal else ""
        for name, one in zip(bodies, unit.objects, strict=True)
    }
    invalid = {
        name for name, message in refusals.items() if message and not message.startswith("there is no array")
    }
    assert invalid == {name for name in bodies if name.startswith("n_")}
    assert conserved(unit)


def test_json_test_suite_as_lines_costs_no_more_than_its_lines() -> None:
    bodies = {path.stem + ".ndjson": path for path in files("json-test-suite/test_parsing")}
    unit = refine_files(plan(ANY, formats=(Ndjson(),)), bodies)
    assert conserved(unit)
    accepted = {row["_object"].rpartition("/")[2][:2] for row in unit.curated}
    assert accepted == {"y_", "i_"}


def test_duckdbs_json_files_are_conserved() -> None:
    paths = files("duckdb-json", "*json*")
    bodies = {f"{at}-{path.name}": path for at, path in enumerate(paths)}
    assert conserved(refine_files(plan(ANY, formats=(JsonDocument(), Ndjson())), bodies))


@pytest.mark.parametrize(
    "path", [*files("parquet-testing", "*.parquet*"), *files("duckdb-parquet", "*.parquet")[::2]], ids=name_of
)
def test_parquet_files_are_read_or_refused(path: Path) -> None:
    try:
        names = dict.fromkeys(pq.read_schema(path).names)
    except (pa.ArrowException, OSError):
        names = {"x": None}
    columns = [Column(f"c{at}", name, Text() if at % 2 else Json()) for at, name in enumerate(names)]
    unit = refine_files(
        plan(*columns, formats=(Parquet(),)), {"f.parquet": path, "sound.parquet": sound(*names)}
    )
    assert conserved(unit)
    assert unit.objects[1].rows == 1


def sound(*names: str) -> bytes:
    body = io.BytesIO()
    pq.write_table(pa.table({name: ["1"] for name in names}), body)
    return body.getvalue()


def test_naughty_strings_come_through_every_format_unchanged() -> None:
    strings = [text for text in json.loads((CORPUS / "blns" / "blns.json").read_text()) if "\0" not in text]
    table = io.BytesIO()
    pq.write_table(pa.table({"v": strings}), table)
    bodies = {
        "a.csv": b"v,w\n" + b"".join(b'"%s",1\n' % text.replace('"', '""').encode() for text in strings),
        "b.ndjson": "\n".join(json.dumps({"v": text}) for text in strings).encode(),
        "c.json": json.dumps([{"v": text} for text in strings], ensure_ascii=False).encode(),
        "d.parquet": table.getvalue(),
    }
    formats = (Csv(nulls=()), Ndjson(), JsonDocument(), Parquet())
    unit = refine_files(plan(Column("v", "v", Text()), formats=formats), bodies)
    assert unit.column("v") == strings * 4
