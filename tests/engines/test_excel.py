"""Excel workbooks: a sheet's rows as text, whatever its cells are."""

import io
import zipfile

import pytest

from headrace.domain.formats import Excel
from headrace.domain.plan import Boolean, Column, Date, Decimal, Integer, Text, Timestamp
from tests.engines.formats import STYLE_DAY, STYLE_MOMENT, STYLE_TIME, workbook
from tests.engines.unit import MISFIT, NO_COLUMN, Unit, plan, refine_files

A, B = Column("a", "a", Integer()), Column("b", "b", Text())


FIRST = Excel()


def read(body: bytes, *columns: Column, format_: Excel = FIRST) -> Unit:
    return refine_files(plan(*(columns or (A, B)), formats=(format_,)), {"f.xlsx": body})


def test_cells_become_what_the_contract_says() -> None:
    columns = (
        Column("n", "n", Integer()),
        Column("x", "x", Decimal(9, 4)),
        Column("t", "t", Text()),
        Column("yes", "yes", Boolean()),
        Column("day", "day", Date()),
        Column("at", "at", Timestamp()),
        Column("time", "time", Text()),
    )
    cells = [7, 1.25, "x, “y”\nz", True, (44197, STYLE_DAY), (44197.5, STYLE_MOMENT), (0.75, STYLE_TIME)]
    unit = read(workbook(s=[[one.name for one in columns], cells]), *columns)
    (row,) = unit.curated
    assert [str(row[one.name]) for one in columns] == [
        "7", "1.2500", "x, “y”\nz", "True", "2021-01-01", "2021-01-01 12:00:00+00:00", "18:00:00"
    ]  # fmt: skip


def test_whole_numbers_are_written_without_a_point_and_texts_as_they_are() -> None:
    unit = read(workbook(s=[["a", "b"], [1, 7.0], [2, 0.1], [3, "007"], [4, 1e300], [5, -3]]))
    assert unit.column("b") == ["7", "0.1", "007", "1e+300", "-3"]


def test_empty_rows_are_no_rows_and_empty_cells_no_values() -> None:
    unit = read(workbook(s=[[], ["a", "b", None, "c"], [], [1, None, "extra"], [2, "x", None, "y"], [None]]))
    assert [(row["_row"], row["a"], row["b"]) for row in unit.curated] == [(1, 1, None), (2, 2, "x")]
    assert unit.column("_rescued") == ['{"column 3":"extra"}', '{"c":"y"}']


def test_the_contract_names_the_sheet_and_the_rows_before_its_header() -> None:
    body = workbook(first=[["x"], [1]], data=[["Report of May"], [], ["a", "b"], [1, "n/a"]])
    assert read(body, format_=Excel("data", skip=1, nulls=("n/a",))).column("b") == [None]
    assert read(body, Column("x", "x", Integer())).column("x") == [1]


@pytest.mark.parametrize(
    ("body", "format_", "message"),
    [
        (
            workbook(s=[["a"]], t=[]),
            Excel("u"),
            "there is no sheet u; there is s, t: correct headrace.sheet, or the file",
        ),
        (workbook(s=[]), Excel(), "the file has no header line; add one, or set headrace.header to false"),
        (workbook(s=[["a", "a"]]), Excel(), "the header names a twice; give each column a name of its own"),
        (
            workbook(s=[["x"], [1]]),
            Excel(),
            f"the header has no column of the contract; it has x; {NO_COLUMN}",
        ),
        (workbook(s=[["a"], [1]])[:-40], Excel(), "the workbook cannot be read; save it again"),
        (b"PK\x03\x04" + b"\0" * 100, Excel(), "the workbook cannot be read; save it again"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, Excel(), "the workbook cannot be read; save it again"),
        (b"a,b\n1,2\n", Excel(), f"the contract says Excel, this is something else; {MISFIT}"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_refused(body: bytes, format_: Excel, message: str) -> None:
    assert read(body, format_=format_).broken == [(0, [("", "unreadable", message)])]


def test_a_row_that_is_wider_than_the_header_is_broken() -> None:
    unit = read(workbook(s=[["a", "b"], [1, "x", "y"], [2, "z"]]))
    assert unit.column("a") == [2]
    assert unit.broken == [(1, [("", "structure", "3 fields where the header has 2")])]


def test_cells_far_apart_do_not_fill_the_memory() -> None:
    body = io.BytesIO(workbook(s=[["a", "b"], [1, "x"]]))
    with zipfile.ZipFile(body) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(
        b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    with zipfile.ZipFile(body := io.BytesIO(), "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    unit = read(body.getvalue())
    ((_, ((_, rule, message),)),) = unit.broken
    assert rule == "unreadable"
    assert "its reader does not survive it" in message or "stand for more than" in message
