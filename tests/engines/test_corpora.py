"""Files that broke other readers: none raises here, and every row is somewhere, once.

The corpora lie beside the project (../shared/corpus); these tests are skipped where they do not.
"""

import io
import json
import multiprocessing as mp
import shutil
import time
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.domain.errors import UnreadableObject
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
from headrace.domain.plan import Column, Json, Text
from headrace.engines.convert import avro_container
from headrace.engines.duckdb import Refusal, stage
from headrace.engines.duckdb.read import read_csv
from headrace.engines.duckdb.read.careful_csv import Grammar
from headrace.engines.duckdb.read.window import Window
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
    first = next(Grammar(csv).records(Window(io.BytesIO(body))), None)
    names = dict.fromkeys(name.strip() for name in (first.fields if first else [])) or {"x": None}
    columns = [Column(f"c{at}", name, Text()) for at, name in enumerate(names)]
    the_plan = plan(*columns, formats=(csv,))
    unit = refine_files(the_plan, {"f.csv": body})
    with mock.patch.object(read_csv, "count_records", return_value=None):
        assert refine_files(the_plan, {"f.csv": body}).tables == unit.tables
    assert conserved(unit)


def test_json_test_suite_is_accepted_and_refused_as_it_says() -> None:
    bodies = {path.name: path for path in files("json-test-suite/test_parsing", "[yn]_*.json")}
    unit = refine_files(plan(ANY, formats=(JsonDocument(),)), bodies)
    refused = {name for name, one in zip(bodies, unit.objects, strict=True) if one.refusal}
    assert refused == {name for name in bodies if name.startswith("n_")}
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


PARQUET = [
    *files("parquet-testing", "*.parquet*"),
    *files("arrow-testing/parquet"),
    *files("duckdb-parquet", "*.parquet")[::2],
]


@pytest.mark.parametrize("path", PARQUET, ids=name_of)
def test_parquet_files_are_read_or_refused(path: Path) -> None:
    try:
        names = dict.fromkeys(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        names = {"x": None}
    columns = [Column(f"c{at}", name, Text() if at % 2 else Json()) for at, name in enumerate(names)]
    unit = refine_files(
        plan(*columns, formats=(Parquet(),)), {"f.parquet": path, "sound.parquet": sound(*names)}
    )
    assert conserved(unit)
    assert unit.objects[1].rows == 1


@pytest.mark.parametrize("path", files("arrow-testing/avro"), ids=name_of)
def test_avro_files_are_read(path: Path) -> None:
    schema = avro_container.read_container(path)[0]
    names = [field["name"] for field in schema["fields"]]
    columns = [Column(f"c{at}", name, Text() if at % 2 else Json()) for at, name in enumerate(names)]
    unit = refine_files(plan(*columns, formats=(Avro(),)), {"f.avro": path, "g.avro": path})
    assert conserved(unit)
    assert [one.refusal for one in unit.objects] == [None, None]
    assert unit.objects[0].rows > 1


FORMATS: dict[str, tuple[Format, ...]] = {
    "arrow-testing": (Csv(), Parquet(), Avro(), Orc(), JsonDocument()),
    "parquet-testing": (Parquet(), Csv()),
    "duckdb-parquet": (Parquet(),),
    "duckdb-csv": (
        Csv(),
        Csv(header=False, quote="", escape="", encoding="latin-1"),
        FixedWidth((("x", 0, 9),)),
    ),
    "duckdb-json": (JsonDocument(), Ndjson(), Xml("a.b"), Excel()),
    "json-test-suite": (JsonDocument(encoding="utf-16"), Ndjson(), Csv()),
    "csv-spectrum": (Csv("||"), Csv(escape="\\", trim=True, comment="#")),
    "blns": (Csv(), FixedWidth((("x", 0, 9),)), JsonDocument()),
}
SECONDS, MEGABYTES = 10.0, 1_000


def survey(folder: str, answer: Connection) -> None:
    """Refine each file of a folder by itself in each of the formats; tell what is not as it must be. The
    seconds are the processor's: other work on the machine does not count."""
    wrong: list[str] = []
    with TemporaryDirectory() as directory:
        for at, path in enumerate(files(folder)):
            for format_ in FORMATS[folder]:
                begin = time.process_time()
                whole = conserved(landed_as(format_, path, Path(directory) / str(at)))
                took = time.process_time() - begin
                if not whole or took > SECONDS:
                    wrong.append(f"{name_of(path)} as {format_}: {whole}, {took:.1f} s")
    status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    answer.send((wrong, int(status["VmHWM"].split()[0]) / 1024))


def landed_as(format_: Format, path: Path, to: Path) -> Unit:
    try:
        with path.open("rb") as stream:
            content: Path | Refusal = stage(stream, to, path.name).path
    except UnreadableObject as error:
        content = Refusal("unreadable", str(error))
    names = ("v", "x", "id", "a", "_col0")
    columns = [Column(f"c{at}", name, Json() if at else Text()) for at, name in enumerate(names)]
    unit = refine_files(plan(*columns, formats=(format_,)), {"f": content})
    if to.is_dir():
        shutil.rmtree(to)
    return unit


@pytest.mark.slow
@pytest.mark.parametrize("folder", FORMATS)
def test_every_file_comes_to_an_end_soon_and_in_little_memory(folder: str) -> None:
    context = mp.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=survey, args=(folder, there))
    child.start()
    there.close()
    wrong, megabytes = here.recv()
    child.join()
    assert wrong == []
    assert megabytes < MEGABYTES


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
